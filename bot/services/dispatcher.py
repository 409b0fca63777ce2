"""Deliver what the outbox owes through one adapter: claim, send, record. Knows no platform.

Order of safety: `sending` is committed before the adapter is called and the outcome right after, so
a kill leaves open only what was in flight. What starts or ends together is committed together.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from types import TracebackType
from typing import Self

from bot.domain.deliveries import Delivery, Later, Outcome, Unknown, Verdict
from bot.domain.fanouts import Result
from bot.domain.messages import Message
from bot.ports import UNWATCHED, Adapter, Clock, Outbox, Pulse, Store
from bot.rendering.compose import compose
from bot.services import destination_health as health
from bot.services.departures import Departures
from bot.services.diary import Diary
from bot.services.letters import Letter, unexpired, write
from bot.services.notices import Notices
from bot.services.pacing import SlotPace
from bot.services.recovery import resulting, take_over
from bot.services.supervisor import EXPLAINED, SOUND, Write, guarded
from bot.services.turns import SHORTLY, Turns, put_back

logger = logging.getLogger(__name__)

SEND_TIMEOUT = timedelta(seconds=60)
"""After so long a send counts as unanswered: its wait for a slot and a few requests fit in, and it
is far below the lease. Adapters limit each request for themselves."""

LEASE = timedelta(minutes=10)
"""How long a claimed delivery is ours; as often an idle sender looks for leases that ran out."""

_GATHERING = timedelta(milliseconds=50)
"""Under load, how long slots that fall free are gathered at most before they are filled: a claim
is a commit."""

_TURN = timedelta(minutes=3)
"""How long one turn, or the wait for a flight's end, may take: more than a send may."""

LONGEST_DRAIN = timedelta(minutes=1)
"""How long a program that does its work once waits for a platform that asked it to stay away."""

_NONE = timedelta(0)

_Flight = asyncio.Task[tuple[Delivery, Outcome | Exception]]


class Dispatcher:
    """The sender of one adapter; an async context, whose end waits for or cancels its flights."""

    def __init__(
        self,
        store: Store,
        adapter: Adapter,
        clock: Clock,
        *,
        random: Random,
        wake: asyncio.Event,
        pace: SlotPace,
        send_timeout: timedelta = SEND_TIMEOUT,
        write: Write = compose,
    ) -> None:
        """Prepare to send.

        Args:
            store: where the outbox is.
            adapter: where to send.
            clock: what the leases and retries go by.
            random: for the jitter of backoffs.
            wake: set by others when deliveries were added.
            pace: what the adapter's requests go through; from now on by its limits.
            send_timeout: after so long a send counts as unanswered.
            write: turns news into a message.

        """
        self._departures = Departures(store, adapter.limits, clock)
        pace.declare(adapter.limits, self._departures.depart)
        self._pace = pace
        self._turns = Turns(pace, adapter.limits, now=clock.now())
        self._store = store
        self._adapter = adapter
        self._clock = clock
        self._random = random
        self._wake = wake
        self._landing = asyncio.Event()
        self._write = write
        self._patience_s = send_timeout.total_seconds()
        self._group = asyncio.TaskGroup()
        self._flights: set[_Flight] = set()
        self._looked_at = clock.now()
        self._is_gathering = self._is_called = False
        self._diary = Diary(adapter.name)
        self._notices = Notices(store, adapter, clock, random)
        self._opened_at = clock.now()
        self._pulse = UNWATCHED
        self._fault: Exception | None = None

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._group.__aexit__(kind, error, trace)

    async def run(self, stop: asyncio.Event, pulse: Pulse = UNWATCHED) -> None:
        """Deliver until `stop`, then wait for what is in flight and record it.

        Raises:
            Exception: what the adapter raised; it worked before, so opening it anew may help.

        """
        self._pulse = pulse
        await self.recover()
        while not (stop.is_set() or self._fault):
            self._pulse.beat(_TURN)
            if not await self.step():
                if not self._flights:
                    await self._notices.tell(self._told)
                pause = await self._pause()
                self._pulse.beat((pause or _NONE) + _TURN)
                await self._clock.wait(pause, self._wake, self._landing, stop)
        await self.land()
        if self._fault:
            raise self._fault

    async def recover(self) -> None:
        """Take over from a sender that died: free its leases, decide about what it was sending."""
        now = self._clock.now()
        async with self._store.writing() as unit:
            await take_over(unit.outbox, self._adapter, now=now, random=self._random)

    async def step(self) -> bool:
        """Record what has landed, then send what is due; False: it is time to wait."""
        # What was added may be urgent, and must not wait until enough has landed.
        self._is_called = self._is_called or self._wake.is_set()
        self._wake.clear()
        self._landing.clear()
        landed = await self._record()
        few = self._room * 4 < self._adapter.limits.concurrency
        self._is_gathering = landed and few and not self._is_called
        if self._is_gathering or not self._room or self._pace.delay() > SHORTLY:
            return False
        return await self._take() or landed

    async def drain(self) -> None:
        """Deliver all that is due now; returns when nothing is due and nothing in flight.

        What the platform's limits only put off for a while is still due.
        """
        while await self.step() or self._flights or self._put_off_for():
            if self._flights:
                await asyncio.wait(self._flights, return_when=asyncio.FIRST_COMPLETED)
            elif longest := self._put_off_for():
                pause = await self._pause()
                await self._clock.wait(longest if pause is None else min(pause, longest))
        await self._notices.tell(self._told)

    def _put_off_for(self) -> timedelta:
        closed = self._pace.delay()
        waits = self._turns.until - self._clock.now()
        return max(waits, closed if closed < LONGEST_DRAIN else _NONE, _NONE)

    async def _told(self, delivery: Delivery, message: Message) -> Outcome:
        self._pulse.beat(_TURN)
        _, answer = await self._send(delivery, message)
        if not isinstance(answer, Exception):
            return answer
        logger.warning("A notice to %s failed", delivery.destination, exc_info=answer)
        self._wake.set()
        return Later(reason=self._raised(answer).reason)

    async def land(self) -> None:
        """Wait for what is in flight and record each as it lands."""
        while self._flights:
            await asyncio.wait(self._flights, return_when=asyncio.FIRST_COMPLETED)
            await self._record()

    @property
    def _room(self) -> int:
        return self._adapter.limits.concurrency - len(self._flights)

    async def _pause(self) -> timedelta | None:
        """How long to wait unless woken; None: only the end of a flight matters."""
        if not self._room:
            return None
        if self._is_gathering:
            return _GATHERING
        if (closed := self._pace.delay()) > SHORTLY:
            # Nothing was claimed, so what is due was perhaps due before we looked last.
            return min(closed, LEASE)
        now = self._clock.now()
        async with self._store.writing(brief=True) as unit:
            freed = await unit.outbox.reclaim(self._adapter.name, now=now)
            due = await unit.outbox.next_due(self._adapter.name, after=self._looked_at)
        if freed:
            return _NONE
        return LEASE if due is None else min(max(due - now, _NONE), LEASE)

    async def _take(self) -> bool:
        before, self._looked_at = self._looked_at, (now := self._clock.now())
        self._is_called = False
        if before - now > SHORTLY:
            await self._hasten(now)
        async with self._store.writing(brief=True) as unit:
            claimed = await unit.outbox.claim(
                self._adapter.name, limit=self._room, now=now, lease=LEASE
            )
            put_off = self._turns.put_off(claimed, now=now)
            await unit.outbox.finish([put_back(*one, now=now) for one in put_off])
            waiting = {one.id for one, _ in put_off}
            due = [unexpired(one, now) for one in claimed if one.id not in waiting]
            sending = await self._start(unit.outbox, due, now) if due else []
        for one, letter in sending:
            self._launch(replace(one, attempts=one.attempts + 1, tried_at=now), letter.message)
        return bool(claimed)

    async def _hasten(self, now: datetime) -> None:
        """The clock was set back: let nothing wait for a time that it had reached before."""
        self._turns.forget(now=now)
        async with self._store.writing() as unit:
            await unit.outbox.hasten(self._adapter.name, now=now, is_set_back=True)

    async def _start(
        self, outbox: Outbox, due: Sequence[Delivery], now: datetime
    ) -> list[tuple[Delivery, Letter]]:
        """Write what can be written, and mark what leaves; both in the claim's transaction."""
        written = await write(outbox, due, self._write)
        ends = [
            Result(delivery=one, verdict=end, at=now)
            for one, end in written
            if isinstance(end, Verdict)
        ]
        await outbox.finish(ends)
        sending = [(one, letter) for one, letter in written if isinstance(letter, Letter)]
        await self._departures.expect(outbox, [(one, letter.id) for one, letter in sending])
        return sending

    def _launch(self, delivery: Delivery, message: Message) -> None:
        name = f"send {delivery.id} to {delivery.destination}"
        flight = self._group.create_task(self._send(delivery, message), name=name)
        self._flights.add(flight)

    async def _send(
        self, delivery: Delivery, message: Message
    ) -> tuple[Delivery, Outcome | Exception]:
        try:
            async with asyncio.timeout(self._patience_s):
                return delivery, await guarded(self._adapter, delivery, message)
        except TimeoutError:
            return delivery, Unknown(reason=f"no answer within {self._patience_s:g} s")
        finally:
            self._landing.set()

    async def _record(self) -> bool:
        landed = [flight for flight in self._flights if flight.done()]
        self._flights.difference_update(landed)
        answers = [flight.result() for flight in landed]
        self._departures.forget(delivery.id for delivery, _ in answers)
        outcomes = [(delivery, self._outcome(answer)) for delivery, answer in answers]
        results = [self._result(*one) for one in outcomes]
        if results:
            async with self._store.writing(brief=True) as unit:
                await unit.outbox.finish(results)
                await health.note(unit, outcomes, now=self._clock.now())
            raised = (answer for _, answer in answers if isinstance(answer, Exception))
            bugs = (one for one in raised if not isinstance(one, EXPLAINED))
            self._diary.note(results, next(bugs, None))
        return bool(results)

    def _outcome(self, answer: Outcome | Exception) -> Outcome:
        return self._raised(answer) if isinstance(answer, Exception) else answer

    def _raised(self, answer: Exception) -> Later | Unknown:
        if isinstance(answer, EXPLAINED):
            # No message is to blame: the platform lets nothing in, and has taken nothing.
            self._fault = answer
            return Later(reason=f"{answer}")
        # Opening anew what was opened just now would not help, and one message that always makes
        # the adapter raise would keep it closed.
        if self._clock.now() - self._opened_at >= SOUND:
            self._fault = answer
        # Only the name: the text of a network error may hold an address with a token in it.
        return Unknown(reason=f"the adapter raised {type(answer).__name__}; see the log")

    def _result(self, delivery: Delivery, outcome: Outcome) -> Result:
        now = self._clock.now()
        return resulting(delivery, outcome, adapter=self._adapter, now=now, random=self._random)
