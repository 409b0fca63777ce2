"""What is left to tell when several pieces of unsent news of one event become one message."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.domain.changes import (
    DateChanged,
    Detail,
    DetailsChanged,
    EventAnnounced,
    EventWithdrawn,
    News,
    Reminder,
    UpdatePosted,
    VideoAdded,
    WebcastLive,
)
from bot.domain.events import StatedDate, Update, UpdateId, VidUrl
from bot.domain.folding import fold, is_valid
from bot.testing import DAY, MINUTE, MONTH, START, an_event, an_update

EVENT = an_event()
ANNOUNCED = EventAnnounced(event_id=EVENT.id)
RETURNED = EventAnnounced(event_id=EVENT.id, returned=True)
WITHDRAWN = EventWithdrawn(event_id=EVENT.id, last_date=EVENT.stated)
LIVE = WebcastLive(event_id=EVENT.id)


def on(day: int, **changes: Any) -> StatedDate:
    """A date in March 2027, to the minute."""
    return replace(StatedDate(date=START + timedelta(days=day), precision=MINUTE), **changes)


def moved(before: StatedDate, after: StatedDate) -> DateChanged:
    """Event 1 moved."""
    return DateChanged(event_id=EVENT.id, before=before, after=after)


def posted(*numbers: int) -> UpdatePosted:
    """Updates of event 1 with these ids."""
    return UpdatePosted(event_id=EVENT.id, updates=tuple(update(number) for number in numbers))


def update(number: int) -> Update:
    """The update with this id."""
    return an_update(id=UpdateId(number))


def added(*videos: VidUrl) -> VideoAdded:
    """Videos of event 1."""
    return VideoAdded(event_id=EVENT.id, videos=videos)


def video(name: str, priority: int = 10) -> VidUrl:
    """A video with this name in its address."""
    return VidUrl(url=f"https://example.org/{name}", priority=priority)


def edited(*details: tuple[str, str, str]) -> DetailsChanged:
    """Details of event 1 as (name, before, after)."""
    return DetailsChanged(
        event_id=EVENT.id,
        details=tuple(Detail(name=name, before=old, after=new) for name, old, new in details),
    )


def reminder(**changes: Any) -> Reminder:
    """A reminder of event 1 at its date, one hour before."""
    assert EVENT.date is not None
    return replace(Reminder(event_id=EVENT.id, date=EVENT.date, lead=timedelta(hours=1)), **changes)


def test_no_news_is_nothing_to_tell() -> None:
    """An empty list stays empty."""
    assert fold((), EVENT) == ()


def test_two_moves_are_one_from_first_to_last() -> None:
    """The reader knows the first date and wants the last."""
    assert fold([moved(on(1), on(2)), moved(on(2), on(5))], EVENT) == (moved(on(1), on(5)),)


def test_date_there_and_back_is_nothing() -> None:
    """The reader already knows the date that is true now."""
    assert fold([moved(on(1), on(2)), moved(on(2), on(1))], EVENT) == ()


def test_date_back_to_the_same_window_is_nothing() -> None:
    """Back is judged at the stated precision, as any move."""
    early, late = on(1, precision=MONTH), on(20, precision=MONTH)

    assert fold([moved(early, on(9)), moved(on(9), late)], EVENT) == ()


def test_updates_of_several_saves_are_one_in_order_of_id() -> None:
    """Each comment once, whatever order the saves came in."""
    assert fold([posted(5), posted(3, 5), posted(4)], EVENT) == (posted(3, 4, 5),)


def test_comment_edited_before_it_was_told_is_told_as_it_is_now() -> None:
    """What is now true; the edit alone is no news, so no later message would mend it."""
    now = an_update(id=UpdateId(3), comment="Docking at 13:05")
    event = an_event(updates=(now,))

    told = fold([posted(3)], event)

    assert told == (UpdatePosted(event_id=event.id, updates=(now,)),)


def test_comment_deleted_before_it_was_told_is_still_told() -> None:
    """An answer that lost its comments for a moment must not swallow one for ever."""
    assert fold([posted(3)], an_event(updates=())) == (posted(3),)


def test_videos_of_several_saves_are_one_the_main_one_first() -> None:
    """The promise of `VideoAdded` holds over saves; each address once."""
    side, main = video("side", 12), video("main", 7)

    told = fold([added(side), added(main), added(side)], EVENT)

    assert told == (added(main, side),)


def test_video_is_told_as_it_is_now() -> None:
    """A title or a priority that came later is in the message."""
    now = replace(video("main"), title="Docking live")

    assert fold([added(video("main"))], an_event(vid_urls=(now,))) == (added(now),)


def test_details_go_from_first_to_last_and_what_came_back_is_dropped() -> None:
    """Field by field."""
    first = edited(("name", "a", "b"), ("location", "x", "y"))
    second = edited(("name", "b", "c"), ("location", "y", "x"))

    assert fold([first, second], EVENT) == (edited(("name", "a", "c")),)


def test_details_that_all_came_back_are_nothing() -> None:
    """No empty change."""
    assert fold([edited(("name", "a", "b")), edited(("name", "b", "a"))], EVENT) == ()


def test_webcast_is_told_once_while_it_is_live() -> None:
    """Two live spans before a message make one alert; one that is over makes none."""
    assert fold([LIVE, LIVE], an_event(webcast_live=True)) == (LIVE,)
    assert fold([LIVE], an_event(webcast_live=False)) == ()


def test_announcement_swallows_moves_videos_and_details() -> None:
    """It tells the event as it is now; comments posted since are told with it."""
    news: list[News] = [
        ANNOUNCED,
        moved(on(1), on(2)),
        added(video("a")),
        edited(("name", "a", "b")),
        posted(3),
    ]

    assert fold(news, EVENT) == (ANNOUNCED, posted(3))


def test_event_that_came_and_went_unheard_is_nothing() -> None:
    """Who never heard of it need not hear that it is gone."""
    assert fold([ANNOUNCED, posted(3), moved(on(1), on(2)), WITHDRAWN], EVENT) == ()


def test_event_that_went_and_came_back_unheard_tells_only_what_changed() -> None:
    """The reader knew it and still knows it; a move in between is news."""
    assert fold([WITHDRAWN, RETURNED], EVENT) == ()
    assert fold([WITHDRAWN, RETURNED, moved(on(1), on(2))], EVENT) == (moved(on(1), on(2)),)


def test_withdrawal_is_told_alone_with_the_comments_that_explain_it() -> None:
    """Moves, videos, reminders and a webcast of a withdrawn event help nobody."""
    live = an_event(webcast_live=True)
    news: list[News] = [
        moved(on(1), on(2)),
        LIVE,
        reminder(),
        added(video("a")),
        posted(3),
        WITHDRAWN,
    ]

    assert fold(news, live) == (WITHDRAWN, posted(3))


def test_last_withdrawal_counts() -> None:
    """Gone, back at another date, gone again: the last stated date is the later one."""
    again = replace(WITHDRAWN, last_date=on(9))

    assert fold([WITHDRAWN, RETURNED, again], EVENT) == (again,)


def test_event_that_was_never_heard_of_is_not_called_back() -> None:
    """New, gone and back before the first message: to this reader it is new."""
    assert fold([ANNOUNCED, WITHDRAWN, RETURNED], EVENT) == (ANNOUNCED,)


def test_event_heard_withdrawn_is_called_back() -> None:
    """The reader was told that it is gone."""
    assert fold([RETURNED, WITHDRAWN, RETURNED], EVENT) == (RETURNED,)


def test_only_the_shortest_lead_is_reminded_of() -> None:
    """An hour ago's "in an hour" is pointless beside "in ten minutes"."""
    short = reminder(lead=timedelta(minutes=10))

    assert fold([reminder(), short], EVENT) == (short,)


def test_reminder_for_a_date_that_moved_is_void() -> None:
    """The move tells the reader; the new date has reminders of its own."""
    assert fold([reminder()], an_event(date=START)) == ()
    assert fold([reminder()], an_event(date=None)) == ()


def test_reminder_for_a_date_that_became_vague_is_void() -> None:
    """No countdown to a date that is no longer precise."""
    vague = an_event(date_precision=DAY)

    assert not is_valid(reminder(), vague)
    assert fold([reminder()], vague) == ()


def test_most_telling_news_comes_first() -> None:
    """Withdrawn or live, then the reminder, what is new, the date, words, pictures, details."""
    live = an_event(webcast_live=True)
    news: list[News] = [edited(("name", "a", "b")), added(video("a")), posted(3), reminder(), LIVE]
    date = moved(on(1), on(2))

    told = fold([*news, date], live)

    assert told == (
        LIVE,
        reminder(),
        date,
        posted(3),
        added(video("a")),
        edited(("name", "a", "b")),
    )
