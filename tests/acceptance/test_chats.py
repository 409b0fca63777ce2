"""`perigee run` between LL2, Discord and Telegram: people subscribe by command and are told."""

import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from chats import STORY, Chats, open_chats
from programs import Program, Story


@pytest.fixture
async def chats(shared: Path) -> AsyncIterator[Chats]:
    yield


async def test_x(perigee: Program, shared: Path) -> None:
    story = Story(STORY)
    async with open_chats(shared) as chats, story.told() as url:
        prog = chats.configure(perigee, url)
        print((prog.folder / "config.toml").read_text())
        async with prog.started("run") as running:
            await running.until("first run: learnt")
            await running.until("Learnt")
            await running.until("Discord: listening")
            d, t = chats.discord, chats.telegram
            r = await d.slash(d.alerts, d.manager, "subscribe", {"type": "EVA"})
            print(r.content, r.is_private)
            r = await d.slash(d.alerts, d.visitor, "subscribe", {"type": "EVA"}, forced=True)
            print(r.content, r.is_private)
            crew, ada = t.group(is_forum=True), t.user()
            topic = t.topic(crew)
            t.promote(crew, ada)
            t.say(crew, "/subscribe type:EVA", by=ada, topic=topic)
            print((await t.next_post()).text)
            t.say(ada, "/subscribe type:Docking")
            print((await t.next_post()).text)
            t.say(crew, "/subscribe type:Docking", by=t.user("Eve"))
            print((await t.next_post()).text)
            for n in range(1, 5):
                story.go_on(timedelta(days=1))
                await chats.until_in_discord(d.alerts, [("", "")] * n)
                await t.until(lambda: len(chats.in_telegram(crew, topic)) > n)
            print(chats.in_discord(d.alerts))
            print(chats.in_telegram(crew, topic), chats.in_telegram(crew), chats.in_telegram(ada))
            running.send(signal.SIGTERM)
            done = await running.end(within=timedelta(seconds=10))
        print(done.code, done.err)
        print(d.violations, t.faults)
