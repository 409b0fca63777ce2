"""Tables and sentences for people; whatever text stands in them, it stays on its line. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from textwrap import shorten
from typing import assert_never

from bot.domain.asking import Held
from bot.domain.changes import (
    Change,
    DateChanged,
    DetailsChanged,
    EventAnnounced,
    EventWithdrawn,
    UpdatePosted,
    VideoAdded,
    WebcastLive,
    kind_of,
)
from bot.domain.dates import label
from bot.domain.deliveries import State
from bot.domain.events import Event
from bot.domain.fanouts import Tally
from bot.domain.watching import Noticed, PollReport
from bot.rendering.untrusted import one_line

Counts = Mapping[tuple[str, State], int]
"""How many deliveries there are by adapter and state."""

_LONGEST_CELL = 72
"""Characters of a cell that may hold a whole comment."""

_OPEN = (State.PENDING, State.LEASED, State.SENDING)


def events_table(events: Iterable[Event], *, asked: bool) -> str:
    """Date, type, name and agencies of events; `asked`: only some were asked for."""
    rows = [
        (
            label(event.stated),
            event.type.name,
            event.name,
            ", ".join(one.abbrev or one.name for one in event.agencies),
        )
        for event in events
    ]
    if not rows:
        return (
            "No event matches." if asked else "The store knows no events yet; a poll learns them."
        )
    return table(("DATE", "TYPE", "EVENT", "AGENCIES"), rows)


def subscriptions_table(held: Iterable[Held], destination: str | None = None) -> str:
    """Number, destination and filter of subscriptions, of one destination or of all."""
    rows = [
        (str(one.subscription.id), str(one.subscription.destination), filter_line(one))
        for one in held
    ]
    if not rows and destination is not None:
        return f"{destination} has no subscription."
    if not rows:
        return "No subscriptions yet. Add one: perigee subscriptions add --to console:main"
    return table(("NO.", "DESTINATION", "WANTS"), rows)


def subscription_line(held: Held) -> str:
    """A subscription in a sentence."""
    one = held.subscription
    return f"Subscription {one.id}: {one.destination} gets {filter_line(held)}."


def filter_line(held: Held) -> str:
    """A filter in one line: `type: EVA; agency: NASA, ESA`."""
    parts = [f"{option}: {', '.join(values)}" for option, values in held.words.items()]
    return "; ".join(parts) or "everything"


def changes_table(noticed: Iterable[Noticed], *, asked: bool) -> str:
    """When, what kind, which event, what; `asked`: only those since a time were asked for."""
    rows = [
        (
            f"{one.noticed_at:%Y-%m-%d %H:%M} UTC",
            kind_of(one.change).value,
            one.event_name,
            _told(one.change),
        )
        for one in noticed
    ]
    if not rows:
        return "Nothing was noticed since then." if asked else "Nothing was noticed yet."
    return table(("NOTICED", "KIND", "EVENT", "WHAT"), rows)


def _told(change: Change) -> str:
    """What changed, short enough for a line of a table."""
    return shorten(one_line(_in_words(change)), _LONGEST_CELL, placeholder="…")


def _in_words(change: Change) -> str:
    match change:
        case EventAnnounced(returned=returned):
            return "back on the schedule" if returned else ""
        case DateChanged(before=before, after=after):
            return f"{label(before)} → {label(after)}"
        case UpdatePosted(updates=updates):
            return " / ".join(one.comment for one in updates)
        case WebcastLive():
            return ""
        case VideoAdded(videos=videos):
            return " / ".join(one.title or one.url for one in videos)
        case DetailsChanged(details=details):
            return ", ".join(one.name for one in details)
        case EventWithdrawn(last_date=last_date):
            return f"was: {label(last_date)}"
        case _ as never:
            assert_never(never)


def tally_table(tally: Tally, only: str | None = None) -> str:
    """Counts by platform and state, the last errors, and the destinations in trouble."""
    rows = [
        (adapter, state.value, str(count))
        for (adapter, state), count in tally.counts.items()
        if only in {None, state}
    ]
    if not rows:
        return f"The outbox holds nothing {only}." if only else "The outbox is empty."
    errors = [one_line(f"{one.destination}  {one.error}") for one in tally.last_errors]
    counts = table(("PLATFORM", "STATE", "DELIVERIES"), rows)
    ill = [
        one_line(f"{to} is {health.reach}: {health.reason}") for to, health in tally.ailing.items()
    ]
    blocks = (("Last errors:", errors), ("Destinations in trouble:", ill))
    return "\n".join(
        [counts, *(line for head, rows in blocks if rows for line in ("", head, *rows))]
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; the last is left ragged. Cells may hold any text."""
    lines = [[one_line(cell) for cell in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def once_line(
    report: PollReport,
    before: Counts,
    after: Counts,
) -> str:
    """What `run --once` did, in a line."""
    kinds = Counter(kind_of(change).value for change in report.changes)
    noticed = "noticed " + (
        ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "no change"
    )
    if report.is_first and not report.changes:
        noticed = "the first poll learns them and announces none"
    events = counted(report.events, "event")
    return f"Polled LL2: {events}; {noticed}. Deliveries: {_became(before, after)}."


def _became(before: Counts, after: Counts) -> str:
    """Which deliveries ended in between, and how many wait."""
    then, now = by_state(before), by_state(after)
    ended = [
        f"{now[state] - then[state]} {state}"
        for state in State
        if state not in _OPEN and now[state] > then[state]
    ]
    waiting = sum(now[state] for state in _OPEN)
    waits = [f"{waiting} waiting"] if waiting else []
    return ", ".join([*ended, *waits]) or "none were due"


def by_state(counts: Counts) -> Counter[State]:
    """How many deliveries there are in each state, whatever their adapter."""
    totals = Counter[State]()
    for (_, state), count in counts.items():
        totals[state] += count
    return totals


def deliveries_line(counts: Counts) -> str:
    """The outbox in a few words: `120 sent, 1 dead`."""
    totals = by_state(counts)
    return ", ".join(f"{totals[state]} {state}" for state in State if totals[state]) or "none"


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 subscription`, `2 subscriptions`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
