"""The program is ended again and again at any moment; in the end everything is accounted for.

`make soak` is the same with many more ends. The seed of a run stands in its output.
"""

import os
import signal
from pathlib import Path
from random import SystemRandom

from accounts import Account, Ledger, unnoticed
from lives import Lives, open_lives, say
from programs import Program

KILLS = int(os.environ.get("PERIGEE_TEST_KILLS", "20"))
STOPS = 2 if KILLS <= 20 else KILLS // 4
SEED = int(os.environ.get("PERIGEE_TEST_SEED", f"{SystemRandom().randrange(1_000_000)}"))
SAVES_A_LIFE = 4


async def _lived(lives: Lives, ends: int, number: signal.Signals) -> tuple[Ledger, Account]:
    """So many lives that are cut short, then one to the end; both sides, and what they come to."""
    say(f"\n{ends} times {number.name}, seed {SEED}")
    for one in range(1, ends + 1):
        moment, left = await lives.cut_short(number)
        say(f"{one}/{ends} at {moment}: {left}")
    await lives.finish()
    ledger, most = await lives.ledger(), lives.most_in_flight
    account = ledger.account()
    say(f"{account}; in flight at the end of a life: {len(lives.flights)}, at most {most}")
    return ledger, account


async def test_kills_lose_nothing_and_repeat_only_what_is_urgent(
    perigee: Program, shared: Path
) -> None:
    """SIGKILL: all that LL2 said is noticed once and told in order, on Discord exactly once.

    On Telegram what was in flight is told again if it is urgent. If not, it is `unknown`: what had
    left has arrived, and what had not is missing, which no program can know.
    """
    saves = KILLS * SAVES_A_LIFE
    async with open_lives(perigee, shared, saves=saves, seed=SEED) as lives:
        ledger, account = await _lived(lives, KILLS, signal.SIGKILL)

    assert unnoticed(ledger.changes, saves) == []
    assert account.lost == []
    assert account.repeated["discord"] == 0
    assert account.unexcused == []
    assert account.disordered == []
    assert account.strange == []
    assert account.doubts <= len(lives.flights)
    assert lives.flights, "nothing was in flight, so nothing is proved"


async def test_stops_lose_and_repeat_nothing(perigee: Program, shared: Path) -> None:
    """SIGTERM: what is in flight lands and is recorded, so both platforms get each message once."""
    saves = STOPS * SAVES_A_LIFE
    async with open_lives(perigee, shared, saves=saves, seed=SEED) as lives:
        ledger, account = await _lived(lives, STOPS, signal.SIGTERM)

    assert unnoticed(ledger.changes, saves) == []
    assert lives.flights == set()
    assert account == Account(owed=account.owed)
