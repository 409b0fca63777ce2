"""Who may send now: one token's slots, its lanes, two priorities, and what the platform told us.

Decides only: `pacing` waits. Every method is given the present.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, takewhile

from bot.domain.deliveries import LONGEST_WAIT
from bot.domain.messages import Limits, Rate
from bot.services.slots import Breaker, Gate, LaneState, Slots

PATIENCE = timedelta(seconds=10)
"""The longest that a request waits here; what must wait longer waits in the outbox."""

_SECOND = timedelta(seconds=1)
_OPENING = Limits(text=0, slots=5)
_SLOW_SHARE = 10
_FEW_LANES = 1024
_A_WHILE = timedelta(minutes=1)
_A_MOMENT = timedelta(milliseconds=100)
_MOMENTS, _FEW_SLOTS = 7, 4


@dataclass(slots=True, kw_only=True, eq=False)
class Ticket:
    """A request that asks for its slots.

    Attributes:
        is_urgent: a person waits for it.
        is_alert: what it sends loses its worth with time.
        deadline: when it gives up.
        may_go: it has its slots.
        is_late: it takes too long; it left the queue.

    """

    lane: LaneState | None
    is_urgent: bool
    is_alert: bool
    deadline: datetime
    may_go: bool = False
    is_late: bool = False

    @property
    def is_decided(self) -> bool:
        """Whether it waits no more."""
        return self.may_go or self.is_late


class Limiter:
    """The limits of one token; until an adapter declares its own, few requests may go."""

    def __init__(self) -> None:
        self._limits = _OPENING
        self._slots = Slots(rate=Rate(count=_OPENING.slots, per=_SECOND))
        self._evenly = Slots(rate=_even_rate(_OPENING.slots))
        self._even_until: datetime | None = None
        self._gate = Gate(slots=_OPENING.slots)
        self._breaker = Breaker()
        self._lanes: dict[str, LaneState] = {}
        self._sweep_at = _FEW_LANES
        # Dictionaries keep their order and forget from the middle at no cost.
        self._urgent: dict[Ticket, None] = {}
        self._alerts: dict[Ticket, None] = {}
        self._others: dict[Ticket, None] = {}

    def declare(self, limits: Limits) -> None:
        """Go by these limits from now on; what is held stays held."""
        self._limits = limits
        self._slots.rate = Rate(count=limits.slots, per=_SECOND)
        self._evenly.rate = _even_rate(limits.slots)
        self._gate.slots = limits.slots

    def delay(
        self, address: str, now: datetime, *, behind: int = 0, is_urgent: bool = False
    ) -> timedelta:
        """How long a request to this address would wait for its lane and the gate.

        Args:
            address: the destination; empty: none.
            now: the present.
            behind: how many others to the same destination go before it.
            is_urgent: a person waits for it.

        """
        lane = self._lane(address, now, is_used=False)
        own = timedelta(0) if lane is None else lane.delay(now, behind, is_urgent=is_urgent)
        return max(own, self._closed_until(now) - now)

    def at_once(self, address: str, now: datetime) -> Ticket | None:
        """Slots for one that is not urgent and has nobody before it; None: it must `ask`."""
        is_first = not (self._urgent or self._alerts or self._others)
        if not is_first or self._is_even(now) or not self._is_open(now):
            return None
        # Who goes at once needs no lane where the platform declares none.
        lane = self._lane(address, now, is_used=False)
        if lane is not None and not lane.is_free(now, is_urgent=False):
            return None
        ticket = Ticket(lane=lane, is_urgent=False, is_alert=False, deadline=now, may_go=True)
        for slots in self._slots_of(ticket):
            slots.take()
        if self._limits.slots:
            self._spread(now)
        return ticket

    def ask(
        self, address: str, now: datetime, *, is_urgent: bool, is_alert: bool = False
    ) -> Ticket:
        """Queue for slots; `grant` gives them."""
        lane = self._lane(address, now)
        deadline = now + PATIENCE
        ticket = Ticket(lane=lane, is_urgent=is_urgent, is_alert=is_alert, deadline=deadline)
        self._queue(ticket)[ticket] = None
        if lane is not None:
            lane.count(1, is_urgent=is_urgent)
            if is_urgent:
                self._even_until = now + _A_WHILE
        return ticket

    def grant(self, now: datetime) -> list[Ticket]:
        """Give slots to whoever may go: the urgent, then alerts, then others, each as they came.

        Whoever waits for its lane holds up nobody else.
        """
        granted = self._grant(self._urgent, now, self._free(now)) if self._urgent else []
        for queue in filter(None, (self._alerts, self._others)):
            found = self._grant(queue, now, min(self._free(now), self._room(now)))
            for _ in found:
                self._spread(now)
            granted += found
        return granted

    def _grant(self, queue: dict[Ticket, None], now: datetime, most: int) -> list[Ticket]:
        granted: list[Ticket] = []
        for ticket in queue:
            if len(granted) >= most:
                break
            if ticket.lane is None or ticket.lane.is_free(now, is_urgent=ticket.is_urgent):
                for slots in self._slots_of(ticket):
                    slots.take()
                granted.append(ticket)
        for ticket in granted:
            ticket.may_go = True
            self.leave(ticket)
        return granted

    def _spread(self, now: datetime) -> None:
        """Count one that is not urgent where they go evenly."""
        self._evenly.take()
        self._evenly.give_back(now, answered=True)

    def late(self, now: datetime) -> list[Ticket]:
        """Those for whom it takes too long; they left the queue."""
        hopeless = self._closed_until(now) - now > PATIENCE
        latest = now + PATIENCE if hopeless else now
        # Each queue is in the order of its deadlines.
        found = [
            one
            for queue in self._queues()
            for one in takewhile(lambda t: t.deadline <= latest, queue)
        ]
        for ticket in found:
            ticket.is_late = True
            self.leave(ticket)
        return found

    def leave(self, ticket: Ticket) -> None:
        """Leave the queue; harmless when it has."""
        if ticket in self._queue(ticket):
            del self._queue(ticket)[ticket]
            if ticket.lane is not None:
                ticket.lane.count(-1, is_urgent=ticket.is_urgent)

    def give_back(self, ticket: Ticket, now: datetime, *, answered: bool) -> None:
        """Give back the slots of a request that was made; they are held a while longer."""
        for slots in self._slots_of(ticket):
            slots.give_back(now, answered=answered)

    def put_back(self, ticket: Ticket) -> None:
        """Give back slots that were not used."""
        for slots in self._slots_of(ticket):
            slots.put_back()

    def next_moment(self, now: datetime) -> datetime | None:
        """When time alone changes something for whoever waits; None: it does not."""
        deadlines = [next(iter(queue)).deadline for queue in self._queues()]
        return min([*deadlines, *self._openings(now)]) if deadlines else None

    def throttled(self, now: datetime, wait: timedelta, address: str) -> None:
        """Stay away for so long, from everybody or from one lane."""
        self._breaker.mark(now)
        until = now + min(wait, LONGEST_WAIT)
        lane = self._lane(address, now)
        if lane is None:
            self._gate.close(now, until)
        else:
            lane.block(until)

    def refused(self, now: datetime) -> None:
        """Count a refusal that the platform counts too."""
        self._breaker.mark(now)

    def _openings(self, now: datetime) -> Iterator[datetime]:
        closed_until = self._closed_until(now)
        if closed_until > now:
            yield closed_until
        elif self._free(now) <= 0:
            yield from filter(None, [self._slots.next_return()])
        elif (self._alerts or self._others) and self._room(now) <= 0:
            yield from filter(None, [self._evenly.next_return(), *self._of_lanes(now)])
        else:
            yield from self._of_lanes(now)

    def _of_lanes(self, now: datetime) -> Iterator[datetime]:
        lanes = {one.lane for one in self._waiting() if one.lane is not None}
        yield from filter(None, (lane.next_moment(now) for lane in lanes))

    def _is_open(self, now: datetime) -> bool:
        """Whether a slot is free, as far as no lane is asked."""
        if self._limits.slots:
            return self._free(now) > 0
        return self._closed_until(now) <= now

    def _free(self, now: datetime) -> int:
        if self._closed_until(now) > now:
            return 0
        if not self._limits.slots:
            return sum(map(len, self._queues()))
        limit = self._gate.limit(now)
        if self._breaker.is_slow(now):
            limit = min(limit, max(self._gate.slots // _SLOW_SHARE, 1))
        return self._slots.free(now, limit)

    def _room(self, now: datetime) -> int:
        """How many may go that are not urgent; as evenly as they go, so their slots come back.

        Were all taken at once, whoever asks then would wait a whole second for the next. It costs
        some speed, so it is done only for a while after somebody was answered somewhere.
        """
        if self._is_even(now):
            return self._evenly.free(now)
        return len(self._alerts) + len(self._others)

    def _is_even(self, now: datetime) -> bool:
        is_recent = self._even_until is not None and now < self._even_until
        return is_recent and bool(self._limits.slots)

    def _closed_until(self, now: datetime) -> datetime:
        """The present when nothing is closed."""
        return max(now, self._gate.closed_until or now, self._breaker.stopped_until(now) or now)

    def _waiting(self) -> Iterator[Ticket]:
        return chain(*self._queues())

    def _queues(self) -> Iterator[dict[Ticket, None]]:
        return filter(None, (self._urgent, self._alerts, self._others))

    def _queue(self, ticket: Ticket) -> dict[Ticket, None]:
        if ticket.is_urgent:
            return self._urgent
        return self._alerts if ticket.is_alert else self._others

    def _slots_of(self, ticket: Ticket) -> Iterator[Slots]:
        yield self._slots
        if ticket.lane is not None:
            yield from ticket.lane.slots

    def _lane(self, address: str, now: datetime, *, is_used: bool = True) -> LaneState | None:
        """The lane of an address; where the platform declares none, there is one once it is used.

        The platform may block an address without limits of its own.
        """
        declared = self._limits.lane(address) if address else None
        key = address if declared is None else declared.key
        lane = self._lanes.get(key)
        if lane is None and (declared is not None or (address and is_used)):
            self._sweep(now)
            rates = () if declared is None else declared.rates
            lane = self._lanes[key] = LaneState(slots=tuple(Slots(rate=one) for one in rates))
        return lane

    def _sweep(self, now: datetime) -> None:
        """Forget lanes that rest, rarely enough that it costs nothing on the whole."""
        if len(self._lanes) < self._sweep_at:
            return
        self._lanes = {key: lane for key, lane in self._lanes.items() if not lane.is_idle(now)}
        self._sweep_at = max(2 * len(self._lanes), _FEW_LANES)


def _even_rate(slots: int) -> Rate:
    """Somewhat more than what comes back in a moment, so that evenness costs no speed."""
    return Rate(count=max(-(-slots // _MOMENTS), _FEW_SLOTS), per=_A_MOMENT)
