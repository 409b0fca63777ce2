"""`ports.Memory`, `ports.Names` and `ports.RequestLog`: what else must survive a restart."""

from datetime import timedelta

from bot.domain.events import Agency, EventType, Program
from bot.domain.watching import Catalogue, Purpose
from bot.store.unit_of_work import SqlStore
from bot.testing import START

MINUTE = timedelta(minutes=1)


async def test_value_is_kept_until_it_is_set_anew(store: SqlStore) -> None:
    """`get`: the value. `put`: set the value."""
    async with store.writing() as unit:
        await unit.memory.put("offset", "1")
        await unit.memory.put("other", "x")

    async with store.writing() as unit:
        await unit.memory.put("offset", "2")

    async with store.reading() as unit:
        assert await unit.memory.get("offset") == "2"
        assert await unit.memory.get("other") == "x"


async def test_unknown_and_forgotten_keys_have_no_value(store: SqlStore) -> None:
    """`get`: the value, or None. `put`: None forgets it, and forgetting twice is harmless."""
    async with store.writing() as unit:
        await unit.memory.put("offset", "")

    async with store.writing() as unit:
        empty = await unit.memory.get("offset")
        await unit.memory.put("offset", None)
        await unit.memory.put("offset", None)

    async with store.reading() as unit:
        assert empty == ""
        assert await unit.memory.get("offset") is None
        assert await unit.memory.get("never") is None


NASA = Agency(id=44, name="National Aeronautics and Space Administration", abbrev="NASA")
FIRST = Catalogue(
    types=(EventType(id=3, name="EVA"), EventType(id=44, name="Static Fire")),
    agencies=(NASA,),
    programs=(Program(id=17, name="International Space Station"),),
)


async def test_names_are_known_by_id(store: SqlStore) -> None:
    """`known`: all names, by id; one number may name a type, an agency and a program."""
    shuffled = Catalogue(types=FIRST.types[::-1], agencies=FIRST.agencies, programs=FIRST.programs)

    async with store.writing() as unit:
        await unit.names.learn(shuffled)

    async with store.reading() as unit:
        assert await unit.names.known() == FIRST


async def test_learning_renames_and_forgets_nothing(store: SqlStore) -> None:
    """`learn`: insert or rename; nothing is ever forgotten."""
    spacewalk, esa = EventType(id=3, name="Spacewalk"), Agency(id=27, name="ESA", abbrev="ESA")
    async with store.writing() as unit:
        await unit.names.learn(FIRST)

    async with store.writing() as unit:
        await unit.names.learn(Catalogue(types=(spacewalk,), agencies=(esa,)))
        await unit.names.learn(Catalogue())

    async with store.reading() as unit:
        assert await unit.names.known() == Catalogue(
            types=(spacewalk, FIRST.types[1]), agencies=(esa, NASA), programs=FIRST.programs
        )


async def test_requests_are_logged_before_they_are_sent(store: SqlStore) -> None:
    """`begin`: committed on return. `marks`: requests made after `since`, oldest first."""
    second = await store.requests.begin(START + MINUTE, Purpose.PROBE)
    first = await store.requests.begin(START, Purpose.POLL)

    assert await store.requests.marks(START - MINUTE) == (first, second)
    assert await store.requests.marks(START) == (second,)
    assert await store.requests.marks(START + MINUTE) == ()


async def test_settled_mark_moves_to_the_answer(store: SqlStore) -> None:
    """`settle`: move a mark to when the answer came."""
    slow = await store.requests.begin(START, Purpose.POLL)
    quick = await store.requests.begin(START + MINUTE, Purpose.CATALOGUE)

    await store.requests.settle(slow, START + 2 * MINUTE)

    marks = await store.requests.marks(START - MINUTE)
    assert [(mark.id, mark.at) for mark in marks] == [
        (quick.id, START + MINUTE),
        (slow.id, START + 2 * MINUTE),
    ]


async def test_log_of_requests_does_not_grow_for_ever(store: SqlStore) -> None:
    """The log is for the rolling hour; a day later a mark is gone."""
    await store.requests.begin(START, Purpose.POLL)

    today = await store.requests.begin(START + timedelta(days=2), Purpose.POLL)

    assert await store.requests.marks(START - MINUTE) == (today,)


async def test_block_is_remembered(store: SqlStore) -> None:
    """`block`: remember that LL2 told us to stay away. `blocked_until`: until when."""
    before = await store.requests.blocked_until()

    await store.requests.block(START + MINUTE)
    await store.requests.block(START + 2 * MINUTE)

    assert before is None
    assert await store.requests.blocked_until() == START + 2 * MINUTE
