"""What an error means that no server sends: a timeout, a broken connection, a bug of ours."""

from datetime import timedelta

import pytest

from bot.adapters.discord import discord
from bot.adapters.discord.outcomes import lacking, outcome_of
from bot.domain.deliveries import Gone, Later, Unknown


def test_timeout_is_unknown() -> None:
    """Discord may have taken it; the nonce makes a repeat harmless."""
    assert outcome_of(TimeoutError()) == Unknown(reason="Discord did not answer in time")


def test_broken_connection_is_unknown() -> None:
    """The request may have arrived before it broke."""
    assert isinstance(outcome_of(ConnectionResetError("reset")), Unknown)


def test_rate_limit_says_how_long() -> None:
    """The outbox waits, and not the sender."""
    outcome = outcome_of(discord.RateLimited(61.5))

    assert outcome == Later(reason="Discord's rate limit", wait=timedelta(seconds=61.5))


def test_error_of_our_own_is_not_swallowed() -> None:
    """A bug must not look like trouble of Discord's."""
    with pytest.raises(KeyError):
        outcome_of(KeyError("bug"))


@pytest.mark.parametrize("missing", ["Embed Links", ""])
def test_missing_right_is_named_if_it_is_known(missing: str) -> None:
    """Whoever can mend it must know what to tick."""
    outcome = lacking(missing)

    assert isinstance(outcome, Gone)
    assert (outcome.missing, outcome.is_certain) == (missing, False)
    assert missing in outcome.reason
