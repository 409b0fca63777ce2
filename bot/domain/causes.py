"""Why an attempt to send came out as it did, in one of few words, fit to be counted. Pure.

The outcome's own reason is a sentence for people; there is no end to those.
"""

from enum import StrEnum, unique
from typing import assert_never

from bot.domain.deliveries import Gone, Later, Outcome, Refused, Sent, Unknown


@unique
class Cause(StrEnum):
    """Why it came out so."""

    NONE = "none"
    """It was sent."""
    LIMIT = "limit"
    """A limit of the platform, or our pace that keeps below it, asks to wait."""
    UNAVAILABLE = "unavailable"
    """The platform cannot be reached, or has trouble of its own."""
    REFUSED = "refused"
    """The platform does not take this message."""
    GONE = "gone"
    """The destination is not there any more, or does not let us in."""
    DOUBTFUL = "doubtful"
    """The same, but it may be a passing state."""
    RIGHT = "right"
    """The bot lacks a right there."""
    NO_ANSWER = "no_answer"
    """The answer was lost, so that nobody knows."""
    RAISED = "raised"
    """The adapter raised an error; the log has it."""


def cause_of(outcome: Outcome) -> Cause:
    """Why an attempt came out so."""
    match outcome:
        case Sent():
            return Cause.NONE
        case Later(wait=None):
            return Cause.UNAVAILABLE
        case Later():
            return Cause.LIMIT
        case Refused():
            return Cause.REFUSED
        case Gone(missing=missing) if missing:
            return Cause.RIGHT
        case Gone(is_certain=is_certain):
            return Cause.GONE if is_certain else Cause.DOUBTFUL
        case Unknown():
            return Cause.NO_ANSWER
        case _ as never:
            assert_never(never)
