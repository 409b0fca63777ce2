"""How many messages an announcement channel may publish."""

from bot.adapters.discord.publishing import HOURLY, Allowance


def test_channel_publishes_so_many_in_an_hour() -> None:
    """One more is too many until the first is an hour old."""
    allowance = Allowance()

    within = [allowance.take(1, now=float(second)) for second in range(HOURLY)]

    assert within == [True] * HOURLY
    assert not allowance.take(1, now=3599.9)
    assert allowance.take(1, now=3600.0)
    assert not allowance.take(1, now=3600.5)
    assert allowance.take(1, now=3601.0)


def test_each_channel_has_its_own() -> None:
    """A busy channel takes nothing from another."""
    allowance = Allowance()

    for second in range(HOURLY):
        allowance.take(1, now=float(second))

    assert allowance.take(2, now=11.0)


def test_what_is_refused_is_not_counted() -> None:
    """Trying in vain does not put off the next success."""
    allowance = Allowance()
    for _ in range(HOURLY):
        allowance.take(1, now=0.0)

    refused = [allowance.take(1, now=float(second)) for second in range(1, 3600, 60)]

    assert not any(refused)
    assert all(allowance.take(1, now=3600.0) for _ in range(HOURLY))
