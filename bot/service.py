"""Everything that a process needs to do its work, as `app` has put it together."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from random import Random

from bot.config import Settings
from bot.domain.leases import GIVEN_BACK, RoleLease, sending
from bot.domain.status import Status
from bot.ll2.client import LL2Client
from bot.logs import Mask
from bot.ports import Adapter, AdapterFactory, Clock, Surroundings
from bot.services.dispatcher import Dispatcher
from bot.services.fanout import Fanout
from bot.services.housekeeping import Housekeeper
from bot.services.librarian import Librarian
from bot.services.metering import MeteredAdapter
from bot.services.pacing import SlotPace
from bot.services.poller import Poller
from bot.services.pulses import Pulses
from bot.services.reminder_clock import ReminderClock
from bot.services.roles import AllRoles, Fence, LeasedRoles, Roles
from bot.services.vitals import ServiceVitals
from bot.services.waker import Waker
from bot.store.unit_of_work import SqlStore
from bot.web.metrics import Metrics
from bot.web.server import serve


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything that `perigee run` needs, opened.

    Attributes:
        name: of this process, as other processes are told it.
        is_alone: it is known that no other process works on this store.
        hearers: the role of hearing on each adapter, by its name.
        fences: what each role writes through, where others may take it over.
        bells: what to set when another process tells a thing.

    """

    settings: Settings
    name: str
    clock: Clock
    random: Random
    store: SqlStore
    is_alone: bool
    fences: Mapping[str, Fence]
    source: LL2Client
    poller: Poller
    librarian: Librarian
    reminders: ReminderClock
    fanout: Fanout
    housekeeper: Housekeeper
    factories: Mapping[str, AdapterFactory]
    hearers: Mapping[str, str]
    wakes: Mapping[str, asyncio.Event]
    rates: dict[str, float]
    troubles: dict[str, str]
    surroundings: Mapping[str, Surroundings]
    paces: Mapping[str, SlotPace]
    status: Callable[[], Status]
    bells: Mapping[str, tuple[asyncio.Event, ...]]
    waker: Waker
    pulses: Pulses
    metrics: Metrics

    def roles(self, wanted: Collection[str]) -> AllRoles | LeasedRoles:
        """What decides which of these roles are ours."""
        if self.is_alone:
            return AllRoles()
        (told,) = self.bells[GIVEN_BACK]
        return LeasedRoles(
            self.store,
            self.clock,
            wanted=wanted,
            holder=self.name,
            term=self.settings.store.lease,
            told=told,
        )

    def enter(self, lease: RoleLease) -> None:
        """From now on a role writes in this epoch; its work in the last one has ended."""
        if lease.role in self.fences:
            self.fences[lease.role].lease = lease

    async def recall(self) -> None:
        """Know what another process has done meanwhile for LL2's budget and the last poll."""
        await self.source.load()
        await self.poller.recall()

    def opening(
        self, name: str, *, sends: bool = True, listens: bool = True
    ) -> AbstractAsyncContextManager[Adapter]:
        """An adapter about to be opened; what surrounds it outlives its restarts."""
        around = replace(self.surroundings[name], sends=sends, listens=listens)
        return self.factories[name](around)

    def dispatcher(self, adapter: Adapter) -> Dispatcher:
        """The sender of an opened adapter; its rate is known from here on."""
        self.rates[adapter.name] = adapter.limits.rate
        return Dispatcher(
            self.fences.get(sending(adapter.name), self.store),
            MeteredAdapter(adapter, self.metrics),
            self.clock,
            random=self.random,
            wake=self.wakes[adapter.name],
            pace=self.paces[adapter.name],
        )

    def watched(
        self, adapters: Collection[str], *, polls: bool, roles: Roles | None = None
    ) -> AbstractAsyncContextManager[str]:
        """The web server, about to be opened, of a process that sends through these adapters.

        Args:
            adapters: those that it sends through, or stands by for.
            polls: whether it watches LL2, or stands by for that.
            roles: which of them are its own; None: all.

        """
        vitals = ServiceVitals(
            self.store,
            self.clock,
            self.pulses,
            self.status,
            adapters=adapters,
            interval=self.settings.ll2.poll_interval if polls else None,
            roles=roles or AllRoles(),
        )
        mask = Mask(self.settings.secrets())
        return serve(self.settings.web.listen, vitals, self.metrics, mask)
