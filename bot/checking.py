"""What `perigee check` finds: the faults that a run would meet, and whether LL2 answers."""

from collections.abc import AsyncIterator

from bot.app import adapter_factory, must_have_room
from bot.config import Settings
from bot.errors import ConfigError, LL2Unavailable, StoreError
from bot.ll2.budget import REQUEST_TIMEOUT
from bot.ll2.throttle import read_report
from bot.ll2.transport import decoded, get, open_session
from bot.store.engine import Engine
from bot.store.unit_of_work import open_store


async def faults(settings: Settings) -> list[str]:
    """What a run would refuse in these settings, a sentence each; the store is not touched."""
    found: list[str] = []
    for name in settings.adapters():
        try:
            adapter_factory(name, settings.platform(name))
        except ConfigError as exc:
            found.append(str(exc))
    try:
        await _try_store(settings.store.url)
    except (ConfigError, StoreError) as exc:
        found.append(str(exc))
    return found


async def _try_store(url: str) -> None:
    must_have_room(url)
    if Engine(url).exists():
        async with open_store(url) as store:
            await store.revision()


async def ask_ll2(settings: Settings) -> str:
    """Ask LL2's throttle, which is free; what it says, in a sentence.

    Raises:
        LL2Unavailable: there was no answer, or not this one.

    """
    url = f"{settings.ll2.base_url}/api-throttle/"
    key = settings.ll2.api_key.get_secret_value()
    async with open_session() as session:
        answer = await get(
            session, url, query={"format": "json"}, api_key=key, within=REQUEST_TIMEOUT
        )
    report = read_report(decoded(answer))
    if report is None:
        raise LL2Unavailable(f"{url} answers, but not as LL2 does; check ll2.base_url")
    return (
        f"LL2 answers at {settings.ll2.base_url}: {report.used} of its {report.limit} requests "
        "an hour are used."
    )


async def ask_chats(settings: Settings) -> AsyncIterator[str]:
    """Ask each chat platform that is on who the bot is; a sentence for each.

    Raises:
        ConfigError: a token is refused.
        ChatUnavailable: a platform gave no usable answer.

    """
    # Imported only here: the two client libraries are a quarter of any command's start.
    for name, options in settings.adapters().items():
        section = settings.section(name)
        match settings.platform(name):
            case "discord":
                from bot.adapters import discord  # noqa: PLC0415

                on_discord = await discord.introduce(options, section)
                yield _introduced("Discord", section, on_discord.name, on_discord.invite)
            case "telegram":
                from bot.adapters import telegram  # noqa: PLC0415

                on_telegram = await telegram.introduce(options, section)
                yield _introduced("Telegram", section, on_telegram.name, on_telegram.invite)
            case _:
                pass


def _introduced(platform: str, section: str, name: str, invite: str) -> str:
    which = "the bot" if section == platform.lower() else f"the bot of [{section}]"
    return f"{platform} knows {which} as {name}; add it with {invite}"
