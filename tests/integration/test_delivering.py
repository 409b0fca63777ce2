"""The dispatcher over a real store: what refusals pause, and what comes back."""

from collections.abc import AsyncIterator

import pytest
from outboxes import reached, states, subscribe, to
from sending import DELETED, NO_RIGHT, PRIVATE, SECOND, health, meet, sending, tell_of
from stores import made_store

from bot.domain.channels import PATIENCE, Health, Reach
from bot.domain.deliveries import Later, Outcome, Refused, Sent, State
from bot.store.unit_of_work import SqlStore
from bot.testing import START


@pytest.fixture
async def store() -> AsyncIterator[SqlStore]:
    """An empty store in memory, its tables made."""
    async with made_store("sqlite://") as opened:
        yield opened


async def test_certain_refusal_pauses_and_keeps_the_news(store: SqlStore) -> None:
    """Nothing more is sent there, and nothing is given up; other destinations get theirs."""
    await subscribe(store, to(), to("other"))
    async with sending(store) as sender:
        sender.outcomes["main"] = [DELETED]
        await tell_of(store, 1)
        await sender.deliver()
        await tell_of(store, 2)
        await sender.deliver()

    assert await health(store) == Health(reach=Reach.PAUSED, since=START, reason=DELETED.reason)
    assert sorted(await states(store)) == ["held", "held", "sent", "sent"]
    assert [one for _, one in sender.sent_at] == [to("other"), to("other")]


async def test_paused_destination_resumes_by_the_platforms_word(store: SqlStore) -> None:
    """What was missed comes at once, each event in its order; the dispatcher is woken for it."""
    await subscribe(store, to())
    async with sending(store) as sender:
        sender.outcomes["main"] = [DELETED]
        await tell_of(store, 1)
        await sender.deliver()
        await tell_of(store, 2)
        sender.core.wake.clear()

        await sender.core.reachable("main")

        assert sender.core.wake.is_set()
        await sender.deliver()
    assert await states(store) == [State.SENT, State.SENT]
    assert (await health(store)).reach is Reach.ACTIVE


async def test_doubtful_refusal_pauses_when_it_is_repeated(store: SqlStore) -> None:
    """Ten minutes later the same message is tried again, and tells."""
    await subscribe(store, to())
    async with sending(store) as sender:
        sender.outcomes["main"] = [NO_RIGHT, NO_RIGHT]
        await tell_of(store, 1)
        await sender.deliver()
        suspect = await health(store)
        sender.clock.advance(PATIENCE)
        await sender.deliver()

    assert suspect.reach is Reach.SUSPECT
    assert (await health(store)).reach is Reach.PAUSED
    assert await states(store) == [State.HELD]


async def test_right_that_comes_back_in_time_loses_nothing(store: SqlStore) -> None:
    """Permissions are often changed in several steps."""
    await subscribe(store, to())
    async with sending(store) as sender:
        sender.outcomes["main"] = [NO_RIGHT]
        await tell_of(store, 1)
        await sender.deliver()
        sender.clock.advance(PATIENCE)
        await sender.deliver()

    assert (await health(store)).reach is Reach.ACTIVE
    assert await states(store) == [State.SENT]


@pytest.mark.parametrize("outcome", [Later(reason="busy", wait=SECOND), Refused(reason="too long")])
async def test_other_failures_are_not_the_destinations(store: SqlStore, outcome: Outcome) -> None:
    """Neither an outage of the platform nor a bug of ours pauses anybody."""
    await subscribe(store, to())
    async with sending(store) as sender:
        sender.outcomes["main"] = [outcome]
        await tell_of(store, 1)
        await sender.deliver()

    assert await health(store) == Health()


async def test_new_address_holds_from_the_first_message(store: SqlStore) -> None:
    """A group became a supergroup: the next message goes straight to the new chat."""
    await subscribe(store, to("-1"))
    async with sending(store) as sender:
        sender.outcomes["-1"] = [Sent(remote_id="1", moved_to="-100")]
        await tell_of(store, 1)
        await sender.deliver()
        await tell_of(store, 2)
        await sender.deliver()

    assert [delivery.destination for delivery, _ in sender.adapter.sent] == [to("-1"), to("-100")]
    assert set(await reached(store)) == {to("-100")}
    assert await states(store) == [State.SENT, State.SENT]


async def test_several_messages_under_way_move_a_destination_once(store: SqlStore) -> None:
    """Each of them finds out for itself."""
    await subscribe(store, to("-1"))
    async with sending(store) as sender:
        sender.outcomes["-1"] = [Sent(remote_id="1", moved_to="-100")] * 3
        await tell_of(store, 1, 2, 3)
        await sender.deliver()

    assert set(await reached(store)) == {to("-100")}
    async with store.reading() as unit:
        assert len(await unit.subscriptions.held(to("-100"))) == 1


async def test_destination_that_is_tried_again_in_vain_is_told_of_once(store: SqlStore) -> None:
    """A platform may show all rights and refuse nevertheless, after each reconnection."""
    await subscribe(store, to())
    await meet(store, to(), "7")
    async with sending(store, limits=PRIVATE) as sender:
        sender.outcomes["main"] = [NO_RIGHT] * 20
        await tell_of(store, 1)
        for _ in range(3):
            await sender.deliver()
            sender.clock.advance(PATIENCE)
            await sender.deliver()
            assert (await health(store)).reach is Reach.PAUSED
            await sender.core.retry(lambda address: address == "main")

    assert len(sender.told) == 1


async def test_destination_that_is_tried_again_gets_what_it_missed(store: SqlStore) -> None:
    """The first success proves it well; a refusal after that is new trouble."""
    await subscribe(store, to())
    await meet(store, to(), "7")
    async with sending(store, limits=PRIVATE) as sender:
        sender.outcomes["main"] = [DELETED]
        await tell_of(store, 1)
        await sender.deliver()
        await sender.core.retry(lambda address: address == "main")
        await sender.deliver()
        mended = await health(store), await states(store)
        sender.outcomes["main"] = [DELETED]
        await tell_of(store, 2)
        await sender.deliver()

    assert mended == (Health(since=START), [State.SENT])
    assert len(sender.told) == 2
