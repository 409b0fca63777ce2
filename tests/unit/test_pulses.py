"""Heartbeats: each loop has its own deadline, and only what it promised counts."""

from datetime import timedelta

from bot.domain.vitals import Heartbeat
from bot.services.pulses import Pulses
from bot.testing import FakeClock

SECOND = timedelta(seconds=1)


def test_loop_is_late_once_its_own_time_is_over() -> None:
    """Not before, and not by what another loop promised."""
    clock = FakeClock()
    pulses = Pulses(clock)
    pulses.of("poller").beat(10 * SECOND)
    pulses.of("fan-out").beat(30 * SECOND)

    clock.advance(10 * SECOND)
    in_time = pulses.heartbeats()
    clock.advance(SECOND)
    over = pulses.heartbeats()

    assert [one.is_late for one in in_time] == [False, False]
    assert over == (
        Heartbeat(loop="fan-out", age=11 * SECOND, is_late=False),
        Heartbeat(loop="poller", age=11 * SECOND, is_late=True),
    )


def test_beat_makes_up_for_being_late() -> None:
    """Whoever comes back is alive."""
    clock = FakeClock()
    pulses = Pulses(clock)
    pulse = pulses.of("poller")
    pulse.beat(SECOND)
    clock.advance(60 * SECOND)

    pulse.beat(SECOND)

    assert pulses.heartbeats() == (Heartbeat(loop="poller", age=timedelta(0), is_late=False),)


def test_loop_counts_from_its_first_beat_until_it_is_forgotten() -> None:
    """A loop that was not begun, or has ended as it should, is no illness."""
    clock = FakeClock()
    pulses = Pulses(clock)
    pulse = pulses.of("dispatcher console")
    before = pulses.heartbeats()
    pulse.beat(SECOND)
    clock.advance(60 * SECOND)

    pulses.forget("dispatcher console")

    assert (before, pulses.heartbeats()) == ((), ())
    assert not pulses.beats("dispatcher console")


def test_loop_that_was_stopped_before_it_began_is_forgotten_too() -> None:
    """A stop that comes at once ends loops that never showed themselves."""
    pulses = Pulses(FakeClock())

    pulses.forget("poller")

    assert pulses.heartbeats() == ()
