"""Random plays with purges in between: no sender and no reader can tell that there were any."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from outboxes import HOUR, MANY, a_debt, a_reminder, keep, undone
from plays import EVENTS, PLACES, Play

from bot.domain.changes import Kind
from bot.domain.channels import KEPT_FOR, Health, Reach
from bot.domain.deliveries import FanoutId, Priority
from bot.domain.events import Event, EventId
from bot.domain.retention import Remains
from bot.domain.subscriptions import Filter
from bot.domain.watching import Tracked, Watch
from bot.ports import UnitOfWork
from bot.store.unit_of_work import SqlStore
from bot.testing import START

_verbs = st.sampled_from(
    (
        *("tell", "claim", "sent", "later", "doubt", "dead", "crash", "wait"),
        *("sleep", "pause", "resume", "remind", "mute", "unmute", "end", "watch", "purge"),
    )
)
_OF_EVENTS = frozenset({"tell", "remind", "mute", "unmute", "end", "watch"})
_steps = st.tuples(_verbs, st.integers(0, 3), st.sampled_from(Priority))


class _Purged(Play):
    """A play in which, or in which not, what is old is purged; and the diary of its sender."""

    def __init__(self, unit: UnitOfWork, *, purges: bool) -> None:
        super().__init__(unit)
        self.purges = purges
        self.diary: list[object] = []
        self._names: dict[FanoutId, int] = {}
        self._ended: set[EventId] = set()
        self._forgotten: set[EventId] = set()

    async def step(self, verb: str, number: int, priority: Priority) -> None:
        """Take one step; of an event that was over for long when a purge came there is no news.

        Were there any, the poller would keep it anew, and who had muted it would hear of it.
        """
        event = EVENTS[0 if verb == "remind" else number // 2 % 2]
        if verb not in _OF_EVENTS or event.id not in self._forgotten:
            await self._step(verb, number, priority)

    async def _step(self, verb: str, number: int, priority: Priority) -> None:
        place, event = PLACES[number % 2], EVENTS[number // 2 % 2]
        places = self.unit.destinations
        match verb:
            case "sleep":
                self.now += number * timedelta(days=3)
            case "pause":
                paused = Health(reach=Reach.PAUSED, since=self.now, reason="kicked")
                await places.set_health(place, paused)
            case "resume":
                await places.set_health(place, Health(since=self.now))
            case "mute":
                await places.mute(place, event.id)
            case "unmute":
                await places.unmute(place, event.id)
            case "end" | "watch":
                await self._see(event, ends=verb == "end")
            case "remind":
                await self._remind(number)
            case "purge":
                await self._purge()
            case "tell":
                await super().step(verb, number // 2, priority)
            case _:
                await super().step(verb, max(number, 1) if verb == "claim" else number, priority)

    async def claim(self, limit: int) -> None:
        """Claim, and note what came."""
        before = len(self.under_way)
        await super().claim(limit)
        for one in self.under_way[before:]:
            _, news = await self.unit.outbox.news(one.parts)
            parts = [(self._name(part.fanout_id), part.kinds) for part in one.parts]
            state = (one.attempts, one.in_doubt_since)
            self.diary.append((one.destination, one.event_id, parts, state, news))

    async def _see(self, event: Event, *, ends: bool) -> None:
        watch = Watch.FINISHED if ends else Watch.WATCHED
        tracked = Tracked(event=event, watch=watch, first_seen_at=START)
        await self.unit.snapshots.keep([tracked])
        self._ended = self._ended | {event.id} if ends else self._ended - {event.id}

    async def _remind(self, lead: int) -> None:
        """The same reminder again and again: only the first is owed."""
        reminder = a_reminder(lead=HOUR * (lead + 1), date=START + timedelta(days=12))
        kinds = frozenset({Kind.REMINDER})
        if reminder.date > self.now:
            debt = a_debt(kinds=kinds, reminder=reminder, created_at=self.now)
            opened = await self.unit.outbox.owe(debt)
            self.diary.append(opened is None)
            while await self.unit.outbox.expand():
                pass

    async def _purge(self) -> None:
        before = self.now - KEPT_FOR
        self._forgotten |= {
            one.id for one in EVENTS if one.id in self._ended and one.date and one.date < before
        }
        for sort in Remains if self.purges else ():
            found = await self.unit.purge.find(sort, before=before, after=None, limit=100)
            await self.unit.purge.remove(sort, found, before=before)

    def _name(self, fanout_id: FanoutId) -> int:
        """Fan-outs by the order in which they are met; an engine may count on after a rollback."""
        return self._names.setdefault(fanout_id, len(self._names))


async def _played(
    store: SqlStore, steps: list[tuple[str, int, Priority]], *, purges: bool
) -> list[object]:
    async with undone(store) as unit:
        await keep(unit, *EVENTS)
        for place in PLACES:
            await unit.subscriptions.add(place, Filter(), now=START)
        play = _Purged(unit, purges=purges)
        for step in steps:
            await play.step(*step)
        for _ in range(2):
            await play.step("purge", 0, Priority.NEWS)
            await play.drain()
    return play.diary


@MANY
@given(steps=st.lists(_steps, max_size=40))
async def test_nobody_can_tell_that_there_were_purges(
    store: SqlStore, steps: list[tuple[str, int, Priority]]
) -> None:
    """What is owed, claimed and told, and in which order, is the same with purges as without."""
    without = await _played(store, steps, purges=False)
    purged = await _played(store, steps, purges=True)

    assert purged == without
