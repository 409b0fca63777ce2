"""Suggestions while an option is typed."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from desks import HERE, Counter

from bot.commands.specs import UNSUBSCRIBE
from bot.domain.events import Agency, Event, EventId
from bot.domain.requests import Choice
from bot.domain.watching import Catalogue
from bot.testing import START, an_event


def event(number: int, name: str) -> Event:
    """An event so many days from now."""
    return an_event(id=EventId(number), name=name, date=START + timedelta(days=number))


@pytest.mark.parametrize(
    ("option", "typed", "first"),
    [
        ("type", "ev", "EVA"),
        ("type", "land", "Moon Landing"),
        ("type", "dokcing", "Docking"),
        ("agency", "nasa", "NASA"),
        ("agency", "european", "ESA"),
        ("agency", "roscosms", "ROSCOSMOS"),
        ("program", "station", "International Space Station"),
        ("program", "ISS", "International Space Station"),
        ("program", "spce", "International Space Station"),
        ("changes", "web", "webcast"),
        ("type", "EVA, dock", "EVA,Docking"),
        ("changes", "new,da", "new,date"),
        ("remind", "1", "1h"),
    ],
)
async def test_the_likeliest_is_suggested_first(
    counter: Counter, option: str, typed: str, first: str
) -> None:
    """By the beginning of a name or of a word in it, else by likeness; the last value of many."""
    assert (await counter.suggest("subscribe", option, typed))[0] == first


async def test_what_was_chosen_is_not_suggested_again(counter: Counter) -> None:
    """Behind a comma come the others."""
    suggested = await counter.suggest("subscribe", "changes", "new,")

    assert "new,new" not in suggested
    assert "new,date" in suggested


async def test_events_are_suggested_by_name_and_sent_by_id(counter: Counter) -> None:
    """The date tells those of one name apart; what is over is not suggested."""
    await counter.watch(event(1, "Cygnus capture"), event(2, "Soyuz docking"), event(-2, "Cygnus"))
    (option,) = [one for spec in counter.core.specs if spec.name == "event" for one in spec.options]

    found = await counter.core.complete("event", option, "cyg", place=HERE)

    assert found == (Choice(label="Cygnus capture (2 Mar 2027, 12:00 UTC)", value="1"),)


async def test_misspelt_events_are_suggested(counter: Counter) -> None:
    """A person on a phone mistypes."""
    await counter.watch(event(1, "Cygnus capture"), event(2, "Soyuz docking"))

    assert (await counter.suggest("event", "event", "soyus"))[0].startswith("Soyuz docking")


async def test_suggestions_are_within_what_discord_takes(counter: Counter) -> None:
    """At most 25, each of at most 100 characters, whatever is in the catalogue."""
    many = tuple(Agency(id=1000 + one, name=f"{'Long ' * 30}{one}") for one in range(60))
    async with counter.store.writing() as unit:
        await unit.names.learn(Catalogue(agencies=many))
    await counter.watch(*(event(number, "Very long " * 20) for number in range(1, 40)))

    for command, option, typed in (
        ("subscribe", "agency", ""),
        ("subscribe", "agency", "NASA,ESA,"),
        ("event", "event", ""),
        ("settings", "time_zone", ""),
        ("subscribe", "type", "x" * 500),
    ):
        suggested = await counter.suggest(command, option, typed)
        assert len(suggested) <= 25
        assert all(0 < len(one) <= 100 for one in suggested)


FIRST, SECOND, THIRD = (
    "1: EVA, with NASA",
    '2: Docking, about "soyuz"',
    "3: All events; no reminders",
)


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [
        ("", [FIRST, SECOND, THIRD]),
        ("2", [SECOND]),
        ("nasa", [FIRST]),
        ("eve", [THIRD]),
        ("9", []),
        ("mars", []),
    ],
)
async def test_subscriptions_are_suggested_by_number_with_their_words(
    counter: Counter, typed: str, suggested: list[str]
) -> None:
    """Found by either; what is sent is the number in the list."""
    for line in ("type:EVA agency:NASA", "type:Docking search:soyuz", "remind:off"):
        await counter.ask(f"subscribe {line}")
    (option,) = [one for one in UNSUBSCRIBE.options if one.name == "number"]

    found = await counter.core.complete("unsubscribe", option, typed, place=HERE)

    assert [one.label for one in found] == suggested
    assert [one.value for one in found] == [label.partition(":")[0] for label in suggested]


async def test_subscriptions_of_other_places_are_not_suggested(counter: Counter) -> None:
    """Not of another chat, nor of a topic of this one, nor of this number on another platform."""
    others = (
        replace(HERE, address="-200"),
        replace(HERE, address=f"{HERE.address}/7"),
        replace(HERE, adapter="discord"),
    )
    for place in others:
        await counter.ask("subscribe type:EVA", place=place)

    assert await counter.suggest("unsubscribe", "number", "") == []


async def test_suggested_subscriptions_fit(counter: Counter) -> None:
    """As many as a place may hold, with words that are too long."""
    for number in range(30):
        await counter.ask(f'subscribe search:"{"very " * 50}{number}"')

    suggested = await counter.suggest("unsubscribe", "number", "")

    assert len(suggested) == 25
    assert all(0 < len(one) <= 100 for one in suggested)


async def test_suggestions_and_answers_come_at_once(counter: Counter) -> None:
    """With as many events as LL2 has, every answer comes well within a second."""
    await counter.watch(
        *(
            event(number, f"Expedition {number} docking of ship {number}")
            for number in range(1, 400)
        )
    )

    for line in ("events", "event expeditoin 17 dokcing shp", "types", "status", "next"):
        began = time.perf_counter()
        await counter.ask(line)
        assert time.perf_counter() - began < 1.0

    began = time.perf_counter()
    await counter.suggest("event", "event", "expeditoin 17 dokcing shp")
    assert time.perf_counter() - began < 1.0
