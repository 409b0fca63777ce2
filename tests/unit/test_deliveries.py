"""What follows from the outcome of an attempt, and how long to wait."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.changes import Kind
from bot.domain.channels import PATIENCE
from bot.domain.deliveries import (
    MAX_ATTEMPTS,
    UNSURE_FOR,
    FanoutId,
    Gone,
    Later,
    Outcome,
    Part,
    Priority,
    Refused,
    Sent,
    State,
    Unknown,
    Verdict,
    advance,
    backoff,
)
from bot.testing import START, a_delivery

EARLIER = START - timedelta(minutes=3)


def after(outcome: Outcome, *, harmless: bool = False, **changes: Any) -> Verdict:
    """The verdict on a delivery, at `START`."""
    return advance(
        a_delivery(**changes),
        outcome,
        now=START,
        repeat_is_harmless=harmless,
        random=Random(1),  # noqa: S311 - jitter is no secret
    )


def test_sent_is_the_end_and_keeps_the_remote_id() -> None:
    """The platform has it; what it opened for the event is kept too."""
    assert after(Sent(remote_id="42")) == Verdict(state=State.SENT, remote_id="42")
    assert after(Sent(remote_id="42", post="7")).post == "7"


@pytest.mark.parametrize("harmless", [False, True])
def test_refusal_is_never_repeated(*, harmless: bool) -> None:
    """The platform will not think better of it."""
    verdict = after(Refused(reason="too long"), harmless=harmless, priority=Priority.URGENT)

    assert verdict == Verdict(state=State.DEAD, error="too long")


def test_message_to_a_lost_destination_is_held() -> None:
    """The destination is paused, never deleted: what it missed comes when it can be reached."""
    verdict = after(Gone(reason="no such channel"))

    assert verdict == Verdict(state=State.HELD, error="no such channel")


def test_doubtful_refusal_is_tried_again_when_doubt_has_an_end() -> None:
    """The second refusal, ten minutes later, pauses the destination."""
    verdict = after(Gone(reason="no right to send", is_certain=False))

    assert verdict == Verdict(
        state=State.PENDING, not_before=START + PATIENCE, error="no right to send"
    )


def test_later_waits_as_long_as_the_platform_asks() -> None:
    """A named wait is obeyed to the letter."""
    verdict = after(Later(reason="slow mode", wait=timedelta(seconds=90)))

    assert verdict == Verdict(
        state=State.PENDING, not_before=START + timedelta(seconds=90), error="slow mode"
    )


def test_later_without_a_wait_backs_off() -> None:
    """The first pause is five seconds at most and half of that at least."""
    verdict = after(Later(reason="HTTP 503"), attempts=1)

    assert verdict.state is State.PENDING
    assert verdict.not_before is not None
    assert timedelta(seconds=2.5) <= verdict.not_before - START <= timedelta(seconds=5)


def test_later_is_given_up_after_the_last_attempt() -> None:
    """Retries are bounded, and the record says how many there were."""
    last_but_one = after(Later(reason="HTTP 503"), attempts=MAX_ATTEMPTS - 1)
    last = after(Later(reason="HTTP 503"), attempts=MAX_ATTEMPTS)

    assert last_but_one.state is State.PENDING
    assert last == Verdict(state=State.DEAD, error="HTTP 503 (gave up after 24 attempts)")


def test_unknown_is_repeated_where_a_repeat_is_harmless() -> None:
    """The platform recognises the repeat, so it is tried like any other."""
    first = after(Unknown(reason="timeout"), harmless=True, attempts=1)
    last = after(Unknown(reason="timeout"), harmless=True, attempts=MAX_ATTEMPTS)

    assert first.state is State.PENDING
    assert last.state is State.UNKNOWN


def test_urgent_unknown_is_repeated_once() -> None:
    """Rather twice than never, when a webcast is live; but not thrice."""
    first = after(Unknown(reason="timeout"), priority=Priority.URGENT, attempts=1)
    second = after(
        Unknown(reason="timeout"), priority=Priority.URGENT, attempts=2, in_doubt_since=EARLIER
    )

    assert first.state is State.PENDING
    assert second == Verdict(state=State.UNKNOWN, error="timeout (gave up after 2 attempts)")


def test_unknown_that_would_be_read_twice_rests_a_minute_first() -> None:
    """Facts-delivery, 2.3: not before 60 s have passed since the attempt, however it ended."""
    at_once = after(Unknown(reason="timeout"), priority=Priority.URGENT, tried_at=START)
    slowly = after(Unknown(reason="timeout"), priority=Priority.URGENT, tried_at=EARLIER)
    harmless = after(
        Unknown(reason="timeout"), harmless=True, priority=Priority.URGENT, tried_at=START
    )

    assert at_once.not_before == START + UNSURE_FOR
    assert slowly.not_before is not None
    assert START < slowly.not_before < START + timedelta(seconds=5)
    assert harmless.not_before is not None
    assert harmless.not_before < START + timedelta(seconds=5)


@pytest.mark.parametrize("harmless", [False, True])
def test_unknown_is_not_repeated_when_that_would_be_too_late(*, harmless: bool) -> None:
    """It may have arrived in time; that the record shows, and not that it came too late."""
    ends = Part(fanout_id=FanoutId(1), kinds=frozenset({Kind.WEBCAST}), expires_at=START)
    stays = Part(fanout_id=FanoutId(2), kinds=frozenset({Kind.DATE}))

    late, partly = (
        after(Unknown(reason="timeout"), harmless=harmless, priority=Priority.URGENT, parts=parts)
        for parts in ((ends,), (ends, stays))
    )

    assert (late.state, partly.state) == (State.UNKNOWN, State.PENDING)


def test_final_unknown_is_left_even_where_a_repeat_is_harmless() -> None:
    """The adapter says that nobody will know later either."""
    verdict = after(Unknown(reason="not to be seen", is_final=True), harmless=True)

    assert verdict == Verdict(state=State.UNKNOWN, error="not to be seen (gave up after 1 attempt)")


def test_urgent_unknown_is_repeated_though_it_had_to_wait_before() -> None:
    """Only what may have arrived counts: who said "later" did not take it."""
    waited = after(Later(reason="HTTP 503"), priority=Priority.URGENT, attempts=5)
    unknown = after(Unknown(reason="timeout"), priority=Priority.URGENT, attempts=6)

    assert [one.state for one in (waited, unknown)] == [State.PENDING] * 2
    assert waited.in_doubt_since is None


@pytest.mark.parametrize("before", [None, EARLIER])
def test_doubt_begins_with_the_first_attempt_whose_end_is_lost(before: datetime | None) -> None:
    """What an adapter looks for may have arrived at any moment from then on."""
    verdict = after(Unknown(reason="timeout"), harmless=True, tried_at=START, in_doubt_since=before)

    assert verdict.in_doubt_since == (before or START)


@pytest.mark.parametrize(
    "outcome",
    [
        Later(reason="HTTP 503"),
        Gone(reason="no right", is_certain=False),
        Gone(reason="no such channel"),
    ],
)
def test_doubt_outlasts_attempts_that_surely_sent_nothing(outcome: Outcome) -> None:
    """They say nothing of the attempt before them, not even after a pause of days."""
    verdict = after(outcome, tried_at=START, in_doubt_since=EARLIER)

    assert verdict.in_doubt_since == EARLIER


def test_last_refusal_does_not_end_a_doubt() -> None:
    """What may have arrived is not dead, but unknown."""
    verdict = after(Later(reason="HTTP 503"), attempts=MAX_ATTEMPTS, in_doubt_since=EARLIER)

    assert verdict.state is State.UNKNOWN


def test_short_wait_is_not_obeyed_for_ever() -> None:
    """A platform that says "at once" each time would use up all attempts within a second."""
    waits = [
        after(Later(reason="busy", wait=timedelta(0)), attempts=attempts).not_before
        for attempts in range(1, MAX_ATTEMPTS)
    ]

    assert waits[:3] == [START] * 3
    assert all(one is not None and one > START + timedelta(seconds=15) for one in waits[3:])


@pytest.mark.parametrize("priority", [Priority.NEWS, Priority.DETAILS])
def test_unknown_that_can_wait_is_left(priority: Priority) -> None:
    """Rather never than twice, where nothing is lost by it."""
    verdict = after(Unknown(reason="timeout"), priority=priority, attempts=1)

    assert verdict == Verdict(state=State.UNKNOWN, error="timeout (gave up after 1 attempt)")


@given(
    outcome=st.one_of(
        st.builds(Sent),
        st.builds(Later, reason=st.just("x"), wait=st.none() | st.just(timedelta(seconds=9))),
        st.builds(Refused, reason=st.just("x")),
        st.builds(Gone, reason=st.just("x"), is_certain=st.booleans()),
        st.builds(Unknown, reason=st.just("x"), is_final=st.booleans()),
    ),
    harmless=st.booleans(),
    attempts=st.integers(1, MAX_ATTEMPTS + 2),
    priority=st.sampled_from(Priority),
)
def test_every_delivery_ends(
    outcome: Outcome, *, harmless: bool, attempts: int, priority: Priority
) -> None:
    """Any outcome gives a later try, a hold or an end, a reason unless sent, never for ever."""
    verdict = after(outcome, harmless=harmless, attempts=attempts, priority=priority)

    tries_again = verdict.state is State.PENDING
    assert tries_again == (verdict.not_before is not None)
    assert verdict.not_before is None or verdict.not_before > START
    assert bool(verdict.error) == (verdict.state is not State.SENT)
    assert not (tries_again and attempts >= MAX_ATTEMPTS)
    assert verdict.state not in {State.LEASED, State.SENDING, State.EXPIRED, State.SUPERSEDED}


@given(attempts=st.integers(0, 10_000), seed=st.integers())
def test_backoff_doubles_up_to_an_hour_and_never_falls_below_half(attempts: int, seed: int) -> None:
    """5 s, 10 s, 20 s … 1 h; the last half is random, so that many do not come back at once."""
    pause = backoff(attempts, Random(seed))  # noqa: S311 - jitter is no secret

    longest = min(timedelta(seconds=5) * 2 ** min(max(attempts - 1, 0), 20), timedelta(hours=1))
    assert longest / 2 <= pause <= longest


def test_all_backoffs_together_last_about_half_a_day() -> None:
    """An outage of a platform over night loses nothing."""
    random = Random(1)  # noqa: S311 - jitter is no secret

    pauses = (backoff(attempts, random) for attempts in range(1, MAX_ATTEMPTS))

    assert timedelta(hours=7) < sum(pauses, timedelta(0)) < timedelta(hours=15)
