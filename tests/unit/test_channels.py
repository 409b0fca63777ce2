"""How a destination's health goes: one certain refusal or two doubtful ones far enough apart."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.channels import PATIENCE, Channel, Health, Reach, reached, refused
from bot.testing import START

RIGHT = "Send Messages"


def after(*doubts: timedelta, health: Health | None = None) -> Health:
    """The health after doubtful refusals so long after `START`."""
    health = health or Health()
    for span in doubts:
        health = refused(
            health, now=START + span, reason="no right", is_certain=False, missing=RIGHT
        )
    return health


def test_certain_refusal_pauses_at_once() -> None:
    """A channel that is deleted will not come back in ten minutes."""
    health = refused(Health(), now=START, reason="no such channel", is_certain=True)

    assert health == Health(reach=Reach.PAUSED, since=START, reason="no such channel")


def test_first_doubt_only_makes_suspect() -> None:
    """Permissions are often changed in several steps."""
    assert after(timedelta(0)) == Health(
        reach=Reach.SUSPECT, since=START, reason="no right", missing=RIGHT
    )


def test_second_doubt_soon_after_changes_nothing() -> None:
    """A burst of messages meets the same refusal many times in a second."""
    health = after(timedelta(0), timedelta(seconds=1), PATIENCE - timedelta(seconds=1))

    assert health == after(timedelta(0))


def test_second_doubt_long_after_pauses() -> None:
    """The person in charge has had time to notice."""
    health = after(timedelta(0), PATIENCE)

    assert health == Health(
        reach=Reach.PAUSED, since=START + PATIENCE, reason="no right", missing=RIGHT
    )


def test_certain_refusal_ends_a_doubt() -> None:
    """Whatever was thought of it before."""
    health = refused(after(timedelta(0)), now=START, reason="kicked", is_certain=True)

    assert health == Health(reach=Reach.PAUSED, since=START, reason="kicked")


def test_paused_stays_as_it_was_told() -> None:
    """What was in flight when it was paused is refused too, and says nothing new."""
    paused = refused(Health(), now=START, reason="kicked", is_certain=True)

    assert after(PATIENCE, health=paused) is paused


def test_success_ends_every_doubt() -> None:
    """The next doubt starts anew."""
    health = reached(after(timedelta(0)), now=START + PATIENCE)

    assert health == Health(reach=Reach.ACTIVE, since=START + PATIENCE)
    assert after(2 * PATIENCE, health=health).reach is Reach.SUSPECT


def test_success_of_the_well_is_no_news() -> None:
    """So that nothing is written for each message."""
    health = Health()

    assert reached(health, now=START) is health


moments = st.integers(0, 3600).map(lambda seconds: START + timedelta(seconds=seconds))


@given(times=st.lists(moments, max_size=8).map(sorted))
def test_doubts_pause_only_when_far_enough_apart(times: list[datetime]) -> None:
    """Two of them must lie ten minutes apart, however many there are."""
    health = Health()
    for now in times:
        health = refused(health, now=now, reason="x", is_certain=False)

    far_apart = bool(times) and times[-1] - times[0] >= PATIENCE
    assert (health.reach is Reach.PAUSED) == far_apart


def test_zone_of_a_channel_is_that_of_its_name() -> None:
    """Its messages tell moments by these clocks where the reader's client cannot convert them."""
    assert Channel(time_zone="Europe/Berlin").zone == ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "name", ["Mars/Olympus_Mons", "", "Europe", "../etc/passwd", "/etc/passwd", "a\0b", "a" * 999]
)
def test_a_zone_that_this_machine_lacks_is_utc(name: str) -> None:
    """A store may come from a machine with newer names; its channels still get their messages."""
    assert Channel(time_zone=name).zone is UTC
