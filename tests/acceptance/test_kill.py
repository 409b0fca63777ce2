"""SIGKILL again and again in the midst of a fan-out and its sending, as seen from outside.

Every channel gets every message, and a kill costs at most the one repeat that was in flight.
"""

import re
import signal
from collections import Counter
from datetime import timedelta
from random import Random

from outboxes import subscribe, to
from programs import Finished, Program
from senders import a_store

from bot.domain.changes import Kind

CHANNELS = tuple(f"c{number:03}" for number in range(120))
EVENTS = ("Progress MS-40 Docking", "Juice Earth Flyby")
OWED = {(channel, event) for channel in CHANNELS for event in EVENTS}
KILLS = 2
HEADER = "── #"
_MESSAGE = re.compile(rf"^{HEADER}(\w+) ─+\nNew event\n(.+)\n", re.MULTILINE)


def _arrived(*lives: Finished) -> Counter[tuple[str, str]]:
    """How often each channel was told of each event."""
    return Counter(found for life in lives for found in _MESSAGE.findall(life.out))


async def _announcing(service: Program) -> Program:
    """A service that has yet to announce two events to many channels."""
    async with a_store(service.folder / "perigee.db") as store:
        channels = [to(channel) for channel in CHANNELS]
        await subscribe(store, *channels, kinds=frozenset({Kind.NEW}))
    return service.given(announce__first_run="announce", ll2__hourly_budget="1000")


async def _live(service: Program, messages: int, end: signal.Signals) -> Finished:
    """Run until so many messages came, then end it with a signal."""
    async with service.started("run") as running:
        await running.until(HEADER, times=messages)
        running.send(end)
        return await running.end(within=timedelta(seconds=10))


async def _states(service: Program) -> Counter[str]:
    deliveries = await service.run("deliveries", "--json")
    return Counter(one["state"] for one in deliveries.document())


async def test_many_kills_lose_nothing_and_repeat_one_message_each(service: Program) -> None:
    """A kill at any moment: a restart sends all that is owed, and repeats what was in flight."""
    announcing = await _announcing(service)
    random = Random(12)  # noqa: S311, any moment will do

    lives = [await _live(announcing, random.randint(1, 40), signal.SIGKILL) for _ in range(KILLS)]
    last = await announcing.run("run", "--once")

    arrived = _arrived(*lives, last)
    assert [one.code for one in lives] == [-signal.SIGKILL] * KILLS
    assert last.code == 0
    assert set(arrived) == OWED
    assert arrived.total() - len(OWED) <= KILLS
    assert await _states(announcing) == {"sent": len(OWED)}


async def test_terminated_service_drains_and_the_next_repeats_nothing(service: Program) -> None:
    """SIGTERM: what is in the air lands and is recorded, the rest waits; the exit code is 0."""
    announcing = await _announcing(service)

    first = await _live(announcing, 30, signal.SIGTERM)
    between = await _states(announcing)
    second = await announcing.run("run", "--once")

    arrived = _arrived(first, second)
    assert (first.code, second.code) == (0, 0)
    assert "Traceback" not in first.err
    assert between["sent"] == _arrived(first).total()
    assert (between["sending"], between["leased"]) == (0, 0)
    assert between["pending"]
    assert set(arrived) == OWED
    assert arrived.total() == len(OWED)
