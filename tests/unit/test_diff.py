"""What is news between two states of an event, and what is not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import a_video
from strategies import events, observations

from bot.domain.changes import (
    Change,
    DateChanged,
    DetailsChanged,
    EventAnnounced,
    UpdatePosted,
    VideoAdded,
    WebcastLive,
)
from bot.domain.diff import diff, is_webcast_echo
from bot.domain.events import Event, Observation, Update, UpdateId, remember
from bot.testing import DAY, MONTH, SECOND, START, an_event, an_update


def an_echo(**changes: Any) -> Update:
    """LL2's own comment that a webcast started."""
    return replace(
        an_update(created_by="LL2", comment="Official Webcast by NASA has started"), **changes
    )


def test_event_at_first_sight_is_announced_once() -> None:
    """Its first comments and videos are part of the announcement."""
    event = an_event(updates=(an_update(comment="Adding event"),), vid_urls=(a_video(),))

    changes = diff(None, event)

    assert changes == (EventAnnounced(event_id=event.id),)


def test_event_that_is_live_at_first_sight_is_also_live() -> None:
    """A live span that we never saw begin counts once."""
    event = an_event(webcast_live=True)

    changes = diff(None, event)

    assert changes == (EventAnnounced(event_id=event.id), WebcastLive(event_id=event.id))


def test_date_change_keeps_both_dates_with_their_precisions() -> None:
    """A reader wants to know from what to what."""
    before = an_event(date_precision=MONTH)
    after = an_event(date=START, date_precision=SECOND)

    changes = diff(before, after)

    assert changes == (DateChanged(event_id=after.id, before=before.stated, after=after.stated),)


def test_precision_alone_is_a_date_change() -> None:
    """The same stamp at another precision says something else."""
    before = an_event(date_precision=DAY)

    changes = diff(before, an_event())

    assert changes == (
        DateChanged(event_id=before.id, before=before.stated, after=an_event().stated),
    )


def test_move_within_the_stated_precision_is_silent() -> None:
    """A month-precision event that wanders within its month did not move."""
    before = an_event(date_precision=MONTH)
    after = an_event(date=START + timedelta(days=20), date_precision=MONTH)

    assert diff(before, after) == ()


def test_several_updates_are_one_change_in_order() -> None:
    """LL2's order means nothing; ids order them."""
    older, newer, known = (an_update(id=UpdateId(number)) for number in (8, 9, 7))
    before = an_event(updates=(known,))
    after = an_event(updates=(newer, known, older))

    changes = diff(before, after)

    assert changes == (UpdatePosted(event_id=after.id, updates=(older, newer)),)


def test_update_with_a_lower_id_than_the_known_ones_is_news() -> None:
    """Unseen is what counts; ids are not a high-water mark."""
    late = an_update(id=UpdateId(3))
    before = an_event(updates=(an_update(id=UpdateId(9)),))
    after = an_event(updates=(late, an_update(id=UpdateId(9))))

    changes = diff(before, after)

    assert changes == (UpdatePosted(event_id=after.id, updates=(late,)),)


def test_edited_comment_is_no_news() -> None:
    """An edit is an edit: the id was told before."""
    before = an_event(updates=(an_update(comment="Dockign at 13:05"),))
    after = an_event(updates=(an_update(comment="Docking at 13:05", info_url="https://x.org"),))

    assert diff(before, after) == ()


def test_deleted_update_is_no_news_and_neither_is_its_return() -> None:
    """A comment that flickers must not be told twice."""
    first = an_event(updates=(an_update(),))
    without = remember(first, Observation(event=an_event()))
    again = remember(without, Observation(event=first))

    assert diff(first, without) == ()
    assert diff(without, again) == ()


@pytest.mark.parametrize(
    "comment",
    [
        "Official Webcast by NASA has started",
        "Official Webcast by NASA has started.",
        "Unofficial Webcast by NASASpaceflight.com has started",
        "Unofficial Re-stream by SPACE AFFAIRS has started",
        "Livestream has started",
        " livestream has started\r\n",
    ],
)
def test_comment_by_ll2_that_a_webcast_started_is_an_echo(comment: str) -> None:
    """The webcast flag tells it; a second alert would only repeat it."""
    assert is_webcast_echo(an_echo(comment=comment))


@pytest.mark.parametrize(
    "update",
    [
        an_echo(created_by="Ada"),
        an_echo(comment="Official Webcast by NASA has started. Docking is now at 15:30 UTC."),
        an_echo(comment="Delayed to 15:30 UTC. Official Webcast by NASA has started"),
        an_echo(comment="Docking delayed.\r\nOfficial Webcast by NASA has started"),
        an_echo(comment="The webcast is over and the undocking has started"),
        an_echo(comment="Webcast delayed"),
        an_echo(comment=""),
    ],
    ids=lambda update: f"{update.created_by}: {update.comment[:40]!r}",
)
def test_comment_that_says_more_is_news(update: Update) -> None:
    """Only a comment by LL2 that merely repeats the webcast going live is dropped."""
    changes = diff(an_event(), an_event(updates=(update,)))

    assert changes == (UpdatePosted(event_id=an_event().id, updates=(update,)),)


def test_webcast_and_its_echo_are_one_alert() -> None:
    """Whether they come together or one after the other."""
    live = an_event(webcast_live=True)
    echoed = replace(live, updates=(an_echo(),))

    assert diff(an_event(), echoed) == (WebcastLive(event_id=live.id),)
    assert diff(live, echoed) == ()


def test_webcast_is_told_once_per_live_span() -> None:
    """On, still on, off, on again: two spans, two alerts, and none for its end."""
    off, live = an_event(), an_event(webcast_live=True)

    told = [diff(*pair) for pair in ((off, live), (live, live), (live, off), (off, live))]

    alert = (WebcastLive(event_id=live.id),)
    assert told == [alert, (), (), alert]


def test_added_videos_are_one_change_the_main_one_first() -> None:
    """The lowest priority number is the main video."""
    side = a_video(url="https://example.org/a", priority=12)
    main = a_video(url="https://example.org/z", priority=7)
    before = an_event(vid_urls=(a_video(),))
    after = an_event(vid_urls=(side, a_video(), main))

    changes = diff(before, after)

    assert changes == (VideoAdded(event_id=after.id, videos=(main, side)),)


def test_video_that_was_only_edited_or_removed_is_no_news() -> None:
    """Title, times, priority and the live flag of a video churn."""
    edited = a_video(title="Now live", priority=1, live=True, start_time=START)
    before = an_event(vid_urls=(a_video(), a_video(url="https://example.org/2")))

    assert diff(before, an_event(vid_urls=(edited,))) == ()


def test_video_that_comes_back_is_no_news() -> None:
    """A link that flickers must not be told twice."""
    first = an_event(vid_urls=(a_video(),))
    without = remember(first, Observation(event=an_event()))
    again = remember(without, Observation(event=first))

    assert diff(without, again) == ()


@given(before=st.none() | events(), seen=observations())
def test_same_answer_twice_is_news_once(before: Event | None, seen: Observation) -> None:
    """After an answer is remembered it holds no news, whatever was known before."""
    known = remember(before, seen)

    assert diff(known, remember(known, seen)) == ()


@given(event=events())
def test_state_differs_in_nothing_from_itself(event: Event) -> None:
    """The smallest promise of a diff."""
    assert diff(event, event) == ()


@given(before=st.none() | events(), after=events(), data=st.data())
def test_order_of_lists_never_matters(
    before: Event | None, after: Event, data: st.DataObject
) -> None:
    """LL2's order of updates and videos is not defined (facts-ll2, section 4)."""
    shuffled = replace(
        after,
        updates=tuple(data.draw(st.permutations(after.updates))),
        vid_urls=tuple(data.draw(st.permutations(after.vid_urls))),
        agencies=tuple(data.draw(st.permutations(after.agencies))),
    )

    assert diff(before, shuffled) == diff(before, after)


@given(before=st.none() | events(), after=events())
def test_every_change_says_something(before: Event | None, after: Event) -> None:
    """No empty change, no sort of change twice, and each for this event."""
    changes = diff(before, after)

    assert len({type(one) for one in changes}) == len(changes)
    assert all(one.event_id == after.id for one in changes)
    assert all(_content(one) for one in changes)


def _content(change: Change) -> object:
    match change:
        case UpdatePosted(updates=updates):
            return updates
        case VideoAdded(videos=videos):
            return videos
        case DetailsChanged(details=details):
            return all(one.before != one.after for one in details)
        case DateChanged(before=before, after=after):
            return before != after
        case _:
            return True
