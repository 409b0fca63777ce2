"""The commands as Telegram's own menus list them, for each sort of chat."""

from collections.abc import Sequence
from functools import partial

from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
)

from bot.adapters.telegram.paced import Paced
from bot.domain.requests import CommandSpec, Who


async def set_menus(bot: Bot, paced: Paced, specs: Sequence[CommandSpec]) -> None:
    """Tell Telegram the commands: all in private chats and to administrators, else those for all.

    Raises:
        TelegramError: it does not take them.

    """
    for_all = [one for one in specs if one.who is Who.ALL]
    scopes: tuple[tuple[BotCommandScope, Sequence[CommandSpec]], ...] = (
        (BotCommandScopeAllPrivateChats(), specs),
        (BotCommandScopeAllChatAdministrators(), specs),
        (BotCommandScopeAllGroupChats(), for_all),
    )
    for scope, offered in scopes:
        listed = [BotCommand(one.name, one.description) for one in offered]
        await paced.request(partial(bot.set_my_commands, listed, scope=scope))
