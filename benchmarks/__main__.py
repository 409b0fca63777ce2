"""Run the benchmarks and print their table: all but the long, those named, or really `all`."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable

from benchmarks import (
    answers,
    deliveries,
    fanout,
    growth,
    idle,
    latency,
    million,
    no_change_poll,
    outbox,
    pacing,
    rhythm,
    scaling,
    servers,
    telegram_transport,
    urgent,
    year,
)
from benchmarks.table import Row, render

MEASURES: dict[str, Callable[[], Awaitable[tuple[Row, ...]]]] = {
    "fanout": fanout.measure,
    "outbox": outbox.measure,
    "growth": growth.measure,
    "deliveries": deliveries.measure,
    "telegram_transport": telegram_transport.measure,
    "latency": latency.measure,
    "urgent": urgent.measure,
    "no_change_poll": no_change_poll.measure,
    "idle": idle.measure,
    "pacing": pacing.measure,
    "rhythm": rhythm.measure,
    "answers": answers.measure,
    "scaling": scaling.measure,
    "servers": servers.measure,
    "year": year.measure,
    "million": million.measure,
    "postgresql": million.measure_postgresql,
}
"""Everything that can be measured, by name."""

LONG = {"year", "million", "postgresql"}
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
        rows += await MEASURES[name]()
        print(f"measured {name} in {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    print(render(rows))


def main(asked: list[str]) -> None:
    """Measure what was asked for."""
    names = [*MEASURES] if asked == ["all"] else asked
    unknown = [name for name in names if name not in MEASURES]
    if unknown:
        sys.exit(f"no benchmark is called {unknown[0]}; there are: {', '.join(MEASURES)}")
    asyncio.run(_run(names or [one for one in MEASURES if one not in LONG]))


if __name__ == "__main__":
    main(sys.argv[1:])
