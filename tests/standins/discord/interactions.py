"""Interactions under way: what somebody typed or pressed, and what the bot made of it."""

import asyncio
from dataclasses import dataclass, field

from standins.discord.faults import Refusal
from standins.discord.world import JSON, Channel, User

ANSWER_WITHIN_S = 3.0
"""How long Discord waits for the first answer (docs, interactions/receiving-and-responding)."""

_MESSAGE, _DEFERRED, _DEFERRED_UPDATE, _UPDATE, _COMPLETION = 4, 5, 6, 7, 8
_PRIVATE = 1 << 6
_PATIENCE_S = 10.0


class Unanswered(AssertionError):
    """The bot did not answer in time: people read "The application did not respond"."""


@dataclass(kw_only=True, eq=False)
class Reply:
    """What somebody sees after a command or a press; it grows as the bot goes on.

    Attributes:
        messages: what was shown, in order; an edit replaces its message here.
        choices: what was suggested, for an autocompletion.
        is_private: only whoever asked sees the first message.
        was_deferred: "thinking…" was shown first.
        updated: the message under which the button was, if it was replaced.
        within_s: how long the first answer may take, in seconds.

    """

    token: str
    channel: Channel
    user: User
    source: JSON | None = None
    messages: list[JSON] = field(default_factory=list)
    choices: list[JSON] = field(default_factory=list)
    is_private: bool = False
    was_deferred: bool = False
    updated: JSON | None = None
    within_s: float = ANSWER_WITHIN_S
    callbacks: list[JSON] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _too_late: bool = False

    @property
    def content(self) -> str:
        """The text of the first message, its embed's title and description included."""
        return shown_text(self.messages[0]) if self.messages else ""

    @property
    def kind(self) -> int | None:
        """The type of the callback that answered."""
        return self.callbacks[0]["type"] if self.callbacks else None

    async def acknowledge(self, callback: JSON, message: JSON) -> None:
        """Take the first answer.

        Raises:
            Refusal: it came twice, or too late.

        """
        if self._too_late:
            raise Refusal(10062)
        if self.callbacks:
            raise Refusal(40060)
        async with self._changed:
            self.callbacks.append(callback)
            self._show(callback, message)
            self._changed.notify_all()

    def _show(self, callback: JSON, message: JSON) -> None:
        data: JSON = callback.get("data") or {}
        if callback["type"] in {_MESSAGE, _DEFERRED}:
            self.is_private = bool(data.get("flags", 0) & _PRIVATE)
            self.was_deferred = callback["type"] == _DEFERRED
        if callback["type"] == _MESSAGE:
            self.messages.append(message)
        elif callback["type"] == _UPDATE and self.source is not None:
            self.replace(data)
        elif callback["type"] == _COMPLETION:
            self.choices = data["choices"]

    def replace(self, data: JSON) -> JSON:
        """Put new parts into the message that holds the button."""
        if self.source is None:
            raise Refusal(10008)
        self.source.update({key: value for key, value in data.items() if key in _PARTS})
        self.updated = self.source
        return self.source

    async def edit_first(self, body: JSON, fresh: JSON) -> JSON:
        """Edit @original: fill in a deferred answer, or change what was shown."""
        async with self._changed:
            self._changed.notify_all()
            if self.kind in {_DEFERRED_UPDATE, _UPDATE}:
                return self.replace(body)
            if not self.messages:
                self.messages.append(fresh)
            else:
                self.messages[0].update({key: body[key] for key in _PARTS if key in body})
            return self.messages[0]

    async def delete_first(self) -> None:
        """Take @original away."""
        async with self._changed:
            self.was_deferred = False
            del self.messages[:1]
            self._changed.notify_all()

    async def follow(self, message: JSON) -> None:
        """Show one message more.

        Raises:
            Refusal: nothing was acknowledged yet.

        """
        if not self.callbacks:
            raise Refusal(10015)
        async with self._changed:
            self.messages.append(message)
            self._changed.notify_all()

    async def until_answered(self) -> "Reply":
        """Wait for the first callback, as long as Discord does unless told otherwise.

        Raises:
            Unanswered: none came.

        """
        try:
            async with asyncio.timeout(self.within_s), self._changed:
                await self._changed.wait_for(lambda: bool(self.callbacks))
        except TimeoutError:
            self._too_late = True
            raise Unanswered(f"no answer within {self.within_s:.0f} s") from None
        return self

    async def until(self, messages: int) -> "Reply":
        """Wait for so many messages."""
        async with asyncio.timeout(_PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: len(self.messages) >= messages)
        return self

    async def until_gone(self) -> None:
        """Wait until @original was taken away."""
        async with asyncio.timeout(_PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: not (self.was_deferred or self.messages))

    async def until_settled(self) -> "Reply":
        """Wait for the first callback, and for the message that a deferred one promises."""
        await self.until_answered()
        if self.kind == _DEFERRED:
            await self.until(1)
        if self.kind == _DEFERRED_UPDATE:
            async with asyncio.timeout(_PATIENCE_S), self._changed:
                await self._changed.wait_for(lambda: bool(self.updated or self.messages))
        return self


_PARTS = ("content", "embeds", "components")


def shown_text(message: JSON) -> str:
    """All the words of a message, line by line: content, then its embeds from top to bottom."""
    texts = [message.get("content")]
    for embed in message.get("embeds") or []:
        texts += [embed.get("author", {}).get("name"), embed.get("title"), embed.get("description")]
        texts += [field[part] for field in embed.get("fields", []) for part in ("name", "value")]
        texts.append(embed.get("footer", {}).get("text"))
    return "\n".join(text for text in texts if text)


def buttons(message: JSON) -> list[JSON]:
    """All buttons of a message, in reading order."""
    rows: list[JSON] = message.get("components") or []
    return [item for row in rows for item in row.get("components", [])]
