"""Random plays of one sender: whatever fails or crashes, each debt ends once and in its order."""

from collections import Counter, defaultdict

from hypothesis import given
from hypothesis import strategies as st
from outboxes import HOUR, LEASE, MANY, a_debt, keep, to, undone

from bot.domain.deliveries import Delivery, FanoutId, MessageId, Priority, State, Verdict
from bot.domain.events import EventId
from bot.domain.fanouts import Result
from bot.domain.subscriptions import Destination, Filter
from bot.ports import UnitOfWork
from bot.store.unit_of_work import SqlStore
from bot.testing import START, a_message, an_event

PLACES = (to("a"), to("b"))
EVENTS = (an_event(), an_event(id=EventId(2)))
_steps = st.one_of(
    st.tuples(st.just("tell"), st.integers(0, 1), st.sampled_from(Priority)),
    st.tuples(st.just("claim"), st.integers(1, 3), st.just(Priority.NEWS)),
    st.tuples(
        st.sampled_from(("sent", "later", "doubt", "dead", "crash", "wait")),
        st.integers(0, 3),
        st.just(Priority.NEWS),
    ),
)


class _Play:
    """One sender that claims, sends, fails and crashes, and what readers got from it."""

    def __init__(self, unit: UnitOfWork) -> None:
        self.unit = unit
        self.now = START
        self.owed: Counter[tuple[Destination, FanoutId | None]] = Counter()
        self.under_way: list[Delivery] = []
        self.ended: dict[tuple[Destination, EventId], list[FanoutId]] = defaultdict(list)

    async def step(self, verb: str, number: int, priority: Priority) -> None:
        """Take one step."""
        match verb:
            case "tell":
                await self._tell(EVENTS[number].id, priority)
            case "claim":
                await self._claim(number)
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

    async def _tell(self, event_id: EventId, priority: Priority) -> None:
        debt = a_debt(event_id=event_id, priority=priority, created_at=self.now)
        fanout_id = await self.unit.outbox.owe(debt)
        while await self.unit.outbox.expand():
            pass
        self.owed.update((place, fanout_id) for place in PLACES)

    async def _claim(self, limit: int) -> None:
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


@MANY
@given(steps=st.lists(_steps, max_size=25))
async def test_everything_owed_ends_once_and_in_order(
    store: SqlStore, steps: list[tuple[str, int, Priority]]
) -> None:
    """Whatever fails or crashes: each debt ends once at each place, an event's in their order."""
    async with undone(store) as unit:
        await keep(unit, *EVENTS)
        for place in PLACES:
            await unit.subscriptions.add(place, Filter(), now=START)
        play = _Play(unit)

        for step in steps:
            await play.step(*step)
        await play.drain()

    ended = [(place, one) for (place, _), ids in play.ended.items() for one in ids]
    assert Counter(ended) == play.owed
    assert all(ids == sorted(ids) for ids in play.ended.values())
