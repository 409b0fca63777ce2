"""What two programs may do to one store at the same time: as if one came after the other.

SQLite lets one write at a time, so there it holds by itself; PostgreSQL's writers run side by side.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from outboxes import HOUR, LEASE, claim, expand, finish, owe, records, start, subscribe, to
from races import TOGETHER, together

from bot.domain.channels import Health, Reach
from bot.domain.deliveries import Priority, State
from bot.domain.requests import Person
from bot.domain.retention import Remains
from bot.domain.subscriptions import Filter
from bot.store.unit_of_work import SqlStore
from bot.testing import START, a_message, an_event

NOBODY = Person(id="", name="")


async def test_same_subscription_is_added_once(stores: tuple[SqlStore, ...]) -> None:
    """`add`: a new destination and a new filter, asked for by many at the same moment."""

    async def add(store: SqlStore, _number: int) -> None:
        async with store.writing() as unit:
            await unit.subscriptions.add(to("new"), Filter(words=frozenset({"moon"})), now=START)

    await together(stores, add)

    async with stores[0].reading() as unit:
        assert len(await unit.subscriptions.held()) == 1


async def test_new_filters_and_places_in_any_order(stores: tuple[SqlStore, ...]) -> None:
    """`add`: several in one transaction, as an import does; nobody waits in a circle."""

    async def add(store: SqlStore, number: int) -> None:
        words = ["a", "b", "c", "d"]
        async with store.writing() as unit:
            for one in words if number % 2 else reversed(words):
                await unit.subscriptions.add(to(one), Filter(words=frozenset({one})), now=START)

    await together(stores, add)

    async with stores[0].reading() as unit:
        assert len(await unit.subscriptions.held()) == 4


async def test_quota_holds_however_many_ask(stores: tuple[SqlStore, ...]) -> None:
    """Who counts before it adds sees what was added meanwhile: of a place, and of a server."""
    await subscribe(stores[0], to("a"), to("b"))
    async with stores[0].writing() as unit:
        for one in "ab":
            await unit.destinations.met(to(one), server="s", name="", person=NOBODY)

    async def add_to_place(store: SqlStore, number: int) -> None:
        asked = Filter(words=frozenset({f"{number}"}))
        async with store.writing() as unit:
            if len(await unit.subscriptions.held(to("a"))) < 4:
                await unit.subscriptions.add(to("a"), asked, now=START)

    async def add_to_server(store: SqlStore, number: int) -> None:
        asked = Filter(words=frozenset({f"{number}"}))
        async with store.writing() as unit:
            await unit.subscriptions.held(to("b"))
            if await unit.subscriptions.in_server("console", "s") < 6:
                await unit.subscriptions.add(to("b"), asked, now=START)

    await together(stores, add_to_place)
    await together(stores, add_to_server)

    async with stores[0].reading() as unit:
        assert len(await unit.subscriptions.held(to("a"))) == 4
        assert await unit.subscriptions.in_server("console", "s") == 6


async def test_settings_are_changed_one_after_the_other(stores: tuple[SqlStore, ...]) -> None:
    """Who reads settings to change one of them loses no change of another."""

    async def lengthen(store: SqlStore, number: int) -> None:
        async with store.writing() as unit:
            before = await unit.destinations.channel(to())
            leads = before.leads | {HOUR * (number + 100)}
            await unit.destinations.set_channel(to(), replace(before, leads=leads))

    async with stores[0].reading() as unit:
        before = await unit.destinations.channel(to())
    await together(stores, lengthen)

    async with stores[0].reading() as unit:
        after = await unit.destinations.channel(to())
    assert len(after.leads - before.leads) == TOGETHER


async def test_filters_are_taken_up_while_they_are_purged(stores: tuple[SqlStore, ...]) -> None:
    """`add`: a filter that nobody holds is kept for whoever asks for it now, or made anew."""
    await subscribe(stores[0], *(to(f"{one}") for one in range(TOGETHER)))

    async def come_back(store: SqlStore, number: int) -> None:
        asked = Filter(words=frozenset({"moon"}))
        for _ in range(4):
            async with store.writing() as unit:
                added = await unit.subscriptions.add(to(f"{number}"), asked, now=START)
            async with store.writing() as unit:
                await unit.subscriptions.remove(to(f"{number}"), added.id)

    async def purge(store: SqlStore, _number: int) -> None:
        idle = Remains.FILTERS
        for _ in range(4):
            async with store.reading() as unit:
                found = await unit.purge.find(idle, before=START, after=None, limit=100)
            async with store.writing() as unit:
                await unit.purge.remove(idle, found, before=START)

    await together(stores, come_back, purge)

    async with stores[0].reading() as unit:
        assert len(await unit.subscriptions.held()) == TOGETHER


async def test_chunks_are_expanded_once(stores: tuple[SqlStore, ...]) -> None:
    """`expand`: however many programs expand, each destination gets each message once."""
    places = [to(f"{number}") for number in range(20)]
    await subscribe(stores[0], *places)
    for _ in range(3):
        await owe(stores[0])

    async def all_of_it(store: SqlStore, _number: int) -> None:
        await expand(store)

    await together(stores, all_of_it)

    found = [record.destination for record in await records(stores[0])]
    assert sorted(found, key=str) == sorted(places * 3, key=str)


async def test_event_muted_during_a_fan_out_stays_silent(stores: tuple[SqlStore, ...]) -> None:
    """`mute`: what a chunk adds at the same moment is ended, or not added at all."""
    places = [to(f"{number}") for number in range(TOGETHER)]
    await subscribe(stores[0], *places)
    await owe(stores[0])

    async def mute(store: SqlStore, number: int) -> None:
        async with store.writing() as unit:
            await unit.destinations.mute(places[number], an_event().id)

    async def fan_out(store: SqlStore, _number: int) -> None:
        await expand(store)

    await together(stores, fan_out, mute)

    assert {record.state for record in await records(stores[0])} <= {State.SUPERSEDED}
    assert await claim(stores[0]) == ()


async def test_destination_paused_during_a_fan_out_holds_all(stores: tuple[SqlStore, ...]) -> None:
    """`set_health`: nothing waits to be sent to a paused one, and nothing is held for others."""
    places = [to(f"{number}") for number in range(TOGETHER)]
    await subscribe(stores[0], *places)
    await owe(stores[0])
    ill = Health(reach=Reach.PAUSED, since=START, reason="gone")
    async with stores[0].writing() as unit:
        for one in places[::2]:
            await unit.destinations.set_health(one, ill)

    async def turn(store: SqlStore, number: int) -> None:
        async with store.writing() as unit:
            well = Health(reach=Reach.ACTIVE, since=START)
            await unit.destinations.set_health(places[number], ill if number % 2 else well)

    async def fan_out(store: SqlStore, _number: int) -> None:
        await expand(store)

    await together(stores, fan_out, turn)

    stands = {one.destination: one.state for one in await records(stores[0])}
    assert [stands[one] for one in places] == [State.PENDING, State.HELD] * (TOGETHER // 2)


@asynccontextmanager
async def _pairs(store: SqlStore, *, events: int) -> AsyncIterator[list[int]]:
    """Deliveries of several priorities for the same events and destinations."""
    keys = list(range(1, events + 1))
    await subscribe(store, to("a"), to("b"))
    for priority in (Priority.NEWS, Priority.URGENT, Priority.NEWS):
        for key in keys:
            await owe(store, event=an_event(id=key), priority=priority)
    yield keys


async def test_one_of_a_pair_is_under_way(stores: tuple[SqlStore, ...]) -> None:
    """`claim`: programs that all believe to be the sender, while more comes in and some ends.

    Each delivery is claimed once, and of one destination and event never two at a time.
    """
    under_way = set[tuple[str, int]]()
    sent = list[int]()

    async def send(store: SqlStore, _number: int) -> None:
        while True:
            async with store.writing() as unit:
                claimed = await unit.outbox.claim("console", limit=2, now=START, lease=LEASE)
            for one in claimed:
                pair = (one.destination.address, one.event_id)
                assert pair not in under_way
                under_way.add(pair)
            if not claimed:
                return
            await start(store, claimed)
            sent.extend(one.id for one in claimed)
            # Before it is written down: from then on another of the pair may go.
            under_way.difference_update((one.destination.address, one.event_id) for one in claimed)
            await finish(store, claimed)

    async def fan_out(store: SqlStore, _number: int) -> None:
        await expand(store)

    async with _pairs(stores[0], events=4):
        await together(stores, send, fan_out)
        await send(stores[0], 0)

    assert len(sent) == len(set(sent))
    assert {one.state for one in await records(stores[0])} <= {State.SENT, State.SUPERSEDED}


async def test_forms_of_two_senders_are_kept_once(stores: tuple[SqlStore, ...]) -> None:
    """`keep_message`: Discord's and Telegram's sender write of the same news, in any order."""
    forms = [f"form {number}" for number in range(6)]
    newest = await owe(stores[0])
    assert newest is not None

    async def write(store: SqlStore, number: int) -> None:
        async with store.writing() as unit:
            for one in forms if number % 2 else reversed(forms):
                kept = await unit.outbox.message(one)
                assert kept or await unit.outbox.keep_message(one, a_message(), newest=newest)

    await together(stores, write)

    async with stores[0].reading() as unit:
        assert len({await unit.outbox.message(one) for one in forms}) == len(forms)
