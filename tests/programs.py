"""Run the program as its users do: a process of its own, in a folder of its own. No way in but out.

Whatever waits has a deadline; nothing here sleeps and hopes.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from nursery import Life, Nursery

from bot.simulator import Simulator, parse_scenario, serve

PATIENCE = timedelta(seconds=90)
"""How long a process may take before a test gives it up; machines are slow at times."""

STORY = """
title = "Two events"
duration = "9d"

[[agency]]
id = 44
name = "National Aeronautics and Space Administration"
abbrev = "NASA"
featured = true

[[agency]]
id = 63
name = "Russian Federal Space Agency (ROSCOSMOS)"
abbrev = "RFSA"
featured = true

[[program]]
id = 17
name = "International Space Station"

[[event]]
id = 2001
name = "Progress MS-40 Docking"
type = "Docking"
date = "5d"
precision = "Minute"
location = "International Space Station"
description = "A cargo ship arrives."
agencies = ["RFSA"]
programs = ["International Space Station"]

[[event]]
id = 2002
name = "Juice Earth Flyby"
type = "Flyby"
date = "2mo"
precision = "Month"
location = "Earth"
description = "A probe passes by."
agencies = ["NASA"]

[[step]]
at = "1d"
event = 2001
date = "7d"
comment = "The docking waits."
by = "orbit_clerk"

[[step]]
at = "1d"
event = 2002
webcast_live = true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a process left behind: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    def document(self) -> Any:
        """Standard output as the one JSON document that it is."""
        return json.loads(self.out)


@dataclass(slots=True, kw_only=True)
class Running:
    """A process that runs; what it prints gathers in `out` and `err`."""

    process: asyncio.subprocess.Process | Life
    out: bytearray = field(default_factory=bytearray)
    err: bytearray = field(default_factory=bytearray)
    grown: asyncio.Condition = field(default_factory=asyncio.Condition)
    readers: list[asyncio.Task[None]] = field(default_factory=list)
    open_streams: int = 2

    @property
    def is_mute(self) -> bool:
        """Whether nothing can come any more."""
        return not self.open_streams

    async def until(self, text: str, *, times: int = 1) -> None:
        """Wait until it has printed this text, on either stream, so many times."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE.total_seconds()), self.grown:
                await self.grown.wait_for(lambda: self.count(text) >= times or self.is_mute)
        if self.count(text) < times:
            told = bytes(self.out + self.err).decode()
            raise AssertionError(f'"{text}" never came; there is:\n{told}')

    def count(self, text: str) -> int:
        """How often it has printed this, on either stream."""
        wanted = text.encode()
        return self.out.count(wanted) + self.err.count(wanted)

    async def gather(self, stream: asyncio.StreamReader, into: bytearray) -> None:
        """Keep what comes on a stream until it ends."""
        while chunk := await stream.read(65_536):
            async with self.grown:
                into += chunk
                self.grown.notify_all()
        async with self.grown:
            self.open_streams -= 1
            self.grown.notify_all()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    async def end(self, within: timedelta = PATIENCE) -> Finished:
        """Wait for its end."""
        async with asyncio.timeout(within.total_seconds()):
            code = await self.process.wait()
            await asyncio.wait(self.readers)
        return Finished(code=code, out=self.out.decode(), err=self.err.decode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """`perigee` in a folder, with these variables beside what every process needs.

    Attributes:
        folder: where it runs.
        variables: more than `usual_environment`.
        nursery: where its processes are forked; without it each is `python -m bot`.

    """

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    nursery: Nursery | None = None

    def given(self, **variables: str) -> "Program":
        """The same with more settings: `store__url` is PERIGEE_STORE__URL."""
        ours = {f"PERIGEE_{name.upper()}": value for name, value in variables.items()}
        return replace(self, variables={**self.variables, **ours})

    def within(self, **variables: str) -> "Program":
        """The same, anew, with more variables that are no settings of ours."""
        return replace(self.anew(), variables={**self.variables, **variables})

    def anew(self) -> "Program":
        """The same, each time with an interpreter and imports of its own."""
        return replace(self, nursery=None)

    def environment(self) -> dict[str, str]:
        """What the process sees: nothing of whoever runs the tests."""
        return usual_environment() | {**self.variables}

    async def run(self, *arguments: str) -> Finished:
        """Run it to its end."""
        async with self.started(*arguments) as running:
            return await running.end()

    @asynccontextmanager
    async def started(
        self, *arguments: str, before: Iterable[str] = (), stdout: int | None = None
    ) -> AsyncIterator[Running]:
        """Start it; whatever becomes of the test, it is gone afterwards.

        Args:
            arguments: of the command line.
            before: a command that starts it, e.g. a shell that limits it; then it is anew.
            stdout: a descriptor in place of a pipe; then it is anew.

        """
        async with AsyncExitStack() as stack:
            (err, its_err) = await _a_pipe(stack)
            (out, its_out) = await _a_pipe(stack) if stdout is None else (None, stdout)
            try:
                here = self.anew() if before or stdout is not None else self
                process = await here._begin((*before,), arguments, its_out, its_err)
            finally:
                for one in {its_err, its_out} - {stdout}:
                    os.close(one)
            running = Running(process=process, open_streams=1 if out is None else 2)
            try:
                async with asyncio.TaskGroup() as group:
                    streams = ((out, running.out), (err, running.err))
                    running.readers += [
                        group.create_task(running.gather(stream, into))
                        for stream, into in streams
                        if stream is not None
                    ]
                    try:
                        yield running
                    finally:
                        with suppress(ProcessLookupError):
                            process.kill()
            finally:
                await process.wait()

    async def _begin(
        self, before: tuple[str, ...], arguments: tuple[str, ...], out: int, err: int
    ) -> asyncio.subprocess.Process | Life:
        if self.nursery is not None:
            return await self.nursery.bear(
                *arguments, folder=self.folder, environment=self.environment(), out=out, err=err
            )
        return await asyncio.create_subprocess_exec(
            *(*before, sys.executable, "-m", "bot", *arguments),
            cwd=self.folder,
            env=self.environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )


def usual_environment() -> dict[str, str]:
    """What every process needs, of the variables that there are."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in kept if name in os.environ}


async def _a_pipe(stack: AsyncExitStack) -> tuple[asyncio.StreamReader, int]:
    """Where to read, until the stack ends, and the descriptor for whoever writes."""
    reading, writing = os.pipe()
    stream = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reading, "rb", 0)
    )
    stack.callback(transport.close)
    return stream, writing


class Story:
    """A scenario whose time the test moves; it begins now, as the program's clock has it."""

    def __init__(self, text: str = STORY) -> None:
        self._shift = timedelta(0)
        start = datetime.now(UTC)
        self.simulator = Simulator(parse_scenario(text), self.now, anchor=start, throttle=False)

    def now(self) -> datetime:
        """The story's present."""
        return datetime.now(UTC) + self._shift

    def go_on(self, span: timedelta) -> None:
        """Let so much of the story pass."""
        self._shift += span

    @asynccontextmanager
    async def told(self) -> AsyncIterator[str]:
        """Serve it; the value for `ll2.base_url`."""
        async with serve(self.simulator) as base_url:
            yield base_url


@asynccontextmanager
async def answering(answer: Any) -> AsyncIterator[str]:
    """Serve one aiohttp handler for every path; its address, for `ll2.base_url`."""
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", answer)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/2.3.0"
    finally:
        await runner.cleanup()
