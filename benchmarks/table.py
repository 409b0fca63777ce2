"""The table that the benchmarks print: a figure, its yardstick, and whether the target holds."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that was measured, in words.

    Attributes:
        what: the thing, as it was done.
        figure: ours, with its unit; the median where it was repeated.
        yardstick: what it is held against, measured in the same run; empty: only the target.
        compared: figure and yardstick together, e.g. a ratio; empty without a yardstick.
        target: what was promised; empty where nothing was.
        holds: whether the target is met; None without one.

    """

    what: str
    figure: str
    yardstick: str = ""
    compared: str = ""
    target: str = ""
    holds: bool | None = None


_HEADINGS = ("measured", "figure", "yardstick", "compared", "target", "")


def render(rows: Sequence[Row]) -> str:
    """The rows under their headings, in columns."""
    cells = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADINGS))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(_line(line, widths) for line in (cells[0], rule, *cells[1:]))


def _cells(row: Row) -> tuple[str, ...]:
    verdict = {True: "holds", False: "MISSED", None: ""}[row.holds]
    return (row.what, row.figure, row.yardstick, row.compared, row.target, verdict)


def _line(line: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
