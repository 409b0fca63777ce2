"""Keep one adapter alive: restart it with backoff, and never hurt the others.

One of the two guarded borders of the house: whatever an adapter raises ends here, and whatever the
writing of a message raises.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from random import Random

from bot.domain.changes import News
from bot.domain.deliveries import Delivery, Later, Outcome, backoff
from bot.domain.events import Event
from bot.domain.messages import Message
from bot.errors import ChatUnavailable, ConfigError, HeldBack, StoreError
from bot.ports import Adapter, Clock

SOUND = timedelta(minutes=5)
"""An adapter that worked for so long was opened well; what fails later is new trouble."""

EXPLAINED = (ConfigError, ChatUnavailable)
"""What fails by the owner's or the platform's fault: its sentence says all, a traceback nothing.

From a send it means that the platform lets nobody in; it has not taken the message.
"""

logger = logging.getLogger(__name__)

Open = Callable[[], AbstractAsyncContextManager[Adapter]]
Work = Callable[[Adapter], Awaitable[None]]
Write = Callable[[tuple[News, ...], Event], Message]


class Supervisor:
    """The one that opens an adapter, lets it work, and opens it again when it fails."""

    def __init__(self, name: str, clock: Clock, random: Random, troubles: dict[str, str]) -> None:
        """Prepare to supervise.

        Args:
            name: the adapter's.
            clock: what the rests go by.
            random: for the jitter of rests.
            troubles: where to say why the adapter is out of order, while it is.

        """
        self._name = name
        self._clock = clock
        self._random = random
        self._troubles = troubles
        self._failures = 0

    async def run(self, opening: Open, work: Work, stop: asyncio.Event) -> None:
        """Work until `stop`; a failing store is not the adapter's fault and ends the program."""
        while not stop.is_set():
            try:
                await self._work(opening, work)
            except* Exception as group:
                if group.subgroup(StoreError):
                    raise
                heed_cancellation()
                await self._rest(group, stop)

    async def _work(self, opening: Open, work: Work) -> None:
        async with opening() as adapter:
            if self._failures:
                logger.info("Adapter %s is back", self._name)
            self._troubles.pop(self._name, None)
            opened_at = self._clock.now()
            try:
                await work(adapter)
            finally:
                # That it opened proves little: platforms count how often a bot logs in.
                if self._clock.now() - opened_at >= SOUND:
                    self._failures = 0

    async def _rest(self, group: BaseExceptionGroup[Exception], stop: asyncio.Event) -> None:
        self._failures += 1
        pause = backoff(self._failures, self._random)
        told, bugs = group.split(EXPLAINED)
        # Only what was written for people: the text of a bug may hold anything.
        causes = [f"{one}" for one in _each(told)] or ["it failed; the log says how"]
        self._troubles[self._name] = "; ".join(causes)
        logger.error(
            "Adapter %s failed; next try in %d s%s",
            self._name,
            pause.seconds,
            "".join(f": {one}" for one in _each(told)),
            exc_info=bugs,
        )
        await self._clock.wait(pause, stop)


def heed_cancellation() -> None:
    """End here if this task is cancelled, though all that was raised is a failure.

    Where both come at once, a group of tasks tells of the failure only (Python 3.13 is the first to
    cancel once more). Whoever goes on after a failure would then go on for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _each(group: BaseExceptionGroup[Exception] | None) -> Iterator[Exception]:
    for one in () if group is None else group.exceptions:
        yield from _each(one) if isinstance(one, BaseExceptionGroup) else (one,)


async def guarded(adapter: Adapter, delivery: Delivery, message: Message) -> Outcome | Exception:
    """Send through an adapter. What it raises is returned, lest it harm what else is under way."""
    try:
        return _checked(await adapter.send(delivery, message))
    except HeldBack as held:
        return Later(reason=str(held), wait=held.wait)
    except StoreError:
        raise  # ours, by way of the pace: what leaves could not be recorded
    except Exception as exc:  # noqa: BLE001, the guarded border
        return exc


def _checked(answer: object) -> Outcome:
    """A plug-in may forget to answer, whatever its type says."""
    if not isinstance(answer, Outcome):
        raise TypeError(f"send() returned {answer!r}; it must return an Outcome")
    return answer


def guarded_write(write: Write, news: tuple[News, ...], event: Event) -> Message | Exception:
    """Write a message. A bug that one event brings to light must not silence all the others."""
    try:
        return write(news, event)
    except Exception as exc:  # noqa: BLE001, the guarded border
        return exc
