"""What tests of the outbox begin with: subscribers, debts, and the steps of sending, in short."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings

from bot.domain.changes import Change, DateChanged, Kind, Reminder, kind_of
from bot.domain.deliveries import Delivery, FanoutId, MessageId, Priority, State, Verdict
from bot.domain.events import Event
from bot.domain.fanouts import Debt, Record, Result
from bot.domain.subscriptions import Destination, Filter
from bot.domain.watching import Tracked
from bot.ports import Store, UnitOfWork
from bot.testing import START, a_message, an_event

LEASE = timedelta(minutes=2)
HOUR = timedelta(hours=1)


MANY = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""For properties of a store: one store serves all examples, see `undone`."""


class _UndoneError(Exception):
    """Ends a transaction without a commit."""


@asynccontextmanager
async def undone(store: Store) -> AsyncIterator[UnitOfWork]:
    """A transaction that leaves the store as it found it."""
    with suppress(_UndoneError):
        async with store.writing() as unit:
            yield unit
            raise _UndoneError


def to(address: str = "main", adapter: str = "console") -> Destination:
    """A destination, by default of the console."""
    return Destination(adapter=adapter, address=address)


def moved(event: Event | None = None) -> DateChanged:
    """The news that an event's date changed to what it is."""
    event = event or an_event()
    before = an_event(date=START).stated
    return DateChanged(event_id=event.id, before=before, after=event.stated)


def a_reminder(**changes: Any) -> Reminder:
    """An hour before the usual event; `changes` are `Reminder`'s fields."""
    event = an_event()
    usual = {"event_id": event.id, "date": event.date, "lead": HOUR}
    return Reminder(**(usual | changes))


def a_debt(**changes: Any) -> Debt:
    """Date news of the usual event; `changes` are `Debt`'s fields."""
    usual: dict[str, Any] = {
        "event_id": an_event().id,
        "kinds": frozenset({Kind.DATE}),
        "priority": Priority.NEWS,
        "created_at": START,
    }
    return Debt(**(usual | changes))


async def keep(unit: UnitOfWork, *events: Event) -> None:
    """Watch these events, the usual one when none is named."""
    watched = events or (an_event(),)
    await unit.snapshots.keep([Tracked(event=one, first_seen_at=START) for one in watched])


async def subscribe(store: Store, *destinations: Destination, **asked: Any) -> None:
    """Let each of these destinations hold one filter; `asked` are `Filter`'s fields."""
    async with store.writing() as unit:
        for destination in destinations:
            await unit.subscriptions.add(destination, Filter(**asked), now=START)


async def owe(
    store: Store, *news: Change, event: Event | None = None, **changes: Any
) -> FanoutId | None:
    """Keep the event, open a fan-out for this news (date news by default), and record it."""
    event = event or an_event()
    told = news or (moved(event),)
    kinds = changes.pop("kinds", frozenset(map(kind_of, told)))
    async with store.writing() as unit:
        await keep(unit, event)
        debt = a_debt(event_id=event.id, kinds=kinds, **changes)
        fanout_id = await unit.outbox.owe(debt)
        await unit.snapshots.record(told, noticed_at=START, fanout_id=fanout_id)
    return fanout_id


async def expand(store: Store) -> int:
    """Expand every open fan-out, each chunk in its transaction; how many chunks it took."""
    chunks = 0
    while True:
        async with store.writing() as unit:
            if not await unit.outbox.expand():
                return chunks
        chunks += 1


async def tell(store: Store, *news: Change, event: Event | None = None, **changes: Any) -> None:
    """Owe and expand."""
    await owe(store, *news, event=event, **changes)
    await expand(store)


async def claim(
    store: Store, *, adapter: str = "console", limit: int = 100, now: datetime = START
) -> tuple[Delivery, ...]:
    """Claim what is due."""
    async with store.writing() as unit:
        return await unit.outbox.claim(adapter, limit=limit, now=now, lease=LEASE)


async def start(store: Store, claimed: Iterable[Delivery]) -> None:
    """Mark as being sent, with one message for each form."""
    async with store.writing() as unit:
        for delivery in claimed:
            await unit.outbox.start([(delivery, await _letter(unit, delivery))], now=START)


async def _letter(unit: UnitOfWork, delivery: Delivery) -> MessageId:
    kept = await unit.outbox.message(delivery.form)
    newest = delivery.parts[-1].fanout_id
    return kept or await unit.outbox.keep_message(delivery.form, a_message(), newest=newest)


async def finish(store: Store, claimed: Iterable[Delivery], **verdict: Any) -> None:
    """Record the end of an attempt, SENT by default; `verdict` are `Verdict`'s fields."""
    end = Verdict(**({"state": State.SENT} | verdict))
    tried = [replace(one, attempts=one.attempts + 1) for one in claimed]
    async with store.writing() as unit:
        await unit.outbox.finish(
            [Result(delivery=one, verdict=end, at=START + LEASE) for one in tried]
        )


async def records(store: Store) -> tuple[Record, ...]:
    """The record of all deliveries, oldest first."""
    async with store.reading() as unit:
        return await unit.outbox.records()


async def states(store: Store) -> list[State]:
    """The states of all deliveries, oldest first."""
    return [record.state for record in await records(store)]


async def reached(store: Store) -> list[Destination]:
    """The destinations of all deliveries, oldest first."""
    return [record.destination for record in await records(store)]
