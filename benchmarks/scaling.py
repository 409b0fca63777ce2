"""From a thousand destinations to ten million: a simulation in story time, beside the arithmetic.

The demand is that of twelve made-up months, the rates are those of `capacity`, and what `flow`
finds is held against what a division would say. The real limiter, on the story's clock, shows that
one token sends as fast as is calculated. Nothing is waited for, so all of it takes some seconds.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from benchmarks import demand, one_token
from benchmarks.capacity import (
    ADVISED,
    LATENCY_S,
    PER_S,
    PLAIN,
    PLATFORMS,
    Deployment,
)
from benchmarks.flow import Arrival, Batch, drained, expanded
from benchmarks.table import Row
from bot.adapters.discord.sending import LIMITS as DISCORD
from bot.adapters.telegram.client import FREE
from bot.store.fanout import CHUNK

LISTED = 30
"""Events on LL2's list, all of which move in the worst poll that there can be (facts-ll2, 1)."""

HURRIED_S = 120.0
"""The rhythm where a webcast is expected: so long after that poll one is found to be live."""

URGENT_S = 1.0
"""So soon the first message of urgent news shall leave, whatever waits."""

_SENDS = 3_000
_AT_ONCE_S, _HAIR = 0.1, 1e-6
_NEAR = 0.02
_COARSE = 32
"""So many chunks a fan-out has at most where only last messages count; they do not need more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What readers of a deployment see.

    Attributes:
        last_s: seconds to the last message of a piece of news, by platform, with nothing else
            under way.
        hour_s: the longest wait for anything of the year's busiest hour.
        urgent: the first and the last message, on the slower platform, of a webcast that goes live
            two minutes after all events moved.
        waiting: the same if fan-outs waited for all older ones, urgent or not.
        year_s: the longest wait for anything in the year; None: the queue grows for ever.

    """

    last_s: Mapping[str, float]
    hour_s: float
    urgent: Arrival
    waiting: Arrival
    year_s: float | None


def outlook(one: Deployment) -> Outlook:
    """Simulate a deployment."""
    alone = [Batch(at_s=0, rows=one.rows)]
    return Outlook(
        last_s={platform: _told(one, alone, platform)[0].last_s for platform in PER_S},
        hour_s=_longest(one, _batches(one, demand.busiest_hour(_year()))),
        urgent=_behind_all(one, overtakes=True),
        waiting=_behind_all(one, overtakes=False),
        year_s=_longest_of_year(one),
    )


@cache
def _year() -> tuple[tuple[demand.Story, ...], ...]:
    return demand.a_year()


def a_month() -> float:
    """Pieces of news a month, in the mean of the year."""
    return sum(map(len, _year())) / len(_year())


def urgent_share() -> float:
    """How much of it is urgent."""
    stories = [one for month in _year() for one in month]
    return sum(one.is_urgent for one in stories) / len(stories)


def _batches(one: Deployment, stories: Iterable[demand.Story]) -> list[Batch]:
    return [
        Batch(at_s=story.at.total_seconds(), rows=one.rows, is_urgent=story.is_urgent)
        for story in stories
    ]


def _told(
    one: Deployment,
    batches: list[Batch],
    platform: str,
    *,
    chunk: float = CHUNK,
    overtakes: bool = True,
) -> tuple[Arrival, ...]:
    """What a token of a platform makes of it; all tokens of one have equal parts."""
    per_s, share = one.engine.made_per_s, 1 / PLATFORMS / one.tokens[platform]
    made = expanded(batches, per_s=per_s, chunk=chunk, urgent_first=overtakes)
    return drained(batches, made, per_s=PER_S[platform], share=share)


def _longest(one: Deployment, batches: list[Batch]) -> float:
    chunk = max(CHUNK, one.rows / _COARSE)
    told = (_told(one, batches, platform, chunk=chunk) for platform in PER_S)
    return max(each.last_s for arrivals in told for each in arrivals)


def _behind_all(one: Deployment, *, overtakes: bool) -> Arrival:
    moved = [Batch(at_s=0, rows=one.rows)] * LISTED
    live = Batch(at_s=HURRIED_S, rows=one.rows, is_urgent=True)
    told = (_told(one, [*moved, live], each, overtakes=overtakes)[-1] for each in PER_S)
    return max(told, key=lambda arrival: arrival.last_s)


def _longest_of_year(one: Deployment) -> float | None:
    if max(one.busy(a_month()).values()) >= 1:
        return None
    return max(_longest(one, _batches(one, month)) for month in _year())


def in_words(seconds: float) -> str:
    """A span as one would say it."""
    if seconds < _AT_ONCE_S:
        return f"< {_AT_ONCE_S} s"
    for unit, size, below in (
        ("s", 1, 90),
        ("min", 60, 90),
        ("h", 3600, 48),
        ("days", 86_400, 1e9),
    ):
        count = seconds / size
        if count < below:
            # The little that is added lets 9.25 and what is a hair above it read alike.
            digits = 0 if count >= 10 else 1 if count >= 1 else 2
            return f"{count + _HAIR:.{digits}f} {unit}"
    raise ValueError(f"{seconds} s is no span of a story")


async def measure() -> tuple[Row, ...]:
    """The limiter beside the formula, then each deployment's simulation beside a division."""
    rows = [*_calibrated()]
    for kind, deployments in (("as one begins", PLAIN), ("as advised", ADVISED)):
        for one in deployments:
            rows += _compared(f"{one.destinations:,} destinations {kind}", one, outlook(one))
    return tuple(rows)


def _calibrated() -> Iterator[Row]:
    # Addresses that no platform has: only the token's own slots count.
    places = [f"#{number}" for number in range(_SENDS)]
    for platform, limits in (("discord", DISCORD), ("telegram", FREE)):
        ours = _SENDS / one_token.seconds(limits, places, latency_s=LATENCY_S)
        ratio = ours / PER_S[platform]
        yield Row(
            what=f"{platform}: the real limiter in story time, {_SENDS:,} messages",
            figure=f"{ours:.1f} /s",
            yardstick=f"{PER_S[platform]:.1f} /s, slots over hold and latency",
            compared=f"ratio {ratio:.3f}",
            target=f"within {_NEAR:.0%}",
            holds=abs(ratio - 1) <= _NEAR,
        )


def _compared(what: str, one: Deployment, seen: Outlook) -> Iterator[Row]:
    for platform, last_s in seen.last_s.items():
        divided = one.sending_s(platform)
        ratio = last_s / divided
        yield Row(
            what=f"{what}: news to its last of {one.tokens[platform]:,} x {platform}",
            figure=in_words(last_s),
            yardstick=f"{in_words(divided)}, messages over rate",
            compared=f"ratio {ratio:.3f}",
            target=f"within {_NEAR:.0%}",
            holds=abs(ratio - 1) <= _NEAR,
        )
    yield Row(
        what="  a webcast live while all events moved: its first and last message",
        figure=f"{in_words(seen.urgent.first_s)}, {in_words(seen.urgent.last_s)}",
        yardstick=f"{in_words(seen.waiting.first_s)}, {in_words(seen.waiting.last_s)}, "
        "had its fan-out to wait",
        target=f"first <= {URGENT_S:.0f} s",
        holds=seen.urgent.first_s <= URGENT_S,
    )
    yield Row(
        what="  the longest wait, in the year's busiest hour and in the year",
        figure=f"{in_words(seen.hour_s)}, {in_words(seen.year_s) if seen.year_s else 'no end'}",
    )
