"""Forum channels: a post for each event, and what follows as replies in it.

Which post belongs to an event is read from the forum itself, by the post's name: so it survives a
restart and a lost store. An event that is renamed gets a new post.
"""

import discord

from bot.adapters.discord.layout import Arguments
from bot.domain.messages import Message
from bot.rendering.fit import Measure, cut
from bot.rendering.untrusted import one_line

_LONGEST_NAME = 100
_ARCHIVED_LOOKED_AT = 50
_REMEMBERED = 256


def name_of_post(message: Message) -> str:
    """What the post of a message's event is called."""
    return cut(one_line(message.title or message.headline), _LONGEST_NAME, Measure.UTF16)


class Posts:
    """The posts of all forums; remembers those just opened, of which the gateway tells later."""

    def __init__(self) -> None:
        self._opened: dict[tuple[int, str], discord.Thread] = {}

    def listed(self, forum: discord.ForumChannel, name: str) -> discord.Thread | None:
        """The post among those that are open."""
        listed = (one for one in forum.threads if _is_post(one, name))
        return next(listed, None) or self._opened.get((forum.id, name))

    async def archived(self, forum: discord.ForumChannel, name: str) -> discord.Thread | None:
        """The post among those that were archived last; sending to it opens it again."""
        try:
            async for thread in forum.archived_threads(limit=_ARCHIVED_LOOKED_AT):
                if _is_post(thread, name):
                    return thread
        except discord.Forbidden:
            # Without "Read Message History" old posts cannot be listed; a new one serves as well.
            return None
        return None

    async def open(
        self, forum: discord.ForumChannel, name: str, arguments: Arguments
    ) -> discord.Message:
        """Open the post. It takes no nonce: a repeat after a crash finds it and replies in it."""
        left_out = {"silent", "nonce"}
        opening = {key: value for key, value in arguments.items() if key not in left_out}
        opened = await forum.create_thread(name=name, applied_tags=_tags(forum), **opening)
        self._opened[forum.id, name] = opened.thread
        if len(self._opened) > _REMEMBERED:
            del self._opened[next(iter(self._opened))]
        return opened.message


def _is_post(thread: discord.Thread, name: str) -> bool:
    return thread.name == name and thread.owner_id == thread.guild.me.id and not thread.locked


def _tags(forum: discord.ForumChannel) -> list[discord.ForumTag]:
    """A tag where the forum wants one."""
    usable = [tag for tag in forum.available_tags if not tag.moderated]
    return usable[:1] if forum.flags.require_tag else []
