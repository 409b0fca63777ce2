"""`wants()` is the rule of who gets what; the store's SQL must equal it, whatever is asked."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from outboxes import HOUR, LEASE, MANY, a_debt, a_reminder, keep, to, undone
from strategies import events, filters, leads

from bot.domain.changes import Kind
from bot.domain.events import Event
from bot.domain.fanouts import Debt
from bot.domain.subscriptions import Destination, Filter, normalised, wants
from bot.ports import UnitOfWork
from bot.store.unit_of_work import SqlStore
from bot.testing import START, an_event

# Wildcards, quotes, and letters whose case, width or accents have more than one spelling. No NUL:
# no chat platform carries one.
LETTERS = "ab%_*?['\"\\ \nßẞSsİiIéÅ½\N{ANGSTROM SIGN}\N{KELVIN SIGN}\N{NO-BREAK SPACE}\N{ROCKET}"

titles = st.text(LETTERS, max_size=6)
words = st.text(LETTERS, min_size=1, max_size=3).map(normalised).filter(bool)
asked = st.builds(
    lambda usual, words: replace(usual, words=words), filters, st.frozensets(words, max_size=3)
)
happenings = st.builds(
    lambda usual, name, place: replace(usual, name=name, location=place), events(), titles, titles
)
leads_or_none = st.none() | leads | st.just(HOUR)
reminded = st.builds(
    lambda usual, leads: replace(usual, kinds=frozenset({Kind.REMINDER}), leads=leads),
    asked,
    st.frozensets(st.sampled_from((HOUR, 2 * HOUR)), max_size=2),
)


NUMBERED = an_event(name=f"Day {an_event().type.id}")
"""A title in which the id of its type can be read."""


@MANY
@example(held=[Filter()], event=an_event(), kind=Kind.REMINDER, lead=None)
@example(
    held=[Filter(types=frozenset({NUMBERED.type.id}), words=frozenset({"starship"}))],
    event=NUMBERED,
    kind=Kind.DATE,
    lead=None,
)
@example(held=[Filter(leads=frozenset())], event=an_event(), kind=Kind.DATE, lead=HOUR)
@given(
    held=st.lists(asked | reminded, max_size=6),
    event=happenings,
    kind=st.sampled_from(Kind),
    lead=leads_or_none,
)
async def test_audience_equals_the_rule(
    store: SqlStore, held: list[Filter], event: Event, kind: Kind, lead: timedelta | None
) -> None:
    """`audience`: how many destinations want this, by adapter; here each adapter has one."""
    by_adapter = {f"adapter{number}": one for number, one in enumerate(held)}

    async with undone(store) as unit:
        for adapter, one in by_adapter.items():
            await unit.subscriptions.add(to(adapter=adapter), one, now=START)
        audience = await unit.subscriptions.audience(event, kind, lead)

    assert audience == {
        adapter: 1 for adapter, one in by_adapter.items() if wants(one, event, kind, lead=lead)
    }


_changes = st.frozensets(st.sampled_from([*frozenset(Kind) - {Kind.REMINDER}]), min_size=1)
debts = st.builds(lambda kinds: a_debt(kinds=kinds), _changes) | st.builds(
    lambda lead: a_debt(kinds=frozenset({Kind.REMINDER}), reminder=a_reminder(lead=lead)),
    leads | st.just(HOUR),
)


@MANY
@given(
    held=st.lists(asked | reminded, max_size=8),
    event=happenings,
    debt=debts,
    holders=st.integers(1, 5),
)
async def test_fan_out_equals_the_rule(
    chunked: SqlStore, held: list[Filter], event: Event, debt: Debt, holders: int
) -> None:
    """`expand`: one delivery to each destination, with all the kinds that its filters want."""
    pairs = [(to(f"{place % holders}"), one) for place, one in enumerate(held)]

    async with undone(chunked) as unit:
        await keep(unit, event)
        for destination, one in pairs:
            await unit.subscriptions.add(destination, one, now=START)
        await unit.outbox.owe(debt)
        told = await _told(unit)

    assert told == sorted(_wanted(pairs, event, debt).items())


async def _told(unit: UnitOfWork) -> list[tuple[Destination, frozenset[Kind]]]:
    while await unit.outbox.expand():
        pass
    claimed = await unit.outbox.claim("console", limit=100, now=START, lease=LEASE)
    return sorted((one.destination, one.parts[0].kinds) for one in claimed)


def _wanted(
    pairs: Iterable[tuple[Destination, Filter]], event: Event, debt: Debt
) -> dict[Destination, frozenset[Kind]]:
    lead = None if debt.reminder is None else debt.reminder.lead
    wanted: dict[Destination, frozenset[Kind]] = {}
    for destination, one in pairs:
        kinds = frozenset(kind for kind in debt.kinds if wants(one, event, kind, lead=lead))
        if kinds:
            wanted[destination] = wanted.get(destination, frozenset()) | kinds
    return wanted


async def test_news_whose_words_hold_a_nul_goes_out(store: SqlStore) -> None:
    """A fan-out that the database refuses would block all of its event, and be tried for ever."""
    event = an_event(name="Star\0ship")
    asked_for = Filter(words=frozenset({"ship"}))

    async with undone(store) as unit:
        await keep(unit, event)
        await unit.subscriptions.add(to(), asked_for, now=START)
        await unit.outbox.owe(a_debt())

        assert [place for place, _ in await _told(unit)] == [to()]


@pytest.mark.parametrize(
    ("name", "word", "is_found"),
    [
        ("100% go", "0% g", True),
        ("100x go", "0% g", False),
        ("crew_11", "w_1", True),
        ("crew-11", "w_1", False),
        ('Rocket\'s "return"', "'s \"r", True),
        ("a\\b", "\\", True),
        ("STRASSE", "Straße", True),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}BC", "abc", True),
        ("space\n  walk", "SPACE WALK", True),
    ],
)
async def test_word_is_a_plain_substring(
    store: SqlStore, name: str, word: str, *, is_found: bool
) -> None:
    """Words are plain substrings: no wildcard, no quoting; case, width and blanks do not matter."""
    asked_for = Filter(words=frozenset({normalised(word)}))

    async with undone(store) as unit:
        await unit.subscriptions.add(to(), asked_for, now=START)
        audience = await unit.subscriptions.audience(an_event(name=name), Kind.NEW, None)

    assert audience == ({"console": 1} if is_found else {})
