"""Write the message that claimed deliveries share, once for each form, from the news they tell."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.deliveries import Delivery, MessageId, Part
from bot.domain.folding import fold
from bot.domain.messages import Message
from bot.ports import Outbox
from bot.rendering.compose import compose


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message with its place in the store."""

    id: MessageId
    message: Message


async def write(outbox: Outbox, claimed: Iterable[Delivery]) -> dict[str, Letter | None]:
    """The message of each form among these deliveries; None where nothing is left to tell."""
    forms = {one.form: one.parts for one in claimed}
    return {form: await _letter(outbox, form, parts) for form, parts in forms.items()}


async def _letter(outbox: Outbox, form: str, parts: tuple[Part, ...]) -> Letter | None:
    if not parts:
        return None
    event, news = await outbox.news(parts)
    # Folded each time, not only once: a date that moved voids a reminder that was written before.
    left = fold(news, event)
    if not left:
        return None
    kept = await outbox.message(form)
    if kept is None:
        message = compose(left, event)
        return Letter(id=await outbox.keep_message(form, message), message=message)
    return Letter(id=kept[0], message=kept[1])
