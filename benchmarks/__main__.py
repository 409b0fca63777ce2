"""Run the benchmarks and print their table: all but the long, or those named, e.g. `year`."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable

from benchmarks import (
    answers,
    fanout,
    million,
    no_change_poll,
    outbox,
    pacing,
    rhythm,
    scaling,
    servers,
    telegram_transport,
    year,
)
from benchmarks.table import Row, render

_MEASURES: dict[str, Callable[[], Awaitable[tuple[Row, ...]]]] = {
    "fanout": fanout.measure,
    "outbox": outbox.measure,
    "no_change_poll": no_change_poll.measure,
    "rhythm": rhythm.measure,
    "scaling": scaling.measure,
    "servers": servers.measure,
    "pacing": pacing.measure,
    "answers": answers.measure,
    "telegram_transport": telegram_transport.measure,
    "year": year.measure,
    "million": million.measure,
}

_LONG = {"year", "million"}
"""Measured only when they are named."""


async def _run(names: list[str]) -> None:
    rows: list[Row] = []
    busy = os.getloadavg()[0]
    print(
        f"load of this machine before: {busy:.1f}; an idle one gives honest figures",
        file=sys.stderr,
    )
    for name in names:
        begun = time.perf_counter()
        rows += await _MEASURES[name]()
        print(f"measured {name} in {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    print(render(rows))


def main(asked: list[str]) -> None:
    """Measure what was asked for."""
    unknown = [name for name in asked if name not in _MEASURES]
    if unknown:
        sys.exit(f"no benchmark is called {unknown[0]}; there are: {', '.join(_MEASURES)}")
    asyncio.run(_run(asked or [one for one in _MEASURES if one not in _LONG]))


if __name__ == "__main__":
    main(sys.argv[1:])
