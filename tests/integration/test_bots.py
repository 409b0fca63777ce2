"""Several bots of one platform in one program: each has its own commands, deliveries and pace."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from bots import NAMES, open_bots
from standins.telegram.world import Refusal

from bot.administration import subscribe
from bot.checking import ask_chats
from bot.config.bots import DiscordSettings
from bot.config.settings import FixedSettings, StoreSettings
from bot.domain.asking import Asked
from bot.domain.subscriptions import Destination
from bot.errors import ConfigError

TICK = timedelta(seconds=2)


async def test_each_bot_delivers_to_its_own_places(tmp_path: Path) -> None:
    """A destination's first part says by which bot; nothing is sent by another."""
    async with open_bots(tmp_path) as bots:
        await bots.tell()
        await bots.until(lambda: all(bots.count(name) == 3 for name in NAMES), step=TICK)

    arrived = {name: bots.arrived(name) for name in NAMES}
    assert arrived == {name: Counter(bots.places[name]) for name in NAMES}


async def test_each_bot_answers_its_own_commands(tmp_path: Path) -> None:
    """What somebody subscribes is a destination of the bot that was asked."""
    async with open_bots(tmp_path, places=0) as bots:
        for discord in bots.discords.values():
            reply = await discord.slash(
                discord.alerts, discord.manager, "subscribe", {"changes": "date"}
            )
            assert reply.content.startswith("Subscribed")
        for telegram in bots.telegrams.values():
            telegram.say(telegram.user(), "/subscribe changes:date")
            assert (await telegram.next_post()).text.startswith("Subscribed")
        async with bots.service.store.reading() as unit:
            held = {one.destination for one in await unit.subscriptions.held()}

    asked = {name: discord.alerts.id for name, discord in bots.discords.items()}
    asked |= {name: f"{one.posts[0].chat.id}" for name, one in bots.telegrams.items()}
    assert held == {Destination(adapter=name, address=at) for name, at in asked.items()}


async def test_each_bot_has_the_whole_of_its_limit(tmp_path: Path) -> None:
    """While the clock stands still each sends as many as its platform lets one token send."""
    slots = {"discord": 50, "discord-news": 50, "telegram": 30, "telegram-news": 30}

    async with open_bots(tmp_path, places=60) as bots:
        await bots.until(lambda: all(bots.service.rates.get(name) for name in NAMES))
        bots.clock.advance(TICK)
        await bots.tell()
        await bots.until(lambda: {name: bots.count(name) for name in NAMES} == slots)

        assert {name: bots.count(name) for name in NAMES} == slots


async def test_flood_of_one_bot_slows_no_other(tmp_path: Path) -> None:
    """A 429 is one token's; the others send all while the clock stands still."""
    async with open_bots(tmp_path) as bots:
        bots.clock.advance(TICK)
        bots.discords["discord-news"].fail(status=429, retry_after=600.0, is_global=True, times=3)
        flood = Refusal(429, "Too Many Requests: retry after 600", parameters={"retry_after": 600})
        bots.telegrams["telegram-news"].fail("sendMessage", flood, times=3)
        await bots.tell()
        await bots.until(lambda: bots.count("discord") == bots.count("telegram") == 3)

        assert bots.count("discord-news") == bots.count("telegram-news") == 0


@pytest.mark.parametrize(
    ("refused", "section"),
    [("discord-news", "discord.bots.news"), ("telegram", "telegram")],
)
async def test_bad_token_of_one_bot_hurts_no_other(
    tmp_path: Path, refused: str, section: str
) -> None:
    """It is out of order by the name of its setting; the others go on."""
    sound = [name for name in NAMES if name != refused]

    async with open_bots(tmp_path, refused=refused) as bots:
        await bots.tell()
        await bots.until(lambda: all(bots.count(name) == 3 for name in sound), step=TICK)

        # A gateway that is not there yet is told of, too, for a moment.
        await bots.until(lambda: {*bots.service.troubles} == {refused}, step=TICK)
        assert bots.service.troubles[refused].startswith(f"{section}.token is ")
        assert bots.count(refused) == 0


async def test_online_check_introduces_each_bot(tmp_path: Path) -> None:
    """The owner sees by which section each is known, and where to add it."""
    async with open_bots(tmp_path, places=0) as bots:
        told = [one async for one in ask_chats(bots.service.settings)]

    assert [one.partition(";")[0] for one in told] == [
        "Discord knows the bot as perigee",
        "Discord knows the bot of [discord.bots.news] as perigee",
        "Telegram knows the bot as @perigee_bot",
        "Telegram knows the bot of [telegram.bots.news] as @perigee_bot",
    ]


async def test_online_check_names_the_token_that_is_refused(tmp_path: Path) -> None:
    """Of several, the one that is wrong."""
    async with open_bots(tmp_path, places=0, refused="telegram-news") as bots:
        with pytest.raises(ConfigError, match=r"^telegram\.bots\.news\.token is "):
            _ = [one async for one in ask_chats(bots.service.settings)]


async def test_command_line_subscribes_places_of_each_bot(tmp_path: Path) -> None:
    """Those of bots that the settings have; another is a mistake in writing."""
    settings = FixedSettings(
        store=StoreSettings(url=f"sqlite:///{tmp_path / 'perigee.db'}"),
        discord=DiscordSettings.model_validate({"bots": {"news": {"token": "x"}}}),
    )

    held = await subscribe(settings, "discord-news:5", Asked())
    with pytest.raises(ConfigError, match=r'did you mean "discord-news:5"'):
        await subscribe(settings, "discord-newz:5", Asked())

    assert held.subscription.destination == Destination(adapter="discord-news", address="5")


async def test_log_says_of_which_bot_it_speaks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Of two that do the same, one may be ill."""
    with caplog.at_level("INFO"):
        async with open_bots(tmp_path, places=0) as bots:
            await bots.until(lambda: caplog.text.count(": listening; servers: 1") == 2)

    assert "Discord: listening" in caplog.text
    assert "Discord-news: listening" in caplog.text
