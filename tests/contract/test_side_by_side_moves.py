"""What two programs may do to one store at the same time: addresses that move."""

from outboxes import claim, expand, keep, owe, subscribe, to
from races import TOGETHER, together

from bot.commands.core import CommandCore
from bot.domain.deliveries import Gone, Sent
from bot.domain.status import Status
from bot.domain.subscriptions import Filter
from bot.services import destination_health as health
from bot.store.unit_of_work import SqlStore
from bot.testing import START, FakeClock, an_event


async def test_address_that_moves_while_others_subscribe(stores: tuple[SqlStore, ...]) -> None:
    """`move`: told several times, beside fan-outs and subscribers: all ends at the new address."""
    await subscribe(stores[0], to("old"))
    await owe(stores[0])

    async def move(store: SqlStore, _number: int) -> None:
        async with store.writing() as unit:
            await unit.destinations.move(to("old"), to("new"))

    async def fan_out(store: SqlStore, _number: int) -> None:
        await expand(store)

    async def add(store: SqlStore, number: int) -> None:
        asked = Filter(words=frozenset({f"no event has {number}"}))
        async with store.writing() as unit:
            await unit.subscriptions.add(to("new"), asked, now=START)

    await together(stores, move, fan_out, add)
    await keep_up(stores[0])

    async with stores[0].reading() as unit:
        held = await unit.subscriptions.held()
    assert {one.destination for one in held} == {to("new")}
    assert len(held) == TOGETHER + 1
    waiting = await claim(stores[0])
    assert [one.destination for one in waiting] == [to("new")]


async def test_addresses_move_while_others_come_and_go(stores: tuple[SqlStore, ...]) -> None:
    """Outcomes that tell of moves, a chat with its topics, and who mutes: none waits in a circle.

    Whoever needs several sections enters them in their order: places, then `FANOUT`.
    """
    await subscribe(stores[0], *(to(f"{one}") for one in range(TOGETHER)))
    await subscribe(stores[0], to("chat/1"), to("chat/2"))
    for key in range(TOGETHER):
        await owe(stores[0], event=an_event(id=key + 1))
    await expand(stores[0])
    sent = {one.destination: one for one in await claim(stores[0], limit=10 * TOGETHER)}

    async def note_moves(store: SqlStore, number: int) -> None:
        refused = sent[to("chat/1")], Gone(reason="gone", is_certain=bool(number % 2))
        places = [to(f"{one}") for one in (number, (number + 1) % TOGETHER)]
        moves = [(sent[one], Sent(moved_to=f"new {one.address}")) for one in places]
        async with store.writing() as unit:
            await health.note(unit, [refused, *moves], now=START)

    async def mute_new(store: SqlStore, number: int) -> None:
        async with store.writing() as unit:
            await unit.subscriptions.held(to(f"new {number}"))
            await unit.destinations.mute(to(f"new {number}"), an_event().id)

    async def tell_of_chat(store: SqlStore, number: int) -> None:
        core = CommandCore(store, FakeClock(), adapter="console", status=a_status)
        await (core.unreachable("chat", "gone") if number % 2 else core.reachable("chat"))

    await together(stores, note_moves, mute_new, tell_of_chat)

    async with stores[0].reading() as unit:
        places = {one.destination for one in await unit.subscriptions.held()}
    assert places == {to(f"new {one}") for one in range(TOGETHER)} | {to("chat/1"), to("chat/2")}


def a_status() -> Status:
    """Of a service that nothing is known of."""
    return Status(read_at=None, requests=0, budget=15)


async def keep_up(store: SqlStore) -> None:
    """Expand what is left."""
    async with store.writing() as unit:
        await keep(unit)
    await expand(store)
