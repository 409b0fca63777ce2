"""The demo: a whole bot on a bundled space week, on a clock that leaps; and the simulator alone.

Nothing here is staged: the simulator is asked over HTTP, a real store is on disk, and the console
adapter prints what its channels get.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from bot import administration, app, running, views
from bot.clock import StoryClock, SystemClock
from bot.config import FixedSettings
from bot.domain.asking import Asked
from bot.domain.changes import Kind, kind_of
from bot.errors import ConfigError
from bot.service import Service
from bot.simulator import (
    Scenario,
    ScenarioError,
    Simulator,
    bundled_scenario,
    load_scenario,
    serve,
)

SPEED = 25_000.0
"""Story seconds a second at the most: a week in about half a minute, time enough to read along."""

ANCHOR = datetime(2027, 3, 1, tzinfo=UTC)
"""When the story begins: a Monday, so that the week has its days in order."""

_PARTIES = 7
"""Who waits on the story's clock: poller, librarian, reminders, fan-out, housekeeper, console, and
the story."""

_DAY = timedelta(days=1)

CHANNELS = {
    "mission-control": ("everything", Asked(changes=tuple(Kind))),
    "spacewalks": (
        "spacewalks and dockings at the space station",
        Asked(types=("EVA", "Docking"), programs=("International Space Station",)),
    ),
    "deep-space": (
        "flybys, orbit insertions and Moon landings; no reminders",
        Asked(types=("Flyby", "Orbital Insertion", "Moon Landing"), remind=("off",)),
    ),
}
"""The demo's channels: what each is for, and its subscription."""

Tell = Callable[[str], None]


async def play(tell: Tell, *, speed: float = SPEED, seed: int = 0) -> None:
    """Play the bundled week and print what three channels get, then a summary.

    Args:
        tell: prints a line.
        speed: story seconds a second at the most.
        seed: the order of what has none, and the jitter of retries.

    """
    scenario = bundled_scenario()
    clock = StoryClock(ANCHOR, parties=_PARTIES, speed=speed)
    simulator = Simulator(scenario, clock.now, anchor=ANCHOR, seed=seed)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="perigee-demo-")))
        base_url = await stack.enter_async_context(serve(simulator))
        settings = _settings(base_url, folder)
        _introduce(tell, scenario)
        for name, (_, asked) in CHANNELS.items():
            await administration.subscribe(settings, f"console:{name}", asked)
        dice = Random(seed)  # noqa: S311, the same seed gives the same week
        opening = app.open_service(settings, clock=clock, random=dice)
        service = await stack.enter_async_context(opening)
        await _tell_story(service, clock, scenario, tell)
        await _sum_up(service, simulator, tell)


def _settings(base_url: str, folder: Path) -> FixedSettings:
    return FixedSettings.model_validate(
        {
            "ll2": {"base_url": base_url, "poll_interval": "10m"},
            "store": {"url": f"sqlite:///{folder / 'perigee.db'}"},
            "console": {"enabled": True},
        }
    )


def _introduce(tell: Tell, scenario: Scenario) -> None:
    tell(f"Perigee demo: {scenario.title}.")
    tell("A simulated Launch Library 2 plays it on a local port. The bot asks it 15 times an hour")
    tell("at the most, learns in silence what is there already, and tells three channels what")
    tell("changes. Each block below is one message, under the channel that gets it:")
    for name, (purpose, _) in CHANNELS.items():
        tell(f"  #{name}: {purpose}")
    tell("")


async def _tell_story(service: Service, clock: StoryClock, scenario: Scenario, tell: Tell) -> None:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        ticking = group.create_task(clock.run(), name="story clock")
        bot = group.create_task(running.run(service, stop), name="bot")
        days = -(-scenario.duration // _DAY)
        for day in range(days):
            tell(f"═══ Day {day + 1} of {days}: {clock.now():%A, %-d %B %Y} ═══\n")
            end = min(ANCHOR + (day + 1) * _DAY, ANCHOR + scenario.duration)
            await clock.wait(end - clock.now())
        stop.set()
        await bot
        ticking.cancel()


async def _sum_up(service: Service, simulator: Simulator, tell: Tell) -> None:
    async with service.store.reading() as unit:
        noticed = await unit.snapshots.noticed()
        counts = await unit.outbox.counts()
    kinds = Counter(kind_of(one.change) for one in noticed)
    asked = [one for one in simulator.requests if not one.path.endswith("/api-throttle/")]
    polls = sum(one.path.endswith("/upcoming/") for one in asked)
    limit = service.settings.ll2.hourly_budget
    tell("═══ The week in numbers ═══\n")
    tell(f"Polls       {polls}")
    tell(
        f"Requests    {len(asked)}; at most {_busiest_hour([one.time for one in asked])} in any "
        f"hour of the {limit} allowed; refused for too many: {simulator.violations}"
    )
    failed = sum(one.status != 200 for one in asked)
    tell(f"Outages     {failed} requests failed, because LL2 is down now and then in this story")
    tell("Noticed     " + ", ".join(f"{kinds[kind]} {kind}" for kind in Kind if kinds[kind]))
    tell(f"Deliveries  {views.deliveries_line(counts)}")


def _busiest_hour(times: Sequence[datetime]) -> int:
    """The most requests in any rolling hour."""
    most, first = 0, 0
    for last, at in enumerate(times):
        while times[first] <= at - timedelta(hours=1):
            first += 1
        most = max(most, last - first + 1)
    return most


async def serve_simulator(scenario: Path | None, *, port: int, speed: float, tell: Tell) -> None:
    """Serve a story that begins now, until SIGTERM or SIGINT.

    Raises:
        ConfigError: the scenario is wrong, or the port is taken.

    """
    clock = SystemClock()
    start = clock.now()
    try:
        story = bundled_scenario() if scenario is None else load_scenario(scenario)
    except ScenarioError as exc:
        raise ConfigError(str(exc)) from exc
    simulator = Simulator(story, lambda: start + (clock.now() - start) * speed, anchor=start)
    try:
        async with AsyncExitStack() as stack:
            stop = stack.enter_context(running.stop_on_signal())
            base_url = await stack.enter_async_context(serve(simulator, port=port))
            tell(f"{story.title}: serving {base_url} (stop with Ctrl-C)")
            await stop.wait()
    except OSError as exc:
        why = os.strerror(exc.errno) if exc.errno else str(exc)
        raise ConfigError(f"cannot serve on port {port}: {why}; choose another --port") from exc
