"""Who gets what: filters, words and destinations as they are written."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import destinations, events, filters, leads

from bot.domain.changes import Kind
from bot.domain.events import Event
from bot.domain.subscriptions import (
    DEFAULT_LEADS,
    Destination,
    Filter,
    normalised,
    parse_destination,
    searchable,
    wants,
)
from bot.errors import ConfigError
from bot.testing import an_event

BERTHING, DOCKING, NASA, ESA, ISS = 4, 2, 44, 27, 17


def gets(asked: Filter, kind: Kind = Kind.DATE, **changes: Any) -> bool:
    """Whether this filter gets news of a berthing (type 4, agency 44, program 17)."""
    return wants(asked, an_event(**changes), kind)


def words(*asked: str) -> Filter:
    """A filter for words, as a store keeps them."""
    return Filter(words=frozenset(normalised(word) for word in asked))


def ids(*numbers: int) -> frozenset[int]:
    """Ids that a filter asks for."""
    return frozenset(numbers)


def test_empty_filter_gets_everything_but_details() -> None:
    """With no option a channel follows all events and all kinds but the chattiest."""
    got = {kind for kind in {*Kind} - {Kind.REMINDER} if gets(Filter(), kind)}

    assert got == {*Kind} - {Kind.DETAILS, Kind.REMINDER}


def test_empty_filter_gets_the_default_reminders_only() -> None:
    """A day, an hour and ten minutes before."""
    event = an_event()

    got = {
        lead
        for lead in (*DEFAULT_LEADS, timedelta(hours=2))
        if wants(Filter(), event, Kind.REMINDER, lead=lead)
    }

    assert got == {timedelta(hours=24), timedelta(hours=1), timedelta(minutes=10)}


def test_values_of_one_option_are_alternatives() -> None:
    """Any of them will do."""
    assert gets(Filter(types=ids(DOCKING, BERTHING)))
    assert gets(Filter(agencies=ids(ESA, NASA)))
    assert gets(words("spacewalk", "cygnus"))


@pytest.mark.parametrize(
    "asked",
    [
        Filter(types=ids(DOCKING)),
        Filter(agencies=ids(ESA)),
        Filter(programs=ids(99)),
        words("spacewalk"),
        Filter(types=ids(BERTHING), agencies=ids(ESA)),
        Filter(types=ids(DOCKING), agencies=ids(NASA)),
        Filter(types=ids(BERTHING), words=frozenset({"spacewalk"})),
    ],
    ids=["type", "agency", "program", "words", "not agency", "not type", "not words"],
)
def test_one_option_that_does_not_hold_refuses(asked: Filter) -> None:
    """Different options must all hold."""
    assert not gets(asked)


def test_all_options_that_hold_accept() -> None:
    """Type, agency, program and word together."""
    asked = replace(words("cygnus"), types=ids(BERTHING), agencies=ids(NASA), programs=ids(ISS))

    assert gets(asked)


def test_event_without_agencies_is_not_for_who_asks_for_one() -> None:
    """Unknown is not a match."""
    assert not gets(Filter(agencies=ids(NASA)), agencies=())
    assert not gets(Filter(programs=ids(ISS)), programs=())


@pytest.mark.parametrize(
    "asked",
    ["CYGNUS", "space   station", "caught by", "ygnu", "ng-27", "\uff43ygnus"],
)
def test_words_match_parts_of_name_place_and_text_in_any_writing(asked: str) -> None:
    """Case, full-width letters and runs of blanks do not matter; parts of words count."""
    event = an_event(name="Cygnus NG-27", location="Space\tStation", description="Caught by it.")

    assert wants(words(asked), event, Kind.DATE)


def test_words_fold_what_languages_write_in_two_ways() -> None:
    """The sharp s and composed accents are one letter each."""
    assert gets(words("STRASSE"), name="Straße")
    assert gets(words("cafe\N{COMBINING ACUTE ACCENT}"), name="Café")


def test_percent_and_underscore_are_ordinary_letters() -> None:
    """Words are plain substrings, never patterns."""
    assert not gets(words("cy%us"))
    assert not gets(words("cygnu_"))
    assert gets(words("100%"), description="Go at 100% thrust.")


def test_kind_that_was_not_asked_for_is_refused() -> None:
    """The kinds of a subscription are exact."""
    asked = Filter(kinds=frozenset({Kind.WEBCAST}))

    assert gets(asked, Kind.WEBCAST)
    assert not gets(asked, Kind.DATE)


def test_reminder_needs_a_lead_that_was_asked_for() -> None:
    """Leads without the kind, or the kind without the lead, give nothing."""
    hour, event = timedelta(hours=1), an_event()
    without_kind = Filter(kinds=frozenset({Kind.DATE}))
    without_leads = Filter(leads=frozenset())

    assert wants(Filter(), event, Kind.REMINDER, lead=hour)
    assert not wants(without_kind, event, Kind.REMINDER, lead=hour)
    assert not wants(without_leads, event, Kind.REMINDER, lead=hour)
    assert not wants(Filter(), event, Kind.REMINDER)


@given(asked=filters, event=events(), kind=st.sampled_from(Kind), lead=leads)
def test_asking_for_more_values_never_gets_less(
    asked: Filter, event: Event, kind: Kind, lead: timedelta
) -> None:
    """One more alternative in an option that has some can only widen it."""
    wider = replace(
        asked,
        types=asked.types and asked.types | {99},
        agencies=asked.agencies and asked.agencies | {99},
        words=asked.words and asked.words | {"zzz"},
        kinds=asked.kinds | {Kind.VIDEO},
        leads=asked.leads | {lead},
    )

    assert wants(wider, event, kind, lead=lead) or not wants(asked, event, kind, lead=lead)


@given(event=events(), kind=st.sampled_from(Kind), lead=leads, data=st.data())
def test_filter_made_of_an_event_gets_that_event(
    event: Event, kind: Kind, lead: timedelta, data: st.DataObject
) -> None:
    """Asking for an event's own type, agencies, programs and words finds it."""
    found = searchable(event).split()
    asked = Filter(
        types=ids(event.type.id),
        agencies=frozenset(one.id for one in event.agencies[:1]),
        programs=frozenset(one.id for one in event.programs[:1]),
        words=frozenset(data.draw(st.lists(st.sampled_from(found), max_size=2)) if found else ()),
        kinds=frozenset({kind}),
        leads=frozenset({lead}),
    )

    assert wants(asked, event, kind, lead=lead)


@given(text=st.text())
@example(text="\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}\N{COMBINING CEDILLA}")
def test_normalising_twice_is_normalising_once(text: str) -> None:
    """Words that come back from a store are compared as they are."""
    once = normalised(text)

    assert normalised(once) == once


@given(destination=destinations)
def test_destination_reads_as_it_is_written(destination: Destination) -> None:
    """What `str()` writes, `parse_destination()` reads."""
    assert parse_destination(str(destination)) == destination


@pytest.mark.parametrize(
    ("text", "adapter", "address"),
    [
        ("discord:123456", "discord", "123456"),
        ("telegram:-100123/7", "telegram", "-100123/7"),
        ("matrix:!room:example.org", "matrix", "!room:example.org"),
        (" Discord : 123456 ", "discord", "123456"),
        ("console:Main Hall", "console", "Main Hall"),
    ],
)
def test_destination_is_adapter_colon_address(text: str, adapter: str, address: str) -> None:
    """Case of the adapter and blanks around the parts do not matter; the address is kept."""
    assert parse_destination(text) == Destination(adapter=adapter, address=address)


@pytest.mark.parametrize("text", ["", "discord", "discord:", ":123", " : ", "discord: "])
def test_half_a_destination_is_refused_with_an_example(text: str) -> None:
    """The error names what was written and shows how it is done."""
    with pytest.raises(ConfigError, match=r'^".*" is not a destination; write adapter:address'):
        parse_destination(text)
