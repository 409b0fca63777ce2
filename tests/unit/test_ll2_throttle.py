"""How LL2's words about its throttle are read."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ll2.throttle import LONGEST_WAIT, ThrottleReport, asked_wait, read_report

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
FULL = {
    "your_request_limit": 15,
    "limit_frequency_secs": 3600,
    "current_use": 15,
    "next_use_secs": 1631,
    "ident": "203.0.113.9",
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("1.5", 1.5),
        ("Mon, 01 Mar 2027 12:05:00 GMT", 300),
        ("99999999", LONGEST_WAIT.total_seconds()),
    ],
)
def test_retry_after_is_read_in_seconds_and_as_a_date(header: str, seconds: float) -> None:
    """Both forms of the header are honoured, up to a day."""
    wait = asked_wait({"Retry-After": header}, None, NOW)

    assert wait == timedelta(seconds=seconds)


def test_a_date_is_judged_by_the_clock_of_the_server() -> None:
    """A wrong clock here must not shorten or stretch the wait."""
    headers = {
        "Retry-After": "Mon, 01 Mar 2027 15:05:00 GMT",
        "Date": "Mon, 01 Mar 2027 15:00:00 GMT",
    }

    assert asked_wait(headers, None, NOW) == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("detail", "seconds"),
    [
        ("Request was throttled. Expected available in 1631 seconds.", 1631),
        ("Request was throttled. Expected available in 1 second.", 1),
        ("You may ask 15 times. Expected available in 26 minutes.", 1560),
        ("Throttled, available in 90", 90),
    ],
)
def test_the_number_in_the_body_of_a_429_is_read(detail: str, seconds: int) -> None:
    """Django REST framework tells the wait in words."""
    wait = asked_wait({}, {"detail": detail}, NOW)

    assert wait == timedelta(seconds=seconds)


def test_the_header_goes_before_the_body() -> None:
    """The header is the standard's word."""
    wait = asked_wait({"Retry-After": "7"}, {"detail": "available in 90 seconds"}, NOW)

    assert wait == timedelta(seconds=7)


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ("", None),
        ("soon", {"detail": "Request was throttled."}),
        ("0", None),
        ("-5", ["a list"]),
        ("Mon, 01 Mar 2027 11:00:00 GMT", {"detail": 5}),
        ("Mon, 99 Mar 2027 11:00:00 GMT", {}),
    ],
)
def test_silence_is_not_taken_for_a_wait(header: str, body: object) -> None:
    """Without a positive number nobody told us how long."""
    assert asked_wait({"Retry-After": header}, body, NOW) is None


@given(st.text(), json_values)
def test_no_answer_makes_reading_a_wait_fail(header: str, body: object) -> None:
    """Whatever comes, the wait is absent or between zero and a day."""
    wait = asked_wait({"Retry-After": header, "Date": header}, body, NOW)

    assert wait is None or timedelta() < wait <= LONGEST_WAIT


@pytest.mark.parametrize("answer", [FULL, [FULL]])
def test_a_report_comes_as_an_object_or_an_array_of_one(answer: object) -> None:
    """LL2 sends an object and documents an array; `ident` is not kept."""
    report = read_report(answer)

    assert report == ThrottleReport(
        limit=15,
        period=timedelta(hours=1),
        used=15,
        next_use=timedelta(seconds=1631),
    )


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        [FULL, FULL],
        {"detail": "Not found."},
        FULL | {"your_request_limit": 0},
        FULL | {"your_request_limit": "15"},
        FULL | {"current_use": None},
    ],
)
def test_what_lacks_limit_or_use_is_no_report(answer: object) -> None:
    """Half a report says nothing."""
    assert read_report(answer) is None


def test_odd_numbers_in_a_report_are_tamed() -> None:
    """A negative next use means now; figures beyond belief cost no memory."""
    odd = {"your_request_limit": 10**30, "current_use": 10**30, "next_use_secs": -3}

    report = read_report(odd)

    assert report is not None
    assert report.limit == report.used == 10_000
    assert report.next_use == timedelta()
    assert report.period == timedelta(hours=1)


@given(st.dictionaries(st.sampled_from(sorted(FULL)), json_values))
def test_no_answer_makes_reading_a_report_fail(answer: dict[str, object]) -> None:
    """Whatever the fields hold, there is a report in bounds or none."""
    report = read_report(answer)

    assert report is None or (1 <= report.limit <= 10_000 and report.next_use <= LONGEST_WAIT)
