"""`ports.Destinations`: who keeps a destination, and what they are told when it is not reached."""

import pytest
from outboxes import HOUR, subscribe, to
from places import meet, set_health

from bot.domain.channels import Health, Keeper, Reach, Trouble
from bot.domain.requests import NOBODY
from bot.domain.subscriptions import Destination
from bot.ports import Store
from bot.store.unit_of_work import SqlStore
from bot.testing import START

PAUSED = Health(reach=Reach.PAUSED, since=START, reason="no right to send", missing="Send Messages")
WELL = Health(since=START + HOUR)


async def test_keeper_is_whoever_was_met_last(store: SqlStore) -> None:
    """An empty name or person leaves the known one."""
    await meet(store, to(), "1", name="Space: launches", person="7")
    await meet(store, to(), "2")

    async with store.reading() as unit:
        keeper = await unit.destinations.keeper(to())

    assert keeper == Keeper(server="2", name="Space: launches", person="7")


async def test_neighbours_can_be_told_of_trouble(store: SqlStore) -> None:
    """Other destinations of its server that hold subscriptions and are active, oldest first."""
    await subscribe(store, to(), to("b"), to("paused"), to("elsewhere"), to("a"))
    await subscribe(store, to("b", "discord"))
    for destination in (to(), to("a"), to("b"), to("paused"), to("holds nothing")):
        await meet(store, destination)
    await meet(store, to("elsewhere"), "another")
    await meet(store, to("b", "discord"))
    await set_health(store, to("paused"), PAUSED)

    async with store.reading() as unit:
        assert await unit.destinations.neighbours(to()) == (to("b"), to("a"))


async def test_destinations_without_a_server_are_no_neighbours(store: SqlStore) -> None:
    """Private chats have nothing to do with each other."""
    await subscribe(store, to(), to("b"))
    await meet(store, to(), "")
    await meet(store, to("b"), "")

    async with store.reading() as unit:
        assert await unit.destinations.neighbours(to()) == ()


async def test_person_without_an_id_leaves_the_known_one(store: SqlStore) -> None:
    """A channel's own post names nobody."""
    await meet(store, to(), person="7")
    async with store.writing() as unit:
        await unit.destinations.met(to(), server="s", name="", person=NOBODY)

    async with store.reading() as unit:
        assert (await unit.destinations.keeper(to())).person == "7"


async def untold(store: Store) -> list[Destination]:
    """Ask in a transaction of its own."""
    async with store.reading() as unit:
        return [one.destination for one in await unit.destinations.untold("console")]


async def set_told(store: Store, *told: Destination, is_told: bool = True) -> None:
    """In a transaction of its own."""
    async with store.writing() as unit:
        await unit.destinations.set_told(told, is_told=is_told)


async def test_trouble_is_told_once(store: SqlStore) -> None:
    """What counts as told is asked for no more; a new pause after a recovery is new trouble."""
    await subscribe(store, to())
    await set_health(store, to(), PAUSED)
    first = await untold(store)
    await set_told(store, to())
    await set_health(store, to(), PAUSED)
    again = await untold(store)
    await set_health(store, to(), WELL)
    well = await untold(store)
    await set_health(store, to(), PAUSED)

    assert (first, again, well, await untold(store)) == ([to()], [], [], [to()])


async def test_trouble_that_was_not_told_after_all_is_still_to_be_told(store: SqlStore) -> None:
    """Counting as told is taken back where telling failed; of others nothing changes."""
    await subscribe(store, to(), to("b"))
    for one in (to(), to("b")):
        await set_health(store, one, PAUSED)
    await set_told(store, to(), to("b"))

    await set_told(store, to(), is_told=False)

    assert await untold(store) == [to()]


@pytest.mark.parametrize("is_told", [True, False])
async def test_destination_that_is_tried_again_in_vain_is_no_new_trouble(
    store: SqlStore, *, is_told: bool
) -> None:
    """Told once stays told, and what is untold stays to be told, until there was a success."""
    await subscribe(store, to())
    await set_health(store, to(), PAUSED)
    await set_told(store, to(), is_told=is_told)
    await set_health(store, to(), Health(reach=Reach.SUSPECT, since=START))
    while_suspect = await untold(store)

    await set_health(store, to(), PAUSED)

    assert while_suspect == []
    assert await untold(store) == ([] if is_told else [to()])


async def test_first_doubt_is_no_word_to_anybody(store: SqlStore) -> None:
    """Who becomes suspect and then paused was never told of."""
    await subscribe(store, to())
    await set_health(store, to(), Health(reach=Reach.SUSPECT, since=START))

    await set_health(store, to(), PAUSED)

    assert await untold(store) == [to()]


async def test_trouble_names_who_can_mend_it(store: SqlStore) -> None:
    """Its keeper, and other destinations of its server."""
    await subscribe(store, to(), to("b"))
    await meet(store, to(), person="7", name="Space: launches")
    await meet(store, to("b"))
    await set_health(store, to(), PAUSED)

    async with store.reading() as unit:
        (trouble,) = await unit.destinations.untold("console")

    assert trouble == Trouble(
        destination=to(),
        health=PAUSED,
        keeper=Keeper(server="s", name="Space: launches", person="7"),
        neighbours=(to("b"),),
    )


async def test_trouble_that_nobody_misses_is_not_told(store: SqlStore) -> None:
    """Of destinations without subscriptions, of other adapters, of mere suspects."""
    await subscribe(store, to("suspect"), to(adapter="discord"))
    await set_health(store, to("holds nothing"), PAUSED)
    await set_health(store, to(adapter="discord"), PAUSED)
    await set_health(store, to("suspect"), Health(reach=Reach.SUSPECT, since=START))

    assert await untold(store) == []
