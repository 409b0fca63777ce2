"""What we ship for tests has to be right itself."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.deliveries import Delivery, Gone, Later, Outcome, Sent
from bot.domain.messages import Limits, Message
from bot.ports import Adapter, AdapterFactory, Clock, Surroundings
from bot.testing import (
    START,
    FakeClock,
    RecordingAdapter,
    a_delivery,
    a_message,
    an_event,
    an_update,
    check_adapter,
)

MINUTE = timedelta(minutes=1)


async def test_a_fake_clock_stands_still() -> None:
    """Only the test moves time."""
    clock: Clock = FakeClock()

    await asyncio.sleep(0)

    assert clock.now() == START


async def test_a_wait_ends_when_time_was_moved_far_enough() -> None:
    """A moment too early changes nothing."""
    clock = FakeClock()
    waiting = asyncio.create_task(clock.wait(MINUTE), name="waiting")
    await clock.until_waiting()

    clock.advance(MINUTE - timedelta(seconds=1))
    await clock.settle()
    early = waiting.done()
    clock.advance(timedelta(seconds=1))
    await clock.settle()

    assert (early, waiting.done()) == (False, True)


async def test_a_wait_ends_when_it_is_woken() -> None:
    """Any one of the wakes is enough, and time has not moved."""
    clock, first, second = FakeClock(), asyncio.Event(), asyncio.Event()
    waiting = asyncio.create_task(clock.wait(None, first, second), name="waiting")
    await clock.until_waiting()

    second.set()
    await waiting

    assert clock.now() == START


async def test_a_wait_without_end_outlives_any_leap() -> None:
    """`None` means never by itself."""
    clock, wake = FakeClock(), asyncio.Event()
    waiting = asyncio.create_task(clock.wait(None, wake), name="waiting")
    await clock.until_waiting()

    clock.advance(timedelta(days=999))
    await clock.settle()

    assert not waiting.done()
    wake.set()
    await waiting


@pytest.mark.parametrize("pause", [timedelta(0), -MINUTE])
async def test_a_wait_for_the_past_ends_at_once(pause: timedelta) -> None:
    """And lets other tasks run meanwhile, lest a loop starve them."""
    clock = FakeClock()
    ran: list[str] = []
    other = asyncio.create_task(_note(ran), name="other")

    await clock.wait(pause)

    assert ran == ["other"]
    await other


async def _note(ran: list[str]) -> None:
    ran.append("other")


async def test_a_wake_that_is_set_already_ends_the_wait() -> None:
    """Nobody sleeps through a signal that came before."""
    clock, wake = FakeClock(), asyncio.Event()
    wake.set()

    await clock.wait(None, wake)

    assert wake.is_set()


async def test_a_cancelled_wait_leaves_nothing_behind() -> None:
    """The next `until_waiting` counts only those who really wait."""
    clock = FakeClock()
    given_up = asyncio.create_task(clock.wait(MINUTE), name="given up")
    await clock.until_waiting()
    given_up.cancel()
    await asyncio.wait({given_up})

    waiting = asyncio.create_task(clock.wait(MINUTE), name="waiting")
    await clock.until_waiting(1)
    clock.advance(MINUTE)
    await waiting

    assert given_up.cancelled()


async def test_a_recording_adapter_keeps_what_it_is_given() -> None:
    """Without a script everything arrives, under running ids."""
    async with RecordingAdapter() as adapter:
        outcomes = [await adapter.send(a_delivery(), a_message()) for _ in range(2)]

    assert outcomes == [Sent(remote_id="1"), Sent(remote_id="2")]
    assert adapter.sent == [(a_delivery(), a_message())] * 2
    assert not adapter.is_open


async def test_a_script_of_outcomes_is_followed_in_order() -> None:
    """After the last one, everything arrives."""
    adapter = RecordingAdapter(outcomes=[Later(reason="busy"), Gone(reason="left")])

    outcomes = [await adapter.send(a_delivery(), a_message()) for _ in range(3)]

    assert outcomes == [Later(reason="busy"), Gone(reason="left"), Sent(remote_id="1")]


async def test_a_script_may_be_a_function_and_may_wait() -> None:
    """So a test can hold a send open, or decide by what is sent."""

    async def answer(delivery: Delivery, message: Message) -> Outcome:
        await asyncio.sleep(0)
        return Sent(remote_id=f"{delivery.id} {message.headline}")

    adapter = RecordingAdapter(outcomes=answer)

    outcome = await adapter.send(a_delivery(), a_message(headline="New event"))

    assert outcome == Sent(remote_id="1 New event")


def test_builders_refuse_what_does_not_exist() -> None:
    """A typing error in a test must not pass for a default."""
    with pytest.raises(TypeError, match="nmae"):
        an_event(nmae="Docking")


def test_builders_change_one_thing_and_keep_the_rest() -> None:
    """A test says only what matters to it."""
    assert an_event(name="Docking") == replace(an_event(), name="Docking")
    assert an_update(comment="New.") == replace(an_update(), comment="New.")


class Careless(RecordingAdapter):
    """An adapter that raises where it should answer."""

    async def send(self, delivery: Delivery, message: Message) -> Outcome:
        """Break on the first long message."""
        if len(message.title) > 100:
            raise ValueError(delivery.destination)
        return await super().send(delivery, message)


class Trusting(RecordingAdapter):
    """An adapter that takes every zone for one that this machine knows."""

    async def send(self, delivery: Delivery, message: Message) -> Outcome:
        """Look the zone up, instead of asking the channel."""
        ZoneInfo(delivery.channel.time_zone)
        return await super().send(delivery, message)


class Mute(RecordingAdapter):
    """An adapter that forgets to answer."""

    async def send(self, delivery: Delivery, message: Message) -> Outcome:
        """Return nothing."""
        await super().send(delivery, message)
        return None  # type: ignore[return-value]


def opened(adapter: RecordingAdapter) -> AdapterFactory:
    """A factory of just this adapter."""

    def factory(surroundings: Surroundings) -> RecordingAdapter:
        assert not surroundings.options
        return adapter

    return factory


async def test_a_good_adapter_passes_the_check() -> None:
    """It gets a plain message, the same again, and a hostile one; then it is closed."""
    adapter = RecordingAdapter()

    await check_adapter(opened(adapter), {}, "main")

    assert [delivery.attempts for delivery, _ in adapter.sent] == [1, 2, 1]
    assert {str(delivery.destination) for delivery, _ in adapter.sent} == {"recording:main"}
    assert not adapter.is_open


@pytest.mark.parametrize(
    ("adapter", "sentence"),
    [
        (RecordingAdapter(""), "name is ''"),
        (RecordingAdapter("Matrix"), "name is 'Matrix'"),
        (RecordingAdapter("a:b"), "name is 'a:b'"),
        (RecordingAdapter(limits=Limits(text=0)), r"limits\.text is 0"),
        (RecordingAdapter(limits=Limits(text=4096, concurrency=0)), r"limits\.concurrency is 0"),
        (RecordingAdapter(limits=Limits(text=4096, rate=0)), r"limits\.rate is 0"),
        (RecordingAdapter(limits=Limits(text=4096, rate=float("inf"))), r"limits\.rate is inf"),
        (Careless(), "raised ValueError.* for a long and hostile message"),
        (Trusting(), "raised ZoneInfoNotFoundError.* in an unknown time zone"),
        (Mute(), "returned None for a plain message"),
    ],
)
async def test_the_check_says_in_a_sentence_what_is_wrong(
    adapter: RecordingAdapter, sentence: str
) -> None:
    """Every promise of the port has its own sentence."""
    with pytest.raises(AssertionError, match=sentence):
        await check_adapter(opened(adapter), {}, "main")


async def test_the_check_closes_an_adapter_that_fails_it() -> None:
    """A connection of a failed check is not left open."""
    adapter = Mute()

    with pytest.raises(AssertionError):
        await check_adapter(opened(adapter), {}, "main")

    assert not adapter.is_open


async def test_the_check_hands_the_options_over() -> None:
    """A factory is called as the application calls it."""
    seen: list[Mapping[str, object]] = []

    @asynccontextmanager
    async def factory(surroundings: Surroundings) -> AsyncIterator[Adapter]:
        seen.append(surroundings.options)
        yield RecordingAdapter()

    await check_adapter(factory, {"token": "t"}, "main")

    assert seen == [{"token": "t"}]
