"""Destinations that a test of the store paused, muted, moved and met."""

from bot.domain.channels import Health
from bot.domain.events import EventId
from bot.domain.requests import Person
from bot.domain.subscriptions import Destination
from bot.ports import Store


async def set_health(store: Store, destination: Destination, health: Health) -> None:
    """Set it in a transaction of its own."""
    async with store.writing() as unit:
        await unit.destinations.set_health(destination, health)


async def mute(store: Store, destination: Destination, event_id: EventId) -> None:
    """Mute in a transaction of its own."""
    async with store.writing() as unit:
        await unit.destinations.mute(destination, event_id)


async def move(store: Store, old: Destination, new: Destination) -> None:
    """Move in a transaction of its own."""
    async with store.writing() as unit:
        await unit.destinations.move(old, new)


async def meet(store: Store, destination: Destination, server: str = "s", **known: str) -> None:
    """Learn of a destination's server in a transaction of its own."""
    async with store.writing() as unit:
        person = Person(id=known.get("person", ""))
        await unit.destinations.met(
            destination, server=server, name=known.get("name", ""), person=person
        )
