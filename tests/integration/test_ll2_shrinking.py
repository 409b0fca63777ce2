"""Lists of LL2 that shrink beyond belief, for a day: nothing is withdrawn."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from ll2_bench import an_object
from ll2_wire import BUDGET, Answer, Watch, good, lines, listing, watching

TEN = range(1, 11)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def _shrinking(keep: Callable[[int], int]) -> Callable[[Watch], Answer]:
    """A list and answers by id of which ever less is left, poll by poll."""

    def begin(watch: Watch) -> Answer:
        began = len(watch.wire.counted())
        held = [an_object(number) for number in TEN]
        return lambda _: listing(held[: keep(len(watch.wire.counted()) - began)])

    return begin


LISTS: dict[str, Callable[[Watch], Answer]] = {
    "empty everywhere": lambda _: lambda _: listing([]),
    "a third everywhere": _shrinking(lambda _: 3),
    "shrinking by one a poll": _shrinking(lambda polls: max(10 - polls, 0)),
    "empty every other poll": _shrinking(lambda polls: 10 * (polls % 2)),
    "whole, but empty by id": lambda _: (
        lambda path: (
            listing([]) if "?id=" in path else listing(an_object(one) for one in range(4, 11))
        )
    ),
    "reordered at each poll": lambda watch: (
        lambda _: listing(
            sorted(map(an_object, TEN), key=lambda one: hash((str(one), watch.clock.now())))
        )
    ),
    "vanishing and back at once": lambda watch: (
        lambda path: (
            good(TEN)(path) if "?id=" in path or len(watch.wire.asked) % 2 else good(TEN[1:])(path)
        )
    ),
    "ids as text": lambda _: lambda _: listing(an_object(one) | {"id": str(one)} for one in TEN),
    "half without a date": lambda _: (
        lambda _: listing(an_object(one) | ({"date": "soon"} if one % 2 else {}) for one in TEN)
    ),
    "other events by id": lambda _: (
        lambda path: (
            listing([an_object(99)]) if "?id=" in path else listing(map(an_object, TEN[2:]))
        )
    ),
    "two of each": lambda _: lambda _: listing(an_object(one % 10 + 1) for one in range(20)),
}
"""Good pages that are not to be believed, by what they are."""


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_that_is_not_to_be_believed_withdraws_nothing(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """For hours; and the first good list ends it, with no news at all."""
    async with watching(TEN) as watch:
        caplog.set_level(logging.INFO)
        caplog.clear()
        watch.wire.answer = LISTS[name](watch)
        await watch.go_on(3 * HOUR)
        watch.wire.answer = good(TEN)
        await watch.until_well()
        await watch.go_on(HOUR)

        assert await watch.noticed() == []
        assert sorted(await watch.names()) == list(TEN)
        assert watch.wire.busiest_hour() <= BUDGET
        assert len(lines(caplog.records)) <= 3
