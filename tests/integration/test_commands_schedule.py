"""`/next`, `/events` and `/event` answer from the store."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from desks import HERE, STATUS, Counter, labels, presses, words

from bot.domain.events import Agency, Event, EventId, EventType
from bot.domain.status import Status
from bot.domain.watching import Watch
from bot.testing import MONTH, START, an_event

EVA = EventType(id=3, name="EVA")
ESA = Agency(id=27, name="European Space Agency", abbrev="ESA")


def at(number: int, name: str = "", **changes: Any) -> Event:
    """An event so many days from now."""
    usual: dict[str, Any] = {
        "id": EventId(number),
        "name": name or f"Event {number}",
        "date": START + timedelta(days=number),
    }
    return an_event(**(usual | changes))


async def test_next_is_the_soonest_that_is_not_over(counter: Counter) -> None:
    """What took place an hour ago is still listed by LL2, but it is not next."""
    await counter.watch(at(2), at(1), at(0, date=START - timedelta(hours=1)))

    said = await counter.say("next")

    assert said.startswith("Next event\nEvent 1")


async def test_next_keeps_to_what_was_asked(counter: Counter) -> None:
    """Types and agencies by name, abbreviation or id, in any case."""
    await counter.watch(at(1), at(2, type=EVA), at(3, type=EVA, agencies=(ESA,)))

    assert "Event 2" in await counter.say("next eva")
    assert "Event 3" in await counter.say("next type:3 agency:esa")
    assert "No event matches" in await counter.say("next type:Flyby")


async def test_an_empty_store_says_what_it_waits_for(counter: Counter) -> None:
    """Before the first answer of LL2 nobody knows what is ahead."""
    early = Counter(counter.store, status=Status)

    assert "still awaited" in await early.say("events")
    assert "Nothing is ahead" in await Counter(counter.store, status=lambda: STATUS).say("next")


async def test_a_misspelt_name_is_answered_with_the_nearest(counter: Counter) -> None:
    """No silent empty list for a slip of the finger."""
    reply = await counter.ask("events type:Dokcing")

    assert 'did you mean "Docking"?' in words(reply.messages[0])
    assert reply.is_private


async def test_schedule_is_turned_by_buttons_that_say_it_all(counter: Counter) -> None:
    """A press holds page and filter, so an old button works after a restart."""
    await counter.watch(*(at(number, type=EVA) for number in range(1, 21)))

    first = await counter.ask('events type:EVA search:"event"')
    turn = presses(first)[-1]
    second = await Counter(counter.store).ask(turn)

    assert turn == "events page:2 type:3 search:event"
    assert second.replaces
    assert "page 2 of 3" in second.messages[0].headline
    assert labels(second)[:8] == [str(number) for number in range(9, 17)]
    assert presses(second)[-2:] == [
        "events page:1 type:3 search:event",
        "events page:3 type:3 search:event",
    ]


async def test_a_page_that_is_gone_shows_the_last(counter: Counter) -> None:
    """The schedule shrinks under old messages."""
    await counter.watch(at(1))

    assert "Event 1" in await counter.say("events page:7")


async def test_a_typed_schedule_replaces_nothing(counter: Counter) -> None:
    """Only a press edits the message that holds the button."""
    await counter.watch(at(1))

    assert not (await counter.ask("events")).replaces


async def test_words_of_a_search_are_alternatives(counter: Counter) -> None:
    """Several values of one option mean any of them, as in a subscription."""
    await counter.watch(at(1, "Cygnus capture"), at(2, "Soyuz docking"), at(3, "Moon landing"))

    said = await counter.say("events search:cygnus,soyuz")

    assert "Cygnus" in said
    assert "Soyuz" in said
    assert "Moon" not in said


async def test_event_is_shown_by_id_and_by_name(counter: Counter) -> None:
    """The id that a button has, or the words that a person knows."""
    await counter.watch(at(1, "Cygnus capture"), at(2, "Soyuz docking"))

    assert "Soyuz docking" in await counter.say("event 2")
    assert "Cygnus capture" in await counter.say("event capture")


async def test_several_events_are_offered_as_buttons(counter: Counter) -> None:
    """Guessing which one was meant could mute the wrong event."""
    await counter.watch(at(1, "Soyuz undocking"), at(2, "Soyuz landing"))

    reply = await counter.ask("event soyuz")

    assert labels(reply) == ["Soyuz undocking", "Soyuz landing"]
    assert presses(reply) == ["event event:1", "event event:2"]
    assert "Soyuz landing" in await counter.say(presses(reply)[1])


async def test_an_event_that_is_over_is_still_told_of(counter: Counter) -> None:
    """A button under an old message leads to what became of it."""
    await counter.watch(at(1), watch=Watch.FINISHED)
    await counter.watch(at(2), watch=Watch.WITHDRAWN)

    assert (await counter.say("event 1")).startswith("This event is over")
    assert (await counter.say("event 2")).startswith("Removed from the schedule")


async def test_clock_times_are_told_in_the_channels_zone(counter: Counter) -> None:
    """For clients that show no local time; a vague date stays what LL2 states."""
    await counter.watch(at(1), at(2, date_precision=MONTH))
    await counter.ask("settings Asia/Tokyo")

    said = await counter.say("events")

    assert "2 Mar 2027, 21:00 JST" in said
    assert "March 2027" in said


async def test_an_event_muted_here_says_so_by_its_button(counter: Counter) -> None:
    """The button takes the muting back."""
    await counter.watch(at(1))
    await counter.ask("mute 1")

    assert labels(await counter.ask("event 1")) == ["Unmute"]
    elsewhere = replace(HERE, address="-1")
    assert labels(await counter.ask("event 1", place=elsewhere)) == ["Mute this event"]


@pytest.mark.parametrize("typed", ["event 999999999999999999999", "event ²", "event -1"])
async def test_odd_ids_are_names_that_nothing_has(counter: Counter, typed: str) -> None:
    """Whatever is typed, the answer is a sentence."""
    await counter.watch(at(1))

    assert "No such event" in await counter.say(typed)
