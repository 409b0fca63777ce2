"""How well destinations are reached: noted with each batch of outcomes.

Knows no platform: adapters say what a refusal means, `domain.channels` what follows from it, and
`notices` tells of it.
"""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.channels import Health, reached, refused
from bot.domain.deliveries import Delivery, Gone, Outcome, Sent
from bot.domain.subscriptions import Destination
from bot.ports import UnitOfWork

Landed = tuple[Delivery, Outcome]
"""What became of one attempt."""


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
