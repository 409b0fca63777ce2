"""How often Python looks for garbage that refers to itself. Frees nothing itself."""

import gc

_YOUNG = 50_000
"""Objects made and not freed before the young are looked at; Python's own is 700, and the objects
of some two messages. At 10,000, which is what a batch of a broadcast makes, looking still takes a
fifteenth of the time; what waits for a look is ten MiB at the most (docs/performance.md)."""


def collect_rarely() -> None:
    """Look rarely, and never again at what is there now: modules, which stay as long as we do.

    For a process that serves; it holds for all of it.
    """
    gc.collect()
    gc.freeze()
    _, *older = gc.get_threshold()
    gc.set_threshold(_YOUNG, *older)
