"""Many destinations, and how many of them have been reached."""

from collections.abc import AsyncIterator

from outboxes import states, to

from bot.domain.subscriptions import Destination
from bot.ports import Store


def places(number: int) -> tuple[Destination, ...]:
    """So many destinations."""
    return tuple(to(f"{place:03}") for place in range(number))


async def growing(store: Store) -> AsyncIterator[int]:
    """How many have deliveries, after each chunk of what is owed."""
    while True:
        async with store.writing() as unit:
            if not await unit.outbox.expand():
                return
        yield len(await states(store))
