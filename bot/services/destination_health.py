"""How well destinations are reached: noted with each batch of outcomes, told once to who can mend.

Knows no platform: adapters say what a refusal means, `domain.channels` what follows from it.
"""

import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.domain.channels import Health, Trouble, reached, refused
from bot.domain.deliveries import Delivery, DeliveryId, Gone, Outcome, Priority, Sent
from bot.domain.events import EventId
from bot.domain.messages import Limits, Message
from bot.domain.subscriptions import Destination
from bot.ports import UnitOfWork
from bot.rendering.notices import paused

logger = logging.getLogger(__name__)

Landed = tuple[Delivery, Outcome]
"""What became of one attempt."""


Send = Callable[[Delivery, Message], Awaitable[Landed]]
"""How a message is handed to the adapter, within a time limit."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Trouble to be told; the first of `to` that can be reached gets it."""

    to: tuple[Destination, ...]
    message: Message


async def note(unit: UnitOfWork, landed: Sequence[Landed], *, now: datetime) -> None:
    """Note how well destinations were reached, and move those that have another address.

    Belongs into the transaction that records the outcomes, and after them.
    """
    known = dict(await unit.destinations.unwell({one.destination for one, _ in landed}))
    for delivery, outcome in landed:
        destination = delivery.destination
        before = known.get(destination, Health())
        after = _after(before, outcome, now)
        if after is not before:
            known[destination] = after
            await unit.destinations.set_health(destination, after)
        if isinstance(outcome, Sent) and outcome.moved_to:
            new = Destination(adapter=destination.adapter, address=outcome.moved_to)
            await unit.destinations.move(destination, new)


def _after(health: Health, outcome: Outcome, now: datetime) -> Health:
    """What an outcome says of its destination; other than these two say nothing."""
    match outcome:
        case Sent():
            return reached(health, now=now)
        case Gone(reason=reason, is_certain=is_certain, missing=missing):
            return refused(health, now=now, reason=reason, is_certain=is_certain, missing=missing)
        case _:
            return health


async def notices(unit: UnitOfWork, adapter: str, limits: Limits) -> tuple[Notice, ...]:
    """What is to be told of an adapter's destinations; it counts as told from now on."""
    by_recipients: dict[tuple[Destination, ...], list[Trouble]] = defaultdict(list)
    for trouble in await unit.destinations.untold(adapter):
        by_recipients[tuple(_recipients(trouble, limits))].append(trouble)
    return tuple(
        Notice(to=to, message=paused(troubles)) for to, troubles in by_recipients.items() if to
    )


async def tell(found: Sequence[Notice], send: Send, *, now: datetime) -> None:
    """Send notices, each to the first that can be reached.

    Not by the outbox, which holds news of events; so their ids are none of a delivery.
    """
    number = (now - _EPOCH) // timedelta(milliseconds=1)
    for notice in found:
        number += 1
        if not await _reaches_somebody(notice, DeliveryId(-number), send):
            logger.warning("Nobody could be told: %s", notice.message.headline)


async def _reaches_somebody(notice: Notice, number: DeliveryId, send: Send) -> bool:
    for to in notice.to:
        delivery = Delivery(
            id=number,
            destination=to,
            event_id=EventId(0),
            priority=Priority.NEWS,
            parts=(),
            attempts=1,
        )
        _, outcome = await send(delivery, notice.message)
        if isinstance(outcome, Sent):
            return True
    return False


def _recipients(trouble: Trouble, limits: Limits) -> Iterable[Destination]:
    """Whoever managed it last, in private; else one other channel of its server."""
    person = trouble.keeper.person
    private = limits.private(person) if person else ""
    chat = Destination(adapter=trouble.destination.adapter, address=private)
    if private and chat != trouble.destination:
        yield chat
    yield from trouble.neighbours[:1]
