"""The peak of this process's memory, on Linux: since when it began, or was told to begin anew.

`getrusage` tells the peak of whoever started it too, and of what was measured in it before.
"""

from pathlib import Path

_RESET_THE_PEAK = "5"


def begin_anew() -> None:
    """Forget the peak (proc(5), `clear_refs`)."""
    Path("/proc/self/clear_refs").write_text(_RESET_THE_PEAK)


def peak_kib() -> int:
    """The most that was resident, in KiB (proc(5), `status`)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (peak,) = (one.split()[1] for one in lines if one.startswith("VmHWM:"))
    return int(peak)
