"""How often Python looks for garbage that refers to itself. Frees nothing itself."""

import gc

_YOUNG = 10_000
"""Objects made and not freed before the young are looked at; Python's own is 700, and the objects
of some two messages. At this one a look is a thirtieth of what it was, of a message's time, and
what waits for it a few MiB at the most (docs/performance.md)."""


def collect_rarely() -> None:
    """Look rarely, and never again at what is there now: modules, which stay as long as we do.

    For a process that serves; it holds for all of it.
    """
    gc.collect()
    gc.freeze()
    _, *older = gc.get_threshold()
    gc.set_threshold(_YOUNG, *older)
