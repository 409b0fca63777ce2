"""`ports.Destinations`: what a paused destination misses, and gets when it is reached again."""

import pytest
from outboxes import HOUR, claim, finish, reached, start, states, subscribe, tell, to
from places import set_health

from bot.domain.channels import KEPT_FOR, Health, Reach
from bot.domain.deliveries import State
from bot.domain.events import EventId
from bot.store.unit_of_work import SqlStore
from bot.testing import START, an_event

OTHER = EventId(2)
PAUSED = Health(reach=Reach.PAUSED, since=START, reason="no right to send", missing="Send Messages")
WELL = Health(since=START + HOUR)


async def test_nothing_is_claimed_for_a_paused_destination(store: SqlStore) -> None:
    """Neither what waited when it was paused nor what came since; others are not held up."""
    await subscribe(store, to(), to("other"))
    await tell(store)
    await set_health(store, to(), PAUSED)
    await tell(store, event=an_event(id=OTHER))

    claimed = await claim(store)

    assert {one.destination for one in claimed} == {to("other")}
    assert sorted(await states(store)) == ["held", "held", "leased", "leased"]


async def test_what_was_missed_comes_when_it_is_reached_again(store: SqlStore) -> None:
    """Pause, never delete: in the old order, each once."""
    await subscribe(store, to())
    await set_health(store, to(), PAUSED)
    await tell(store)
    await tell(store, event=an_event(id=OTHER))
    assert await claim(store) == ()

    await set_health(store, to(), WELL)

    assert [one.event_id for one in await claim(store)] == [EventId(1), OTHER]


async def test_suspect_destination_is_still_sent_to(store: SqlStore) -> None:
    """Only the next refusal tells whether it is really lost."""
    await subscribe(store, to())
    await set_health(store, to(), Health(reach=Reach.SUSPECT, since=START))

    await tell(store)

    assert len(await claim(store)) == 1


async def test_news_that_waited_too_long_ends(store: SqlStore) -> None:
    """Once it is not paused any more it gets the news of a week; older news is too late."""
    await subscribe(store, to())
    await set_health(store, to(), PAUSED)
    await tell(store, created_at=START)
    await tell(store, event=an_event(id=OTHER), created_at=START + HOUR)

    await set_health(store, to(), Health(since=START + KEPT_FOR + HOUR))

    assert await states(store) == [State.EXPIRED, State.PENDING]


async def test_long_paused_destination_collects_nothing_more(store: SqlStore) -> None:
    """A channel that is never repaired must not fill the store."""
    await subscribe(store, to(), to("other"))
    await set_health(store, to(), PAUSED)

    await tell(store, created_at=START + KEPT_FOR + HOUR)

    assert await reached(store) == [to("other")]


async def test_held_delivery_is_no_reason_to_wake(store: SqlStore) -> None:
    """Nothing is due for a destination that cannot be reached."""
    await subscribe(store, to())
    await set_health(store, to(), PAUSED)
    await tell(store)

    async with store.reading() as unit:
        assert await unit.outbox.next_due("console", after=START) is None


async def test_delivery_that_found_its_destination_lost_is_held(store: SqlStore) -> None:
    """It is open as before, and goes when the others go."""
    await subscribe(store, to())
    await tell(store)
    claimed = await claim(store)
    await start(store, claimed)
    await finish(store, claimed, state=State.HELD, error="no such channel")
    await set_health(store, to(), PAUSED)

    await set_health(store, to(), WELL)
    (again,) = await claim(store)

    assert again.id == claimed[0].id
    assert again.attempts == 1


@pytest.mark.parametrize("health", [PAUSED, WELL])
async def test_what_is_under_way_is_left_to_who_sends_it(store: SqlStore, health: Health) -> None:
    """Neither held, as it may arrive, nor freed: it would be sent a second time."""
    await subscribe(store, to())
    await tell(store)
    await start(store, await claim(store))

    await set_health(store, to(), health)

    assert await states(store) == [State.SENDING]
