"""Who does which part of the work, among processes that share a store; on a clock of the test's."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from role_holders import ROLES, SECOND, TERM, a_process, live, roles_of
from stores import made_store

from bot.services.pulses import Pulses
from bot.store.unit_of_work import SqlStore
from bot.testing import FakeClock

PATIENCE_S = 30.0


@pytest.fixture
async def store() -> AsyncIterator[SqlStore]:
    """A store that all the processes of a test share."""
    async with made_store("sqlite://") as opened:
        yield opened


async def test_first_comer_takes_all_and_the_second_stands_by(store: SqlStore) -> None:
    """One poller, one sender; the other does nothing, for as long as the first lives."""
    clock = FakeClock()
    first, second = a_process(store, clock, "a"), a_process(store, clock, "b")

    await first.step()
    await second.step()
    await live(clock, 10 * TERM, first, second)

    assert roles_of(first) == set(ROLES)
    assert roles_of(second) == set()


async def test_roles_of_the_dead_are_taken_after_a_term(store: SqlStore) -> None:
    """Not before the term is over, for it may only be slow; then in the next epoch."""
    clock = FakeClock()
    dead, heir = a_process(store, clock, "a"), a_process(store, clock, "b")
    await dead.step()
    await heir.step()

    await live(clock, TERM, heir)
    early = roles_of(heir)
    await live(clock, 2 * SECOND, heir)

    assert early == set()
    assert roles_of(heir) == set(ROLES)
    assert {lease.epoch for lease in heir.held(ROLES).values()} == {2}


async def test_slow_holder_keeps_its_roles(store: SqlStore) -> None:
    """A beat within the term is enough, however late."""
    clock = FakeClock()
    slow, other = a_process(store, clock, "a"), a_process(store, clock, "b")
    await slow.step()
    await other.step()

    for _ in range(4):
        await live(clock, TERM - SECOND, other)
        await slow.step()

    assert roles_of(slow) == set(ROLES)
    assert roles_of(other) == set()


async def test_given_back_is_taken_at_once(store: SqlStore) -> None:
    """A clean stop hands over without a term; the standby looks when it is told."""
    clock, stop = FakeClock(), asyncio.Event()
    leaving, heir = a_process(store, clock, "a"), a_process(store, clock, "b")
    async with asyncio.TaskGroup() as group:
        group.create_task(leaving.run(stop))
        await clock.until_waiting()
        await heir.step()
        stop.set()

    await heir.step()

    assert roles_of(leaving) == set()
    assert roles_of(heir) == set(ROLES)


async def test_standby_that_is_told_takes_over_before_its_next_look(store: SqlStore) -> None:
    """What was given back has its next holder at once, not at the end of a pause."""
    clock, stop, told = FakeClock(), asyncio.Event(), asyncio.Event()
    leaving, heir = a_process(store, clock, "a"), a_process(store, clock, "b", told=told)
    await leaving.step()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        group.create_task(heir.run(stop))
        await clock.until_waiting()
        await leaving.give_back()
        told.set()
        await heir.until(lambda: roles_of(heir) == set(ROLES))
        stop.set()


async def pass_time(clock: FakeClock, span: timedelta) -> None:
    """Let time go on, a second at a time, for whoever runs."""
    for _ in range(span // SECOND):
        clock.advance(SECOND)
        await clock.settle()
        await clock.until_waiting()


async def test_holder_that_runs_keeps_its_roles_however_long(store: SqlStore) -> None:
    """It shows in time that it lives, by itself."""
    clock, stop = FakeClock(), asyncio.Event()
    holder, standby = a_process(store, clock, "a"), a_process(store, clock, "b")
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        group.create_task(holder.run(stop))
        await clock.until_waiting()
        for _ in range(5):
            await pass_time(clock, TERM / 3)
            await standby.step()
        kept = roles_of(holder), roles_of(standby)
        stop.set()

    assert kept == (set(ROLES), set())


async def test_standby_that_runs_takes_over_from_the_dead(store: SqlStore) -> None:
    """Nobody tells it; it looks, and counts the term from when it last saw a sign of life."""
    clock, stop = FakeClock(), asyncio.Event()
    dead, heir = a_process(store, clock, "a"), a_process(store, clock, "b")
    await dead.step()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        group.create_task(heir.run(stop))
        await clock.until_waiting()
        await pass_time(clock, TERM)
        early = roles_of(heir)
        await pass_time(clock, 2 * SECOND)
        late = roles_of(heir)
        stop.set()

    assert (early, late) == (set(), set(ROLES))


async def test_standby_looks_every_second_and_who_has_all_only_shows_that_it_lives(
    store: SqlStore,
) -> None:
    """Where nobody can be told, a second is what a hand-over costs."""
    clock = FakeClock()
    holder, standby = a_process(store, clock, "a"), a_process(store, clock, "b")

    assert await holder.step() == TERM / 3
    assert await standby.step() == SECOND


async def test_holder_that_looks_often_writes_only_three_times_a_term(store: SqlStore) -> None:
    """Whoever waits for another role looks every second; a sign of life is a commit."""
    clock = FakeClock()
    clock.advance(10 * TERM)
    holder = a_process(store, clock, "a")
    await holder.step()
    beats = [holder.held(ROLES)["poll"].beats]

    for pause in (SECOND, TERM / 3 - 2 * SECOND, SECOND):
        clock.advance(pause)
        await holder.step()
        beats.append(holder.held(ROLES)["poll"].beats)

    assert [one - beats[0] for one in beats] == [0, 0, 0, 1]


async def test_standby_says_once_for_whom_it_stands_by(
    store: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    """However long that one lives, and again when another has the role."""
    caplog.set_level(logging.INFO)
    clock = FakeClock()
    first, second = a_process(store, clock, "a", "poll"), a_process(store, clock, "b", "poll")
    standby = a_process(store, clock, "c", "poll")
    await first.step()
    await standby.step()
    await live(clock, 2 * TERM, first, standby)
    await first.give_back()
    await second.step()
    await live(clock, 2 * TERM, second, standby)

    told = [one for one in caplog.messages if one.startswith("Standing by")]
    assert told == [f"Standing by for poll, which {holder} has" for holder in "ab"]


async def test_rest_between_two_looks_is_no_illness(store: SqlStore) -> None:
    """However long a term is: a loop that rests has said for how long."""
    clock, stop = FakeClock(), asyncio.Event()
    pulses = Pulses(clock)
    process = a_process(store, clock, "a", term=timedelta(minutes=5))
    async with asyncio.TaskGroup() as group:
        group.create_task(process.run(stop, pulses.of("roles")))
        await clock.until_waiting()
        clock.advance(timedelta(seconds=99))
        (beat,) = pulses.heartbeats()
        stop.set()

    assert not beat.is_late


async def test_processes_share_the_work_by_what_they_want(store: SqlStore) -> None:
    """A role that nobody else wants is taken whoever has the others."""
    clock = FakeClock()
    poller, sender = a_process(store, clock, "a", "poll"), a_process(store, clock, "b")

    await poller.step()
    await sender.step()
    await live(clock, 3 * TERM, poller, sender)

    assert roles_of(poller) == {"poll"}
    assert roles_of(sender) == {"send:discord"}


async def test_whoever_waits_is_woken_by_what_comes_and_goes(store: SqlStore) -> None:
    """`until`: it is looked at whenever a role of ours came or went."""
    clock = FakeClock()
    process = a_process(store, clock, "a")
    coming = asyncio.create_task(process.until(lambda: roles_of(process) == set(ROLES)))
    await clock.settle()
    waited = not coming.done()

    await process.step()
    await coming
    going = asyncio.create_task(process.until(lambda: not process.held({"poll"})))
    await clock.settle()
    process.lose(["poll"])
    await going

    assert waited
    assert roles_of(process) == {"send:discord"}
