"""`ports.Outbox`, first half: how large a chunk is, and what becomes of one that is cut off."""

from datetime import timedelta
from itertools import count, pairwise

import pytest
from crowds import growing, places
from hypothesis import given
from hypothesis import strategies as st
from outboxes import MANY, claim, expand, moved, owe, reached, subscribe, tell, to

from bot.domain.changes import Kind, WebcastLive
from bot.domain.events import EventId
from bot.domain.subscriptions import Filter
from bot.ports import Store
from bot.store.unit_of_work import SqlStore
from bot.testing import START, an_event


async def test_no_chunk_is_larger_than_allowed(chunked: SqlStore) -> None:
    """`expand`: turn one chunk into deliveries; here a chunk is four rows."""
    await subscribe(chunked, *places(10))
    await owe(chunked)

    totals = [total async for total in growing(chunked)]

    assert totals[-1] == 10
    assert all(after - before <= 4 for before, after in pairwise(totals))


async def test_no_chunk_is_too_large_where_many_follow_few(chunked: SqlStore) -> None:
    """`expand`: a chunk is sized by the last one, and cut where that would be too much."""
    await subscribe(chunked, *places(60), types=frozenset({999}))
    await subscribe(chunked, places(60)[0], *places(60)[30:])
    await owe(chunked)

    totals = [total async for total in growing(chunked)]

    assert totals[-1] == 31
    assert all(after - before <= 4 for before, after in pairwise(totals))


async def test_destination_with_more_filters_than_a_chunk_has_rows(chunked: SqlStore) -> None:
    """`expand`: one delivery, however many of a destination's subscriptions match."""
    for minutes in range(10):
        await subscribe(chunked, to("a"), to("b"), leads=frozenset({timedelta(minutes=minutes)}))

    await tell(chunked)

    assert await reached(chunked) == [to("a"), to("b")]


async def test_more_filters_than_a_chunk_has_rows(chunked: SqlStore) -> None:
    """`expand`: the filters are looked through in chunks too."""
    for minutes, place in enumerate(places(10)):
        await subscribe(chunked, place, leads=frozenset({timedelta(minutes=minutes)}))

    await tell(chunked)

    assert await reached(chunked) == list(places(10))


async def test_sparse_followers_are_reached_in_few_steps(chunked: SqlStore) -> None:
    """`expand`: where few of the next ids want the news, a chunk takes more of them."""
    await subscribe(chunked, *places(60), types=frozenset({999}))
    await subscribe(chunked, *places(60)[::6])
    await owe(chunked)

    chunks = await expand(chunked)

    assert await reached(chunked) == list(places(60)[::6])
    assert chunks < 11


async def test_few_among_many_are_reached_in_few_steps(chunked: SqlStore) -> None:
    """`expand`: a stretch of destinations that want nothing costs few chunks."""
    await subscribe(chunked, *places(300), types=frozenset({999}))
    await subscribe(chunked, places(300)[0], places(300)[299])
    await owe(chunked)

    chunks = await expand(chunked)

    assert await reached(chunked) == [places(300)[0], places(300)[299]]
    assert chunks < 12


async def test_interrupted_chunk_is_repeated_and_nothing_twice(chunked: SqlStore) -> None:
    """`expand`: a kill between chunks resumes and repeats nothing."""
    await subscribe(chunked, *places(10))
    await owe(chunked)
    await _chunks(chunked, 2)

    with pytest.raises(ZeroDivisionError):
        await _broken_chunk(chunked)
    halfway = await reached(chunked)
    await expand(chunked)

    assert halfway == list(places(10))[: len(halfway)]
    assert await reached(chunked) == list(places(10))


async def _chunks(store: Store, number: int) -> None:
    for _ in range(number):
        async with store.writing() as unit:
            await unit.outbox.expand()


async def _broken_chunk(store: Store) -> None:
    async with store.writing() as unit:
        await unit.outbox.expand()
        raise ZeroDivisionError


_event_ids = count(100)

_kinds = st.frozensets(st.sampled_from((Kind.DATE, Kind.WEBCAST)), min_size=1)


_layouts = st.dictionaries(
    st.tuples(st.integers(0, 30), st.integers(0, 6)), _kinds, max_size=25
)  # (place, filter): the kinds that this filter wants


@MANY
@given(layout=_layouts, breaks=st.lists(st.booleans(), max_size=12))
async def test_any_layout_is_reached_once_whatever_breaks(
    chunked: SqlStore, layout: dict[tuple[int, int], frozenset[Kind]], breaks: list[bool]
) -> None:
    """`expand`: unique per fan-out and destination, and a destination misses nothing."""
    await _hold_only(chunked, layout)
    event = an_event(id=EventId(next(_event_ids)))
    await owe(chunked, moved(event), WebcastLive(event_id=event.id), event=event)

    for breaks_down in breaks:
        if breaks_down:
            with pytest.raises(ZeroDivisionError):
                await _broken_chunk(chunked)
        else:
            await _chunks(chunked, 1)
    await expand(chunked)

    told = [(one.destination.address, one.parts[0].kinds) for one in await claim(chunked)]
    assert sorted(told) == sorted(_wanted(layout).items())


async def _hold_only(store: Store, layout: dict[tuple[int, int], frozenset[Kind]]) -> None:
    async with store.writing() as unit:
        for held in await unit.subscriptions.held():
            await unit.subscriptions.remove(held.destination, held.id)
        for (place, number), kinds in layout.items():
            asked = Filter(kinds=kinds, leads=frozenset({timedelta(minutes=number)}))
            await unit.subscriptions.add(places(31)[place], asked, now=START)


def _wanted(layout: dict[tuple[int, int], frozenset[Kind]]) -> dict[str, frozenset[Kind]]:
    wanted: dict[str, frozenset[Kind]] = {}
    for (place, _), kinds in layout.items():
        address = places(31)[place].address
        wanted[address] = wanted.get(address, frozenset()) | kinds
    return wanted
