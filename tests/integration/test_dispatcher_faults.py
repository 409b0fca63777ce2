"""What a sender does about an adapter that hangs or raises."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from outboxes import moved, states, tell
from senders import (
    NAME,
    PATIENCE_S,
    HeldAdapter,
    a_dispatcher,
    a_store,
    addresses,
    drain,
    limits,
    owe_to,
    records,
    until_states,
)

from bot.domain.changes import News
from bot.domain.deliveries import MAX_ATTEMPTS, Delivery, Outcome, Sent, State
from bot.domain.events import Event, EventId
from bot.domain.messages import Message
from bot.errors import ChatUnavailable, HeldBack
from bot.rendering.compose import compose
from bot.services.supervisor import SOUND
from bot.store.unit_of_work import SqlStore
from bot.testing import FakeClock, RecordingAdapter, an_event

HOUR = timedelta(hours=1)
BLINK = timedelta(milliseconds=10)


@pytest.fixture(params=["memory", "file"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlStore]:
    """An empty store, in memory or in a file."""
    async with a_store(tmp_path / "perigee.db" if request.param == "file" else None) as opened:
        yield opened


def _raising(*bad: str, harmless: bool = False, concurrency: int = 1) -> RecordingAdapter:
    """An adapter that raises at some addresses, and nowhere else."""

    def answer(delivery: Delivery, _message: Message) -> Outcome:
        if delivery.destination.address in bad:
            raise KeyError("embed")
        return Sent()

    return RecordingAdapter(NAME, limits=limits(concurrency, harmless=harmless), outcomes=answer)


async def test_hanging_send_counts_as_unanswered(store: SqlStore) -> None:
    """After a time it is given up; nobody knows whether it arrived."""
    adapter = HeldAdapter("a")
    await owe_to(store, "a", "b")

    async with a_dispatcher(store, adapter, send_timeout=BLINK) as dispatcher:
        await dispatcher.drain()

    hung, sent = await records(store)
    assert (hung.state, sent.state) == (State.UNKNOWN, State.SENT)
    assert hung.error == "no answer within 0.01 s (gave up after 1 attempt)"


async def test_raising_send_is_recorded_with_what_was_raised(store: SqlStore) -> None:
    """An exception is a bug or an outage: nobody knows whether it arrived, the record says why."""
    await owe_to(store, "a")

    await drain(store, _raising("a"))

    (record,) = await records(store)
    assert record.state is State.UNKNOWN
    assert record.error.startswith("the adapter raised KeyError")


async def test_raising_send_costs_nobody_else_a_message(store: SqlStore) -> None:
    """What is in the air beside it lands and is recorded, and the rest is sent."""
    await owe_to(store, *"abcdef")

    await drain(store, _raising("b", concurrency=4))

    sent = [one.destination.address for one in await records(store) if one.state is State.SENT]
    assert sent == [*"acdef"]


async def test_message_that_always_makes_the_adapter_raise_is_given_up(store: SqlStore) -> None:
    """Its attempts count, with a backoff between them; meanwhile others are sent."""
    clock, adapter = FakeClock(), _raising("a", harmless=True)
    await owe_to(store, "a", "b")

    for _ in range(MAX_ATTEMPTS + 5):
        await drain(store, adapter, clock)
        clock.advance(HOUR)

    first, second = await records(store)
    assert (first.state, second.state) == (State.UNKNOWN, State.SENT)
    assert addresses(adapter).count("a") == first.attempts == MAX_ATTEMPTS


async def test_answer_that_is_no_outcome_is_the_adapters_fault(
    store: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    """A plug-in that forgets to answer loses its own message, not the sender; its maker is told."""

    class Mute(RecordingAdapter):
        async def send(self, delivery: Delivery, message: Message) -> Outcome:
            await super().send(delivery, message)
            return None  # type: ignore[return-value]  # that is what it gets wrong

    await owe_to(store, "a", "b")

    await drain(store, Mute(NAME))

    assert [one.error.split(";")[0] for one in await records(store)] == [
        "the adapter raised TypeError"
    ] * 2
    assert "send() returned None; it must return an Outcome" in caplog.text


async def test_send_that_is_held_back_waits_and_says_why(store: SqlStore) -> None:
    """The pace lets it out only later; in the record it says so."""

    def answer(_delivery: Delivery, _message: Message) -> Outcome:
        raise HeldBack("the limits let a request out in 60 s", wait=timedelta(minutes=1))

    await owe_to(store, "a")

    await drain(store, RecordingAdapter(NAME, limits=limits(), outcomes=answer))

    (record,) = await records(store)
    assert (record.state, record.error) == (
        State.PENDING,
        "the limits let a request out in 60 s",
    )


async def test_adapter_that_lets_nobody_in_is_opened_anew(store: SqlStore) -> None:
    """Its sentence is the reason; the message was not taken, and waits for the next opening."""

    def answer(_delivery: Delivery, _message: Message) -> Outcome:
        raise ChatUnavailable("the session is over")

    await owe_to(store, "a")

    async with a_dispatcher(store, RecordingAdapter(NAME, outcomes=answer)) as dispatcher:
        with pytest.raises(ChatUnavailable, match="the session is over"):
            await asyncio.wait_for(dispatcher.run(asyncio.Event()), PATIENCE_S)

    (record,) = await records(store)
    assert (record.state, record.error) == (State.PENDING, "the session is over")


async def test_message_that_cannot_be_written_is_dead_and_holds_up_nobody(
    store: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug that one event's news brings to light costs that news, not the whole service."""
    other = an_event(id=EventId(2))
    adapter = RecordingAdapter(NAME)
    await owe_to(store, "a", "b")
    await tell(store, moved(other), event=other)

    def write(news: tuple[News, ...], event: Event) -> Message:
        if event.id == other.id:
            return compose(news, event)
        raise ValueError("a date beyond the calendar")

    async with a_dispatcher(store, adapter, write=write) as dispatcher:
        await dispatcher.drain()

    dead = [one for one in await records(store) if one.event_id != other.id]
    assert [one.state for one in dead] == [State.DEAD] * 2
    assert {one.error for one in dead} == {"it could not be written: ValueError; see the log"}
    assert addresses(adapter) == ["a", "b"]
    assert len([one for one in caplog.records if one.exc_info]) == 1


async def test_raising_adapter_that_was_sound_is_opened_anew(store: SqlStore) -> None:
    """Its connection may be broken; first all that is in the air lands."""
    clock, adapter = FakeClock(), _raising("a", concurrency=4)
    await owe_to(store, "a", "b", "c")

    async with a_dispatcher(store, adapter, clock) as dispatcher:
        clock.advance(SOUND)
        with pytest.raises(KeyError):
            await dispatcher.run(asyncio.Event())

    assert await states(store) == [State.UNKNOWN, State.SENT, State.SENT]


async def test_raising_adapter_that_is_fresh_is_not_opened_anew(store: SqlStore) -> None:
    """Opening it again would not help, and a message that always fails must not keep it closed."""
    stop = asyncio.Event()
    await owe_to(store, "a", "b")

    async with (
        a_dispatcher(store, _raising("a")) as dispatcher,
        asyncio.TaskGroup() as group,
    ):
        running = group.create_task(dispatcher.run(stop), name="sender")
        await until_states(store, State.UNKNOWN, State.SENT)
        is_over = running.done()
        stop.set()

    assert not is_over


async def test_failing_adapter_is_logged_once_and_its_recovery_too(
    store: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    """One line with the traceback at the first failure, one at the recovery, none between."""
    await owe_to(store, *"abcde")

    with caplog.at_level("INFO"):
        await drain(store, _raising(*"abc"))

    said = [(one.levelname, bool(one.exc_info)) for one in caplog.records if "bot." in one.name]
    assert said == [("WARNING", True), ("INFO", False)]
