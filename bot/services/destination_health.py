"""How well destinations are reached: noted with each batch of outcomes.

Knows no platform: adapters say what a refusal means, `domain.channels` what follows from it, and
`notices` tells of it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.channels import Health, reached, refused
from bot.domain.deliveries import Delivery, Gone, Outcome, Sent
from bot.domain.subscriptions import Destination
from bot.ports import UnitOfWork

Landed = tuple[Delivery, Outcome]
"""What became of one attempt."""


async def note(unit: UnitOfWork, landed: Sequence[Landed], *, now: datetime) -> None:
    """Move destinations that have another address, and note how well each was reached where it is.

    Belongs into the transaction that records the outcomes, and after them. All are read at once and
    the moves come first: so, where several may write at a time, nobody waits in a circle.
    """
    places = [(one.destination, _place(one.destination, outcome)) for one, outcome in landed]
    known = dict(await unit.destinations.unwell({place for pair in places for place in pair}))
    for old, new in places:
        if old != new:
            await unit.destinations.move(old, new)
    for (_, place), (_, outcome) in zip(places, landed, strict=True):
        before = known.get(place, Health())
        after = _after(before, outcome, now)
        if after is not before:
            known[place] = after
            await unit.destinations.set_health(place, after)


def _place(destination: Destination, outcome: Outcome) -> Destination:
    """Where it is by now."""
    if isinstance(outcome, Sent) and outcome.moved_to:
        return replace(destination, address=outcome.moved_to)
    return destination


def _after(health: Health, outcome: Outcome, now: datetime) -> Health:
    """What an outcome says of its destination; other than these two say nothing."""
    match outcome:
        case Sent():
            return reached(health, now=now)
        case Gone(reason=reason, is_certain=is_certain, missing=missing):
            return refused(health, now=now, reason=reason, is_certain=is_certain, missing=missing)
        case _:
            return health
