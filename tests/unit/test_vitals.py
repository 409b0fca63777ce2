"""What keeps the service from its work, in sentences; and why attempts end, in few words."""

from datetime import timedelta

import pytest

from bot.domain.causes import Cause, cause_of
from bot.domain.deliveries import Gone, Later, Outcome, Refused, Sent, Unknown
from bot.domain.vitals import Facts, lacks

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("facts", "reasons"),
    [
        (Facts(data_age=MINUTE, fresh_for=15 * MINUTE, adapters={"console": ""}), ()),
        (Facts(data_age=15 * MINUTE, fresh_for=15 * MINUTE), ()),
        (Facts(data_age=None, fresh_for=None), ()),
        (
            Facts(data_age=None, fresh_for=MINUTE),
            ("LL2 has not given its list of events yet",),
        ),
        (
            Facts(
                data_age=timedelta(hours=2, seconds=3.5),
                fresh_for=MINUTE,
                poll_problem="LL2 answered 503",
            ),
            ("what LL2 told is 2h3s old: LL2 answered 503",),
        ),
        (
            Facts(
                data_age=MINUTE,
                fresh_for=15 * MINUTE,
                adapters={"discord": "its token is refused", "telegram": ""},
            ),
            ("discord: its token is refused",),
        ),
        (
            Facts(
                store_problem="the store x.db is damaged",
                fresh_for=MINUTE,
                adapters={"console": "it is not connected yet"},
            ),
            ("the store x.db is damaged", "console: it is not connected yet"),
        ),
    ],
)
def test_what_is_lacking_is_said(facts: Facts, reasons: tuple[str, ...]) -> None:
    """A sentence for each thing; where the store cannot be read, its old facts are not told."""
    assert lacks(facts) == reasons


@pytest.mark.parametrize(
    ("outcome", "cause"),
    [
        (Sent(remote_id="1"), Cause.NONE),
        (Later(reason="429", wait=MINUTE), Cause.LIMIT),
        (Later(reason="503"), Cause.UNAVAILABLE),
        (Refused(reason="too long"), Cause.REFUSED),
        (Gone(reason="no such channel"), Cause.GONE),
        (Gone(reason="forbidden", is_certain=False), Cause.DOUBTFUL),
        (Gone(reason="forbidden", is_certain=False, missing="Send Messages"), Cause.RIGHT),
        (Unknown(reason="timed out"), Cause.NO_ANSWER),
    ],
)
def test_each_outcome_has_a_cause_that_can_be_counted(outcome: Outcome, cause: Cause) -> None:
    """Whatever words the platform chose."""
    assert cause_of(outcome) is cause
