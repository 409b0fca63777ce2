"""Garbage is looked for rarely, and still found; in a process of its own, as it holds for all."""

import subprocess
import sys

PROGRAM = """
import gc, weakref
from bot.garbage import collect_rarely

class Ring:
    def __init__(self):
        self.itself = self

usual = gc.get_threshold()
collect_rarely()
passes = gc.get_stats()[0]["collections"]
rings = [weakref.ref(Ring()) for _ in range(100_000)]
print(
    gc.get_threshold()[0] > usual[0],
    gc.get_freeze_count() > 0,
    0 < gc.get_stats()[0]["collections"] - passes < 20,
    any(ring() is None for ring in rings),
)
"""


def test_garbage_is_looked_for_rarely_and_found() -> None:
    """What was there before is left alone; what refers to itself is freed all the same."""
    found = subprocess.run(  # noqa: S603, our own words
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60
    )

    assert found.stdout.split() == ["True"] * 4
