"""Whose turn it is to write: people first, nobody for ever."""

import asyncio

import pytest

from bot.store.turn import Turn


async def _write(turn: Turn, diary: list[str], name: str, *, urgent: bool) -> None:
    async with turn.taken(urgent=urgent):
        diary.append(name)
        await asyncio.sleep(0)


async def _order(*comers: str) -> list[str]:
    """Who wrote when, of comers in this order while somebody has the turn; capitals are urgent."""
    turn, diary = Turn(), list[str]()
    async with asyncio.TaskGroup() as group, turn.taken():
        for name in comers:
            group.create_task(_write(turn, diary, name, urgent=name.isupper()))
        await asyncio.sleep(0)
    return diary


async def test_who_is_waited_for_goes_first() -> None:
    """A person's write goes before what came earlier from the loops, in the order of coming."""
    assert await _order("a", "b", "X", "Y") == ["X", "Y", "a", "b"]


async def test_nobody_is_overtaken_for_ever() -> None:
    """After four that went ahead one goes that has waited, and then four again."""
    order = await _order("a", "b", *"STUVWXYZ", "c")

    assert order == [*"STUV", "a", *"WXYZ", "b", "c"]


async def test_who_overtook_nobody_is_not_counted() -> None:
    """While no loop waits, people go one after the other, and the next loop's wait begins anew."""
    assert await _order(*"STUVWX") == [*"STUVWX"]


@pytest.mark.parametrize("urgent", [True, False])
async def test_who_gives_up_waiting_holds_up_nobody(urgent: bool) -> None:  # noqa: FBT001
    """Neither in the queue nor in the moment when the turn is given."""
    turn, diary = Turn(), list[str]()
    async with turn.taken():
        in_queue = asyncio.create_task(_write(turn, diary, "in the queue", urgent=urgent))
        just_given = asyncio.create_task(_write(turn, diary, "just given", urgent=urgent))
        last = asyncio.create_task(_write(turn, diary, "last", urgent=urgent))
        await asyncio.sleep(0)
        in_queue.cancel()

    just_given.cancel()
    await asyncio.wait([in_queue, just_given, last])

    assert diary == ["last"]
    assert in_queue.cancelled()
    assert just_given.cancelled()


async def test_who_gives_up_in_the_queue_lets_nobody_in() -> None:
    """It never had the turn, so it has none to give on."""
    turn, diary = Turn(), list[str]()
    async with turn.taken():
        gives_up = asyncio.create_task(_write(turn, diary, "gives up", urgent=False))
        waits = asyncio.create_task(_write(turn, diary, "waits", urgent=False))
        await asyncio.sleep(0)
        gives_up.cancel()
        await asyncio.wait([gives_up])
        await asyncio.sleep(0)
        meanwhile = [*diary]
    await waits

    assert (meanwhile, diary) == ([], ["waits"])


async def test_nobody_slips_in_between_who_gives_the_turn_and_who_gets_it() -> None:
    """Whoever comes in the moment of the hand-over waits for who was given the turn."""
    turn, diary = Turn(), list[str]()
    async with turn.taken():
        waits = asyncio.create_task(_write(turn, diary, "waits", urgent=False))
        await asyncio.sleep(0)
    await _write(turn, diary, "comes", urgent=True)
    await waits

    assert diary == ["waits", "comes"]


async def test_a_failure_gives_the_turn_on() -> None:
    """What went wrong in one transaction is no reason to wait in the next."""
    turn = Turn()
    with pytest.raises(LookupError):
        async with turn.taken():
            raise LookupError

    async with turn.taken():
        pass
