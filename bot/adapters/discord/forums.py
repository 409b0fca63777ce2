"""Forum channels: a post for each event, and what follows as replies in it.

Which post is an event's is kept with its deliveries (`Delivery.post`), so one that is renamed keeps
its post. Where nothing was kept, the forum itself is asked, by the post's name and author: a crash
between opening and recording, or a lost store, makes no second post.
"""

from collections.abc import Iterable, Sequence

import discord

from bot.adapters.discord import outcomes
from bot.adapters.discord.paced import Paced, Written
from bot.adapters.discord.payloads import Payload, Signed
from bot.domain.messages import Message
from bot.rendering.fit import Measure, cut
from bot.rendering.untrusted import one_line

_LONGEST_NAME = 100
_ARCHIVED_LOOKED_AT = 50


def _name_of_post(message: Message) -> str:
    """What the post of a message's event is called."""
    return cut(one_line(message.title or message.headline), _LONGEST_NAME, Measure.UTF16)


class Forums:
    """Finds posts, replies in them, opens them."""

    def __init__(self, paced: Paced) -> None:
        self._paced = paced

    async def write(
        self, forum: discord.ForumChannel, post: str, message: Message, signed: Signed
    ) -> Written | Exception:
        """Reply in the event's post, or open it; a post that takes no replies any more is left.

        Args:
            forum: where.
            post: the id of the event's post, if that is known.
            message: of that event.
            signed: the message as it is sent.

        """
        if post:
            result = await self._reply(int(post), signed, forum)
            if not outcomes.takes_no_replies(result):
                return result
        active, name = await self._active(forum), _name_of_post(message)
        if isinstance(active, Exception):
            return active
        found = self._listed(active, forum, name) or await self._archived(forum, name)
        if isinstance(found, Exception):
            return found
        if found is not None and str(found.id) != post:
            result = await self._reply(found.id, signed, forum)
            if not outcomes.takes_no_replies(result):
                return result
        return await self._paced.open_post(forum.id, _opening(forum, name, signed))

    async def found(self, channel_id: int) -> discord.ForumChannel | Exception | None:
        """The forum of this id, asked of Discord; None: it is none."""
        asked = await self._paced.request(lambda: self._paced.fetch(channel_id))
        return asked if isinstance(asked, discord.ForumChannel | Exception) else None

    async def _active(self, forum: discord.ForumChannel) -> Sequence[discord.Thread] | Exception:
        """Its posts that are not archived, by the gateway if it told of the server."""
        if not forum.guild.unavailable:
            return forum.threads
        return await self._paced.request(forum.guild.active_threads)

    async def _reply(
        self, post_id: int, signed: Signed, forum: discord.ForumChannel
    ) -> Written | Exception:
        return await self._paced.write(post_id, signed, str(forum.id))

    async def posts(
        self, forum: discord.ForumChannel, post: str, message: Message
    ) -> tuple[discord.PartialMessageable, ...] | Exception:
        """Where news of an event may stand: asked of Discord, for the gateway may not know yet."""
        active = await self._paced.request(forum.guild.active_threads)
        name = _name_of_post(message)
        if isinstance(active, Exception):
            return active
        found = self._listed(active, forum, name) or await self._archived(forum, name)
        if isinstance(found, Exception):
            return found
        ids = {int(post)} if post else set[int]()
        if found is not None:
            ids.add(found.id)
        return tuple(map(self._paced.channel, sorted(ids)))

    async def _archived(
        self, forum: discord.ForumChannel, name: str
    ) -> discord.Thread | Exception | None:
        """The post among those that were archived last; sending to it opens it again."""

        async def search() -> discord.Thread | None:
            archived = forum.archived_threads(limit=_ARCHIVED_LOOKED_AT)
            return self._listed([thread async for thread in archived], forum, name)

        found = await self._paced.request(search, str(forum.id))
        # Without "Read Message History" old posts cannot be listed; a new one serves as well.
        return None if isinstance(found, discord.Forbidden) else found

    def _listed(
        self, threads: Iterable[discord.Thread], forum: discord.ForumChannel, name: str
    ) -> discord.Thread | None:
        """The event's post among these threads of a server."""
        wanted = (forum.id, self._paced.me, name, False)
        found = (
            one for one in threads if (one.parent_id, one.owner_id, one.name, one.locked) == wanted
        )
        return next(found, None)


def _opening(forum: discord.ForumChannel, name: str, signed: Signed) -> Payload:
    """A post and its first message; with a tag where the forum wants one."""
    usable = [f"{tag.id}" for tag in forum.available_tags if not tag.moderated]
    return {
        "name": name,
        "auto_archive_duration": forum.default_auto_archive_duration,
        "applied_tags": usable[:1] if forum.flags.require_tag else [],
        "message": {**signed.opening},
    }
