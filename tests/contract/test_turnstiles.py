"""The contract of `ports.Turnstiles`, and of the turnstile that asks them."""

import asyncio
from datetime import timedelta
from itertools import pairwise

from bot.services.turnstile import StoredTurnstile
from bot.store.unit_of_work import SqlStore, open_store
from bot.testing import START, FakeClock

EVERY = timedelta(seconds=6)
SECOND = timedelta(seconds=1)
PASSED = timedelta(0)


async def test_first_passes_and_next_waits_out_the_rest(store: SqlStore) -> None:
    """Pass, if nobody has passed under this name for so long; else how long to wait."""
    taken = [
        await store.turnstiles.take("a", now=START + late * SECOND, every=EVERY)
        for late in (0, 0, 2, 5, 6, 7, 12)
    ]

    assert taken == [PASSED, 6 * SECOND, 4 * SECOND, SECOND, PASSED, 5 * SECOND, PASSED]


async def test_turnstiles_of_other_names_are_others(store: SqlStore) -> None:
    """What one bot does holds up no other."""
    assert await store.turnstiles.take("a", now=START, every=EVERY) == PASSED
    assert await store.turnstiles.take("b", now=START, every=EVERY) == PASSED


async def test_clock_that_was_set_back_keeps_nobody_out_for_long(store: SqlStore) -> None:
    """A moment in the future counts as now."""
    await store.turnstiles.take("a", now=START + timedelta(days=1), every=EVERY)

    first = await store.turnstiles.take("a", now=START, every=EVERY)
    then = await store.turnstiles.take("a", now=START + EVERY, every=EVERY)

    assert (first, then) == (EVERY, PASSED)


async def test_turn_survives_its_process(store_url: str, store: SqlStore) -> None:
    """Committed on return: whoever starts at once after a kill waits as well."""
    if store_url == "sqlite://":
        return
    await store.turnstiles.take("a", now=START, every=EVERY)

    async with open_store(store_url) as other:
        assert await other.turnstiles.take("a", now=START + SECOND, every=EVERY) == 5 * SECOND


async def test_of_many_at_once_one_passes(store: SqlStore) -> None:
    """Whoever comes at the same moment finds the turn taken."""
    asked = [store.turnstiles.take("a", now=START, every=EVERY) for _ in range(8)]

    taken = await asyncio.gather(*asked)

    assert sorted(taken) == [PASSED, *[EVERY] * 7]


async def test_turnstile_lets_one_pass_at_a_time(store: SqlStore) -> None:
    """Those who wait pass in turn, never closer to each other than was asked for."""
    clock = FakeClock()
    turnstiles = [StoredTurnstile(store.turnstiles, clock) for _ in range(2)]
    passed: list[timedelta] = []

    async def pass_it(number: int) -> None:
        await turnstiles[number % 2].turn("a", every=EVERY)
        passed.append(clock.elapsed())

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(pass_it(number), name=f"one who passes {number}")
        while len(passed) < 4:
            # Whoever is not through waits for the clock, and nobody is between the two.
            if len(passed) + len(clock._sleepers) == 4:
                clock.advance(SECOND)
            await clock.settle()

    assert len(passed) == 4
    gaps = [later - earlier for earlier, later in pairwise(passed)]
    assert min(gaps) >= EVERY
