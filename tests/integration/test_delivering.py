"""The dispatcher over a real store: what the pace puts off, what refusals pause, who is told."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from outboxes import reached, states, subscribe, tell, to
from stores import made_store

from bot.commands.core import CommandCore
from bot.domain.channels import PATIENCE, Health, Reach
from bot.domain.deliveries import Delivery, Gone, Later, Outcome, Refused, Sent, State, Unknown
from bot.domain.events import EventId
from bot.domain.messages import Lane, Limits, Message, Rate
from bot.domain.requests import Person
from bot.domain.status import Status
from bot.domain.subscriptions import Destination
from bot.errors import ChatUnavailable, HeldBack
from bot.ports import Store
from bot.services.dispatcher import Dispatcher
from bot.services.notices import SOONEST
from bot.services.pacing import SlotPace
from bot.store.unit_of_work import SqlStore
from bot.testing import START, FakeClock, RecordingAdapter, an_event

SECOND = timedelta(seconds=1)
LIMITS = Limits(text=4096, concurrency=8, rate=100.0)
NO_RIGHT = Gone(reason="no right to send", is_certain=False, missing="Send Messages")
DELETED = Gone(reason="the channel was deleted")

Answer = Callable[[Delivery, Message], Outcome | Awaitable[Outcome]]


class IdleClock:
    """One party's view of a clock, which knows whether that party waits for it."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.is_idle = asyncio.Event()

    def now(self) -> datetime:
        """The present."""
        return self._clock.now()

    def elapsed(self) -> timedelta:
        """Since the start."""
        return self._clock.elapsed()

    async def wait(self, pause: timedelta | None, *wakes: asyncio.Event) -> None:
        """Wait, and say so."""
        self.is_idle.set()
        try:
            await self._clock.wait(pause, *wakes)
        finally:
            self.is_idle.clear()


class Sender:
    """A dispatcher with all that it works with, on a clock that the test moves."""

    def __init__(self, store: SqlStore, *, limits: Limits = LIMITS) -> None:
        self.store = store
        self.clock = FakeClock()
        self.idle = IdleClock(self.clock)
        self.slots_idle = IdleClock(self.clock)
        self.pace = SlotPace(self.slots_idle)
        self.outcomes: dict[str, list[Outcome]] = {}
        self.sent_at: list[tuple[datetime, Destination]] = []
        self.adapter = RecordingAdapter("console", limits=limits, outcomes=self._answer)
        self.core = CommandCore(store, self.clock, adapter="console", status=Status)
        self.dispatcher = Dispatcher(
            store,
            self.adapter,
            self.idle,
            random=Random(1),  # noqa: S311, jitter guards no secret
            wake=self.core.wake,
            pace=self.pace,
        )

    async def _answer(self, delivery: Delivery, _message: Message) -> Outcome:
        address = delivery.destination.address
        async with self.pace.slot(address):
            script = self.outcomes.get(address, [])
            outcome = script.pop(0) if script else Sent(remote_id="1")
        if isinstance(outcome, Sent):
            self.sent_at.append((self.clock.now(), delivery.destination))
        return outcome

    async def deliver(self) -> None:
        """Deliver all that is due."""
        await self.dispatcher.drain()

    async def adapter_called(self) -> None:
        """Wait until the adapter was given something."""
        while not self.adapter.sent:
            await self.clock.settle()

    async def pass_time(self, span: timedelta, *, step: timedelta = SECOND / 10) -> None:
        """Let the dispatcher run while time goes on."""
        stop = asyncio.Event()
        running = asyncio.ensure_future(self.dispatcher.run(stop))
        for _ in range(span // step):
            await self._settled(running, self.idle)
            self.clock.advance(step)
        stop.set()
        await self.end(running)

    async def end(self, running: asyncio.Future[None]) -> None:
        """Let time go on until something has ended that waits for a slot or for its turn."""
        while not running.done():
            await self._settled(running, self.idle, self.slots_idle)
            self.clock.advance(SECOND / 10)
        await running

    async def _settled(self, running: asyncio.Future[None], *parties: IdleClock) -> None:
        """Return when one of these waits for time, or when it has ended."""
        for _ in range(3):
            await self.clock.settle()
            idle = [asyncio.ensure_future(party.is_idle.wait()) for party in parties]
            waiting: list[asyncio.Future[Any]] = [*idle, running]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for one in idle:
                one.cancel()

    @property
    def told(self) -> list[tuple[Destination, str]]:
        """The notices that were sent: to whom, and what they say."""
        return [
            (delivery.destination, "".join(f"{one.heading}: {one.body[0]}" for one in sections))
            for delivery, message in self.adapter.sent
            if not delivery.parts
            for sections in [message.sections]
        ]


@asynccontextmanager
async def sending(store: SqlStore, *, limits: Limits = LIMITS) -> AsyncIterator[Sender]:
    """A sender that is open."""
    sender = Sender(store, limits=limits)
    async with sender.dispatcher:
        yield sender


@pytest.fixture
async def store() -> AsyncIterator[SqlStore]:
    """An empty store in memory, its tables made."""
    async with made_store("sqlite://") as opened:
        yield opened


async def health(store: Store, destination: Destination | None = None) -> Health:
    """How well a destination is reached."""
    async with store.reading() as unit:
        return await unit.destinations.health(destination or to())


async def meet(store: Store, destination: Destination, person: str, server: str = "s") -> None:
    """Learn who keeps a destination."""
    async with store.writing() as unit:
        await unit.destinations.met(
            destination,
            server=server,
            name=f"Space: {destination.address}",
            person=Person(id=person),
        )


async def tell_of(store: Store, *event_ids: int) -> None:
    """Owe date news of these events."""
    for number in event_ids:
        await tell(store, event=an_event(id=EventId(number)))


async def test_certain_refusal_pauses_and_keeps_the_news(store: SqlStore) -> None:
    """Nothing more is sent there, and nothing is given up; other destinations get theirs."""
    await subscribe(store, to(), to("other"))
    async with sending(store) as sender:
        sender.outcomes["main"] = [DELETED]
        await tell_of(store, 1)
        await sender.deliver()
        await tell_of(store, 2)
        await sender.deliver()

    assert await health(store) == Health(reach=Reach.PAUSED, since=START, reason=DELETED.reason)
    assert sorted(await states(store)) == ["held", "held", "sent", "sent"]
    assert [one for _, one in sender.sent_at] == [to("other"), to("other")]


async def test_paused_destination_resumes_by_the_platforms_word(store: SqlStore) -> None:
    """What was missed comes at once, each event in its order; the dispatcher is woken for it."""
    await subscribe(store, to())
    async with sending(store) as sender:
        sender.outcomes["main"] = [DELETED]
        await tell_of(store, 1)
        await sender.deliver()
        await tell_of(store, 2)
        sender.core.wake.clear()

        await sender.core.reachable("main")

        assert sender.core.wake.is_set()
        await sender.deliver()
    assert await states(store) == [State.SENT, State.SENT]
    assert (await health(store)).reach is Reach.ACTIVE


async def test_doubtful_refusal_pauses_when_it_is_repeated(store: SqlStore) -> None:
    """Ten minutes later the same message is tried again, and tells."""
    await subscribe(store, to())
    async with sending(store) as sender:
        sender.outcomes["main"] = [NO_RIGHT, NO_RIGHT]
        await tell_of(store, 1)
        await sender.deliver()
        suspect = await health(store)
        sender.clock.advance(PATIENCE)
        await sender.deliver()

    assert suspect.reach is Reach.SUSPECT
    assert (await health(store)).reach is Reach.PAUSED
    assert await states(store) == [State.HELD]


async def test_right_that_comes_back_in_time_loses_nothing(store: SqlStore) -> None:
    """Permissions are often changed in several steps."""
    await subscribe(store, to())
    async with sending(store) as sender:
        sender.outcomes["main"] = [NO_RIGHT]
        await tell_of(store, 1)
        await sender.deliver()
        sender.clock.advance(PATIENCE)
        await sender.deliver()

    assert (await health(store)).reach is Reach.ACTIVE
    assert await states(store) == [State.SENT]


@pytest.mark.parametrize("outcome", [Later(reason="busy", wait=SECOND), Refused(reason="too long")])
async def test_other_failures_are_not_the_destinations(store: SqlStore, outcome: Outcome) -> None:
    """Neither an outage of the platform nor a bug of ours pauses anybody."""
    await subscribe(store, to())
    async with sending(store) as sender:
        sender.outcomes["main"] = [outcome]
        await tell_of(store, 1)
        await sender.deliver()

    assert await health(store) == Health()


async def test_new_address_holds_from_the_first_message(store: SqlStore) -> None:
    """A group became a supergroup: the next message goes straight to the new chat."""
    await subscribe(store, to("-1"))
    async with sending(store) as sender:
        sender.outcomes["-1"] = [Sent(remote_id="1", moved_to="-100")]
        await tell_of(store, 1)
        await sender.deliver()
        await tell_of(store, 2)
        await sender.deliver()

    assert [delivery.destination for delivery, _ in sender.adapter.sent] == [to("-1"), to("-100")]
    assert set(await reached(store)) == {to("-100")}
    assert await states(store) == [State.SENT, State.SENT]


async def test_several_messages_under_way_move_a_destination_once(store: SqlStore) -> None:
    """Each of them finds out for itself."""
    await subscribe(store, to("-1"))
    async with sending(store) as sender:
        sender.outcomes["-1"] = [Sent(remote_id="1", moved_to="-100")] * 3
        await tell_of(store, 1, 2, 3)
        await sender.deliver()

    assert set(await reached(store)) == {to("-100")}
    async with store.reading() as unit:
        assert len(await unit.subscriptions.held(to("-100"))) == 1


PRIVATE = Limits(text=4096, concurrency=8, rate=100.0, private=lambda person: f"u{person}")


async def test_keeper_is_told_once(store: SqlStore) -> None:
    """In private, naming the missing permission and what happens to the messages."""
    await subscribe(store, to())
    await meet(store, to(), "7")
    async with sending(store, limits=PRIVATE) as sender:
        sender.outcomes["main"] = [NO_RIGHT, NO_RIGHT]
        await tell_of(store, 1)
        await sender.deliver()
        before = list(sender.told)
        sender.clock.advance(PATIENCE)
        await sender.deliver()
        await sender.deliver()

    assert before == []
    ((whom, text),) = sender.told
    assert whom == to("u7")
    assert "Space: main: No right to send. Missing permission: Send Messages." in text
    assert "messages resume by themselves" in text


async def test_keeper_is_told_while_the_sender_runs(store: SqlStore) -> None:
    """As soon as nothing is due: a program that runs for months has no other moment."""
    await subscribe(store, to())
    await meet(store, to(), "7")
    async with sending(store, limits=PRIVATE) as sender:
        sender.outcomes["main"] = [DELETED]
        await tell_of(store, 1)
        await sender.pass_time(SECOND)

    assert [whom for whom, _ in sender.told] == [to("u7")]


async def test_neighbour_is_told_where_nobody_can_be_in_private(store: SqlStore) -> None:
    """Another channel of the same server; the message says which channel it is about."""
    await subscribe(store, to(), to("b"), to("elsewhere"))
    for destination, server in ((to(), "s"), (to("b"), "s"), (to("elsewhere"), "t")):
        await meet(store, destination, "7", server)
    async with sending(store, limits=PRIVATE) as sender:
        sender.outcomes |= {"main": [DELETED], "u7": [Gone(reason="blocked")]}
        await tell_of(store, 1)
        await sender.deliver()

    assert [whom for whom, _ in sender.told] == [to("u7"), to("b")]


async def test_no_more_than_one_neighbour_is_told(store: SqlStore) -> None:
    """Nobody in private where no person is known, and no second channel where the first fails."""
    await subscribe(store, to(), to("b"), to("c"))
    for destination in (to(), to("b"), to("c")):
        await meet(store, destination, "")
    async with sending(store, limits=PRIVATE) as sender:
        sender.outcomes["b"] = [Gone(reason="blocked")]
        await sender.core.unreachable("main", "the bot was removed")
        await sender.deliver()

    assert [whom for whom, _ in sender.told] == [to("b")]


async def test_each_notice_is_a_message_of_its_own(store: SqlStore) -> None:
    """Discord drops what has the id of another message; what has a delivery's tells news of it."""
    addresses = ("main", "b", "c")
    await subscribe(store, *map(to, addresses))
    async with sending(store, limits=PRIVATE) as sender:
        for person, address in enumerate(addresses):
            await meet(store, to(address), f"{person}", server="")
            await sender.core.unreachable(address, "the bot was removed")
        await sender.deliver()

    ids = [delivery.id for delivery, _ in sender.adapter.sent]
    assert len({*ids}) == len(addresses)
    assert max(ids) < 0


async def test_one_person_gets_one_notice_of_many_channels(store: SqlStore) -> None:
    """A bot that was removed from a server with fifty channels sends one message about it."""
    addresses = [f"c{number}" for number in range(12)]
    await subscribe(store, *map(to, addresses))
    for address in addresses:
        await meet(store, to(address), "7")
    async with sending(store, limits=PRIVATE) as sender:
        for address in addresses:
            await sender.core.unreachable(address, "the bot was removed")
        await sender.deliver()

    ((whom, text),) = sender.told
    assert whom == to("u7")
    assert text.count("The bot was removed.") == 10
    assert "And 2 more" in text


NOT_NOW = Later(reason="busy", wait=timedelta(hours=9))


async def refusing(store: SqlStore, sender: Sender, *answers: Outcome) -> None:
    """Pause a destination for which nobody but person 7 can be told; so are they answered."""
    await subscribe(store, to())
    await meet(store, to(), "7", server="")
    sender.outcomes |= {"main": [DELETED], "u7": [*answers]}
    await tell_of(store, 1)
    await sender.deliver()


async def test_notice_that_is_not_taken_is_tried_again_later(store: SqlStore) -> None:
    """Neither lost nor in a hot loop: the next rounds leave it alone for a while."""
    async with sending(store, limits=PRIVATE) as sender:
        await refusing(store, sender, NOT_NOW)
        await sender.deliver()
        at_once = len(sender.told)
        sender.clock.advance(SOONEST)
        await sender.deliver()
        await sender.deliver()

    assert at_once == 1
    assert [whom for whom, _ in sender.told] == [to("u7"), to("u7")]


async def test_notice_is_tried_ever_more_seldom(store: SqlStore) -> None:
    """A person whose chat takes nothing for a week costs a try an hour; at first it is not left."""
    async with sending(store, limits=PRIVATE) as sender:
        await refusing(store, sender, *[NOT_NOW] * 200)
        await sender.pass_time(timedelta(hours=1), step=timedelta(minutes=1))
        at_first = len(sender.told)
        await sender.pass_time(timedelta(days=1), step=timedelta(minutes=10))

    assert 6 <= at_first <= 12
    assert 24 <= len(sender.told) <= 60


async def test_notice_that_waits_is_told_once_until_it_was_taken(
    store: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Each try after it says the same."""
    caplog.set_level(logging.INFO)
    async with sending(store, limits=PRIVATE) as sender:
        await refusing(store, sender, *[NOT_NOW] * 3)
        for _ in range(2):
            sender.clock.advance(timedelta(hours=1))
            await sender.deliver()

    waits = [one for one in caplog.messages if "notice" in one]
    assert len(sender.told) == 3
    assert waits == ["A notice to console:u7 waits: busy"]


async def test_notice_that_waits_is_dropped_with_its_trouble(store: SqlStore) -> None:
    """Nobody is told of what was mended meanwhile."""
    async with sending(store, limits=PRIVATE) as sender:
        await refusing(store, sender, NOT_NOW)
        await sender.core.reachable("main")
        sender.clock.advance(SOONEST)
        await sender.deliver()

    assert len(sender.told) == 1


@pytest.mark.parametrize(
    "error",
    [
        HeldBack("the limits let a request out in 60 s", wait=timedelta(minutes=1)),
        ChatUnavailable("the platform is away"),
    ],
)
async def test_notice_on_which_the_adapter_raises_is_tried_again(
    store: SqlStore, error: Exception
) -> None:
    """It was held back, or the platform was out of reach."""
    errors = [error]
    async with sending(store, limits=PRIVATE) as sender:
        usual = sender.adapter._answer

        def answer(delivery: Delivery, message: Message) -> Outcome | Awaitable[Outcome]:
            if errors and delivery.destination == to("u7"):
                raise errors.pop()
            return usual(delivery, message)

        sender.adapter._answer = answer
        await refusing(store, sender)
        before = [where for _, where in sender.sent_at]
        sender.clock.advance(SOONEST)
        await sender.deliver()

    assert before == []
    assert [where for _, where in sender.sent_at] == [to("u7")]


@pytest.mark.parametrize(
    "end", [Unknown(reason="no answer"), Gone(reason="blocked")], ids=["unknown", "blocked"]
)
async def test_notice_that_was_perhaps_read_or_never_will_be_is_not_repeated(
    store: SqlStore, end: Outcome
) -> None:
    """Told twice is worse than /status's word alone; who has blocked the bot is left alone."""
    async with sending(store, limits=PRIVATE) as sender:
        await refusing(store, sender, end)
        sender.clock.advance(timedelta(days=1))
        await sender.deliver()

    assert len(sender.told) == 1


async def test_notice_of_a_sender_that_was_killed_is_not_repeated(store: SqlStore) -> None:
    """It counts as told from just before it is sent; the others of that round are not lost."""
    await subscribe(store, to(), to("b"))
    for address, person in (("main", "7"), ("b", "8")):
        await meet(store, to(address), person, server="")
    async with sending(store, limits=PRIVATE) as sender:
        sender.adapter._answer = _never
        for address in ("main", "b"):
            await sender.core.unreachable(address, "the bot was removed")
        killed = asyncio.ensure_future(sender.deliver())
        await sender.adapter_called()
        killed.cancel()
        await asyncio.wait([killed])
    async with sending(store, limits=PRIVATE) as successor:
        await successor.deliver()

    assert [whom for whom, _ in sender.told] == [to("u7")]
    assert [whom for whom, _ in successor.told] == [to("u8")]


async def _never(_delivery: Delivery, _message: Message) -> Outcome:
    """Give no answer."""
    await asyncio.Event().wait()
    return DELETED


async def test_destination_that_is_tried_again_in_vain_is_told_of_once(store: SqlStore) -> None:
    """A platform may show all rights and refuse nevertheless, after each reconnection."""
    await subscribe(store, to())
    await meet(store, to(), "7")
    async with sending(store, limits=PRIVATE) as sender:
        sender.outcomes["main"] = [NO_RIGHT] * 20
        await tell_of(store, 1)
        for _ in range(3):
            await sender.deliver()
            sender.clock.advance(PATIENCE)
            await sender.deliver()
            assert (await health(store)).reach is Reach.PAUSED
            await sender.core.retry(lambda address: address == "main")

    assert len(sender.told) == 1


async def test_destination_that_is_tried_again_gets_what_it_missed(store: SqlStore) -> None:
    """The first success proves it well; a refusal after that is new trouble."""
    await subscribe(store, to())
    await meet(store, to(), "7")
    async with sending(store, limits=PRIVATE) as sender:
        sender.outcomes["main"] = [DELETED]
        await tell_of(store, 1)
        await sender.deliver()
        await sender.core.retry(lambda address: address == "main")
        await sender.deliver()
        mended = await health(store), await states(store)
        sender.outcomes["main"] = [DELETED]
        await tell_of(store, 2)
        await sender.deliver()

    assert mended == (Health(since=START), [State.SENT])
    assert len(sender.told) == 2


async def test_nobody_is_told_of_their_own_blocked_chat(store: SqlStore) -> None:
    """Whoever blocked the bot knows."""
    await subscribe(store, to("u7"))
    await meet(store, to("u7"), "7", server="")
    async with sending(store, limits=PRIVATE) as sender:
        sender.outcomes["u7"] = [Gone(reason="blocked")]
        await tell_of(store, 1)
        await sender.deliver()

    assert sender.told == []


SLOW = Limits(
    text=4096,
    concurrency=8,
    rate=30.0,
    slots=30,
    lane=lambda address: Lane(key=address, rates=(Rate(count=1, per=SECOND),)),
)


async def test_destinations_own_limit_is_kept_without_failed_attempts(store: SqlStore) -> None:
    """Messages wait in the outbox for their turn, in their order, each attempted once."""
    await subscribe(store, to())
    async with sending(store, limits=SLOW) as sender:
        await tell_of(store, *range(1, 11))
        await sender.pass_time(timedelta(seconds=14))

    times = [at for at, _ in sender.sent_at]
    assert len(times) == 10
    assert all(later - earlier >= SECOND for earlier, later in pairwise(times))
    assert [one.event_id for one, _ in sender.adapter.sent] == [*range(1, 11)]
    async with store.reading() as unit:
        assert {one.attempts for one in await unit.outbox.records()} == {1}


async def test_long_queue_of_one_destination_is_sent_whole(store: SqlStore) -> None:
    """Also where it is longer than what is remembered of it: each once, none tried in vain."""
    await subscribe(store, to())
    async with sending(store, limits=SLOW) as sender:
        await tell_of(store, *range(1, 81))
        await sender.pass_time(timedelta(seconds=130), step=SECOND / 2)

    assert sorted(one.event_id for one, _ in sender.adapter.sent) == [*range(1, 81)]
    async with store.reading() as unit:
        assert {one.attempts for one in await unit.outbox.records()} == {1}


async def test_slow_destination_holds_up_nobody_else(store: SqlStore) -> None:
    """However much waits for one chat, the others get theirs at once."""
    await subscribe(store, to())
    async with sending(store, limits=SLOW) as sender:
        await tell_of(store, *range(1, 31))
        await subscribe(store, *(to(f"{number}") for number in range(10)))
        await tell_of(store, 99)
        await sender.pass_time(timedelta(seconds=2))

    others = {one.address for _, one in sender.sent_at} - {"main"}
    assert others == {f"{number}" for number in range(10)}


async def test_closed_gate_leaves_everything_in_the_outbox(store: SqlStore) -> None:
    """A flood wait of hours must neither use up attempts nor hold messages in memory."""
    await subscribe(store, to(), to("b"))
    async with sending(store) as sender:
        sender.pace.throttled(timedelta(hours=2))
        await tell_of(store, 1)
        await sender.deliver()
        waiting = await states(store)
        attempts = len(sender.adapter.sent)
        sender.clock.advance(timedelta(hours=2))
        await sender.deliver()

    assert (waiting, attempts) == ([State.PENDING, State.PENDING], 0)
    assert await states(store) == [State.SENT, State.SENT]


async def test_send_that_is_held_back_is_tried_later(store: SqlStore) -> None:
    """An adapter may need several slots for one message; it goes when the last one comes back."""
    await subscribe(store, to())
    async with sending(store) as sender:
        errors = [HeldBack("the limits let a request out in an hour", wait=timedelta(hours=1))]

        async def answer(_delivery: Delivery, _message: Message) -> Outcome:
            if errors:
                raise errors.pop()
            return Sent(remote_id="1")

        sender.adapter._answer = answer
        await tell_of(store, 1)
        await sender.deliver()
        sender.clock.advance(timedelta(hours=1) - SECOND)
        await sender.deliver()
        waiting = await states(store)
        sender.clock.advance(SECOND)
        await sender.deliver()

    assert waiting == [State.PENDING]
    assert await states(store) == [State.SENT]


async def test_work_done_once_waits_for_what_the_limits_put_off(store: SqlStore) -> None:
    """`--once` ends when all that was due is delivered, not when a chat's first message is."""
    await subscribe(store, to())
    async with sending(store, limits=SLOW) as sender:
        await tell_of(store, *range(1, 8))
        draining = asyncio.ensure_future(sender.dispatcher.drain())
        await sender.end(draining)

    assert await states(store) == [State.SENT] * 7
    assert sender.clock.now() - START < timedelta(seconds=12)


async def test_work_done_once_waits_for_a_gate_that_opens_soon(store: SqlStore) -> None:
    """Half a minute of silence that the platform asked for is no reason to end undone."""
    await subscribe(store, to())
    async with sending(store) as sender:
        sender.pace.throttled(30 * SECOND)
        await tell_of(store, 1)
        await sender.end(asyncio.ensure_future(sender.dispatcher.drain()))

    assert await states(store) == [State.SENT]
    assert sender.clock.now() - START >= 30 * SECOND


async def test_delivery_held_up_by_another_is_not_asked_for_without_end(store: SqlStore) -> None:
    """It is due, but waits for the retry of an earlier one of its event; that takes its time."""
    await subscribe(store, to())
    async with sending(store) as sender:
        sender.outcomes["main"] = [Later(reason="busy", wait=timedelta(minutes=1))]
        await tell_of(store, 1)
        await sender.deliver()
        await tell_of(store, 1)
        took_any = await sender.dispatcher.step()

        pause = await sender.dispatcher._pause()

    assert not took_any
    assert pause is not None
    assert timedelta(0) < pause <= timedelta(minutes=1)
