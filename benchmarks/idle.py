"""Memory of `perigee run` that has nothing to do: both adapters connected, LL2 polled.

The program is a process of its own, as its owner starts it; the stand-ins and the simulated LL2 are
others. Resident memory counts what it shares with other programs, too; unique memory does not.
"""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Iterable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.beside import Stand, standing
from benchmarks.table import Row
from bot.simulator import Simulator, bundled_scenario, serve

_MOST_MIB = 130
_PLACES = 50
_HEARD = b"listening; servers:"
_SETTLES_S = 20.0
_PATIENCE_S = 60.0
_YARDSTICK = "import asyncio, aiohttp, discord, sqlalchemy.ext.asyncio, telegram, pydantic_settings"


async def measure() -> tuple[Row, ...]:
    """Resident and unique memory, beside those of a program that only imports the libraries."""
    with TemporaryDirectory(prefix="perigee-bench-") as folder:
        ours = await _ours(Path(folder))
    bare = await _bare()
    resident, unique = ours["Rss"], ours["Private_Clean"] + ours["Private_Dirty"]
    libraries = bare["Private_Clean"] + bare["Private_Dirty"]
    return (
        Row(
            what="memory of perigee run, idle, with Discord and Telegram, resident",
            figure=f"{resident / 1024:.0f} MiB",
            yardstick=f"{bare['Rss'] / 1024:.0f} MiB, its libraries imported and nothing more",
            compared=f"{(resident - bare['Rss']) / 1024:+.0f} MiB",
            target=f"<= {_MOST_MIB} MiB",
            holds=resident / 1024 <= _MOST_MIB,
        ),
        Row(
            what="  unique to the process",
            figure=f"{unique / 1024:.0f} MiB",
            yardstick=f"{libraries / 1024:.0f} MiB, the same",
            compared=f"{(unique - libraries) / 1024:+.0f} MiB",
        ),
    )


async def _ours(folder: Path) -> dict[str, int]:
    async with AsyncExitStack() as stack:
        anchor = datetime.now(UTC)
        simulator = Simulator(bundled_scenario(), lambda: datetime.now(UTC), anchor=anchor)
        address = await stack.enter_async_context(serve(simulator))
        opening = (standing(one, _PLACES) for one in ("discord", "telegram"))
        stands = [await stack.enter_async_context(one) for one in opening]
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            stdout=DEVNULL,
            stderr=PIPE,
            cwd=folder,
            env=_environment(address, stands),
        )
        try:
            await _until_heard(child)
            await asyncio.sleep(_SETTLES_S)
            return _memory(child.pid)
        finally:
            child.terminate()
            await child.communicate()


def _environment(ll2: str, stands: Iterable[Stand]) -> dict[str, str]:
    root = Path(__file__).parents[1]
    settings = {"PERIGEE_LL2__BASE_URL": ll2, "PYTHONPATH": f"{root}"}
    for stand in stands:
        for name, value in stand.options.items():
            settings[f"PERIGEE_{stand.name}__{name}".upper()] = f"{value}"
    return {"PATH": os.environ["PATH"], **settings}


async def _until_heard(child: Process) -> None:
    if child.stderr is None:
        raise RuntimeError("the program has no pipe")
    said = list[bytes]()
    async with asyncio.timeout(_PATIENCE_S):
        while not said or _HEARD not in said[-1]:
            said.append(await child.stderr.readline())
            if not said[-1]:
                raise RuntimeError(f"the program ended: {b''.join(said).decode()}")


async def _bare() -> dict[str, int]:
    """The same of a process that imports what we are built on."""
    waits = f"{_YARDSTICK}; print(flush=True); input()"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", waits, stdin=PIPE, stdout=PIPE
    )
    try:
        if child.stdout is not None:
            await child.stdout.readline()
        return _memory(child.pid)
    finally:
        await child.communicate(b"\n")


def _memory(pid: int) -> dict[str, int]:
    """What the kernel counts, in KiB by its names (proc(5), `smaps_rollup`)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {name: int(rest.split()[0]) for name, _, rest in (one.partition(":") for one in lines)}
