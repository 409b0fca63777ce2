"""`perigee run` between LL2, Discord and Telegram: people subscribe by command and are told."""

import re
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from chats import (
    DOCKING_MOVED,
    DOCKING_UPDATED,
    LIVE,
    MOVED,
    NEW,
    STORY,
    UPDATED,
    Chats,
    open_chats,
)
from programs import Finished, Program, Running, Story

DAY = timedelta(days=1)
WRONG = {"discord": "MTIz.no-such-discord-token", "telegram": "123456:AA-no_such_telegram_token"}


@pytest.fixture
def story() -> Story:
    """A spacewalk, a docking and a flyby."""
    return Story(STORY)


@pytest.fixture
async def ll2(story: Story) -> AsyncIterator[str]:
    """Where the story is told."""
    async with story.told() as base_url:
        yield base_url


@pytest.fixture
async def chats(shared: Path) -> AsyncIterator[Chats]:
    """Both platforms; no request to them may be wrong."""
    async with open_chats(shared) as chats:
        yield chats


async def learnt(running: Running) -> None:
    """Wait until it knows what is there already, and the names that people may type."""
    await running.until("first run: learnt")
    await running.until("event types")


async def stopped(running: Running) -> Finished:
    """End it as a container's keeper does."""
    running.send(signal.SIGTERM)
    return await running.end(within=timedelta(seconds=10))


async def test_each_place_is_told_what_it_asked_for(
    perigee: Program, ll2: str, story: Story, chats: Chats
) -> None:
    """Every message arrives once, in order, where it belongs and nowhere else."""
    discord, telegram = chats.discord, chats.telegram
    dockings = await discord.add_channel(discord.home, "dockings")
    lounge = await discord.add_channel(discord.home, "lounge")
    crew, ada = telegram.group(is_forum=True), telegram.user()
    topic, other_topic, idle = telegram.topic(crew), telegram.topic(crew), telegram.group()
    telegram.promote(crew, ada)
    chats.configure(perigee.folder, ll2=ll2)

    async with perigee.started("run") as running:
        await learnt(running)
        await running.until("Discord: listening")
        await chats.subscribe_in_discord(discord.alerts, "EVA")
        await chats.subscribe_in_discord(dockings, "Docking")
        await chats.subscribe_in_telegram(crew, "EVA", by=ada, topic=topic)
        await chats.subscribe_in_telegram(ada, "Docking", by=ada)
        for day in range(1, 5):
            story.go_on(DAY)
            told = [NEW, MOVED, UPDATED, LIVE][:day]
            await chats.until_in_discord(discord.alerts, told)
            await chats.until_in_telegram(crew, told, topic=topic)
        # News for others comes after: whatever was to be told twice has been.
        story.go_on(DAY)
        await chats.until_in_discord(dockings, [DOCKING_MOVED, DOCKING_UPDATED])
        await chats.until_in_telegram(ada, [DOCKING_MOVED, DOCKING_UPDATED])
        done = await stopped(running)
    sent = await perigee.run("deliveries", "--json")

    assert done.code == 0
    assert done.err.endswith("Stopped\n")
    assert not re.search("WARNING|ERROR|Traceback", done.err), done.err
    assert [one["state"] for one in sent.document()] == ["sent"] * 12
    assert chats.in_discord(discord.alerts) == [NEW, MOVED, UPDATED, LIVE]
    assert chats.in_telegram(crew, topic) == [NEW, MOVED, UPDATED, LIVE]
    assert chats.in_discord(dockings) == [DOCKING_MOVED, DOCKING_UPDATED]
    assert chats.in_telegram(ada) == [DOCKING_MOVED, DOCKING_UPDATED]
    # Beside these twelve there are only the two answers, which are posts in Telegram.
    assert (len(discord.rest.created), len(telegram.posts)) == (6, 6 + 2)
    assert not lounge.messages
    assert not [one for one in telegram.posts if one.chat is idle or one.topic == other_topic]


async def test_alerts_tell_the_time_of_the_chat(
    perigee: Program, ll2: str, story: Story, chats: Chats
) -> None:
    """Its zone holds for alerts, too: one message is told by the clocks of each chat."""
    telegram = chats.telegram
    ada, ben = telegram.user(), telegram.user("Ben")
    chats.configure(perigee.folder, ll2=ll2)

    async with perigee.started("run") as running:
        await learnt(running)
        await chats.subscribe_in_telegram(ada, "EVA", by=ada)
        await chats.subscribe_in_telegram(ben, "EVA", by=ben)
        telegram.say(ada, "/settings time_zone:Asia/Tokyo", by=ada)
        await telegram.next_post()
        story.go_on(DAY)
        await telegram.until(lambda: len(telegram.posts) == 3 + 2)
        done = await stopped(running)

    zones = {
        post.chat.id: {words.split()[-1] for kind, words in post.marks if kind == "DateTime"}
        for post in telegram.posts[3:]
    }
    assert done.code == 0
    assert {key: found - {"⏳"} for key, found in zones.items()} == {
        ada.id: {"JST"},
        ben.id: {"UTC"},
    }


async def test_only_managers_subscribe(perigee: Program, ll2: str, chats: Chats) -> None:
    """Others are refused, in Discord where nobody else reads it, and nothing is subscribed."""
    discord, telegram = chats.discord, chats.telegram
    crew, eve = telegram.group(), telegram.user("Eve")
    chats.configure(perigee.folder, ll2=ll2)

    async with perigee.started("run") as running:
        await learnt(running)
        await running.until("Discord: listening")
        reply = await discord.slash(
            discord.alerts, discord.visitor, "subscribe", {"type": "EVA"}, forced=True
        )
        telegram.say(crew, "/subscribe type:EVA", by=eve)
        post = await telegram.next_post()
        done = await stopped(running)
    held = await perigee.run("subscriptions", "list", "--json")

    assert (done.code, held.document()) == (0, [])
    assert "For channel managers only" in reply.content
    assert reply.is_private
    assert "For channel managers only" in post.text


@pytest.mark.parametrize("refused", ["discord", "telegram"])
async def test_wrong_token_silences_one_platform_only(
    perigee: Program, ll2: str, story: Story, chats: Chats, refused: str
) -> None:
    """The other goes on, its status says so, the log which setting is wrong, but not the token.

    The status tells the budget as the setting does; what is kept for probes is part of it.
    """
    ada = chats.telegram.user()
    chats.configure(perigee.folder, ll2=ll2, **{refused: WRONG[refused]})

    async with perigee.started("run") as running:
        await learnt(running)
        await running.until(f"Adapter {refused} failed")
        if refused == "discord":
            await chats.subscribe_in_telegram(ada, "EVA", by=ada)
            story.go_on(DAY)
            await chats.until_in_telegram(ada, [NEW])
            before = len(chats.telegram.posts)
            chats.telegram.say(ada, "/status")
            await chats.telegram.until(lambda: len(chats.telegram.posts) > before)
            health = chats.telegram.posts[-1].text
        else:
            await running.until("Discord: listening")
            await chats.subscribe_in_discord(chats.discord.alerts, "EVA")
            story.go_on(DAY)
            await chats.until_in_discord(chats.discord.alerts, [NEW])
            discord = chats.discord
            health = f"{await discord.slash(discord.alerts, discord.manager, 'status')}"
        done = await stopped(running)

    assert done.code == 0
    assert f"Out of order: {refused.title()}" in health
    assert "of 1000 used in the last hour" in health
    assert re.search(rf"ERROR .*: {refused}\.token is (refused|not accepted) by", done.err)
    assert "Traceback" not in done.err
    assert WRONG[refused] not in done.err
