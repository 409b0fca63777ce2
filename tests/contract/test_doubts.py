"""`ports.Outbox`: what is kept of an attempt whose end is not known, and of posts opened."""

from collections.abc import Sequence
from datetime import timedelta

from outboxes import HOUR, claim, finish, start, states, subscribe, tell, to

from bot.domain.changes import WebcastLive
from bot.domain.deliveries import Delivery, Priority, State
from bot.domain.events import EventId
from bot.domain.subscriptions import Destination
from bot.ports import Store
from bot.store.unit_of_work import SqlStore
from bot.testing import START, an_event

LIVE = WebcastLive(event_id=EventId(1))
OTHER = an_event(id=EventId(2))
DOUBT = START - timedelta(minutes=5)
LATER = START + HOUR


async def _interrupted(store: Store) -> Sequence[Delivery]:
    async with store.reading() as unit:
        return await unit.outbox.interrupted("console")


async def _doubted(store: Store, **news: object) -> Delivery:
    """A delivery to `a` whose first attempt has no known end; it is due again at `LATER`."""
    await subscribe(store, to("a"))
    await tell(store, **news)  # type: ignore[arg-type]  # `Debt`'s fields
    (delivery,) = await claim(store)
    await start(store, [delivery])
    await finish(store, [delivery], state=State.PENDING, not_before=LATER, in_doubt_since=DOUBT)
    return delivery


async def test_interrupted_attempt_tells_when_it_began(store: SqlStore) -> None:
    """`start`: mark as `sending` since `now`; no doubt is older than that."""
    await subscribe(store, to("a"))
    await tell(store)
    await start(store, await claim(store))

    (interrupted,) = await _interrupted(store)

    assert interrupted.tried_at == START
    assert interrupted.in_doubt_since is None


async def test_doubt_outlasts_a_kill_amid_the_repeat(store: SqlStore) -> None:
    """`interrupted`: the first attempt is as doubtful as it was, whatever became of the second."""
    await _doubted(store)

    await start(store, await claim(store, now=LATER))

    (interrupted,) = await _interrupted(store)
    assert (interrupted.in_doubt_since, interrupted.tried_at) == (DOUBT, START)


async def test_doubt_ends_with_the_verdict_that_says_so(store: SqlStore) -> None:
    """`finish`: a verdict without a doubt leaves none."""
    await _doubted(store)
    (doubted,) = await claim(store, now=LATER)
    await finish(store, [doubted], state=State.PENDING, not_before=LATER)

    (surely_unsent,) = await claim(store, now=LATER)

    assert doubted.in_doubt_since == DOUBT
    assert surely_unsent.in_doubt_since is None


async def test_doubted_delivery_goes_alone_and_first(store: SqlStore) -> None:
    """`claim`: one in doubt goes before others of its pair, alone and as it was.

    Folded into another message its news would be told a second time, if it has arrived.
    """
    doubted = await _doubted(store)
    await tell(store, LIVE, priority=Priority.URGENT)
    await tell(store)

    first = await claim(store, now=LATER)
    held_up = await claim(store, now=LATER)
    await finish(store, first)
    (second,) = await claim(store, now=LATER)

    assert [(one.id, one.parts) for one in first] == [(doubted.id, doubted.parts)]
    assert held_up == ()
    assert len(second.parts) == 2


async def test_two_doubted_deliveries_of_one_pair_hold_up_nobody_for_ever(store: SqlStore) -> None:
    """`claim`: two addresses may turn out to be one place; the urgent one goes first."""
    await _doubted(store)
    await subscribe(store, to("b"))
    await tell(store, LIVE, priority=Priority.URGENT)
    (other,) = await claim(store)
    await start(store, [other])
    await finish(store, [other], state=State.PENDING, not_before=LATER, in_doubt_since=DOUBT)
    async with store.writing() as unit:
        await unit.destinations.move(to("b"), to("a"))

    (first,) = await claim(store, now=LATER)
    await finish(store, [first])
    second = await claim(store, now=LATER)

    assert first.id == other.id
    assert [one.in_doubt_since for one in second] == [DOUBT]


async def _open_post(store: Store, address: str, post: str) -> None:
    """Deliver news to an address, where the platform opens a post for it."""
    await subscribe(store, to(address))
    await tell(store)
    for one in await claim(store):
        await finish(store, [one], post=post if one.destination == to(address) else "")


async def _post(store: Store, destination: Destination) -> str:
    """The post that the next news of the usual event at a destination would go to."""
    await tell(store)
    return next(one.post for one in await claim(store) if one.destination == destination)


async def test_post_of_an_event_is_remembered(store: SqlStore) -> None:
    """`finish`: a verdict's `post` is what later deliveries of the same pair carry."""
    await subscribe(store, to("b"))
    await _open_post(store, "a", "77")
    await tell(store)
    await tell(store, event=OTHER)

    posts = {(one.destination, one.event_id): one.post for one in await claim(store)}

    assert posts == {
        (to("a"), EventId(1)): "77",
        (to("b"), EventId(1)): "",
        (to("a"), OTHER.id): "",
        (to("b"), OTHER.id): "",
    }


async def test_post_is_replaced_by_one_opened_later(store: SqlStore) -> None:
    """`finish`: a moderator deleted the first, so there is another."""
    await _open_post(store, "a", "77")
    await _open_post(store, "a", "78")

    assert await _post(store, to("a")) == "78"


async def test_delivery_that_opened_nothing_leaves_the_post(store: SqlStore) -> None:
    """`finish`: no post in the verdict says nothing of the one that there is."""
    await _open_post(store, "a", "77")
    await tell(store)
    await finish(store, await claim(store))

    assert await _post(store, to("a")) == "77"
    assert State.SENT in await states(store)


async def test_move_takes_posts_along(store: SqlStore) -> None:
    """`move`: all that the old address holds."""
    await _open_post(store, "old", "77")

    async with store.writing() as unit:
        await unit.destinations.move(to("old"), to("new"))

    assert await _post(store, to("new")) == "77"


async def test_move_keeps_the_post_of_the_new_address(store: SqlStore) -> None:
    """`move`: the new address may hold things already; what was opened there is there for sure."""
    await _open_post(store, "old", "77")
    await _open_post(store, "new", "78")

    async with store.writing() as unit:
        await unit.destinations.move(to("old"), to("new"))

    assert await _post(store, to("new")) == "78"
