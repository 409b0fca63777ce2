"""The program, born again and again: a process that has imported it forks a child for each life.

The child is `perigee` with the arguments that it was told, in the folder and the environment of the
nursery. Imports take more than a second; so a kill falls into work rather than into them. Whoever
wants the imports, too, starts the program by `programs`.
"""

import asyncio
import importlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from programs import PATIENCE, Program

_USED = ("cli", "running", "adapters.discord", "adapters.telegram", "store.unit_of_work")
"""What a life imports of ours, and with it everything else."""


@dataclass(slots=True, kw_only=True)
class Life:
    """A child; `code` is its exit code, or the negative number of the signal that ended it."""

    pid: int
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    code: int = 0

    def send(self, number: signal.Signals) -> None:
        """Send it a signal; one that is dead hears nothing."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    async def end(self) -> int:
        """Wait for its end."""
        async with asyncio.timeout(PATIENCE.total_seconds()):
            await self.ended.wait()
        return self.code


class Nursery:
    """Where lives begin, one after the other."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    @asynccontextmanager
    async def opened(cls, program: Program) -> AsyncIterator[Self]:
        """Import the program; when this is left, the last life ends too."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, __file__),
            cwd=program.folder,
            env=program.environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            yield cls(process)
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.communicate()

    @asynccontextmanager
    async def life(self, *arguments: str) -> AsyncIterator[Life]:
        """Begin a life, which is over when this is left.

        What it prints goes to `out`, in the folder; what it logs is added to `log`.
        """
        life = Life(pid=int(await self._ask(" ".join(arguments))))
        waiting = asyncio.create_task(self._await_end(life), name="end of a life")
        try:
            yield life
        finally:
            life.send(signal.SIGKILL)
            await waiting

    async def _await_end(self, life: Life) -> None:
        life.code = int(await self._answer())
        life.ended.set()

    async def _ask(self, line: str) -> bytes:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        return await self._answer()

    async def _answer(self) -> bytes:
        assert self._process.stdout is not None
        return await self._process.stdout.readline()


def _bear(arguments: list[str]) -> None:
    """Be the program, from here to the end."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    out = os.open("out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number, stream in enumerate((nothing, out, log)):
        os.dup2(stream, number)
    sys.argv = ["perigee", *arguments]
    importlib.import_module("bot.cli").main()


def _serve() -> None:
    """Fork for each line of standard input: the child's number, then its exit code."""
    for name in _USED:
        importlib.import_module(f"bot.{name}")
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _bear(line.split())
            return
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.path.remove(str(Path(__file__).parent))
    _serve()
