"""Deliveries: their states, their outcomes, and what follows from an outcome. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum, unique
from random import Random
from typing import NewType, assert_never

from bot.domain.changes import Kind, News, Reminder, kind_of
from bot.domain.channels import DEFAULT_CHANNEL, PATIENCE, Channel
from bot.domain.events import EventId
from bot.domain.subscriptions import Destination

FanoutId = NewType("FanoutId", int)
DeliveryId = NewType("DeliveryId", int)
MessageId = NewType("MessageId", int)

MAX_ATTEMPTS = 24
"""After so many failed attempts (half a day of backoff) a delivery is dead."""

LONGEST_WAIT = timedelta(days=7)
"""The longest that a platform can make a delivery wait at once."""

_FIRST_BACKOFF = timedelta(seconds=5)
_LONGEST_BACKOFF = timedelta(hours=1)
_SHORT_WAITS = 3
_IMMINENT = timedelta(hours=1)


@unique
class Priority(IntEnum):
    """Which delivery goes first; the lower overtakes the higher."""

    URGENT = 0
    NEWS = 1
    DETAILS = 2


@unique
class State(StrEnum):
    """Where a delivery stands. The first four are open, the others final."""

    PENDING = "pending"
    """Waits for its turn, the first or another."""
    HELD = "held"
    """Waits until its paused destination can be reached again."""
    LEASED = "leased"
    """Claimed by a sender until its lease runs out; nothing was sent."""
    SENDING = "sending"
    """Handed to the adapter; after a crash nobody knows whether it arrived."""
    SENT = "sent"
    """The platform has it."""
    SUPERSEDED = "superseded"
    """Folded into a later message of the same event, or made pointless before it was sent."""
    EXPIRED = "expired"
    """Too late to help."""
    DEAD = "dead"
    """Given up; `error` says why."""
    UNKNOWN = "unknown"
    """Perhaps sent; repeating might say it twice, so it was left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One fan-out's share of a delivery: the kinds of it that the destination wants."""

    fanout_id: FanoutId
    kinds: frozenset[Kind]
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message owed to one destination.

    Attributes:
        parts: the fan-outs that it tells of, oldest first; more than one after folding.
        attempts: how often it was handed to the adapter, this time included once it is.
        channel: how its destination wants to be addressed.
        may_have_arrived: the end of an earlier attempt is not known.

    """

    id: DeliveryId
    destination: Destination
    event_id: EventId
    priority: Priority
    parts: tuple[Part, ...]
    attempts: int = 0
    channel: Channel = DEFAULT_CHANNEL
    may_have_arrived: bool = False

    @property
    def form(self) -> str:
        """What its message tells, as a key: deliveries of one form share one message."""
        return "+".join(f"{part.fanout_id}:{','.join(sorted(part.kinds))}" for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The platform has it.

    Attributes:
        remote_id: the platform's own id of the message.
        moved_to: the address has changed to this for good (a group became a supergroup, a topic was
            deleted), and the message was sent there; empty: it has not.

    """

    remote_id: str = ""
    moved_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Not now: try again after `wait`, or after a backoff when the platform names none."""

    reason: str
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The platform will never take this message; the destination itself may be well."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The destination does not exist or does not let us in.

    Attributes:
        reason: in words for whoever can mend it.
        is_certain: one refusal is enough to pause it; otherwise it is only suspect at first.
        missing: the permission that is missing, in the platform's own words; empty: none is.

    """

    reason: str
    is_certain: bool = True
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Nobody knows whether it arrived: the answer was lost."""

    reason: str


Outcome = Sent | Later | Refused | Gone | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of a delivery after an attempt.

    Attributes:
        state: PENDING to try again, HELD to wait for the destination, otherwise final.
        not_before: when a pending one may be tried again.
        error: why it is not sent; empty when it is.
        remote_id: the platform's id when it is sent.
        may_have_arrived: the end of this attempt or an earlier one is not known.

    """

    state: State
    not_before: datetime | None = None
    error: str = ""
    remote_id: str = ""
    may_have_arrived: bool = False


def advance(
    delivery: Delivery,
    outcome: Outcome,
    *,
    now: datetime,
    repeat_is_harmless: bool,
    random: Random,
) -> Verdict:
    """What follows from the outcome of one attempt (`delivery.attempts` counts it)."""
    match outcome:
        case Sent(remote_id=remote_id):
            return Verdict(state=State.SENT, remote_id=remote_id)
        case Refused(reason=reason):
            return Verdict(state=State.DEAD, error=reason)
        case Gone(reason=reason, is_certain=True):
            return Verdict(state=State.HELD, error=reason)
        case Gone(reason=reason):
            # By then the destination is well again, or found gone for sure and paused.
            return _later(delivery, reason, now + PATIENCE)
        case Later(reason=reason, wait=wait):
            return _later(delivery, reason, now + _pause(delivery.attempts, wait, random))
        case Unknown(reason=reason):
            if not _may_repeat(delivery, repeat_is_harmless=repeat_is_harmless):
                return _given_up(delivery, reason, State.UNKNOWN)
            pause = backoff(delivery.attempts, random)
            return _again(reason, now + pause, may_have_arrived=True)
        case _ as never:
            assert_never(never)


def _may_repeat(delivery: Delivery, *, repeat_is_harmless: bool) -> bool:
    """Whether to send again what may have arrived: the urgent rather twice than never."""
    once_more = delivery.priority is Priority.URGENT and not delivery.may_have_arrived
    return delivery.attempts < MAX_ATTEMPTS and (repeat_is_harmless or once_more)


def _pause(attempts: int, wait: timedelta | None, random: Random) -> timedelta:
    ours = backoff(attempts, random)
    if wait is None:
        return ours
    # Bounded, because a platform's absurd wait must not run off the calendar; and not obeyed for
    # ever when it is short, because all attempts would be spent within seconds.
    theirs = min(wait, LONGEST_WAIT)
    return theirs if attempts <= _SHORT_WAITS else max(ours, theirs)


def _later(delivery: Delivery, reason: str, at: datetime) -> Verdict:
    if delivery.attempts >= MAX_ATTEMPTS:
        return _given_up(delivery, reason, State.DEAD)
    return _again(reason, at, may_have_arrived=delivery.may_have_arrived)


def _again(reason: str, at: datetime, *, may_have_arrived: bool) -> Verdict:
    return Verdict(
        state=State.PENDING, not_before=at, error=reason, may_have_arrived=may_have_arrived
    )


def _given_up(delivery: Delivery, reason: str, state: State) -> Verdict:
    attempts = "1 attempt" if delivery.attempts == 1 else f"{delivery.attempts} attempts"
    return Verdict(state=state, error=f"{reason} (gave up after {attempts})")


def backoff(attempts: int, random: Random) -> timedelta:
    """A pause that doubles with each attempt up to an hour, of which the last half is random."""
    doublings = min(max(attempts - 1, 0), 16)
    longest = min(_FIRST_BACKOFF * (1 << doublings), _LONGEST_BACKOFF)
    return longest * random.uniform(0.5, 1.0)


def priority_of(news: tuple[News, ...]) -> Priority:
    """Webcast live and imminent reminders before other news, mere details last."""
    if any(_is_urgent(one) for one in news):
        return Priority.URGENT
    if all(kind_of(one) is Kind.DETAILS for one in news):
        return Priority.DETAILS
    return Priority.NEWS


def _is_urgent(news: News) -> bool:
    if isinstance(news, Reminder):
        return news.lead <= _IMMINENT
    return kind_of(news) is Kind.WEBCAST
