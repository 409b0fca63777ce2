"""What a snapshot means beside what is known: news, absence and shortfall."""

from datetime import UTC, datetime, timedelta

import pytest
from sightings import DAYS, HOURS, MINUTES, judged, knowing, news, several, tracked
from watching_bench import a_snapshot

from bot.domain.changes import DateChanged, EventAnnounced, UpdatePosted
from bot.domain.events import Event, EventId
from bot.domain.watching import Malformed, Tracked, Watch
from bot.services.noticing import Judgement, doubted_for, is_over, witness_of
from bot.testing import MONTH, START, an_event, an_update

MOMENT = timedelta(microseconds=1)


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
