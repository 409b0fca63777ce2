"""Which loops are alive: each says when it will be back at the latest, and this keeps watch.

Goes by the time that has elapsed: a corrected clock must not make a healthy loop look dead.
"""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.vitals import Heartbeat
from bot.ports import Clock, Pulse


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beat:
    at: timedelta
    back_by: timedelta


class Pulses:
    """The heartbeats of all loops that run in this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: dict[str, _Beat] = {}

    def of(self, loop: str) -> Pulse:
        """The pulse of a loop, by its name; it counts from its first beat on."""
        return _Heart(self, loop)

    def note(self, loop: str, within: timedelta) -> None:
        """A loop has shown itself, and is to do so again within this time."""
        now = self._clock.elapsed()
        self._last[loop] = _Beat(at=now, back_by=now + within)

    def forget(self, loop: str) -> None:
        """This loop has ended, as it should."""
        self._last.pop(loop, None)

    def beats(self, loop: str) -> bool:
        """Whether this loop runs, be it late or not."""
        return loop in self._last

    def heartbeats(self) -> tuple[Heartbeat, ...]:
        """The loops that run, by name."""
        now = self._clock.elapsed()
        return tuple(
            Heartbeat(loop=loop, age=now - last.at, is_late=now > last.back_by)
            for loop, last in sorted(self._last.items())
        )


@dataclass(frozen=True, slots=True)
class _Heart:
    pulses: Pulses
    loop: str

    def beat(self, within: timedelta) -> None:
        """I am alive, and shall beat again within this time."""
        self.pulses.note(self.loop, within)
