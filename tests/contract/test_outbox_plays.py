"""Random plays of one sender: whatever fails or crashes, each debt ends once and in its order."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from outboxes import MANY, keep, undone
from plays import EVENTS, PLACES, Play

from bot.domain.deliveries import Priority
from bot.domain.subscriptions import Filter
from bot.store.unit_of_work import SqlStore
from bot.testing import START

_steps = st.one_of(
    st.tuples(st.just("tell"), st.integers(0, 1), st.sampled_from(Priority)),
    st.tuples(st.just("claim"), st.integers(1, 3), st.just(Priority.NEWS)),
    st.tuples(
        st.sampled_from(("sent", "later", "doubt", "dead", "crash", "wait")),
        st.integers(0, 3),
        st.just(Priority.NEWS),
    ),
)


@MANY
@given(steps=st.lists(_steps, max_size=25))
async def test_everything_owed_ends_once_and_in_order(
    store: SqlStore, steps: list[tuple[str, int, Priority]]
) -> None:
    """Whatever fails or crashes: each debt ends once at each place, an event's in their order."""
    async with undone(store) as unit:
        await keep(unit, *EVENTS)
        for place in PLACES:
            await unit.subscriptions.add(place, Filter(), now=START)
        play = Play(unit)

        for step in steps:
            await play.step(*step)
        await play.drain()

    ended = [(place, one) for (place, _), ids in play.ended.items() for one in ids]
    assert Counter(ended) == play.owed
    assert all(ids == sorted(ids) for ids in play.ended.values())
