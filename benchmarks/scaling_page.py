"""The tables of docs/scaling.md, from the simulation and the arithmetic: what the page must hold.

`python -m benchmarks.scaling_page` prints them; a test compares. Decides nothing.
"""

from collections.abc import Iterator, Mapping

from benchmarks import capacity, demand, scaling_beyond
from benchmarks.capacity import ADVISED, LATENCY_S, PAID_PER_S, PER_S, PLAIN, SCALES, Deployment
from benchmarks.scaling import LISTED, Outlook, a_month, in_words, outlook, urgent_share
from benchmarks.scaling_beyond import table

_NAMES = {"discord": "Discord", "telegram": "Telegram"}
_MIB, _GB = 1024, 1e9


def blocks() -> Mapping[str, str]:
    """Each table by a name of its own."""
    plain = {one: outlook(deployment) for one, deployment in zip(SCALES, PLAIN, strict=True)}
    advised = {one: outlook(deployment) for one, deployment in zip(SCALES, ADVISED, strict=True)}
    return {
        "numbers": _numbers(),
        "arithmetic": "\n".join(map(_arithmetic, PLAIN)),
        "one token": _of_one_token(plain),
        "deployments": _deployments(),
        "readers": _readers(advised),
        "load": _load(),
        "tokens": scaling_beyond.many_tokens(),
        "multipliers": scaling_beyond.multipliers(),
        "paid": scaling_beyond.paid(),
    }


def _numbers() -> str:
    return table(("what", "number", "from"), iter(_cited()))


def _cited() -> Iterator[tuple[str, str, str]]:
    hold = f"over {capacity.HELD_S} s of holding and {LATENCY_S} s of latency"
    yield (
        "a Discord token sends",
        f"{PER_S['discord']:.1f}/s",
        f"50 slots {hold}; `make bench` measured 44.9/s, the limiter in story time agrees",
    )
    yield (
        "a Telegram token sends",
        f"{PER_S['telegram']:.1f}/s",
        f"30 slots {hold}; `make bench` measured 26.9/s",
    )
    yield (
        "the same with paid broadcasts",
        f"{PAID_PER_S:.0f}/s",
        "declared; Telegram allows 1,000",
    )
    yield (
        "news",
        f"{a_month():.0f} a month, {urgent_share():.0%} urgent; {_busiest()} in the busiest hour",
        "a year of made-up months, 40 events each (`benchmarks/stories.py`), with reminders",
    )
    yield "of all destinations want it", f"{capacity.WANT:.0%}", "assumed"
    yield "on Discord, on Telegram", "a half each", "assumed"
    for engine in (capacity.SQLITE, capacity.POSTGRESQL):
        yield (
            f"deliveries that {engine.name} makes, marks and keeps",
            f"{engine.made_per_s:,.0f}/s, {engine.marked_per_s:,.0f}/s, {engine.row_bytes} bytes",
            _SOURCES[engine.name],
        )
    yield (
        "one process sends",
        f"{capacity.SENDER_PER_S:,}/s",
        "the least that `make bench-full` accepts of each real client",
    )
    yield (
        "servers in a shard",
        f"{capacity.SERVERS_PER_SHARD:,} at most",
        "Discord; each destination there is taken for a server",
    )
    yield (
        "memory of a server",
        f"{capacity.SERVER_KIB} KiB",
        "`python -m benchmarks servers`: discord.py's cache of 20 channels and 15 roles",
    )


def _busiest() -> int:
    return len(demand.busiest_hour(demand.a_year()))


_SOURCES = {
    "SQLite": "bare inserts over the ratio of 2 that `make bench` accepts; `make bench`; "
    "a unit test",
    "PostgreSQL": "the same; claims of one connection; a million rows, all from measurements of "
    "PostgreSQL 15 made before it was chosen",
}


def _arithmetic(one: Deployment) -> str:
    messages = f"{one.messages('discord'):,.0f}"
    times = ", ".join(
        f"{messages} / {PER_S[platform]:.1f} = {in_words(one.sending_s(platform))} on {name}"
        for platform, name in _NAMES.items()
    )
    return (
        f"- **{one.destinations:,}** x {capacity.WANT} / {capacity.PLATFORMS} = {messages} "
        f"messages on each platform; {times}."
    )


def _of_one_token(seen: Mapping[int, Outlook]) -> str:
    headings = (
        "destinations",
        "last reader on Discord",
        "on Telegram",
        "longest wait of the busiest hour",
        "of the year",
        "share of the time that both tokens are busy",
        "what binds",
    )
    rows = (
        (
            f"{one.destinations:,}",
            *(in_words(seen[one.destinations].last_s[platform]) for platform in _NAMES),
            in_words(seen[one.destinations].hour_s),
            _or_never(seen[one.destinations].year_s),
            ", ".join(f"{one.busy(a_month())[f'{name} rate']:.0%}" for name in _RATES),
            binding(one),
        )
        for one in PLAIN
    )
    return table(headings, rows)


_RATES = ("Discord's", "Telegram's")


def binding(one: Deployment) -> str:
    """The part that takes the longest over a piece of news; all that are busy beyond their time."""
    overrun = [part for part, share in one.busy(a_month()).items() if share >= 1]
    if overrun:
        return f"{' and '.join(overrun)}: the queue grows for ever"
    return max(one.stages_s().items(), key=lambda stage: stage[1])[0]


def _or_never(seconds: float | None) -> str:
    return "no end" if seconds is None else in_words(seconds)


def _deployments() -> str:
    headings = (
        "destinations",
        "tokens",
        "store",
        "processes",
        "shards of each Discord token, all connected after",
        "memory of the largest process",
        "addresses",
    )
    rows = (
        (
            f"{one.destinations:,}",
            f"{one.tokens['discord']:,} + {one.tokens['telegram']:,}",
            one.engine.name,
            _processes(one),
            f"{one.shards}, {in_words(one.shards * capacity.SESSIONS_APART_S)}",
            f"{one.memory_mib:,.0f} MiB"
            if one.memory_mib < _MIB
            else f"{one.memory_mib / _MIB:.1f} GiB",
            f"{one.senders('discord'):,}",
        )
        for one in ADVISED
    )
    return table(headings, rows)


def _processes(one: Deployment) -> str:
    if one.engine.processes == 1:
        return "1"
    parts = ["1 to poll and fan out"]
    parts += [f"{one.senders(platform)} for {name}" for platform, name in _NAMES.items()]
    return f"{', '.join(parts)}; each with a standby"


def _readers(seen: Mapping[int, Outlook]) -> str:
    headings = (
        "destinations",
        "news: last reader on Discord",
        "on Telegram",
        "longest wait of the busiest hour",
        "of the year",
        f"webcast live while {LISTED} events moved: first, last",
        "had its fan-out to wait",
    )
    rows = (
        (
            f"{count:,}",
            *(in_words(one.last_s[platform]) for platform in _NAMES),
            in_words(one.hour_s),
            _or_never(one.year_s),
            f"{in_words(one.urgent.first_s)}, {in_words(one.urgent.last_s)}",
            f"{in_words(one.waiting.first_s)}, {in_words(one.waiting.last_s)}",
        )
        for count, one in seen.items()
    )
    return table(headings, rows)


def _load() -> str:
    headings = (
        "destinations",
        "messages a day",
        "tokens busy",
        "fan-out busy",
        "claims and marks busy",
        "housekeeper busy",
        f"deliveries kept {capacity.KEPT_DAYS} days",
        "requests to LL2",
    )
    rows = (
        (
            f"{one.destinations:,}",
            f"{a_month() / capacity.MONTH_DAYS * one.rows:,.0f}",
            ", ".join(_share(one, f"{name} rate") for name in _RATES),
            *(_share(one, part) for part in ("the fan-out", "claims and marks", "the housekeeper")),
            _kept(one),
            "15 an hour",
        )
        for one in ADVISED
    )
    return table(headings, rows)


def _share(one: Deployment, part: str) -> str:
    share = one.busy(a_month())[part]
    return f"{share:.1%}" if share >= 0.001 else "< 0.1%"


def _kept(one: Deployment) -> str:
    rows = a_month() * one.rows * capacity.KEPT_DAYS / capacity.MONTH_DAYS
    kept = one.kept_bytes(a_month()) / _GB
    return f"{rows / 1e6:,.2f} million, {kept:,.2f} GB"


if __name__ == "__main__":
    for name, block in blocks().items():
        print(f"== {name}\n{block}\n")
