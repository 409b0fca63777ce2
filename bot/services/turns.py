"""Whose turn it is: which claimed deliveries may go now, and when the others may come back.

What must wait for its destination's own limit waits in the outbox, where it costs no attempt, keeps
no place from others, and survives a restart.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.domain.deliveries import Delivery, DeliveryId, Priority, State, Verdict
from bot.domain.fanouts import Result
from bot.domain.messages import Limits
from bot.services.pacing import SlotPace

SHORTLY = timedelta(seconds=2)
"""How long a delivery may wait for its destination's own limit and keep others from sending."""

_REMEMBERED = 64
"""Of one lane; those behind come back when the last of these goes, and are looked at again."""

_FEW_LANES = 1024


class Turns:
    """The queue before each destination, by its adapter's limits.

    Attributes:
        until: when the last of those that were put off may come back.

    """

    def __init__(self, pace: SlotPace, limits: Limits, *, now: datetime) -> None:
        self._pace = pace
        self._limits = limits
        self._waiting: dict[str, dict[DeliveryId, datetime]] = {}
        self._sweep_at = _FEW_LANES
        self.until = now

    def put_off(
        self, claimed: Iterable[Delivery], *, now: datetime
    ) -> list[tuple[Delivery, datetime]]:
        """Those that cannot go shortly, each with when it may come back."""
        ahead = Counter[str]()
        put_off: list[tuple[Delivery, datetime]] = []
        for delivery in claimed:
            key = self._key(delivery)
            delay = self._pace.delay(delivery.destination.address, behind=ahead[key])
            at = max(now + delay, self._end_before(key, delivery, now))
            ahead[key] += 1
            if at - now > SHORTLY:
                put_off.append((delivery, at))
                self._remember(key, delivery, at)
        self._sweep(now)
        self.until = max([self.until, *(at for _, at in put_off)])
        return put_off

    def forget(self, *, now: datetime) -> None:
        """Nobody waits any more: the clock was set back, and the outbox knows it."""
        self._waiting.clear()
        self.until = now

    def _remember(self, key: str, delivery: Delivery, at: datetime) -> None:
        waiting = self._waiting.setdefault(key, {})
        if len(waiting) < _REMEMBERED:
            waiting[delivery.id] = at

    def _sweep(self, now: datetime) -> None:
        """Forget lanes of which nothing came back: it was ended otherwise, or goes elsewhere."""
        if len(self._waiting) < self._sweep_at:
            return
        self._waiting = {key: one for key, one in self._waiting.items() if max(one.values()) > now}
        self._sweep_at = max(2 * len(self._waiting), _FEW_LANES)

    def _key(self, delivery: Delivery) -> str:
        address = delivery.destination.address
        lane = self._limits.lane(address)
        return address if lane is None else lane.key

    def _end_before(self, key: str, delivery: Delivery, now: datetime) -> datetime:
        """When all those have gone that were put off before it; now when its own turn has come."""
        waiting = self._waiting.pop(key, None)
        if waiting is None:
            return now
        had_to_wait = waiting.pop(delivery.id, None) is not None
        # What is past has been claimed, or was ended otherwise.
        left = {one: at for one, at in waiting.items() if at > now}
        if left:
            self._waiting[key] = left
        overtakes = had_to_wait or delivery.priority is Priority.URGENT
        return now if overtakes else max(left.values(), default=now)


def put_back(delivery: Delivery, until: datetime, *, now: datetime) -> Result:
    """What becomes of one that was put off: it was not tried, so that no attempt is counted."""
    verdict = Verdict(state=State.PENDING, not_before=until, in_doubt_since=delivery.in_doubt_since)
    return Result(delivery=delivery, verdict=verdict, at=now)
