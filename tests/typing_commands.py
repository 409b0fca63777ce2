"""Type commands without a process: what they told, in the order code, output, errors."""

from collections.abc import Callable

Told = tuple[int, str, str]
"""Exit code, standard output, standard error."""

Type = Callable[..., Told]
"""Type a command in an empty folder, with the console on; the fixture `typed` is one."""


def refusal(told: Told, *, code: int = 2) -> str:
    """The sentence with which it was refused: nothing on standard output, one on the other."""
    assert told[:2] == (code, ""), told
    return told[2].removeprefix("perigee: ").removesuffix("\n")
