"""What a snapshot means beside what is known: news, absence, shortfall, and what a probe tells."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from watching_bench import a_snapshot

from bot.domain.changes import (
    Change,
    DateChanged,
    EventAnnounced,
    EventWithdrawn,
    UpdatePosted,
    WebcastLive,
)
from bot.domain.events import Event, EventId, Observation, VidUrl
from bot.domain.watching import Malformed, Snapshot, Tracked, Watch
from bot.services.noticing import (
    Judgement,
    Known,
    doubted_for,
    explains,
    is_over,
    judge,
    see,
    settle,
    witness_of,
)
from bot.testing import DAY, MONTH, START, an_event, an_update

DAYS, HOURS, MINUTES = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
MOMENT = timedelta(microseconds=1)
LIVE = WebcastLive(event_id=EventId(1))


def tracked(event: Event | None = None, **changes: Any) -> Tracked:
    """An event that has been watched; `changes` are `Tracked`'s fields."""
    return replace(Tracked(event=event or an_event(), first_seen_at=START), **changes)


def several(count: int, **changes: Any) -> tuple[Event, ...]:
    """Events 1 to `count`."""
    return tuple(an_event(id=EventId(number), **changes) for number in range(1, count + 1))


def knowing(*known: Tracked | Event) -> Known:
    """What is known, by id."""
    all_tracked = (one if isinstance(one, Tracked) else tracked(one) for one in known)
    return {one.event.id: one for one in all_tracked}


def judged(
    known: Known,
    snapshot: Snapshot,
    now: datetime = START,
    *,
    last_poll: datetime | None = START - 5 * MINUTES,
) -> Judgement:
    """The judgement, a few minutes after the last."""
    return judge(known, snapshot, now, last_poll=last_poll)


def news(judgement: Judgement) -> list[Change]:
    """Everything that changed."""
    return [change for one in judgement.sightings for change in one.changes]


def ids(found: tuple[Tracked, ...]) -> list[int]:
    """Their event ids."""
    return [one.event.id for one in found]


def test_unchanged_event_is_no_sighting() -> None:
    """A poll without news writes nothing."""
    judgement = judged(knowing(an_event()), a_snapshot(an_event()))

    assert judgement == Judgement(sightings=(), finished=(), missing=(), is_short=False)


def test_silent_change_is_kept_without_news() -> None:
    """`last_updated` says nothing to a reader, but what is stored stays true."""
    bumped = an_event(last_updated=START)

    (sighting,) = judged(knowing(an_event()), a_snapshot(bumped)).sightings

    assert sighting.tracked.event == bumped
    assert sighting.changes == ()


def test_new_event_is_announced_and_dated() -> None:
    """`first_seen_at` is when we saw it."""
    (sighting,) = judged({}, a_snapshot(an_event())).sightings

    assert sighting.changes == (EventAnnounced(event_id=EventId(1)),)
    assert sighting.tracked == tracked()


def test_event_seen_again_has_missed_nothing() -> None:
    """Only polls in a row count."""
    (sighting,) = judged(knowing(tracked(misses=1)), a_snapshot(an_event())).sightings

    assert sighting.tracked.misses == 0
    assert sighting.changes == ()


def test_finished_event_that_is_listed_again_is_watched_again() -> None:
    """Its new date is news, it is not announced."""
    later = an_event(date=START + 9 * DAYS)
    known = knowing(tracked(an_event(date=START - 2 * DAYS), watch=Watch.FINISHED))

    (sighting,) = judged(known, a_snapshot(later)).sightings

    assert sighting.tracked.watch is Watch.WATCHED
    assert [type(one) for one in sighting.changes] == [DateChanged]


def test_withdrawn_event_that_is_listed_again_has_returned() -> None:
    """With whatever changed meanwhile."""
    known = knowing(tracked(watch=Watch.WITHDRAWN))
    later = an_event(updates=(an_update(),))

    changes = news(judged(known, a_snapshot(later)))

    assert changes[0] == EventAnnounced(event_id=EventId(1), returned=True)
    assert [type(one) for one in changes] == [EventAnnounced, UpdatePosted]


def test_absent_event_is_missing_and_its_polls_are_counted() -> None:
    """It is not withdrawn yet."""
    events = several(10)

    judgement = judged(knowing(*events[:9], tracked(events[9], misses=1)), a_snapshot(*events[:8]))

    assert ids(judgement.missing) == [9, 10]
    assert [one.misses for one in judgement.missing] == [1, 2]
    assert news(judgement) == []


@pytest.mark.parametrize("watch", [Watch.FINISHED, Watch.WITHDRAWN])
def test_only_watched_events_can_be_missing(watch: Watch) -> None:
    """What is over or gone is not expected."""
    assert judged(knowing(tracked(watch=watch)), a_snapshot()).missing == ()


def test_event_that_left_after_its_day_is_finished() -> None:
    """Quietly."""
    event = an_event(date=START - DAYS)

    judgement = judged(knowing(event), a_snapshot())

    assert judgement.finished == (tracked(event, watch=Watch.FINISHED),)
    assert (judgement.missing, judgement.is_short, news(judgement)) == ((), False, [])


def test_event_stays_while_it_is_listed() -> None:
    """LL2's clock rules: a few minutes more are no change."""
    event = an_event(date=START - DAYS - 3 * MINUTES)

    assert judged(knowing(event), a_snapshot(event)).finished == ()


@pytest.mark.parametrize(
    ("age", "over"),
    [
        (timedelta(0), False),
        (DAYS - 5 * MINUTES - MOMENT, False),
        (DAYS - 5 * MINUTES, True),
        (DAYS, True),
        (400 * DAYS, True),
        (-DAYS, False),
    ],
)
def test_event_is_over_a_day_after_its_date(age: timedelta, *, over: bool) -> None:
    """Five minutes are allowed between LL2's clock and ours; the precision does not matter."""
    assert is_over(an_event(date=START - age), START) == over
    assert is_over(an_event(date=START - age, date_precision=MONTH), START) == over


def test_event_without_a_date_is_never_over() -> None:
    """Nothing says when."""
    assert not is_over(an_event(date=None), START)


@pytest.mark.parametrize("year", [1, 9999])
def test_dates_at_the_ends_of_the_calendar_are_harmless(year: int) -> None:
    """One absurd date must not stop the watch."""
    event = an_event(date=datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC), webcast_live=True)

    judgement = judged(knowing(an_event()), a_snapshot(event), last_poll=None)

    assert is_over(event, START) == (year == 1)
    assert len(judgement.sightings) == 1


def test_garbled_event_is_not_missing() -> None:
    """What cannot be read is there all the same."""
    events = several(5)
    garbled = Malformed(event_id=EventId(5), reason="no name")

    judgement = judged(knowing(*events), a_snapshot(*events[:4], malformed=[garbled]))

    assert (judgement.missing, judgement.finished) == ((), ())


def test_garbled_id_may_be_anybodys() -> None:
    """So nobody is missing; but what is over is over."""
    events = (*several(4), an_event(id=EventId(5), date=START - DAYS))
    garbled = Malformed(event_id=None, reason="no id")

    judgement = judged(knowing(*events), a_snapshot(malformed=[garbled]))

    assert (judgement.missing, judgement.is_short) == ((), False)
    assert ids(judgement.finished) == [5]


@pytest.mark.parametrize(("missing", "short"), [(0, False), (3, False), (4, True), (10, True)])
def test_more_than_a_third_less_is_short(missing: int, *, short: bool) -> None:
    """30 % of ten are three."""
    events = several(10)

    assert judged(knowing(*events), a_snapshot(*events[missing:])).is_short == short


@pytest.mark.parametrize(("missing", "hours"), [(1, 1), (3, 1), (4, 24)])
def test_three_that_are_gone_are_doubted_for_an_hour_and_more_for_a_day(
    missing: int, hours: int
) -> None:
    """So many can be one librarian's doing."""
    assert doubted_for([tracked(one) for one in several(missing)]) == hours * HOURS


def test_witness_is_an_event_that_is_listed() -> None:
    """An empty list has none."""
    assert witness_of(a_snapshot(*several(2))) == EventId(2)
    assert witness_of(a_snapshot()) is None


def test_share_is_of_those_that_should_be_there() -> None:
    """Neither what is over, nor dateless, nor finished counts on either side."""
    expected = several(3)
    others: tuple[Tracked | Event, ...] = (
        *(an_event(id=EventId(10 + n), date=START - DAYS) for n in range(20)),
        *(an_event(id=EventId(40 + n), date=None) for n in range(20)),
        *(tracked(an_event(id=EventId(70 + n)), watch=Watch.FINISHED) for n in range(20)),
    )

    assert judged(knowing(*expected, *others), a_snapshot(*expected[1:])).is_short
    assert not judged(knowing(*expected, *others), a_snapshot(*expected)).is_short


def test_event_without_a_date_is_missed_so_that_it_is_asked_for() -> None:
    """LL2 never lists it: only a probe can tell that it was removed."""
    dateless = an_event(date=None)

    judgement = judged(knowing(dateless), a_snapshot())

    assert ids(judgement.missing) == [1]
    assert not judgement.is_short


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
