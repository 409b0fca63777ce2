"""What a probe tells, and flags of events that are long over."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sightings import DAYS, HOURS, MINUTES, judged, knowing, news, several, tracked
from watching_bench import a_snapshot

from bot.domain.changes import DateChanged, EventWithdrawn, UpdatePosted, WebcastLive
from bot.domain.events import Event, EventId, Observation, VidUrl
from bot.domain.watching import Malformed, Watch
from bot.services.noticing import explains, see, settle
from bot.testing import DAY, START, an_event, an_update

MOMENT = timedelta(microseconds=1)
LIVE = WebcastLive(event_id=EventId(1))


def test_flag_that_goes_up_is_believed_whatever_the_date_says() -> None:
    """Events run late: a webcast five hours after a date that nobody moved is live all the same."""
    before = an_event(date=START - 5 * HOURS, duration=20 * MINUTES)
    after = replace(before, webcast_live=True)

    assert news(judged(knowing(before), a_snapshot(after))) == [LIVE]


@pytest.mark.parametrize("last_poll", [None, START - HOURS - MOMENT])
def test_flag_of_an_event_long_over_is_a_relic_when_we_did_not_watch(
    last_poll: datetime | None,
) -> None:
    """After an outage no alert for what is over; the flag is kept, so that no later one comes."""
    before = an_event(date=START - 5 * HOURS)
    after = replace(before, webcast_live=True)

    judgement = judged(knowing(before), a_snapshot(after), last_poll=last_poll)

    assert news(judgement) == []
    assert judgement.sightings[0].tracked.event.webcast_live


@pytest.mark.parametrize(
    "event",
    [
        an_event(date=START - 3 * HOURS),
        an_event(date=START - 5 * HOURS, duration=6 * HOURS),
        an_event(date=START - 3 * HOURS, duration=20 * MINUTES),
        an_event(date=START + HOURS),
        an_event(date=START - 12 * HOURS, date_precision=DAY),
        an_event(date=None),
        an_event(
            date=START - 9 * HOURS,
            vid_urls=(VidUrl(url="https://example.org/1", end_time=START + MINUTES),),
        ),
    ],
    ids=["lasts", "long", "late", "to come", "that day", "no date", "video runs"],
)
def test_flag_of_an_event_that_may_go_on_is_told_after_an_outage(event: Event) -> None:
    """It may well be live, and LL2 says that it is."""
    after = replace(event, webcast_live=True)

    assert news(judged(knowing(event), a_snapshot(after), last_poll=None)) == [LIVE]


def test_other_news_of_an_ended_event_is_told_after_an_outage() -> None:
    """Only the alert is pointless."""
    before = an_event(date=START - 9 * HOURS)
    after = replace(before, webcast_live=True, updates=(an_update(),))

    changes = news(judged(knowing(before), a_snapshot(after), last_poll=None))

    assert [type(one) for one in changes] == [UpdatePosted]


def test_what_an_answer_left_out_stays_known() -> None:
    """`mode=normal` has no agencies; that is no news."""
    seen = Observation(event=an_event(agencies=()), untold=frozenset({"agencies"}))

    sighting = see(knowing(an_event()), seen, START, blind=False)

    assert (sighting.tracked, sighting.changes) == (tracked(), ())


def test_event_that_a_probe_does_not_find_is_withdrawn() -> None:
    """With the date that readers last heard."""
    (settled,) = settle([tracked(misses=2)], a_snapshot(), START)

    gone = EventWithdrawn(event_id=EventId(1), last_date=an_event().stated)
    assert settled.changes == (gone,)
    assert settled.tracked == tracked(watch=Watch.WITHDRAWN)
    assert explains(settled)


def test_event_that_moved_far_into_the_past_is_told_and_finished() -> None:
    """Who waits for it must hear that it is over, and why."""
    moved = an_event(date=START - 3 * DAYS, updates=(an_update(),))

    (settled,) = settle([tracked(misses=2)], a_snapshot(moved), START)

    assert [type(one) for one in settled.changes] == [DateChanged, UpdatePosted]
    assert settled.tracked.watch is Watch.FINISHED
    assert explains(settled)


def test_event_that_lost_its_date_is_told_and_watched() -> None:
    """It is asked for again after a day or so, since the list never shows it."""
    dateless = an_event(date=None, date_precision=None)

    (settled,) = settle([tracked(misses=2)], a_snapshot(dateless), START)

    assert [type(one) for one in settled.changes] == [DateChanged]
    assert settled.tracked.watch is Watch.WATCHED
    assert settled.tracked.misses < -200
    assert explains(settled)


def test_event_that_should_be_listed_is_left_alone() -> None:
    """The list is wrong, and will be asked about again after some polls."""
    (settled,) = settle([tracked(misses=2)], a_snapshot(an_event()), START)

    assert settled.changes == ()
    assert settled.tracked.watch is Watch.WATCHED
    assert -20 < settled.tracked.misses < 0
    assert not explains(settled)


def test_live_flag_of_a_past_event_is_not_told_by_a_probe() -> None:
    """An event that was moved days back is not live."""
    moved = an_event(date=START - 3 * DAYS, webcast_live=True)

    (settled,) = settle([tracked()], a_snapshot(moved), START)

    assert [type(one) for one in settled.changes] == [DateChanged]


def test_garbled_answer_to_a_probe_settles_nothing() -> None:
    """Neither for the garbled event, nor, where an id is garbled, for any."""
    first, second = several(2)
    known = [tracked(first), tracked(second)]
    garbled = Malformed(event_id=EventId(1), reason="no name")
    nameless = Malformed(event_id=None, reason="no id")

    settled = settle(known, a_snapshot(malformed=[garbled]), START)

    assert [one.tracked.event.id for one in settled] == [2]
    assert settle(known, a_snapshot(malformed=[nameless]), START) == ()
