"""Processes share the work on PostgreSQL; whoever fails, another goes on, and all is counted."""

import signal
from pathlib import Path
from random import SystemRandom

import pytest
from accounts import Account, unnoticed
from clusters import Server, a_proxy
from fleets import Fleet, open_fleet
from lives import say
from programs import Program
from sqlalchemy import make_url
from worlds import Sign

SEED = SystemRandom().randrange(1_000_000)
SAVES = 24
SENDER = "send:telegram"


async def relieve(fleet: Fleet, old: str, new: str, number: signal.Signals) -> None:
    """Hit whoever works, in the midst of sending, and wait until the other has taken over."""
    await fleet.until(Sign.ASKED, times=fleet.scene.random.randint(3, 30))
    await fleet.relieve(old, new, number, "poll", "fanout", "send:discord", SENDER)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "stop"])
async def test_who_ends_is_relieved_and_nothing_is_lost(
    perigee: Program, shared: Path, postgresql: Server, number: signal.Signals
) -> None:
    """The standby takes over: after a clean stop nothing is repeated, after a kill what flew."""
    say(f"\n{number.name}, seed {SEED}")
    with postgresql.database(is_empty=True) as url:
        async with open_fleet(perigee, shared, url, saves=SAVES, seed=SEED) as fleet:
            await fleet.join("a")
            await fleet.has("a", SENDER)
            await fleet.join("b")
            await relieve(fleet, "a", "b", number)
            await fleet.until(Sign.ANSWERED, times=5)
            await fleet.finish()
            ledger = await fleet.ledger()

    account = ledger.account()
    say(f"{account}")
    assert unnoticed(ledger.changes, SAVES) == []
    assert account.lost == []
    assert account.repeated["discord"] == 0
    assert account.unexcused == []
    assert account.disordered == []
    assert account.strange == []
    if number is signal.SIGTERM:
        assert account == Account(owed=account.owed)


async def test_who_was_frozen_does_no_harm_when_it_wakes(
    perigee: Program, shared: Path, postgresql: Server
) -> None:
    """SIGSTOP in the midst of sending; once it is relieved, SIGCONT: it finds itself fenced off."""
    say(f"\nfrozen, seed {SEED}")
    with postgresql.database(is_empty=True) as url:
        async with open_fleet(perigee, shared, url, saves=SAVES, seed=SEED) as fleet:
            await fleet.join("a")
            await fleet.has("a", SENDER)
            await fleet.join("b")
            await relieve(fleet, "a", "b", signal.SIGSTOP)
            await fleet.wake("a", SENDER)
            await relieve(fleet, "b", "a", signal.SIGKILL)
            await fleet.until(Sign.ANSWERED, times=5)
            await fleet.finish()
            ledger = await fleet.ledger()

    account = ledger.account()
    say(f"{account}")
    assert unnoticed(ledger.changes, SAVES) == []
    assert account.lost == []
    assert account.repeated["discord"] == 0
    assert account.unexcused == []
    assert account.disordered == []
    assert account.strange == []


async def test_roles_can_be_parted_and_a_pooler_be_between(
    perigee: Program, shared: Path, postgresql: Server
) -> None:
    """Three processes, each with a part of the work, behind PgBouncer: together they do it once."""
    say(f"\nparted, seed {SEED}")
    with postgresql.database(is_empty=True) as direct, a_proxy(postgresql) as pooler:
        through = make_url(pooler).set(database=make_url(direct).database)
        url = through.render_as_string(hide_password=False)
        async with open_fleet(perigee, shared, url, saves=SAVES, seed=SEED) as fleet:
            await fleet.join("watching", "--roles", "poll,fanout")
            await fleet.join("talking", "--roles", "send:discord,commands")
            await fleet.join("telling", "--roles", "send:telegram,web")
            await fleet.has("watching", "fanout")
            await fleet.has("talking", "commands:telegram")
            await fleet.has("telling", SENDER)
            await fleet.members["telling"].until("Other processes are not heard")
            for _ in range(3):
                await fleet.until(Sign.ANSWERED, times=10)
            await fleet.finish()
            ledger = await fleet.ledger()

    account = ledger.account()
    say(f"{account}")
    assert unnoticed(ledger.changes, SAVES) == []
    assert account == Account(owed=account.owed)
    assert account.owed
