"""Whether a message whose end is not known arrived: it is looked for in its channel. Sends nothing.

Discord makes one message of all sends with one nonce, but forgets nonces, nobody says when, and
takes none where a post is opened. So a message's buttons carry its nonce as a mark.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum, unique

import discord

from bot.adapters.discord import outcomes
from bot.adapters.discord.buttons import marks
from bot.adapters.discord.paced import Paced, Written
from bot.domain.deliveries import Delivery

REMEMBERED = timedelta(seconds=90)
"""For so long Discord surely knows a nonce; it says "a few minutes" (facts-delivery, 2.2)."""

_MARGIN = timedelta(minutes=5)
"""How far this machine's clock may be ahead of Discord's, by which messages are told apart."""

_PAGE, _PAGES = 100, 5


@unique
class Absence(Enum):
    """Why a message was not found; the value is for people."""

    SURE = "it is not there"
    HIDDEN = f'the bot lacks the permission "{outcomes.HISTORY}" in this channel and cannot look'
    BURIED = "too much has been written in this channel since"
    UNTOLD = "Discord has not told yet what the bot may read there"


Sight = Written | Absence | Exception
"""What a look comes to; an exception is what Discord or the network raised."""


def is_forgotten(delivery: Delivery) -> bool:
    """Whether a nonce may not help any more."""
    since, now = delivery.in_doubt_since, delivery.tried_at
    return since is not None and (now is None or now - since > REMEMBERED)


class Doubts:
    """Looks for messages."""

    def __init__(self, paced: Paced) -> None:
        self._paced = paced

    async def look(
        self,
        places: Iterable[discord.PartialMessageable],
        mark: str,
        since: datetime,
        *,
        may_read: bool,
    ) -> Sight:
        """Look for a message of ours, by the mark in its buttons.

        Args:
            places: where it may stand; one that was deleted holds nothing.
            mark: what `layout.marked` put in.
            since: when the first attempt began that may have sent it.
            may_read: that the bot may read what was written there is known.

        """
        for place in places:
            seen = await self._look_in(place, mark, since - _MARGIN, may_read=may_read)
            if seen is not Absence.SURE and not outcomes.is_deleted_place(seen):
                return seen
        return Absence.SURE

    async def _look_in(
        self,
        place: discord.PartialMessageable,
        mark: str,
        since: datetime,
        *,
        may_read: bool,
    ) -> Sight:
        after: datetime | discord.Message = since
        for _ in range(_PAGES):
            page = await self._page(place, after)
            if isinstance(page, Exception):
                return Absence.HIDDEN if outcomes.is_forbidden(page) else page
            for message in page:
                if message.author.id == self._paced.me and mark in marks(message):
                    return Written.found(message)
            if len(page) < _PAGE:
                is_proof = may_read or bool(page) or after is not since
                return Absence.SURE if is_proof else await self._emptiness(place)
            after = page[-1]
        return Absence.BURIED

    async def _emptiness(self, place: discord.PartialMessageable) -> Sight:
        """What it means that nothing was written since: who may not read gets no error but nothing.

        That is documented (Get Channel Messages); any message at all proves that we may.
        """
        page = await self._page(place, None)
        if isinstance(page, Exception):
            return page
        return Absence.SURE if page else Absence.UNTOLD

    async def _page(
        self, place: discord.PartialMessageable, after: datetime | discord.Message | None
    ) -> list[discord.Message] | Exception:
        async def read() -> list[discord.Message]:
            limit = 1 if after is None else _PAGE
            return [one async for one in place.history(limit=limit, after=after)]

        # Not of the channel's own limit: that one is for what is written there.
        return await self._paced.request(read)
