"""Suggestions while an option is typed."""

import time
from datetime import timedelta

import pytest
from desks import Counter

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
        ("program", "station", "International Space Station"),
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

    found = await counter.core.complete("event", option, "cyg")

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


@pytest.mark.parametrize("option", ["number"])
async def test_nothing_is_suggested_where_nothing_can_be_known(
    counter: Counter, option: str
) -> None:
    """A subscription's number is the channel's own."""
    assert await counter.suggest("unsubscribe", option, "1") == []


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
