"""A simulated year: does the store keep its size and its speed? A table of months, and their sum.

The yardstick of the last quarter is the second: the first fills the store up to its retention.
"""

import sys
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

from benchmarks.librarians import MONTH
from benchmarks.lifetimes import Month, open_year
from benchmarks.table import Row
from bot.domain.retention import Retention

_DESTINATIONS = 2_000
_MONTHS = 12
_MOST_GROWTH = 1.1
_MOST_SLOWER = 1.5
_MIB = 2**20


async def measure() -> tuple[Row, ...]:
    """Size and speed of the last quarter against those of the second."""
    with TemporaryDirectory(prefix="perigee-bench-") as folder:
        path = Path(folder) / "year.db"
        # Changes, too, are kept for so short that the year shows them go.
        retention = Retention(changes=3 * MONTH)
        async with open_year(
            path, destinations=_DESTINATIONS, span=_MONTHS * MONTH, retention=retention
        ) as year:
            months = [_told(number, await year.live(MONTH)) for number in range(_MONTHS)]
    return _rows(months)


def _told(number: int, month: Month) -> Month:
    rows = ", ".join(f"{name} {count:,}" for name, count in month.rows.items())
    print(
        f"month {number + 1:2}: {month.size / _MIB:.1f} MiB; sent {month.sent:,}; "
        f"chunk {month.chunk * 1e3:.1f} ms, send {month.send * 1e6:.0f} us, "
        f"purge {month.batch * 1e3:.1f} ms, read p99 {month.read * 1e3:.1f} ms; {rows}",
        file=sys.stderr,
    )
    return month


def _rows(months: list[Month]) -> tuple[Row, ...]:
    second, last = months[3:6], months[-3:]
    sent = f"{sum(one.sent for one in months):,}"
    size = [max(one.size for one in some) / _MIB for some in (last, second)]
    return (
        _row(f"store after a year, {sent} deliveries", size, "{:.1f} MiB", _MOST_GROWTH),
        _row("  a chunk of a fan-out", _of("chunk", last, second), "{:.2f} ms", _MOST_SLOWER),
        _row("  claim, send and mark", _of("send", last, second), "{:.3f} ms", _MOST_SLOWER),
        _row("  a command's reads, p99", _of("read", last, second), "{:.1f} ms", _MOST_SLOWER),
        _row("  a batch of a purge", _of("batch", last, second), "{:.1f} ms", _MOST_SLOWER),
    )


def _of(name: str, *quarters: list[Month]) -> list[float]:
    return [mean(getattr(one, name) for one in quarter) * 1e3 for quarter in quarters]


def _row(what: str, pair: list[float], form: str, most: float) -> Row:
    figure, yardstick = pair
    ratio = figure / yardstick
    return Row(
        what=what,
        figure=form.format(figure),
        yardstick=f"{form.format(yardstick)}, in the second quarter",
        compared=f"ratio {ratio:.2f}",
        target=f"<= {most}",
        holds=ratio <= most,
    )
