"""Which roles are ours: take what nobody does, show that we live, notice what we have lost.

Alone on a store (SQLite, where a file's lock proves it) all roles are ours at once and for good;
otherwise each is leased. What a role writes goes through its fence, so that a process which was
frozen while another took over does no harm when it wakes.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.leases import GIVEN_BACK, RoleLease
from bot.domain.watching import Purpose, RequestMark
from bot.errors import InvariantBroken, LeaseLost
from bot.ports import UNWATCHED, Clock, Pulse, RequestLog, Store, UnitOfWork

logger = logging.getLogger(__name__)

_LOOK_EVERY = timedelta(seconds=1)
"""How often a standby looks; a role that was given back wakes it at once where it can be told."""

_BEATS_IN_A_TERM = 3
_TURN = timedelta(minutes=1)
"""How long one look may take."""


class Roles(Protocol):
    """The roles of this process."""

    def held(self, among: Collection[str]) -> Mapping[str, RoleLease]:
        """Those of them that are ours now."""

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Return when this is so; it is looked at whenever a role of ours came or went."""

    def lose(self, roles: Iterable[str]) -> None:
        """The store has refused what we wrote for them: they are not ours any more."""


class AllRoles:
    """The roles of a process that is alone on its store."""

    def held(self, among: Collection[str]) -> Mapping[str, RoleLease]:
        """All of them."""
        return {one: RoleLease(role=one, holder="us", epoch=1, beats=0) for one in among}

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Return when this is so, which is now or never."""
        if not is_so():
            await asyncio.Event().wait()

    def lose(self, roles: Iterable[str]) -> None:
        """Never: nobody else is there to take them."""
        raise InvariantBroken(f"lost {', '.join(roles)}, but nobody else can have taken them")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sight:
    """A lease as it was last seen to change, and when."""

    lease: RoleLease
    at: timedelta


class LeasedRoles:
    """The roles of one of several processes, each by its lease."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        wanted: Collection[str],
        holder: str,
        term: timedelta,
        told: asyncio.Event,
    ) -> None:
        """Prepare to take roles.

        Args:
            store: where the leases are.
            clock: what terms go by.
            wanted: what this process would do.
            holder: this process, as others are told of it.
            term: how long a holder may be silent before another takes over.
            told: set when some process gave a role back.

        """
        self._store = store
        self._clock = clock
        self._wanted = sorted(wanted)
        self._holder = holder
        self._term = term
        self._told = told
        self._mine: dict[str, _Sight] = {}
        self._others: dict[str, _Sight] = {}
        self._changed = asyncio.Event()

    def held(self, among: Collection[str]) -> Mapping[str, RoleLease]:
        """Those of them that are ours now."""
        return {role: sight.lease for role, sight in self._mine.items() if role in among}

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Return when this is so; it is looked at whenever a role of ours came or went."""
        while not is_so():
            await self._changed.wait()

    async def run(self, stop: asyncio.Event, pulse: Pulse = UNWATCHED) -> None:
        """Keep our roles and stand by for the others until `stop`, then give all back."""
        try:
            while not stop.is_set():
                self._told.clear()
                pulse.beat(_TURN)
                pause = await self.step()
                pulse.beat(pause + _TURN)
                await self._clock.wait(pause, self._told, stop)
        finally:
            await self.give_back()

    async def step(self) -> timedelta:
        """Renew what is ours and take what is free; how long until the next look."""
        now = self._clock.elapsed()
        self.lose([role for role, one in self._mine.items() if now - one.at > self._term])
        beat_every = self._term / _BEATS_IN_A_TERM
        for role in [role for role, one in self._mine.items() if now - one.at >= beat_every]:
            await self._renew(role)
        missing = [role for role in self._wanted if role not in self._mine]
        await self._stand_by(missing)
        return min(_LOOK_EVERY, beat_every) if len(self._mine) < len(self._wanted) else beat_every

    async def _renew(self, role: str) -> None:
        # From before it is asked on: others count from when it is written.
        at, before = self._clock.elapsed(), self._mine.get(role)
        if before is None:
            return  # lost while another was renewed
        async with self._store.writing() as unit:
            lease = await unit.leases.renew(before.lease)
        if lease is None:
            self.lose([role])
        elif role in self._mine:
            self._mine[role] = _Sight(lease=lease, at=at)

    def lose(self, roles: Iterable[str]) -> None:
        """They are not ours any more."""
        for role in [one for one in roles if one in self._mine]:
            logger.warning("The role %s is lost: another process has it, or we were frozen", role)
            del self._mine[role]
            self._others.pop(role, None)
            self._change()

    def _change(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _stand_by(self, missing: Collection[str]) -> None:
        if not missing:
            return
        async with self._store.reading() as unit:
            seen = await unit.leases.held()
        now = self._clock.elapsed()
        for role in missing:
            if self._may_be_taken(role, seen.get(role), now):
                await self._take(role, seen.get(role))

    def _may_be_taken(self, role: str, lease: RoleLease | None, now: timedelta) -> bool:
        # Our own is of a time in which we were silent: what we did then ends, and begins anew.
        if lease is None or lease.is_free or lease.holder == self._holder:
            return True
        last = self._others.get(role)
        if last is None or last.lease != lease:
            if last is None or last.lease.holder != lease.holder:
                logger.info("Standing by for %s, which %s has", role, lease.holder)
            self._others[role] = _Sight(lease=lease, at=now)
            return False
        return now - last.at > self._term

    async def _take(self, role: str, seen: RoleLease | None) -> None:
        at = self._clock.elapsed()
        async with self._store.writing() as unit:
            lease = await unit.leases.take(role, seen, self._holder)
        if lease is not None:
            logger.info("The role %s is ours (epoch %d)", role, lease.epoch)
            self._mine[role] = _Sight(lease=lease, at=at)
            self._others.pop(role, None)
            self._change()

    async def give_back(self) -> None:
        """Let others have our roles at once."""
        async with self._store.writing() as unit:
            for _, sight in sorted(self._mine.items()):
                await unit.leases.release(sight.lease)
            unit.tell(GIVEN_BACK)
        self._mine.clear()


class Fence:
    """`ports.Store` for the work of one role: nothing is written but in the epoch of its lease.

    Attributes:
        lease: in whose epoch; set by whoever starts the work, and not before that of the last
            epoch has ended.

    """

    def __init__(self, store: Store, role: str) -> None:
        self._store = store
        self._role = role
        self.lease: RoleLease | None = None

    @asynccontextmanager
    async def writing(
        self, *, urgent: bool = False, brief: bool = False
    ) -> AsyncIterator[UnitOfWork]:
        """One transaction that may write.

        Raises:
            LeaseLost: the role is not ours any more; nothing was written.

        """
        if self.lease is None:
            raise LeaseLost(f"the role {self._role} is not ours yet")
        async with self._store.writing(urgent=urgent, brief=brief) as unit:
            await unit.leases.guard(self.lease)
            yield unit

    def reading(self, *, urgent: bool = False) -> AbstractAsyncContextManager[UnitOfWork]:
        """One transaction that only reads."""
        return self._store.reading(urgent=urgent)


class FencedLog:
    """`ports.RequestLog` of whoever watches LL2: no request is begun when that is another."""

    def __init__(self, log: RequestLog, fence: Fence) -> None:
        self._log = log
        self._fence = fence

    async def marks(self, since: datetime) -> tuple[RequestMark, ...]:
        """Requests made after `since`, oldest first."""
        return await self._log.marks(since)

    async def begin(self, at: datetime, purpose: Purpose) -> RequestMark:
        """Write down, before it is sent, that a request is made.

        Raises:
            LeaseLost: another process watches LL2 now; the request must not be made.

        """
        async with self._fence.writing():
            pass  # a transaction of its own, as the log's is: it only asks
        return await self._log.begin(at, purpose)

    async def settle(self, mark: RequestMark, at: datetime) -> None:
        """Move a mark to when the answer came."""
        await self._log.settle(mark, at)

    async def blocked_until(self) -> datetime | None:
        """Until when LL2 told us to stay away."""
        return await self._log.blocked_until()

    async def block(self, until: datetime) -> None:
        """Remember that LL2 told us to stay away."""
        await self._log.block(until)
