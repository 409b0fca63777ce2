"""What is news in an event's details, and what is not."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import a_video
from strategies import events

from bot.domain.changes import (
    DateChanged,
    Detail,
    DetailsChanged,
    UpdatePosted,
    VideoAdded,
    WebcastLive,
)
from bot.domain.diff import diff
from bot.domain.events import Agency, Event, EventType, Image, InfoUrl, Program
from bot.testing import START, an_event, an_update

NASA = Agency(id=44, name="NASA")
ESA = Agency(id=27, name="ESA")
JAXA = Agency(id=37, name="JAXA")


def renamed(before: str, after: str, *, field: str = "name") -> DetailsChanged:
    """One detail of event 1 that changed."""
    detail = Detail(name=field, before=before, after=after)
    return DetailsChanged(event_id=an_event().id, details=(detail,))


@pytest.mark.parametrize("field", ["name", "location", "description"])
def test_changed_text_is_a_detail_with_both_values(field: str) -> None:
    """Before and after, in words."""
    before, after = an_event(**{field: "old"}), an_event(**{field: "new"})

    assert diff(before, after) == (renamed("old", "new", field=field),)


def test_other_type_is_a_detail_but_a_renamed_type_is_not() -> None:
    """Types were renamed in place; the id says whether it is another (facts-ll2, section 4)."""
    docking = an_event(type=EventType(id=2, name="Docking"))
    berthing = an_event(type=EventType(id=4, name="Berthing"))
    renamed_type = an_event(type=EventType(id=4, name="Spacecraft Berthing"))

    assert diff(docking, berthing) == (renamed("Docking", "Berthing", field="type"),)
    assert diff(berthing, renamed_type) == ()


def test_agencies_are_compared_by_id_in_any_order() -> None:
    """Order and a new name are no news; one more or one less is."""
    before = an_event(agencies=(NASA, ESA))

    assert diff(before, an_event(agencies=(replace(ESA, name="Esa"), NASA))) == ()
    assert diff(before, an_event(agencies=(ESA, JAXA))) == (
        renamed("ESA, NASA", "ESA, JAXA", field="agencies"),
    )
    assert diff(before, an_event(agencies=())) == (renamed("ESA, NASA", "", field="agencies"),)


def test_agency_listed_twice_is_listed_once() -> None:
    """A repeated row must not become news at every poll."""
    doubled = an_event(agencies=(NASA, NASA))

    assert diff(doubled, doubled) == ()
    assert diff(an_event(agencies=(NASA,)), doubled) == ()


def test_program_is_a_detail() -> None:
    """Programs follow the same rule as agencies."""
    before = an_event(programs=())
    after = an_event(programs=(Program(id=17, name="ISS"),))

    assert diff(before, after) == (renamed("", "ISS", field="programs"),)


def test_one_save_that_changed_many_things_gives_each_of_them_once() -> None:
    """A librarian's save is told whole; one message is made of it later."""
    before = an_event()
    after = an_event(
        name="Renamed",
        date=START,
        updates=(an_update(),),
        vid_urls=(a_video(),),
        webcast_live=True,
    )

    sorts = [type(one) for one in diff(before, after)]

    assert sorts == [DateChanged, UpdatePosted, WebcastLive, VideoAdded, DetailsChanged]


@given(
    event=events(),
    image=st.sampled_from((None, Image(id=1, url="https://dev.example.org/1.jpg"))),
    page=st.sampled_from(((), (InfoUrl(url="https://example.org/?format=api"),))),
    stamp=st.none() | st.just(START),
    length=st.none() | st.just(timedelta(hours=2)),
)
def test_fields_that_churn_are_never_news(
    event: Event,
    image: Image | None,
    page: tuple[InfoUrl, ...],
    stamp: datetime | None,
    length: timedelta | None,
) -> None:
    """Pictures, pages, `last_updated` and the length of the video echo the host or churn."""
    churned = replace(event, image=image, info_urls=page, last_updated=stamp, duration=length)

    assert diff(event, churned) == ()
