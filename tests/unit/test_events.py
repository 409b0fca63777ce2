"""What stays known of an event when an answer leaves fields out or lists things no more."""

from dataclasses import fields

from hypothesis import given
from strategies import events, observations

from bot.domain.events import REMEMBERED, Event, Observation, StatedDate, UpdateId, VidUrl, remember
from bot.testing import DAY, an_event, an_update


def test_first_answer_is_taken_as_it_is() -> None:
    """Nothing was known before."""
    seen = Observation(event=an_event(), untold=frozenset({"agencies"}))

    known = remember(None, seen)

    assert known == seen.event


def test_untold_field_keeps_what_was_known() -> None:
    """An answer without agencies does not say that there are none."""
    before = an_event()
    seen = Observation(
        event=an_event(agencies=(), programs=(), name="Renamed"), untold=frozenset({"agencies"})
    )

    known = remember(before, seen)

    assert known.agencies == before.agencies
    assert known.programs == ()
    assert known.name == "Renamed"


def test_told_emptiness_is_a_fact() -> None:
    """An empty list that LL2 did send replaces the old one."""
    before = an_event(updates=(an_update(),))

    known = remember(before, Observation(event=an_event()))

    assert known.updates == ()


def test_update_that_vanished_is_remembered_by_id() -> None:
    """A comment that comes back later must not be news again."""
    before = an_event(updates=(an_update(id=UpdateId(1)), an_update(id=UpdateId(2))))
    seen = Observation(event=an_event(updates=(an_update(id=UpdateId(2)),)))

    known = remember(before, seen)

    assert known.retired_updates == (UpdateId(1),)


def test_video_that_vanished_is_remembered_by_address() -> None:
    """The same rule for videos."""
    before = an_event(vid_urls=(VidUrl(url="https://example.org/1"),))

    known = remember(before, Observation(event=an_event()))

    assert known.retired_vid_urls == ("https://example.org/1",)


def test_what_came_back_is_no_longer_retired() -> None:
    """It is known by being there; the memory of the vanished stays short."""
    update = an_update()
    before = an_event(retired_updates=(update.id, UpdateId(7)))

    known = remember(before, Observation(event=an_event(updates=(update,))))

    assert known.retired_updates == (UpdateId(7),)


def test_untold_updates_are_not_retired() -> None:
    """They are kept, so they did not vanish."""
    before = an_event(updates=(an_update(),))

    known = remember(before, Observation(event=an_event(), untold=frozenset({"updates"})))

    assert known.updates == before.updates
    assert known.retired_updates == ()


def test_memory_of_the_vanished_is_bounded_and_keeps_the_newest() -> None:
    """An event cannot grow for ever."""
    many = tuple(an_update(id=UpdateId(number)) for number in range(REMEMBERED + 5))

    known = remember(an_event(updates=many), Observation(event=an_event()))

    assert known.retired_updates == tuple(UpdateId(number) for number in range(5, REMEMBERED + 5))


def test_stated_date_joins_date_and_precision() -> None:
    """Neither means anything alone."""
    event = an_event(date_precision=DAY)

    assert event.stated == StatedDate(date=event.date, precision=DAY)


@given(before=events(), seen=observations())
def test_remembering_an_answer_twice_changes_nothing(before: Event, seen: Observation) -> None:
    """Two equal answers leave one state; else every poll would be a change."""
    once = remember(before, seen)

    assert remember(once, seen) == once


@given(before=events(), seen=observations())
def test_everything_told_is_taken_and_everything_untold_kept(
    before: Event, seen: Observation
) -> None:
    """Field by field, the answer wins where it speaks."""
    known = remember(before, seen)

    for name in {one.name for one in fields(Event)} - {"retired_updates", "retired_vid_urls"}:
        source = before if name in seen.untold else seen.event
        assert getattr(known, name) == getattr(source, name)


@given(before=events(), seen=observations())
def test_an_id_is_either_there_or_retired(before: Event, seen: Observation) -> None:
    """What was ever carried is known in exactly one of the two places."""
    known = remember(before, seen)

    there = {one.id for one in known.updates}
    assert there.isdisjoint(known.retired_updates)
    assert there.union(known.retired_updates) >= {one.id for one in before.updates}
