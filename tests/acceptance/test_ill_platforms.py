"""`perigee run` while one platform is ill: the other is told all, and the sick one comes back."""

import re
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from chats import LIVE, MOVED, NEW, STORY, UPDATED, Chats, Told
from programs import Program, Running, Story
from standins.discord.server import DiscordStandIn
from standins.telegram.server import Hang, TelegramStandIn
from standins.telegram.spec import Judge

DAY = timedelta(days=1)
PLATFORMS = ("discord", "telegram")
NEWS = (NEW, MOVED, UPDATED, LIVE)


@pytest.fixture
async def chats(shared: Path) -> AsyncIterator[Chats]:
    """Both platforms; they may refuse what is asked of them."""
    async with DiscordStandIn() as discord, TelegramStandIn(Judge.of(shared)) as telegram:
        yield Chats(discord=discord, telegram=telegram)
        discord.rest.faults.clear()
        telegram.let_go()


class Readers:
    """A channel on Discord and a person on Telegram, both subscribed to spacewalks."""

    def __init__(self, chats: Chats) -> None:
        self._chats = chats
        self._channel = chats.discord.alerts
        self._person = chats.telegram.user()

    async def subscribe(self) -> None:
        """Both, by command."""
        await self._chats.subscribe_in_discord(self._channel, "EVA")
        await self._chats.subscribe_in_telegram(self._person, "EVA", by=self._person)

    async def until_told(self, platform: str, *told: Told) -> None:
        """Wait until this is all that the reader of a platform was told."""
        if platform == "discord":
            await self._chats.until_in_discord(self._channel, [*told])
        else:
            await self._chats.until_in_telegram(self._person, [*told])


async def _begin(running: Running, readers: Readers) -> None:
    await running.until("first run: learnt")
    await running.until("event types")
    await running.until("Discord: listening")
    await readers.subscribe()


@pytest.mark.parametrize(("sick", "sound"), [PLATFORMS, PLATFORMS[::-1]])
async def test_platform_that_hangs_delays_nobody(
    perigee: Program, chats: Chats, sick: str, sound: str
) -> None:
    """All that the other was to be told arrives while the first message of the sick one hangs."""
    story, readers = Story(STORY), Readers(chats)
    async with story.told() as ll2:
        chats.configure(perigee.folder, ll2=ll2)
        async with perigee.given(shutdown_grace="1s").started("run") as running:
            await _begin(running, readers)
            chats.discord.fail(hangs=True, times=100 if sick == "discord" else 0)
            chats.telegram.fail("sendMessage", Hang(), times=100 if sick == "telegram" else 0)
            for day in range(1, 5):
                story.go_on(DAY)
                await readers.until_told(sound, *NEWS[:day])
            listed = (await perigee.run("deliveries", "--json")).document()
            running.send(signal.SIGTERM)
            done = await running.end()

    states = {one["state"] for one in listed if one["destination"].startswith(sick)}
    assert states
    assert "sent" not in states
    assert (done.code, "Traceback" in done.err) == (0, False)


@pytest.mark.parametrize(("sick", "sound"), [PLATFORMS, PLATFORMS[::-1]])
async def test_token_that_expires_in_mid_run_is_told_and_may_come_back(
    perigee: Program, chats: Chats, sick: str, sound: str
) -> None:
    """The log says which setting to mend; what was owed meanwhile arrives afterwards, once."""
    story, readers = Story(STORY), Readers(chats)
    where = chats.discord.world if sick == "discord" else chats.telegram
    async with story.told() as ll2:
        chats.configure(perigee.folder, ll2=ll2)
        async with perigee.started("run") as running:
            await _begin(running, readers)
            known, where.token = where.token, "another"
            story.go_on(DAY)
            await readers.until_told(sound, NEW)
            await running.until(f"Adapter {sick} failed")
            where.token = known
            await running.until(f"Adapter {sick} is back")
            await readers.until_told(sick, NEW)
            story.go_on(DAY)
            await readers.until_told(sick, NEW, MOVED)
            await readers.until_told(sound, NEW, MOVED)
            running.send(signal.SIGTERM)
            done = await running.end()

    assert done.code == 0
    assert re.search(rf"ERROR .*: {sick}\.token is (refused|not accepted) by", done.err)
    assert "Traceback" not in done.err
    assert known not in done.err
