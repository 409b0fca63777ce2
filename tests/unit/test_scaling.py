"""The simulation behind docs/scaling.md: right where a hand can follow, and true to the program."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import capacity, demand, one_token
from benchmarks.capacity import ADVISED, PER_S, PLAIN, Deployment
from benchmarks.flow import Arrival, Batch, Chunk, drained, expanded
from benchmarks.scaling import in_words, outlook
from benchmarks.servers import CHANNELS, ROLES, kib_of_a_server
from benchmarks.stories import a_month, story
from bot.adapters.discord.sending import LIMITS as DISCORD
from bot.adapters.telegram.client import FREE
from bot.domain.changes import WebcastLive
from bot.domain.messages import Limits

MONTH_BEGINS = datetime(2027, 3, 1, tzinfo=UTC)
NEWS = Batch(at_s=0, rows=100)


def urgent(at_s: float, rows: float = 10) -> Batch:
    """An alert."""
    return Batch(at_s=at_s, rows=rows, is_urgent=True)


def test_rows_are_made_in_chunks_one_after_the_other() -> None:
    """Each chunk is due when its transaction ends; a second batch waits for the first."""
    batches = [NEWS, Batch(at_s=1, rows=50)]

    chunks = [*expanded(batches, per_s=10, chunk=80)]

    assert chunks == [
        Chunk(at_s=8, batch=0, rows=80),
        Chunk(at_s=10, batch=0, rows=20),
        Chunk(at_s=15, batch=1, rows=50),
    ]


def test_urgent_rows_overtake_between_two_chunks_where_they_may() -> None:
    """The chunk under way ends first."""
    chunks = [*expanded([NEWS, urgent(3)], per_s=10, chunk=50, urgent_first=True)]

    assert [(chunk.at_s, chunk.batch) for chunk in chunks] == [(5, 0), (6, 1), (11, 0)]


def test_fan_outs_rest_while_nothing_is_owed() -> None:
    """What comes after a rest does not begin before it came."""
    chunks = [*expanded([NEWS, Batch(at_s=60, rows=10)], per_s=10, chunk=100)]

    assert [chunk.at_s for chunk in chunks] == [10, 61]


def test_urgent_messages_overtake_what_a_token_has_queued() -> None:
    """The others wait as long as that takes, and none is lost."""
    batches = [NEWS, urgent(4)]
    chunks = [Chunk(at_s=0, batch=0, rows=100), Chunk(at_s=4, batch=1, rows=10)]

    told = drained(batches, chunks, per_s=10, share=1)

    assert told == (Arrival(first_s=0, last_s=11), Arrival(first_s=0, last_s=1))


def test_a_token_sends_its_share_only() -> None:
    """Half the destinations take half the time."""
    chunks = [Chunk(at_s=0, batch=0, rows=100)]

    told = drained([NEWS], chunks, per_s=10, share=0.5)

    assert told == (Arrival(first_s=0, last_s=5),)


@given(
    sizes=st.lists(st.integers(1, 500), min_size=1, max_size=8),
    gap_s=st.floats(0, 20),
    per_s=st.floats(1, 50),
)
def test_a_queue_ends_where_a_division_says(sizes: list[int], gap_s: float, per_s: float) -> None:
    """However many batches: by Lindley's recursion, what waits is what came less what was sent."""
    batches = [Batch(at_s=nth * gap_s, rows=rows) for nth, rows in enumerate(sizes)]
    chunks = [
        Chunk(at_s=batch.at_s, batch=place, rows=batch.rows) for place, batch in enumerate(batches)
    ]

    told = drained(batches, chunks, per_s=per_s, share=1)

    ends = 0.0
    for batch, arrival in zip(batches, told, strict=True):
        ends = max(ends, batch.at_s) + batch.rows / per_s
        assert arrival.last_s == pytest.approx(ends - batch.at_s, abs=1e-6)


@pytest.mark.parametrize(("platform", "limits"), [("discord", DISCORD), ("telegram", FREE)])
def test_the_real_limiter_sends_at_the_calculated_rate(platform: str, limits: Limits) -> None:
    """Within two per cent: the first slots go at once, and the formula does not count that."""
    places = [f"#{number}" for number in range(3_000)]

    took_s = one_token.seconds(limits, places, latency_s=capacity.LATENCY_S)

    assert 3_000 / took_s == pytest.approx(PER_S[platform], rel=0.02)


def test_one_channel_of_telegram_takes_fifteen_pieces_of_news_a_minute() -> None:
    """Eighteen, of which three are kept for people; so thirty take a minute and the last 15 s."""
    took_s = one_token.seconds(FREE, ["-1001234567890"] * 30, latency_s=capacity.LATENCY_S)

    assert took_s == pytest.approx(60 + 15, rel=0.05)


@pytest.mark.parametrize("one", PLAIN)
def test_the_simulation_agrees_with_a_division(one: Deployment) -> None:
    """One piece of news alone takes what its messages over the rate say."""
    seen = outlook(one)

    for platform, last_s in seen.last_s.items():
        assert last_s == pytest.approx(one.sending_s(platform), rel=0.01)


@pytest.mark.parametrize("one", ADVISED)
def test_advised_tokens_are_enough_and_not_one_too_many(one: Deployment) -> None:
    """The last reader is told in time; with a token less he would not be."""
    for platform, count in one.tokens.items():
        assert one.sending_s(platform) <= capacity.IN_TIME_S
        assert count == 1 or one.sending_s(platform) * count / (count - 1) > capacity.IN_TIME_S


def test_the_arithmetic_of_a_hundred_thousand_is_that_of_the_hand() -> None:
    """25,000 messages a platform; 50 slots come back after 1.11 s."""
    one = Deployment(destinations=100_000, engine=capacity.SQLITE)

    assert one.messages("discord") == 25_000
    assert one.sending_s("discord") == pytest.approx(25_000 / 50 * 1.11)
    assert one.making_s == pytest.approx(0.25)
    assert one.shards == 20
    assert one.kept_bytes(a_month=300) == 300 * 50_000 * 132
    assert one.busy(300)["Discord's rate"] == pytest.approx(300 * 555 / 2_592_000)


def test_what_a_month_has_to_tell_is_what_the_real_diff_finds() -> None:
    """The months are read from their steps, as it is quicker; no change is missed or made up."""
    month = a_month(0)
    changes = story(month, MONTH_BEGINS).changes
    seen = {(-(-(one.at - MONTH_BEGINS) // demand.POLL), one.event.id) for one in changes}
    begun = [one for one in changes if isinstance(one.change, WebcastLive)]

    told = demand.polled(month)

    assert {(one.at // demand.POLL, one.event) for one in told} == seen
    assert sum(one.is_urgent for one in told) == len(begun)


def test_a_date_is_reminded_of_while_it_is_the_date() -> None:
    """At most once for each lead time and date, in the month, an hour's and ten minutes' urgent."""
    month = a_month(0)

    found = demand.reminders(month)

    assert all(timedelta() <= one.at < month.duration for one in found)
    assert len({*found}) == len(found)
    assert len(found) <= len(demand.LEADS) * 2 * len(month.events)
    assert 0 < sum(one.is_urgent for one in found) < len(found)


async def test_a_server_takes_the_memory_that_is_reckoned_with() -> None:
    """Within a quarter: versions of Python and of the library differ."""
    kib = kib_of_a_server(CHANNELS, ROLES, servers=100)

    assert kib == pytest.approx(capacity.SERVER_KIB, rel=0.25)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "< 0.1 s"),
        (0.42, "0.42 s"),
        (9.25, "9.3 s"),
        (75.7, "76 s"),
        (555, "9.3 min"),
        (9_250, "2.6 h"),
        (551_577, "6.4 days"),
    ],
)
def test_spans_are_told_in_the_unit_that_suits_them(seconds: float, words: str) -> None:
    """As one would say them."""
    assert in_words(seconds) == words
