"""What an adapter is given in a test: a command core that records, and a pace without limits."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from bot.domain.deliveries import DeliveryId
from bot.domain.requests import Choice, CommandReply, CommandRequest, CommandSpec, Option
from bot.domain.subscriptions import Destination
from bot.ports import Surroundings

Answer = Callable[[CommandRequest], Awaitable[CommandReply]]


async def _silence(request: CommandRequest) -> CommandReply:
    """Answer nothing, to whatever it is."""
    return CommandReply(messages=(), is_private=bool(request.command))


class RecordingDesk:
    """A command core that keeps what it hears and answers by a function.

    Attributes:
        specs: the commands that it says it has.
        requests: every request, in order.
        completions: every (command, option name, text, place) to be completed.
        invite: where one adds the bot, once the adapter has said it.
        heard: every (word, address, detail) about destinations: reachable, unreachable, moved.
        paused: the destinations that are paused, as the test says.
        troubles: what was out of order, each time that the adapter said so; empty: nothing more.
        retried: which of them were said to be open, each time that it was asked.

    """

    def __init__(
        self,
        specs: tuple[CommandSpec, ...] = (),
        *,
        answer: Answer = _silence,
        choices: tuple[Choice, ...] = (),
    ) -> None:
        self.specs = specs
        self.requests: list[CommandRequest] = []
        self.completions: list[tuple[str, str, str, Destination]] = []
        self.heard: list[tuple[str, str, str]] = []
        self.paused: list[str] = []
        self.troubles: list[str] = []
        self.retried: list[list[str]] = []
        self.invite = ""
        self._answer = answer
        self._choices = choices

    def introduce(self, invite: str) -> None:
        """Record where one adds the bot."""
        self.invite = invite

    def report(self, trouble: str) -> None:
        """Record what is out of order."""
        self.troubles.append(trouble)

    async def handle(self, request: CommandRequest) -> CommandReply:
        """Record and answer."""
        self.requests.append(request)
        return await self._answer(request)

    async def complete(
        self, command: str, option: Option, text: str, *, place: Destination
    ) -> tuple[Choice, ...]:
        """Record, and suggest what the test gave."""
        self.completions.append((command, option.name, text, place))
        return self._choices

    async def reachable(self, address: str) -> None:
        """Record that a destination may be tried again."""
        self.heard.append(("reachable", address, ""))

    async def unreachable(self, address: str, reason: str) -> None:
        """Record that a destination is out of reach."""
        self.heard.append(("unreachable", address, reason))

    async def retry(self, is_open: Callable[[str], bool]) -> None:
        """Record which of the paused may be tried again."""
        self.retried.append([one for one in self.paused if is_open(one)])

    async def moved(self, old: str, new: str) -> None:
        """Record that a destination has another address."""
        self.heard.append(("moved", old, new))


class OpenPace:
    """A pace that holds nobody back.

    Attributes:
        taken: every (address, urgent) that asked for a slot.
        alerts: the address of each of them that is an alert.
        departed: every delivery that was told to leave.
        told: every (wait, address) of a 429.
        refusals: how many 401 and 403 it was told of.

    """

    def __init__(self) -> None:
        self.taken: list[tuple[str, bool]] = []
        self.alerts: list[str] = []
        self.departed: list[DeliveryId] = []
        self.told: list[tuple[timedelta, str]] = []
        self.refusals = 0

    @asynccontextmanager
    async def slot(
        self, address: str = "", *, urgent: bool = False, alert: bool = False
    ) -> AsyncIterator[None]:
        """Hold a slot at once."""
        self.taken.append((address, urgent))
        if alert:
            self.alerts.append(address)
        yield

    async def departs(self, delivery: DeliveryId) -> None:
        """Record what leaves."""
        self.departed.append(delivery)

    def throttled(self, wait: timedelta, address: str = "") -> None:
        """Record a 429."""
        self.told.append((wait, address))

    def refused(self) -> None:
        """Count a 401 or 403."""
        self.refusals += 1


class OpenTurnstile:
    """A turnstile that lets everybody pass.

    Attributes:
        passed: every (name, least pause) of those who did, in order.

    """

    def __init__(self) -> None:
        self.passed: list[tuple[str, timedelta]] = []

    async def turn(self, name: str, *, every: timedelta) -> None:
        """Pass at once, however often."""
        self.passed.append((name, every))


def surroundings(
    options: Mapping[str, object] | None = None, *, name: str = "plugin", **changes: Any
) -> Surroundings:
    """What an adapter is opened with, by these settings; `changes` are `Surroundings`' fields."""
    usual: dict[str, Any] = {
        "section": name,
        "desk": RecordingDesk(),
        "pace": OpenPace(),
        "turnstile": OpenTurnstile(),
    }
    return Surroundings(name=name, options=options or {}, **usual | changes)
