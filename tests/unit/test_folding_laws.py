"""Laws of folding, for any news: nothing twice, from the first state to the last."""

from collections.abc import Iterable
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from strategies import changes, events, histories, leads

from bot.domain.changes import (
    DateChanged,
    Detail,
    DetailsChanged,
    News,
    Reminder,
    UpdatePosted,
    VideoAdded,
)
from bot.domain.dates import shift
from bot.domain.diff import diff
from bot.domain.events import Event, Update
from bot.domain.folding import fold
from bot.testing import START


@given(pair=histories(length=2))
def test_fold_of_one_diff_is_that_diff(pair: tuple[Event, Event]) -> None:
    """One save told at once loses nothing and gains nothing; only the order may change."""
    before, after = pair
    news = diff(before, after)

    assert same(fold(news, after), news)


@given(event=events())
def test_fold_of_an_announcement_is_that_announcement(event: Event) -> None:
    """Also when its webcast is already live."""
    assert same(fold(diff(None, event), event), diff(None, event))


@given(news=st.lists(changes, max_size=8), event=events(), lead=leads)
def test_folding_again_changes_nothing(news: list[News], event: Event, lead: timedelta) -> None:
    """The fold of a fold is that fold, for any heap of news."""
    date = event.date or START
    heap = [*news, Reminder(event_id=event.id, date=date, lead=lead)]

    once = fold(heap, event)

    assert fold(once, event) == once


@given(news=st.lists(changes, max_size=8), event=events())
def test_a_message_tells_each_sort_of_news_once(news: list[News], event: Event) -> None:
    """One heap, one message, one paragraph a sort."""
    sorts = [type(one) for one in fold(news, event)]

    assert len({*sorts}) == len(sorts)


@given(states=histories(length=3))
def test_fold_tells_from_the_first_state_to_the_last(states: tuple[Event, ...]) -> None:
    """A chain of saves reads as one save from what the reader knew to what is true."""
    first, between, last = states
    chain = [*diff(first, between), *diff(between, last)]

    told, direct = fold(chain, last), diff(first, last)

    assert details(told) == details(direct)
    assert {update.id for update in still_there(told, last)} == {
        update.id for update in still_there(direct, last)
    }
    assert addresses(told) & {one.url for one in last.vid_urls} == addresses(direct)
    dates = [one for one in told if isinstance(one, DateChanged)]
    assert bool(dates) == (shift(first.stated, last.stated) is not None)
    assert all(shift(one.before, one.after) is shift(first.stated, last.stated) for one in dates)


def same(one: Iterable[News], other: Iterable[News]) -> bool:
    """Whether the same news stand in both, in any order."""
    return sorted(map(repr, one)) == sorted(map(repr, other))


def details(news: Iterable[News]) -> set[Detail]:
    """The told details."""
    return {one for some in news if isinstance(some, DetailsChanged) for one in some.details}


def still_there(news: Iterable[News], event: Event) -> list[Update]:
    """The told updates that the event still has."""
    there = {update.id for update in event.updates}
    told = (one for one in news if isinstance(one, UpdatePosted))
    return [update for one in told for update in one.updates if update.id in there]


def addresses(news: Iterable[News]) -> set[str]:
    """The addresses of the told videos."""
    return {one.url for some in news if isinstance(some, VideoAdded) for one in some.videos}
