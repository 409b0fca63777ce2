"""Plays of one sender over a store: what it is told, claims, sends and fails, a step at a time."""

from collections import Counter, defaultdict

from outboxes import HOUR, LEASE, a_debt, to

from bot.domain.deliveries import Delivery, FanoutId, MessageId, Priority, State, Verdict
from bot.domain.events import EventId
from bot.domain.fanouts import Result
from bot.domain.subscriptions import Destination
from bot.ports import UnitOfWork
from bot.testing import START, a_message, an_event

PLACES = (to("a"), to("b"))
EVENTS = (an_event(), an_event(id=EventId(2)))


class Play:
    """One sender that claims, sends, fails and crashes, and what readers got from it."""

    def __init__(self, unit: UnitOfWork) -> None:
        self.unit = unit
        self.now = START
        self.owed = Counter[tuple[Destination, FanoutId | None]]()
        self.under_way: list[Delivery] = []
        self.ended: dict[tuple[Destination, EventId], list[FanoutId]] = defaultdict(list)

    async def step(self, verb: str, number: int, priority: Priority) -> None:
        """Take one step."""
        match verb:
            case "tell":
                await self.tell(EVENTS[number].id, priority)
            case "claim":
                await self.claim(number)
            case "wait":
                self.now += HOUR
            case "crash":
                await self.unit.outbox.reclaim("console", now=None)
                self.under_way.clear()
            case _ if self.under_way:
                await self._end(self.under_way.pop(number % len(self.under_way)), verb)

    async def drain(self) -> None:
        """Send all that is left."""
        self.now += HOUR
        await self.step("claim", 100, Priority.NEWS)
        while self.under_way:
            await self.step("sent", 0, Priority.NEWS)
            await self.step("claim", 100, Priority.NEWS)

    async def tell(self, event_id: EventId, priority: Priority) -> None:
        """Owe date news of an event, and expand it."""
        debt = a_debt(event_id=event_id, priority=priority, created_at=self.now)
        fanout_id = await self.unit.outbox.owe(debt)
        while await self.unit.outbox.expand():
            pass
        self.owed.update((place, fanout_id) for place in PLACES)

    async def claim(self, limit: int) -> None:
        """Claim what is due."""
        self.under_way += await self.unit.outbox.claim(
            "console", limit=limit, now=self.now, lease=LEASE
        )
        pairs = Counter((one.destination, one.event_id) for one in self.under_way)
        assert max(pairs.values(), default=1) == 1, "two of one pair are under way"

    async def _end(self, delivery: Delivery, verb: str) -> None:
        kept = await self.unit.outbox.message(delivery.form)
        message = kept or await self._keep(delivery)
        await self.unit.outbox.start([(delivery, message)], now=self.now)
        if verb in {"later", "doubt"}:
            doubt = self.now if verb == "doubt" else None
            again_at = self.now + HOUR
            verdict = Verdict(state=State.PENDING, not_before=again_at, in_doubt_since=doubt)
        else:
            verdict = Verdict(state=State.SENT if verb == "sent" else State.DEAD)
            pair = (delivery.destination, delivery.event_id)
            self.ended[pair] += [part.fanout_id for part in delivery.parts]
        await self.unit.outbox.finish([Result(delivery=delivery, verdict=verdict, at=self.now)])

    async def _keep(self, delivery: Delivery) -> MessageId:
        newest = delivery.parts[-1].fanout_id
        return await self.unit.outbox.keep_message(delivery.form, a_message(), newest=newest)
