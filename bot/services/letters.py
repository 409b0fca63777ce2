"""Write the message that claimed deliveries share, once for each form, from the news they tell."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from bot.domain.deliveries import Delivery, FanoutId, MessageId, Part, State, Verdict
from bot.domain.folding import fold
from bot.domain.messages import Message
from bot.ports import Outbox
from bot.services.supervisor import Write, guarded_write

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message with its place in the store."""

    id: MessageId
    message: Message


def unexpired(delivery: Delivery, now: datetime) -> Delivery:
    """The delivery without the parts that are too late to help.

    One in doubt keeps what it told at first: a repeat that told less would be another message.
    """
    first = delivery.in_doubt_since
    moment = now if first is None or not delivery.helps_at(now) else first
    parts = tuple(
        one for one in delivery.parts if one.expires_at is None or one.expires_at > moment
    )
    return delivery if len(parts) == len(delivery.parts) else replace(delivery, parts=parts)


async def write(
    outbox: Outbox, claimed: Iterable[Delivery], writing: Write
) -> list[tuple[Delivery, Letter | Verdict]]:
    """Each of these deliveries with its message, or with why there is none."""
    forms = [(one, one.form) for one in claimed]
    written = {
        form: await _letter(outbox, form, one.parts, writing)
        for form, one in {form: one for one, form in forms}.items()
    }
    return [(one, written[form]) for one, form in forms]


async def _letter(
    outbox: Outbox, form: str, parts: tuple[Part, ...], writing: Write
) -> Letter | Verdict:
    if not parts:
        return Verdict(state=State.EXPIRED, error="it came too late to help")
    event, news = await outbox.news(parts)
    left = fold(news, event)
    if not left:
        return Verdict(state=State.SUPERSEDED, error="nothing was left to tell")
    message = guarded_write(writing, left, event)
    if isinstance(message, Exception):
        logger.error("The news of event %s cannot be written", event.id, exc_info=message)
        why = f"it could not be written: {type(message).__name__}; see the log"
        return Verdict(state=State.DEAD, error=why)
    return await _kept(outbox, form, message, newest=parts[-1].fanout_id)


async def _kept(outbox: Outbox, form: str, message: Message, *, newest: FanoutId) -> Letter:
    # By its content too: a retry must not call a webcast live that has ended since.
    key = f"{form} {sha256(repr(message).encode()).hexdigest()[:16]}"
    known = await outbox.message(key)
    message_id = known or await outbox.keep_message(key, message, newest=newest)
    return Letter(id=message_id, message=message)
