"""Buttons lead to a subscription where typing options is a burden."""

from typing import Any

import pytest
from desks import Counter, labels, presses, words
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.events import Agency, EventType
from bot.domain.lines import LONGEST_PRESS
from bot.domain.requests import CommandReply
from bot.domain.subscriptions import Filter
from bot.domain.watching import Catalogue
from bot.rendering.answers import guide


async def press(counter: Counter, reply: CommandReply, label: str, **changes: Any) -> CommandReply:
    """Press the button with this label."""
    found = dict(zip(labels(reply), presses(reply), strict=True))
    return await counter.ask(found[label], is_guided=True, **changes)


async def test_choices_lead_to_the_subscription_that_they_spell(counter: Counter) -> None:
    """Types, then agencies, page by page, in one message that is edited in place."""
    asked = await counter.ask("subscribe", is_guided=True)
    types = await press(counter, asked, "Choose types")
    first = await press(counter, types, "Docking")
    second = await press(counter, await press(counter, first, "Next page"), "EVA")
    agencies = await press(counter, second, "Agencies")
    chosen = await press(counter, await press(counter, agencies, "Next page"), "NASA")
    done = await press(counter, chosen, "Subscribe")

    steps = (asked, types, first, second, agencies, chosen, done)
    assert all(step.replaces for step in steps)
    assert "Chosen: Docking or EVA" in words(second.messages[0])
    assert await counter.filters() == [Filter(types=frozenset({2, 3}), agencies=frozenset({44}))]
    assert "Docking or EVA, with NASA" in words(done.messages[0])


async def test_a_second_press_takes_a_choice_back(counter: Counter) -> None:
    """A chosen one is marked; pressing it again lets go of it."""
    types = await counter.ask("subscribe pick:t1 t:2,10", is_guided=True)

    after = await press(counter, types, "✓ Docking")

    assert "✓ Abort Test" in labels(after)
    assert "Docking" in labels(after)
    assert "Chosen: Abort Test" in words(after.messages[0])


async def test_everything_is_one_press_away(counter: Counter) -> None:
    """The first question can be answered at once."""
    await press(counter, await counter.ask("subscribe", is_guided=True), "Everything")

    assert await counter.filters() == [Filter()]


async def test_cancelling_changes_nothing(counter: Counter) -> None:
    """The question goes away and nothing was subscribed."""
    asked = await counter.ask("subscribe", is_guided=True)
    reply = await press(counter, asked, "Cancel")

    assert reply.replaces
    assert labels(reply) == []
    assert await counter.filters() == []


async def test_typed_options_need_no_questions(counter: Counter) -> None:
    """Arguments typed in full work where buttons are offered, too."""
    await counter.ask("subscribe type:EVA", is_guided=True)

    assert await counter.filters() == [Filter(types=frozenset({3}))]


async def test_choices_survive_a_restart(counter: Counter) -> None:
    """All that was chosen stands in the button, none of it in the process."""
    chosen = await counter.ask("subscribe pick:t2 t:2,3 a:44", is_guided=True)

    await press(Counter(counter.store), chosen, "Subscribe")

    assert await counter.filters() == [Filter(types=frozenset({2, 3}), agencies=frozenset({44}))]


@pytest.mark.parametrize(
    "line", ["pick:zz", "pick:t", "pick:t1 t:x", "pick:t1 t:99999999999", "pick:²"]
)
async def test_a_button_that_is_not_ours_is_told_apart(counter: Counter, line: str) -> None:
    """Nonsense in a press is a sentence for whoever pressed, and no crash."""
    reply = await counter.ask(f"subscribe {line}", is_guided=True)

    assert "/subscribe begins again" in words(reply.messages[0])
    assert await counter.filters() == []


ids = st.lists(st.integers(0, 99_999), unique=True, max_size=20).map(tuple)


@given(types=ids, agencies=ids, page=st.integers(0, 200))
def test_no_button_is_longer_than_a_platform_takes(
    types: tuple[int, ...], agencies: tuple[int, ...], page: int
) -> None:
    """However much was chosen: what does not fit is not offered, and that is said."""
    picked = guide.Picked(types=types, agencies=agencies)
    known = Catalogue(
        types=tuple(EventType(id=one, name=f"Type {one}") for one in range(40)),
        agencies=tuple(Agency(id=one * 997, name=f"Agency {one}") for one in range(90)),
    )

    for message in (
        guide.types(known.types, picked, page),
        guide.agencies(known.agencies, picked, page),
    ):
        pressed = [one.press for row in message.buttons for one in row]
        assert all(len(one.encode()) <= LONGEST_PRESS for one in pressed)
        assert len(pressed) == len(set(pressed))
        assert "subscribe pick:stop" in pressed
