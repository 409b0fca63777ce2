"""Stand-ins that run beside us, each in a process of its own: how they are started and told."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
_LINE = 2**20
"""Bytes of the longest line that a stand-in prints: it lists its places."""


class Stand:
    """A stand-in that runs beside us.

    Attributes:
        name: the platform's.
        options: the settings of an adapter that talks to it.
        places: the addresses that take messages.
        cpu_s: seconds of a processor that it spent while people asked.

    """

    def __init__(
        self, name: str, options: dict[str, Any], places: list[str], child: Process
    ) -> None:
        self.name, self.options, self.places = name, options, places
        self.cpu_s = 0.0
        self._child = child

    async def ask(self, *, rate: int, count: int) -> list[float]:
        """Let people give so many commands, so many a second; the seconds until each answer.

        Who is not answered is left out.
        """
        if self._child.stdin is not None:
            self._child.stdin.write(f"{rate} {count}\n".encode())
            await self._child.stdin.drain()
        told = await _heard(self._child)
        self.cpu_s += told["cpu_s"]
        return list(told["seconds"])

    async def end(self) -> dict[str, Any]:
        """End it, and hear what became of what was sent."""
        if self._child.stdin is not None:
            self._child.stdin.close()
        return await _heard(self._child)


@asynccontextmanager
async def standing(name: str, count: int, latency_s: float | None = 0.2) -> AsyncIterator[Stand]:
    """A platform's stand-in with so many places.

    Args:
        name: the platform's.
        count: how many places there are.
        latency_s: how long a request takes at the most, and counted strictly; None: it answers at
            once, and counts nothing.

    """
    program = ["benchmarks.swift", name, f"{count}"]
    if latency_s is not None:
        program = ["benchmarks.stand_ins", name, f"{count}", f"{latency_s}"]
    command = (sys.executable, "-m", *program)
    paths = os.pathsep.join((f"{_ROOT}", f"{_ROOT / 'tests'}"))
    child = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, limit=_LINE, env={**os.environ, "PYTHONPATH": paths}
    )
    try:
        yield Stand(name=name, child=child, **await _heard(child))
    finally:
        # Its end follows the end of its input, which is closed a second time if all went well.
        await child.communicate(b"")


async def _heard(child: Process) -> dict[str, Any]:
    """A line of what a stand-in says."""
    if child.stdout is None:
        raise RuntimeError("the stand-in has no pipe")
    told: dict[str, Any] = json.loads(await child.stdout.readline())
    return told
