"""`perigee demo`, played once: what a newcomer sees, block by block, and whether it agrees."""

import re
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from programs import Program

README = Path(__file__).parents[2] / "README.md"

CHANNELS: dict[str, set[str]] = {
    "mission-control": set(),
    "spacewalks": {"EVA", "Docking"},
    "deep-space": {"Flyby", "Orbital Insertion", "Moon Landing"},
}
"""The demo's channels, and the types of event that they ask for; none: any."""

PRECISE = re.compile(r"(around )?\d{1,2} [A-Z][a-z]{2} \d{4}, \d{2}:\d{2}(:\d{2})? UTC")

COARSE = re.compile(
    r"(week of .*|[A-Z][a-z]+ \d{4}|Q[1-4] \d{4}|(first|second) half of \d{4}|\d{4}"
    r"|fiscal year \d{4}|the \d{4}s|\d{1,2} [A-Z][a-z]{2} \d{4}|date not known"
    r"|\d{1,2} [A-Z][a-z]{2} \d{4}, in the \w+ \(local time\))"
)
"""Dates for which a clock time would be a lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One message as the console shows it."""

    day: int
    channel: str
    text: str

    @property
    def headline(self) -> str:
        """What happened."""
        return self.text.split("\n")[0]

    @property
    def title(self) -> str:
        """The event's name."""
        return self.text.split("\n")[1]

    @property
    def date(self) -> str:
        """When it takes place, or was to."""
        return self.fact("When") or self.fact("Was due")

    def fact(self, name: str) -> str:
        """The value beside a heading of the table; empty where there is none."""
        found = re.search(rf"^{name} +(\S.*)$", self.text, re.MULTILINE)
        return found[1] if found else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What the demo left behind, and how much of the processor's time it took, in seconds."""

    code: int
    out: str
    err: str
    effort: float


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The demo, which is played once for all tests."""
    perigee = Program(folder=tmp_path_factory.mktemp("demo"))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "bot", "demo"],
        cwd=perigee.folder,
        env=perigee.environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    effort = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert [*perigee.folder.iterdir()] == []
    return Played(code=done.returncode, out=done.stdout, err=done.stderr, effort=effort)


@pytest.fixture(scope="session")
def blocks(demo: Played) -> tuple[Block, ...]:
    """Its messages in the order in which they were printed."""
    return tuple(_blocks(demo.out))


def _blocks(text: str) -> Iterator[Block]:
    week, _, _ = text.partition("═══ The week in numbers ═══")
    for number, day in enumerate(re.split(r"^═══ Day .*$", week, flags=re.MULTILINE)[1:], start=1):
        for part in re.split(r"^── #", day, flags=re.MULTILINE)[1:]:
            header, _, message = part.partition("\n")
            yield Block(day=number, channel=header.rstrip(" ─"), text=message.strip())


def summary(demo: Played, name: str) -> str:
    """A line of the summary, without its name."""
    [line] = [one for one in demo.out.splitlines() if one.startswith(f"{name} ")]
    return line.removeprefix(name).strip()


def numbers(text: str) -> dict[str, int]:
    """`8 new, 27 date` as a mapping."""
    return {word: int(count) for count, word in (one.split(" ") for one in text.split(", "))}


def moves(block: Block) -> list[tuple[str, str]]:
    """The date before and after, where the block tells of a change of date."""
    lines = (line.strip() for line in block.text.splitlines())
    pairs = (line.split(" → ") for line in lines if " → " in line and ": " not in line)
    return [(before, after) for before, after in pairs]


def test_it_ends_well_and_soon(demo: Played) -> None:
    """Exit code 0, not a word of trouble, in under a minute on a machine that does little else."""
    assert (demo.code, demo.err) == (0, "")
    assert demo.effort < 60
    assert "\x1b" not in demo.out


def test_it_says_what_will_be_seen(demo: Played) -> None:
    """A stranger learns what plays, which channels there are, and how to read the rest."""
    introduction, _, _ = demo.out.partition("═══ Day 1 of 7")

    assert introduction.startswith("Perigee demo: A space week.\n")
    assert re.findall(r"^  #(\S+): ", introduction, re.MULTILINE) == [*CHANNELS]


def test_days_and_messages_are_in_order(blocks: tuple[Block, ...]) -> None:
    """The order is that of delivery: each slip begins where the one before it ended."""
    by_event: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for block in blocks:
        by_event.setdefault((block.channel, block.title), []).extend(moves(block))

    assert {block.day for block in blocks} == {*range(1, 8)}
    chained = [pair for moved in by_event.values() for pair in pairwise(moved)]
    assert chained
    assert [(first[1], then[0]) for first, then in chained if first[1] != then[0]] == []


def test_reminders_count_down(blocks: tuple[Block, ...]) -> None:
    """A day, an hour, ten minutes before each date that was stated."""
    order = ["about 24 hours", "about 1 hour", "about 10 minutes"]
    left: dict[tuple[str, str, str], list[int]] = {}
    for block in blocks:
        name = block.headline.removeprefix("Coming up in ")
        if name in order:
            key = (block.channel, block.title, block.fact("When"))
            left.setdefault(key, []).append(order.index(name))

    assert [0, 1, 2] in left.values()
    assert [key for key, places in left.items() if places != sorted({*places})] == []


def test_each_channel_gets_what_it_asked_for(blocks: tuple[Block, ...]) -> None:
    """Three subscriptions, three views of one week."""
    everything = {block.title for block in blocks if block.channel == "mission-control"}
    others = [block for block in blocks if block.channel != "mission-control"]

    assert {block.channel for block in blocks} == {*CHANNELS}
    for block in others:
        assert block.fact("Type") in CHANNELS[block.channel], block
        assert block.title in everything, block
    assert not [b for b in others if b.channel == "deep-space" and "Coming up" in b.headline]
    assert not [b for b in others if "changed:" in b.text]


def test_no_message_comes_twice(blocks: tuple[Block, ...]) -> None:
    """Each channel hears each thing once."""
    seen = Counter((block.channel, block.text) for block in blocks)

    assert [key for key, count in seen.items() if count > 1] == []


def test_dates_are_honest(blocks: tuple[Block, ...]) -> None:
    """A clock time is shown where LL2 states one, and nowhere else; never a raw timestamp."""
    told = [block.date for block in blocks]
    told += [date for block in blocks for move in moves(block) for date in move]

    assert [date for date in told if not (PRECISE.fullmatch(date) or COARSE.fullmatch(date))] == []
    assert {bool(PRECISE.fullmatch(date)) for date in told} == {True, False}
    assert not [block for block in blocks if re.search(r"\d{4}-\d{2}-\d{2}T", block.text)]


def test_messages_are_complete(blocks: tuple[Block, ...]) -> None:
    """Title, what changed, date, place, agencies, links; a move names the old and the new date."""
    for block in blocks:
        assert block.title, block
        assert block.date, block
        assert block.fact("Type"), block
        assert bool(moves(block)) >= block.headline.startswith("Moved"), block
    assert all("https://" in block.text for block in blocks if block.fact("Watch"))
    assert sum(bool(block.fact("Where")) for block in blocks) > len(blocks) / 2
    assert sum(bool(block.fact("Who")) for block in blocks) > len(blocks) / 2


def test_every_kind_of_news_is_seen(blocks: tuple[Block, ...]) -> None:
    """New events, slips, updates, a webcast, a vanished event, details, reminders."""
    headlines = "\n".join(block.headline for block in blocks)

    for start in ("New event", "Moved later", "Moved earlier", "New update", "Webcast is live"):
        assert start in headlines
    for start in ("Removed from the schedule", "Details changed", "Coming up in", "2 new videos"):
        assert start in headlines


def test_summary_agrees_with_what_was_seen(demo: Played, blocks: tuple[Block, ...]) -> None:
    """Polls, requests against the budget, outages, changes by kind, deliveries by state."""
    kinds = numbers(summary(demo, "Noticed"))
    all_of_it = [block for block in blocks if block.channel == "mission-control"]
    live = [b for b in all_of_it if b.headline in {"Webcast is live", "New event: live now"}]
    requests = re.fullmatch(
        r"(\d+); at most (\d+) in any hour of the 15 allowed; refused for too many: 0",
        summary(demo, "Requests"),
    )

    assert requests is not None
    assert int(requests[1]) >= int(summary(demo, "Polls")) > 0
    assert int(requests[2]) <= 15
    assert re.match(r"[1-9]\d* requests failed", summary(demo, "Outages"))
    assert kinds["new"] == sum(b.headline.startswith("New event") for b in all_of_it)
    assert kinds["withdrawn"] == sum(b.headline.startswith("Removed") for b in all_of_it)
    assert kinds["webcast"] == len(live)
    assert numbers(summary(demo, "Deliveries")) == {"sent": len(blocks)}


def test_readme_shows_what_the_demo_prints(demo: Played) -> None:
    """The excerpt is real, so it changes when the demo does."""
    [excerpt] = re.findall(r"```text\n(── #.*?)```", README.read_text(), re.DOTALL)
    shown = [part.strip() for part in re.split(r"\n(?=── #)", excerpt)]

    assert len(shown) >= 2
    assert [part for part in shown if part not in demo.out] == []
