"""The ports to whoever watches the service: what is counted, which loops live, how it stands.

Those who count or beat know nothing of who listens; by default nobody does.
"""

from datetime import timedelta
from typing import Protocol

from bot.domain.changes import Kind
from bot.domain.deliveries import Outcome
from bot.domain.retention import Remains
from bot.domain.vitals import Facts, Heartbeat
from bot.domain.watching import PollReport


class Meter(Protocol):
    """Counts what happens. Its verbs are cheap, wait for nothing and never raise."""

    def polled(self, report: PollReport) -> None:
        """A poll came to this; what it noticed is counted, too."""

    def attempted(self, adapter: str, kind: Kind | None, outcome: Outcome | None) -> None:
        """An attempt to send came to this.

        Args:
            adapter: through which it went.
            kind: what the message tells; None: it is a notice, not news.
            outcome: None: the adapter raised an error.

        """

    def waited(self, adapter: str, wait: timedelta) -> None:
        """A request of an adapter waited so long for its slot."""

    def throttled(self, adapter: str) -> None:
        """A platform answered 429."""

    def answered(self, adapter: str, command: str, took: timedelta, *, crashed: bool) -> None:
        """A command was answered, or crashed; `command` is one of few words."""

    def purged(self, sort: Remains, count: int) -> None:
        """So many of a sort were purged."""


class Pulse(Protocol):
    """The heartbeat of one loop."""

    def beat(self, within: timedelta) -> None:
        """I am alive, and shall beat again within this time, or something is wrong."""


class Vitals(Protocol):
    """What can be seen of a running service."""

    def heartbeats(self) -> tuple[Heartbeat, ...]:
        """The loops that run, by name."""

    async def facts(self) -> Facts:
        """How it stands now; never raises, and asks the store no more than once a second."""


class _Nobody:
    """The meter and the pulse to which nobody listens."""

    def polled(self, report: PollReport) -> None:
        """Count nothing."""

    def attempted(self, adapter: str, kind: Kind | None, outcome: Outcome | None) -> None:
        """Count nothing."""

    def waited(self, adapter: str, wait: timedelta) -> None:
        """Count nothing."""

    def throttled(self, adapter: str) -> None:
        """Count nothing."""

    def answered(self, adapter: str, command: str, took: timedelta, *, crashed: bool) -> None:
        """Count nothing."""

    def purged(self, sort: Remains, count: int) -> None:
        """Count nothing."""

    def beat(self, within: timedelta) -> None:
        """Note nothing."""


_NOBODY = _Nobody()

UNMETERED: Meter = _NOBODY
"""Counts nothing."""

UNWATCHED: Pulse = _NOBODY
"""Notes nothing."""
