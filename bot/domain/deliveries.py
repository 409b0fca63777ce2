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

UNSURE_FOR = timedelta(seconds=60)
"""How long a send of unknown end is left alone where a repeat would be read twice: what crosses the
first attempt late is then surely there, or surely lost (facts-delivery, 2.3)."""

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
        tried_at: when its last attempt began; while it is being sent, the present one.
        in_doubt_since: when the first attempt began whose end is not known; None: all ends are.
        post: what the platform opened for its event at its destination, by `Sent.post` of an
            earlier delivery; empty: nothing.

    """

    id: DeliveryId
    destination: Destination
    event_id: EventId
    priority: Priority
    parts: tuple[Part, ...]
    attempts: int = 0
    channel: Channel = DEFAULT_CHANNEL
    tried_at: datetime | None = None
    in_doubt_since: datetime | None = None
    post: str = ""

    def helps_at(self, moment: datetime) -> bool:
        """Whether any of it is still worth telling then."""
        ends = [part.expires_at for part in self.parts]
        return not ends or any(end is None or end > moment for end in ends)

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
        post: the place inside the destination that holds what is told of this event (a forum's
            post); the event's later deliveries carry it. Empty: there is none.

    """

    remote_id: str = ""
    moved_to: str = ""
    post: str = ""


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
    """Nobody knows whether it arrived: the answer was lost.

    Attributes:
        is_final: nobody will know later either, so it is left as it is.

    """

    reason: str
    is_final: bool = False


Outcome = Sent | Later | Refused | Gone | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of a delivery after an attempt.

    Attributes:
        state: PENDING to try again, HELD to wait for the destination, otherwise final.
        not_before: when a pending one may be tried again.
        error: why it is not sent; empty when it is.
        remote_id: the platform's id when it is sent.
        post: what the platform opened for its event, when it is sent.
        in_doubt_since: when the first attempt began whose end is not known, this one included.

    """

    state: State
    not_before: datetime | None = None
    error: str = ""
    remote_id: str = ""
    post: str = ""
    in_doubt_since: datetime | None = None


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
        case Sent(remote_id=remote_id, post=post):
            return Verdict(state=State.SENT, remote_id=remote_id, post=post)
        case Refused(reason=reason):
            return Verdict(state=State.DEAD, error=reason)
        case Gone(reason=reason, is_certain=True):
            doubt = delivery.in_doubt_since
            return Verdict(state=State.HELD, error=reason, in_doubt_since=doubt)
        case Gone(reason=reason):
            # By then the destination is well again, or found gone for sure and paused.
            return _later(delivery, reason, now + PATIENCE)
        case Later(reason=reason, wait=wait):
            return _later(delivery, reason, now + _pause(delivery.attempts, wait, random))
        case Unknown():
            pause = backoff(delivery.attempts, random)
            at = _repeat_at(delivery, now + pause, repeat_is_harmless=repeat_is_harmless)
            if outcome.is_final or at is None:
                return _given_up(delivery, outcome.reason, State.UNKNOWN)
            doubt = doubt_of(delivery) or now
            return _again(outcome.reason, at, in_doubt_since=doubt)
        case _ as never:
            assert_never(never)


def doubt_of(delivery: Delivery) -> datetime | None:
    """Since when it is in doubt if the end of the present attempt is lost too."""
    return delivery.in_doubt_since or delivery.tried_at


def _repeat_at(delivery: Delivery, at: datetime, *, repeat_is_harmless: bool) -> datetime | None:
    """When to send again what may have arrived; None: never, lest it be read twice or too late.

    Where a repeat would be read, only the urgent is repeated, once: rather twice than never.
    """
    if not repeat_is_harmless:
        is_second = delivery.in_doubt_since is not None
        if delivery.priority is not Priority.URGENT or is_second:
            return None
        at = max(at, (delivery.tried_at or at) + UNSURE_FOR)
    return at if delivery.attempts < MAX_ATTEMPTS and delivery.helps_at(at) else None


def _pause(attempts: int, wait: timedelta | None, random: Random) -> timedelta:
    ours = backoff(attempts, random)
    if wait is None:
        return ours
    # Bounded, because a platform's absurd wait must not run off the calendar; and not obeyed for
    # ever when it is short, because all attempts would be spent within seconds.
    theirs = min(wait, LONGEST_WAIT)
    return theirs if attempts <= _SHORT_WAITS else max(ours, theirs)


def _later(delivery: Delivery, reason: str, at: datetime) -> Verdict:
    doubt = delivery.in_doubt_since
    if delivery.attempts >= MAX_ATTEMPTS:
        return _given_up(delivery, reason, State.DEAD if doubt is None else State.UNKNOWN)
    return _again(reason, at, in_doubt_since=doubt)


def _again(reason: str, at: datetime, *, in_doubt_since: datetime | None) -> Verdict:
    return Verdict(state=State.PENDING, not_before=at, error=reason, in_doubt_since=in_doubt_since)


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
