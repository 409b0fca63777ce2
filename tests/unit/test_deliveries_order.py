"""What goes first, and when two messages tell the same."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from strategies import changes, leads

from bot.domain.changes import Change, DetailsChanged, Kind, Reminder, WebcastLive
from bot.domain.deliveries import FanoutId, Part, Priority, priority_of
from bot.domain.events import EventId
from bot.testing import START, a_delivery

DETAILS = DetailsChanged(event_id=EventId(1), details=())
LIVE = WebcastLive(event_id=EventId(1))


def a_reminder(lead: timedelta) -> Reminder:
    """A reminder that was due `lead` before its event."""
    return Reminder(event_id=EventId(1), date=START, lead=lead)


def test_webcast_and_imminent_reminder_are_urgent() -> None:
    """They are worth little a few minutes later; whatever they come with."""
    assert priority_of((DETAILS, LIVE)) is Priority.URGENT
    assert priority_of((a_reminder(timedelta(hours=1)),)) is Priority.URGENT
    assert priority_of((a_reminder(timedelta(hours=24)),)) is Priority.NEWS


def test_mere_details_go_last() -> None:
    """Details beside other news go with that news."""
    date = a_reminder(timedelta(hours=24))

    assert priority_of((DETAILS,)) is Priority.DETAILS
    assert priority_of((DETAILS, date)) is Priority.NEWS


@given(news=st.lists(changes, min_size=1, max_size=4), lead=leads)
def test_company_never_slows_a_message_down(news: list[Change], lead: timedelta) -> None:
    """A message is as urgent as the most urgent thing in it."""
    heap = (*news, a_reminder(lead))

    assert priority_of(heap) == min(priority_of((one,)) for one in heap)


def test_form_tells_what_a_message_tells() -> None:
    """Deliveries that tell the same share one message; the order of kinds does not matter."""
    one = Part(fanout_id=FanoutId(1), kinds=frozenset({Kind.DATE, Kind.UPDATE}))
    same = Part(fanout_id=FanoutId(1), kinds=frozenset({Kind.UPDATE, Kind.DATE}))
    fewer = Part(fanout_id=FanoutId(1), kinds=frozenset({Kind.DATE}))
    other = Part(fanout_id=FanoutId(12), kinds=one.kinds)

    forms = [a_delivery(parts=parts).form for parts in ((one,), (same,), (fewer,), (other,))]

    assert forms[0] == forms[1]
    assert len({*forms}) == 3
    assert a_delivery(parts=(one, other)).form not in forms
