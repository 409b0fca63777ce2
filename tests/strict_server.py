"""A limiter, senders that ask it, and a server that counts strictly what reaches it."""

import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from bot.domain.messages import Lane, Limits, Rate
from bot.services.limiter import Limiter, Ticket
from bot.testing import START

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
FREE = Limits(text=4096, slots=30)
GROUP = (Rate(count=18, per=MINUTE), Rate(count=1, per=SECOND))


def lane_of(address: str) -> Lane:
    """A chat's lane: a group's addresses start with a minus, its topics follow a slash."""
    chat = address.partition("/")[0]
    rates = GROUP if chat.startswith("-") else (Rate(count=1, per=SECOND),)
    return Lane(key=chat, rates=rates)


@dataclass
class World:
    """A limiter, senders that ask it, and a server that counts what reaches it.

    Attributes:
        counted: when the server counted each request, by lane.
        ends: when each request was answered, in order.

    """

    limiter: Limiter
    latency: Iterator[tuple[float, float]]
    now: datetime = START
    counted: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    ends: list[datetime] = field(default_factory=list)
    asking: dict[Ticket, str] = field(default_factory=dict)
    under_way: list[tuple[datetime, int, Ticket]] = field(default_factory=list)

    def ask(self, address: str, *, is_urgent: bool = False) -> None:
        """Let a sender send at once if it can, and queue if not, as the pace does."""
        ticket = None if is_urgent else self.limiter.at_once(address, self.now)
        if ticket is None:
            self.asking[self.limiter.ask(address, self.now, is_urgent=is_urgent)] = address
        else:
            self._go(ticket, address)

    def send(self) -> None:
        """Let whoever may go send."""
        for ticket in self.limiter.grant(self.now):
            self._go(ticket, self.asking.pop(ticket))

    def _go(self, ticket: Ticket, address: str) -> None:
        """The server counts it on its way, and the answer comes later."""
        there, back = (timedelta(seconds=one) for one in next(self.latency))
        self.counted[lane_of(address).key].append(self.now + there)
        end = self.now + there + back
        heapq.heappush(self.under_way, (end, len(self.ends) + len(self.under_way), ticket))

    def step(self) -> None:
        """Go on to the next answer or opening."""
        moments = [self.under_way[0][0]] if self.under_way else []
        opening = self.limiter.next_moment(self.now)
        moments += [opening] if opening else []
        self.now = max(min(moments), self.now + timedelta(microseconds=1))
        while self.under_way and self.under_way[0][0] <= self.now:
            end, _, ticket = heapq.heappop(self.under_way)
            self.ends.append(end)
            self.limiter.give_back(ticket, end, answered=True)


def latencies(seed: int, longest: float) -> Iterator[tuple[float, float]]:
    """The way there and the way back, in seconds, anyhow."""
    random = Random(seed)  # noqa: S311, a simulation guards no secret
    while True:
        total = random.uniform(0, longest)
        there = random.uniform(0, total)
        yield there, total - there


def a_limiter(limits: Limits = FREE) -> Limiter:
    """A limiter by these limits."""
    limiter = Limiter()
    limiter.declare(limits)
    return limiter


def most_within(times: list[datetime], span: timedelta) -> int:
    """The most requests that the server counted in any window, wherever it begins."""
    times = sorted(times)
    first, most = 0, 0
    for last, time in enumerate(times):
        while time - times[first] >= span:
            first += 1
        most = max(most, last - first + 1)
    return most


def broadcast(world: World, addresses: list[str], *, senders: int) -> None:
    """Send one request to each address, with so many senders asking at a time."""
    waiting = iter(addresses)
    for address in (next(waiting, None) for _ in range(senders)):
        if address:
            world.ask(address)
    while world.asking or world.under_way:
        world.send()
        world.step()
        while len(world.asking) + len(world.under_way) < senders:
            address = next(waiting, None)
            if address is None:
                break
            world.ask(address)


def admitted(limiter: Limiter, address: str, *, is_urgent: bool = False) -> Ticket:
    """A request that goes at once."""
    ticket = limiter.ask(address, START, is_urgent=is_urgent)
    assert limiter.grant(START) == [ticket]
    return ticket


def granted(limiter: Limiter, now: datetime) -> int:
    """How many may go at once; only the urgent may all take theirs in the same moment."""
    tickets = [limiter.ask(f"{number}", now, is_urgent=True) for number in range(100)]
    may_go = limiter.grant(now)
    for ticket in tickets:
        limiter.leave(ticket)
    for ticket in may_go:
        limiter.put_back(ticket)
    return len(may_go)
