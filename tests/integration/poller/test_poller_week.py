"""The bundled space week, played to the real client over HTTP: all of it is noticed, nothing else.

The week is played once, on a clock that leaps from poll to poll; the tests look at what came of it.
"""

import asyncio
import logging
from collections import Counter
from datetime import datetime, timedelta

import pytest
from space_week import Diary, Played, Save, play, span

from bot.domain.changes import DateChanged, EventAnnounced, Kind, UpdatePosted
from bot.domain.events import EventId
from bot.domain.watching import Watch
from bot.testing import START

TRUTH = """
50m      2013 update
1h4m     2013 update
3h20m    2039 update
6h       2043 new
9h       2012 date update
18h      2003 date update
18h2m    2002 date update
1d1h     2041 new
1d2h31m  2003 webcast
1d3h24m  2003 update
1d5h31m  2002 update
1d9h     2014 date update
1d12h30m 2037 date update
1d20h10m 2001 date update
2d2h     2031 withdrawn
2d2h12m  2031 new
2d3h     2026 date update
2d5h30m  2004 date update
2d6h     2008 new
2d8h15m  2027 update
2d10h    2009 date update
2d12h    2001 video
2d17h52m 2040 new webcast
2d18h50m 2040 update
2d19h25m 2027 update
2d21h20m 2037 date update
3d2h20m  2026 update
3d5h55m  2043 update
3d6h     2028 withdrawn
3d9h     2019 details
3d10h    2044 new
3d12h5m  2004 date
3d12h33m 2001 webcast
3d14h9m  2001 date update
3d15h    2010 date update
3d17h45m 2036 webcast video
3d20h52m 2001 update
3d22h18m 2037 update
4d3h     2029 date update
4d8h     2005 date update
4d8h5m   2006 date update
4d9h16m  2004 update
4d14h50m 2007 date webcast video
4d19h    2041 date update
4d19h40m 2023 date update
4d20h    2046 new
4d21h    2006 date update details
5d3h     2042 new
5d5h     2017 date update
5d7h55m  2008 webcast video
5d8h31m  2008 details
5d11h    2021 update details
5d14h    2020 date update
5d16h    2011 date update
5d18h    2038 details
5d22h    2030 date update
6d1h     2024 date update
6d2h     2035 date update
6d5h     2045 new
6d8h30m  2005 webcast video
6d10h3m  2005 update
6d14h    2006 date update
6d20h    2031 date update
"""
"""What a reader wants to know of the week, by the moment at which LL2 begins to show it."""


def saves() -> list[Save]:
    """The truth."""
    lines = (line.split() for line in TRUTH.split("\n") if line)
    return [
        Save(at=span(at), event_id=int(event_id), kinds=frozenset(map(Kind, kinds)))
        for at, event_id, *kinds in lines
    ]


@pytest.fixture(scope="module")
def week() -> Played:
    """The week, played once for all these tests."""
    diary, log = Diary(), logging.getLogger("bot.services.poll_diary")
    level = log.level
    log.addHandler(diary)
    log.setLevel(logging.INFO)
    try:
        return asyncio.run(play(diary))
    finally:
        log.removeHandler(diary)
        log.setLevel(level)


def test_all_of_the_week_is_noticed_once_and_nothing_else(week: Played) -> None:
    """Each save is one piece of news, with exactly its kinds."""
    noticed = Counter((one.event_id, one.kinds) for one, _ in week.told())

    assert noticed == Counter((one.event_id, one.kinds) for one in saves())


def test_everything_is_noticed_in_time(week: Played) -> None:
    """Within the calm rhythm; what vanished after two polls; what an outage hid when it ended."""
    late = []
    for save in saves():
        same = (save.event_id, save.kinds)
        times = [at for one, at in week.told() if (one.event_id, one.kinds) == same]
        if not any(save.at <= at <= save.known_by for at in times):
            late.append((save, times))

    assert late == []


def test_first_poll_is_silent(week: Played) -> None:
    """Even of the webcast that is on when the week begins."""
    at, report = week.reports[0]

    assert (at, report.is_first, report.changes) == (timedelta(0), True, ())


def test_changes_keep_both_values(week: Played) -> None:
    """From a month to a second."""
    (moved,) = [one for one in week.changes(2014) if isinstance(one, DateChanged)]

    assert moved.before.precision is not None
    assert moved.after.precision is not None
    assert (moved.before.precision.id, moved.after.precision.id) == (7, 0)
    assert moved.after.date == START + span("25d11h45m11s")


def test_comments_of_one_save_are_one_piece_of_news(week: Played) -> None:
    """In the order of their ids, whatever LL2's order is."""
    first = next(one for one in week.changes(2027) if isinstance(one, UpdatePosted))

    assert [one.comment.split()[0] for one in first.updates] == ["Overpressure", "Evacuation"]


def test_event_that_was_deleted_for_minutes_has_returned(week: Played) -> None:
    """It was told as withdrawn, so it is told as back."""
    back = [one for one in week.changes(2031) if isinstance(one, EventAnnounced)]

    assert back == [EventAnnounced(event_id=EventId(2031), returned=True)]


def test_every_event_ends_where_the_week_left_it(week: Played) -> None:
    """Over, withdrawn, or still ahead."""
    watches = {int(key): one.watch for key, one in week.known.items()}

    assert watches[2028] is Watch.WITHDRAWN
    assert {2039, 2013, 2002, 2003, 2029} <= _having(watches, Watch.FINISHED)
    assert {2030, 2031, 2021, 2005} <= _having(watches, Watch.WATCHED)
    assert _having(watches, Watch.WITHDRAWN) == {2028}


def _having(watches: dict[int, Watch], watch: Watch) -> set[int]:
    return {key for key, one in watches.items() if one is watch}


@pytest.mark.parametrize(
    ("since", "until", "problem"),
    [
        ("11h", "11h12m", "403"),
        ("1d14h30m", "1d14h50m", "events that should be there are missing"),
        ("2d13h", "2d13h15m", ""),
        ("3d8h", "3d8h20m", "502"),
        ("4d18h", "4d23h", "503"),
        ("5d9h", "5d9h30m", "events that should be there are missing"),
        ("5d20h", "5d20h12m", ""),
        ("6d3h", "6d3h20m", "LL2 counted"),
        ("6d6h", "6d6h10m", "429"),
    ],
)
def test_fault_is_a_problem_and_no_news(week: Played, since: str, until: str, problem: str) -> None:
    """Every poll that met it says so, and noticed nothing."""
    problems = week.problems(since, until)

    assert problems
    assert all(one and problem in one for one in problems)
    met = [one for at, one in week.reports if span(since) <= at < span(until)]
    assert all(report.changes == () for report in met)


def test_malformed_event_hides_nobody_and_is_reported_once(week: Played) -> None:
    """For six hours of polls, some of them empty."""
    said = [line for line in week.lines if "2021" in line]

    assert len(said) == 1
    assert week.problems("1d10h", "1d12h") == {""}


def test_each_outage_is_one_line_and_one_at_its_end(week: Played) -> None:
    """Seven times LL2 gave no answer; twice it listed too little."""
    failed = [line for line in week.lines if line.startswith("Polling LL2 failed")]
    again = [line for line in week.lines if line.startswith("LL2 answers again")]
    short = [line for line in week.lines if line.startswith("LL2 lists too little")]

    assert (len(failed), len(again), len(short)) == (7, 7, 2)


def test_budget_is_never_exceeded(week: Played) -> None:
    """Neither LL2's limit nor our own, in any rolling hour."""
    counted = [one.time for one in week.requests if not one.path.endswith("/api-throttle/")]

    busiest = max(_within_an_hour(counted, place) for place in range(len(counted)))
    assert week.violations == 0
    assert busiest <= 15


def _within_an_hour(times: list[datetime], place: int) -> int:
    return sum(times[place] <= at < times[place] + timedelta(hours=1) for at in times[place:][:20])


def test_probes_are_few(week: Played) -> None:
    """One for each event that vanishes, one for the hour that comes back; a day's look at one."""
    probes = [one for one in week.requests if "id=" in one.query]

    assert len(probes) <= 6
