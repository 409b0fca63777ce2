"""When a trouble that comes and goes is told, and what is said of polls."""

import logging
from datetime import timedelta

import pytest

from bot.domain.changes import EventAnnounced, WebcastLive
from bot.domain.events import EventId
from bot.domain.watching import Malformed
from bot.errors import LL2Unavailable
from bot.services.diary import Spell
from bot.services.poll_diary import PollDiary
from bot.testing import START

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_a_trouble_is_told_once_at_each_end() -> None:
    """However long it lasts."""
    spell = Spell()

    begins = [spell.begins(START + number * HOUR) for number in range(30)]
    ends = [spell.ends(START + number * HOUR) for number in (30, 31)]

    assert begins == [True] + [False] * 29
    assert ends == [True, False]


def test_a_relapse_is_not_told_unless_it_lasts() -> None:
    """Within the hour it is the same trouble; after an hour of it, it is told with its end."""
    spell = Spell()
    spell.begins(START)
    spell.ends(START + MINUTE)

    relapse = [spell.begins(START + 2 * MINUTE), spell.ends(START + 3 * MINUTE)]
    lasting = [spell.begins(START + HOUR), spell.begins(START + 2 * HOUR)]

    assert relapse == [False, False]
    assert lasting == [False, True]
    assert spell.ends(START + 3 * HOUR)


def test_a_trouble_an_hour_later_is_another() -> None:
    """It is told at once."""
    spell = Spell()
    spell.begins(START)
    spell.ends(START + MINUTE)

    assert spell.begins(START + MINUTE + HOUR)


def test_no_trouble_has_no_end() -> None:
    """Nothing is told of what is well."""
    assert not Spell().ends(START)


def test_each_outage_is_told_with_how_many_polls_it_cost(caplog: pytest.LogCaptureFixture) -> None:
    """Counted anew each time."""
    caplog.set_level(logging.INFO)
    diary = PollDiary()

    for began, failures in ((START, 1), (START + 3 * HOUR, 2)):
        for _ in range(failures):
            diary.failed(LL2Unavailable("LL2 answered 503"), began)
        diary.answered((), began + MINUTE)

    assert caplog.messages == [
        "Polling LL2 failed: LL2 answered 503",
        "LL2 answers again, after 1 failed poll",
        "Polling LL2 failed: LL2 answered 503",
        "LL2 answers again, after 2 failed polls",
    ]


def test_few_malformed_events_have_a_line_each_and_many_share_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Those that were not told yet; whoever reads of one can look for it."""
    nameless = Malformed(event_id=None, reason="it is no object")
    few = [Malformed(event_id=EventId(one), reason="it has no type") for one in (1, 2)]
    many = [Malformed(event_id=EventId(one), reason="it has no name") for one in range(3, 7)]
    diary = PollDiary()

    diary.answered([nameless, *few], START)
    apart = sorted(caplog.messages)
    diary.answered([nameless, *few, *many], START)

    assert apart == [
        "LL2 sent an event without an id that cannot be read: it is no object; skipped it",
        "LL2 sent event 1 that cannot be read: it has no type; skipped it",
        "LL2 sent event 2 that cannot be read: it has no type; skipped it",
    ]
    assert caplog.messages[3:] == [
        "LL2 sent 4 events that cannot be read, e.g. it has no name; skipped them"
    ]


def test_poll_is_told_with_the_kinds_of_what_it_noticed(caplog: pytest.LogCaptureFixture) -> None:
    """Each kind once; the first of all says that it only learnt."""
    caplog.set_level(logging.INFO)
    news = [EventAnnounced(event_id=EventId(one)) for one in (1, 2)]
    live = WebcastLive(event_id=EventId(3))

    PollDiary().noticed(9, (), is_first=True)
    PollDiary().noticed(9, (live, *news), is_first=False)

    assert caplog.messages == [
        "Polled LL2: 9 events, no change (first run: learnt, not announced)",
        "Polled LL2: 9 events, new, webcast",
    ]
