"""`ports.Leases`: one holder a role, and a fence against all that were before."""

from collections.abc import Awaitable

import pytest

from bot.domain.leases import RoleLease
from bot.errors import LeaseLost, StoreError
from bot.store.unit_of_work import SqlStore, open_store

MANY_ROUND_TRIPS = 1_000
ROLE = "send:discord"


async def take(store: SqlStore, holder: str, *, role: str = ROLE) -> RoleLease:
    """Take a role from whoever has it."""
    async with store.writing() as unit:
        seen = (await unit.leases.held()).get(role)
        taken = await unit.leases.take(role, seen, holder)
    assert taken is not None
    return taken


async def write_in(store: SqlStore, lease: RoleLease) -> None:
    """Write something behind the fence of a lease."""
    async with store.writing() as unit:
        await unit.memory.put("written", "so far")
        await unit.leases.guard(lease)


async def held(store: SqlStore) -> dict[str, RoleLease]:
    """What the store says."""
    async with store.reading() as unit:
        return dict(await unit.leases.held())


async def test_roles_have_holders_by_themselves(store: SqlStore) -> None:
    """`held`: every role that ever had a holder."""
    nobody = await held(store)
    sender, poller = await take(store, "a"), await take(store, "b", role="poll")

    assert nobody == {}
    assert await held(store) == {ROLE: sender, "poll": poller}
    assert (sender.holder, sender.epoch, poller.holder, poller.epoch) == ("a", 1, "b", 1)


async def test_each_hand_over_begins_an_epoch(store: SqlStore) -> None:
    """`epoch`: counts up by one with each; the beats begin anew."""
    first = await take(store, "a")
    async with store.writing() as unit:
        await unit.leases.renew(first)

    second = await take(store, "b")

    assert second == RoleLease(role=ROLE, holder="b", epoch=2, beats=0)
    assert await held(store) == {ROLE: second}


async def test_of_two_who_saw_the_same_one_gets_it(store: SqlStore) -> None:
    """`take`: unless something has changed since it was seen like this."""
    async with store.writing() as unit:
        won = await unit.leases.take(ROLE, None, "a")
        late = await unit.leases.take(ROLE, None, "b")
        won_again = await unit.leases.take(ROLE, won, "b")
        late_again = await unit.leases.take(ROLE, won, "c")

    assert late is None
    assert late_again is None
    assert await held(store) == {ROLE: won_again}


async def test_a_beat_is_a_change(store: SqlStore) -> None:
    """`take`: a holder that has shown itself since keeps its role."""
    seen = await take(store, "a")
    async with store.writing() as unit:
        alive = await unit.leases.renew(seen)
        taken = await unit.leases.take(ROLE, seen, "b")

    assert alive is not None
    assert (alive.beats, taken) == (1, None)
    assert await held(store) == {ROLE: alive}


async def test_what_was_taken_over_is_not_renewed_nor_given_back(store: SqlStore) -> None:
    """`renew`: None: it is its own no more. `release`: if it is still its holder's."""
    old = await take(store, "a")
    new = await take(store, "b")

    async with store.writing() as unit:
        renewed = await unit.leases.renew(old)
        await unit.leases.release(old)

    assert renewed is None
    assert await held(store) == {ROLE: new}


async def test_given_back_is_free_and_the_epoch_stays(store: SqlStore) -> None:
    """`is_free`: it was given back; whoever takes it begins the next epoch."""
    old = await take(store, "a")
    async with store.writing() as unit:
        await unit.leases.release(old)
    free = (await held(store))[ROLE]

    new = await take(store, "a")

    assert (free.is_free, free.epoch) == (True, 1)
    assert (new.is_free, new.epoch) == (False, 2)


async def test_who_takes_its_own_role_anew_keeps_its_connections(store: SqlStore) -> None:
    """`take`: only those of another holder are ended, lest whoever slept cut itself off."""
    itself = f"host/1/{store.session}"
    old = await take(store, itself)

    new = await take(store, itself)

    assert (new.holder, new.epoch) == (itself, old.epoch + 1)
    assert await held(store) == {ROLE: new}


@pytest.mark.parametrize("how", ["taken over", "given back", "never held", "held again"])
async def test_fence_lets_nothing_of_another_epoch_in(store: SqlStore, how: str) -> None:
    """`guard`: somebody else has taken it over; what the transaction wrote is gone."""
    mine = RoleLease(role=ROLE, holder="a", epoch=1, beats=0)
    if how != "never held":
        mine = await take(store, "a")
    if how == "given back":
        async with store.writing() as unit:
            await unit.leases.release(mine)
    elif how == "taken over":
        await take(store, "b")
    elif how == "held again":
        await take(store, "a")

    with pytest.raises(LeaseLost, match=ROLE):
        await write_in(store, mine)

    async with store.reading() as unit:
        assert await unit.memory.get("written") is None


async def test_fence_lets_its_own_epoch_in_however_often_it_beat(store: SqlStore) -> None:
    """`guard`: in the epoch of this lease; beats do not count."""
    mine = await take(store, "a")
    async with store.writing() as unit:
        await unit.leases.renew(mine)

    await write_in(store, mine)

    async with store.reading() as unit:
        assert await unit.memory.get("written") == "so far"


async def test_nobody_waits_for_who_froze_in_a_transaction(store: SqlStore, store_url: str) -> None:
    """`take`: None while a transaction of the holder is open, and not a wait without end."""
    if not store_url.startswith("postgresql"):
        pytest.skip("one process holds a store of SQLite's")
    frozen = await take(store, "a")

    async with store.writing() as unit:
        await unit.leases.guard(frozen)
        async with open_store(store_url) as other:
            alive = await renew(other, frozen)
            async with other.writing() as theirs:
                in_vain = await theirs.leases.take(ROLE, alive, "b")
    taken = await take(store, "b")

    assert alive is not None
    assert in_vain is None
    assert taken.holder == "b"


async def test_taking_over_ends_what_the_holder_had_open(store: SqlStore, store_url: str) -> None:
    """`take`: who wakes up later in a transaction finds its connection closed, and writes nothing.

    A holder's name ends with what its connections are called.
    """
    if not store_url.startswith("postgresql"):
        pytest.skip("one process holds a store of SQLite's")
    async with open_store(store_url) as frozen:
        lease = await take(frozen, f"host/1/{frozen.session}")
        with pytest.raises(StoreError):
            await _write_while(frozen, take(store, "b"))

    async with store.reading() as unit:
        assert await unit.memory.get("note") is None
    assert (await held(store))[ROLE].epoch == lease.epoch + 1


async def _write_while(store: SqlStore, taken: Awaitable[RoleLease]) -> None:
    """Hold a transaction open while the role is taken, and go on in it for a while."""
    async with store.writing() as unit:
        await unit.memory.put("note", "of the frozen")
        await taken
        for _ in range(MANY_ROUND_TRIPS):
            await unit.memory.get("note")


async def renew(store: SqlStore, lease: RoleLease) -> RoleLease | None:
    """Show that its holder lives."""
    async with store.writing() as unit:
        return await unit.leases.renew(lease)
