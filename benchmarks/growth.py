"""The cost of one delivery as subscriptions grow from a thousand to a million.

News of one event is expanded for half of all destinations, and as many as a small store has are
then claimed, written, marked, sent to nowhere and recorded. What is compared is the time for one
delivery, of each part and of both together; small stores are measured many times.
"""

import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks import stock
from benchmarks.outbox import Nowhere, dispatch, expand, owe
from benchmarks.table import Row
from bot.store.unit_of_work import open_store

SIZES = (1_000, 10_000, 100_000, 1_000_000)
_MOST_SENT = 5_000
_RUNS = {1_000: 25, 10_000: 9, 100_000: 5}
_FEWEST_RUNS = 3
_WORST_RATIO = 1.3
_EVENT = stock.event_wanted_by(stock.FILTERS // 2)


async def measure() -> tuple[Row, ...]:
    """A row for each size; the smallest is the yardstick of the others."""
    costs = {size: await _cost(size) for size in SIZES}
    first = costs[SIZES[0]]
    return tuple(_row(size, cost, first) for size, cost in costs.items())


async def _cost(size: int) -> tuple[float, float]:
    """Seconds for one delivery to be made, and to be sent."""
    with TemporaryDirectory(prefix="perigee-bench-") as folder:
        path = Path(folder) / "stock.db"
        await stock.build(path, destinations=size)
        runs = list[tuple[float, float]]()
        for _ in range(_RUNS.get(size, _FEWEST_RUNS)):
            with stock.copy_of(path) as copy:
                runs.append(await _run(copy))
        return median(made for made, _ in runs), median(sent for _, sent in runs)


async def _run(path: Path) -> tuple[float, float]:
    async with open_store(f"sqlite:///{path}") as store:
        await owe(store, stock.rare_event())
        await expand(store)
        await dispatch(store, Nowhere(enough=1))
        await owe(store, _EVENT)
        begun = time.perf_counter()
        count = await expand(store)
        made = time.perf_counter()
        sending = min(count, _MOST_SENT)
        await dispatch(store, Nowhere(enough=sending))
        return (made - begun) / count, (time.perf_counter() - made) / sending


def _row(size: int, cost: tuple[float, float], first: tuple[float, float]) -> Row:
    ratio = sum(cost) / sum(first)
    is_first = cost == first
    return Row(
        what=f"cost of a delivery with {size:,} subscriptions",
        figure=f"{sum(cost) * 1e6:.0f} us: {cost[0] * 1e6:.0f} made, {cost[1] * 1e6:.0f} sent",
        yardstick="" if is_first else f"{sum(first) * 1e6:.0f} us with {SIZES[0]:,}",
        compared="" if is_first else f"ratio {ratio:.2f}",
        target="" if is_first else f"<= {_WORST_RATIO}",
        holds=None if is_first else ratio <= _WORST_RATIO,
    )
