"""Tell whoever can mend them of paused destinations: once, or again later what was not taken.

A notice counts as told from just before it is sent, so that a crash loses it rather than repeats
it; what the adapter did not take is untold again.
"""

import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import assert_never

from bot.domain.channels import Trouble
from bot.domain.deliveries import (
    Delivery,
    DeliveryId,
    Gone,
    Later,
    Outcome,
    Priority,
    Refused,
    Sent,
    Unknown,
    backoff,
)
from bot.domain.events import EventId
from bot.domain.messages import Message
from bot.domain.subscriptions import Destination
from bot.ports import Adapter, Clock, Store
from bot.rendering.notices import paused

logger = logging.getLogger(__name__)

Send = Callable[[Delivery, Message], Awaitable[Outcome]]
"""How a message is handed to the adapter, within a time limit."""

SOONEST = timedelta(minutes=1)
"""The shortest pause before a notice that was not taken is tried again; the longest is an hour."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Notice:
    """Trouble of these destinations; the first of `to` that can be reached is told."""

    to: tuple[Destination, ...]
    about: tuple[Destination, ...]
    message: Message


class Notices:
    """The notices of one adapter's paused destinations."""

    def __init__(self, store: Store, adapter: Adapter, clock: Clock, random: Random) -> None:
        self._store = store
        self._adapter = adapter
        self._clock = clock
        self._random = random
        self._failures = 0
        self._not_before = clock.now()
        self._number = 0

    async def tell(self, send: Send) -> None:
        """Send what is untold, unless it is too early to try again what was not taken."""
        if self._clock.now() < self._not_before:
            return
        found = await self._found()
        taken = [await self._tell(one, send) for one in found]
        self._failures = 0 if all(taken) else self._failures + 1
        if self._failures:
            pause = max(backoff(self._failures, self._random), SOONEST)
            self._not_before = self._clock.now() + pause

    async def _found(self) -> list[_Notice]:
        """One notice for all troubles that the same people can mend."""
        async with self._store.reading() as unit:
            troubles = await unit.destinations.untold(self._adapter.name)
        by_recipients: dict[tuple[Destination, ...], list[Trouble]] = defaultdict(list)
        for one in troubles:
            by_recipients[tuple(self._recipients(one))].append(one)
        return [
            _Notice(to=to, about=tuple(one.destination for one in same), message=paused(same))
            for to, same in by_recipients.items()
        ]

    def _recipients(self, trouble: Trouble) -> Iterable[Destination]:
        """Whoever managed it last, in private; else one other channel of its server."""
        person = trouble.keeper.person
        private = self._adapter.limits.private(person) if person else ""
        chat = Destination(adapter=trouble.destination.adapter, address=private)
        if private and chat != trouble.destination:
            yield chat
        yield from trouble.neighbours[:1]

    async def _tell(self, notice: _Notice, send: Send) -> bool:
        """Whether that is done with, for good."""
        await self._set_told(notice, is_told=True)
        is_done = await self._is_done(notice, send)
        if not is_done:
            await self._set_told(notice, is_told=False)
        return is_done

    async def _set_told(self, notice: _Notice, *, is_told: bool) -> None:
        async with self._store.writing() as unit:
            await unit.destinations.set_told(notice.about, is_told=is_told)

    async def _is_done(self, notice: _Notice, send: Send) -> bool:
        for to in notice.to:
            outcome = await send(self._addressed(to), notice.message)
            match outcome:
                case Sent() | Unknown():
                    # Perhaps it arrived; rather not at all than twice.
                    return True
                case Later(reason=reason):
                    level = logging.DEBUG if self._failures else logging.INFO
                    logger.log(level, "A notice to %s waits: %s", to, reason)
                    return False
                case Refused() | Gone():
                    continue
                case _ as never:
                    assert_never(never)
        if notice.to:
            logger.warning("Nobody could be told: %s", notice.message.headline)
        return True

    def _addressed(self, to: Destination) -> Delivery:
        """Not of the outbox, which holds news of events; so its id is none of a delivery."""
        moment = (self._clock.now() - _EPOCH) // timedelta(milliseconds=1)
        self._number = max(self._number + 1, moment)
        return Delivery(
            id=DeliveryId(-self._number),
            destination=to,
            event_id=EventId(0),
            priority=Priority.NEWS,
            parts=(),
            attempts=1,
        )
