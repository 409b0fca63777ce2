"""The real limiter of one token on a story's clock: how fast it lets messages out."""

import heapq
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count
from random import Random

from bot.domain.messages import Limits
from bot.services.limiter import Limiter, Ticket
from bot.testing import START

_SECOND = timedelta(seconds=1)


def seconds(limits: Limits, addresses: Sequence[str], *, latency_s: float, seed: int = 1) -> float:
    """How long it takes from the first ask to the last answer.

    Args:
        limits: an adapter's.
        addresses: of the destinations, one for each message.
        latency_s: requests take this long in the mean, and anything from none to twice that.
        seed: of the latencies.

    """
    chance = Random(seed)  # noqa: S311 - chance guards no secret
    took = (timedelta(seconds=chance.uniform(0, 2 * latency_s)) for _ in count())
    return (max(_sent(limits, addresses, took)) - START) / _SECOND


def _sent(
    limits: Limits, addresses: Sequence[str], took: Iterator[timedelta]
) -> Iterator[datetime]:
    """When each answer came; as many ask at a time as the adapter takes at once."""
    limiter, now, order = Limiter(), START, count()
    limiter.declare(limits)
    asking: dict[Ticket, str] = {}
    under_way: list[tuple[datetime, int, Ticket]] = []
    waiting, answered = deque(addresses), 0
    while answered < len(addresses):
        while waiting and len(asking) + len(under_way) < limits.concurrency:
            address = waiting.popleft()
            asking[limiter.ask(address, now, is_urgent=False)] = address
        for ticket in limiter.grant(now):
            del asking[ticket]
            heapq.heappush(under_way, (now + next(took), next(order), ticket))
        # Who waited too long comes back, as it would from the outbox.
        waiting.extend(asking.pop(ticket) for ticket in limiter.late(now))
        now = _next(limiter, under_way, now)
        while under_way and under_way[0][0] <= now:
            ends, _, ticket = heapq.heappop(under_way)
            limiter.give_back(ticket, ends, answered=True)
            answered += 1
            yield ends


def _next(
    limiter: Limiter, under_way: list[tuple[datetime, int, Ticket]], now: datetime
) -> datetime:
    """When something happens next: an answer, a slot that comes back, or an end of patience."""
    opening = limiter.next_moment(now)
    moments = [at for at, _, _ in under_way[:1]] + ([opening] if opening else [])
    return max(now, min(moments, default=now))
