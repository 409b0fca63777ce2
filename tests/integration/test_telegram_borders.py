"""Hostile people in Telegram: other chats' buttons, invented data, floods, by the real client."""

from functools import partial
from pathlib import Path

import pytest
from standins.telegram.opening import a_desk, always, connected, standing, to
from standins.telegram.server import Hang, TelegramStandIn
from standins.telegram.spec import Judge
from standins.telegram.world import Chat, Post, User

from bot.domain.channels import Reach
from bot.domain.messages import Message
from bot.domain.subscriptions import Filter

HIDDEN = "antimatter"
"""What a channel asked for; nobody else may learn of it."""


async def a_subscribed_channel(telegram: TelegramStandIn) -> Chat:
    """A channel that holds a subscription."""
    channel = telegram.channel("Insiders", username="insiders")
    telegram.post(channel, f"/subscribe search:{HIDDEN}")
    await telegram.next_post()
    return channel


def craft(telegram: TelegramStandIn, by: User, data: str, at: Chat | None = None) -> None:
    """Press a button that was never there; in one's private chat, unless `at` says where."""
    chat = at or telegram.chats[by.id]
    telegram.press(Post(id=1, chat=chat, text="", html="", buttons=[[("x", data)]]), "x", by=by)


LOOKING = ("subscriptions", "status", "unsubscribe 1", "settings silent:on", "next", "help")


@pytest.mark.parametrize("place", ["@insiders", "{id}", "{id}/7"])
async def test_nobody_learns_what_another_channel_gets(shared: Path, place: str) -> None:
    """`in:` looks into no place that one does not manage, whatever the command."""
    async with standing(shared) as (telegram, counter):
        channel, mallory = await a_subscribed_channel(telegram), telegram.user("Mallory")
        posts = []
        for command in LOOKING:
            telegram.say(mallory, f"/{command} in:{place.format(id=channel.id)}")
            posts.append(await telegram.next_post())
        held = await counter.filters(to(channel).destination)

    assert {post.chat.id for post in posts} == {mallory.id}
    assert all("do not manage" in post.text for post in posts)
    assert not [post.text for post in posts if HIDDEN in post.text]
    assert len(held) == 1


async def test_places_one_does_not_manage_cannot_be_told_apart(shared: Path) -> None:
    """The same words whether the bot is there or the place does not exist: nothing to probe."""
    async with standing(shared) as (telegram, _counter):
        channel, mallory = await a_subscribed_channel(telegram), telegram.user("Mallory")
        texts = []
        for place in ("@insiders", f"{channel.id}", "@nowhere", "-1009999999", "no place"):
            telegram.say(mallory, f'/subscriptions in:"{place}"')
            texts.append((await telegram.next_post()).text)

    assert len(set(texts)) == 1


async def test_nobody_speaks_for_another_persons_private_chat(shared: Path) -> None:
    """A private chat is its owner's alone, though Telegram counts both as its members."""
    async with standing(shared) as (telegram, counter):
        ada, mallory = telegram.user("Ada"), telegram.user("Mallory")
        telegram.chats[ada.id].members[mallory.id] = "administrator"
        telegram.say(mallory, f"/subscribe in:{ada.id} type:EVA")
        post = await telegram.next_post()
        held = await counter.filters(to(ada).destination)

    assert post.chat.id == mallory.id
    assert held == []


async def test_start_wakes_no_other_chat(shared: Path) -> None:
    """A pause that the platform's refusals caused is not lifted by a stranger."""
    async with standing(shared) as (telegram, counter):
        channel, mallory = await a_subscribed_channel(telegram), telegram.user("Mallory")
        await counter.core.unreachable(f"{channel.id}", "the bot was removed")
        craft(telegram, mallory, f"start in:{channel.id}")
        await telegram.until(lambda: len(telegram.answers) == 1)
        health = await counter.health(to(channel).destination)

    assert health.reach is Reach.PAUSED


async def test_button_of_another_chat_is_checked_against_its_target(shared: Path) -> None:
    """A keyboard that was made for a channel works only for those who manage the channel."""
    forged = ("subscribe type:EVA", "unsubscribe id:1", "subscribe pick:done", "mute event:1")

    async with standing(shared) as (telegram, counter):
        channel, mallory = await a_subscribed_channel(telegram), telegram.user("Mallory")
        for command in forged:
            craft(telegram, mallory, f"{command} in:{channel.id}")
        await telegram.until(lambda: len(telegram.answers) == len(forged))
        held = await counter.filters(to(channel).destination)
        own = await counter.filters(to(mallory).destination)

    assert held == [Filter(words=frozenset({HIDDEN}))]
    assert own == []


async def test_right_that_was_taken_counts_against_old_buttons(shared: Path) -> None:
    """Whoever was dismissed cannot go on by the buttons of better days."""
    async with standing(shared) as (telegram, counter):
        channel, ada = await a_subscribed_channel(telegram), telegram.user("Ada")
        telegram.demote(channel, ada)
        craft(telegram, ada, f"unsubscribe number:all in:{channel.id}")
        await telegram.until(lambda: len(telegram.answers) == 1)
        held = await counter.filters(to(channel).destination)

    assert len(held) == 1


INVENTED = (
    *("x", " ", "\x00", "/", ":::", "/help@", 'subscribe type:"', "__class__ x:y"),
    *("subscribe pick:t99999999999999999999", "subscribe pick:t-1", "subscribe pick:t"),
    *("subscribe pick:done t:1,x", "subscribe pick:done t:999999999", "subscribe pick:\u202edon"),
    *("events page:999999999999999999", "events page:-1", "events page:\u0663"),
    *("unsubscribe id:99999999999999999999", "unsubscribe id:1 number:1"),
    *("mute event:' OR 1=1 --", "event event:\ud7ff\U0001f680", "event 999999999999999999"),
    *("subscribe in:in:in:@a", "subscribe in:-1001/0", "subscribe in:../../etc"),
)


async def test_invented_data_harms_nothing(shared: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Clients can send any words as a press; it is answered or left, and nothing is subscribed."""
    async with standing(shared) as (telegram, counter):
        group, mallory = telegram.group(is_forum=True), telegram.user("Mallory")
        telegram.promote(group, mallory)
        for data in INVENTED:
            answered = len(telegram.answers)
            craft(telegram, mallory, data, group)
            await telegram.until(partial(_more_answers, telegram, answered))
        held = await counter.filters(to(group).destination)
        shown = [post.text for post in telegram.posts] + [one.text for one in telegram.answers]

    assert held == []
    assert "went wrong" not in "".join(shown)
    assert [one.getMessage() for one in caplog.records if one.levelname == "ERROR"] == []


def _more_answers(telegram: TelegramStandIn, than: int) -> bool:
    return len(telegram.answers) > than


async def test_flood_of_one_chat_holds_up_nobody_else(shared: Path) -> None:
    """A hundred commands of one person wait for their own answers; the next person does not."""
    desk = a_desk(always(Message(kind=None, headline="Here you are")))

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        mallory, ada = telegram.user("Mallory"), telegram.user("Ada")
        telegram.fail("sendMessage", Hang())
        for _ in range(100):
            telegram.say(mallory, "/help")
        await telegram.until(lambda: len(telegram.posts) == 1)
        telegram.say(ada, "/help")
        await telegram.until(partial(_was_told, telegram, ada))
        telegram.let_go()
        await telegram.settled()

    heard = [one.person.name for one in desk.requests]
    assert heard.count("Ada") == 1
    assert 1 <= heard.count("Mallory") < 100


def _was_told(telegram: TelegramStandIn, person: User) -> bool:
    return person.id in [one.chat.id for one in telegram.posts]


async def test_flood_drowns_no_word_of_the_platform(shared: Path) -> None:
    """Commands beyond a chat's share are dropped; that it moved or blocked us never is."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        mallory = telegram.user("Mallory")
        telegram.fail("sendMessage", Hang())
        for _ in range(100):
            telegram.say(mallory, "/help")
        await telegram.until(lambda: len(telegram.posts) == 1)
        telegram.block(mallory)
        telegram.let_go()
        await telegram.settled()

    assert ("unreachable", f"{mallory.id}", "the person has blocked the bot") in desk.heard


async def test_topics_are_not_made_up(shared: Path) -> None:
    """An administrator can write in a topic; numbers of topics that nobody sees are endless."""
    async with standing(shared) as (telegram, counter):
        channel, ada = await a_subscribed_channel(telegram), telegram.user("Ada")
        telegram.promote(channel, ada)
        telegram.say(ada, f"/subscribe type:EVA in:{channel.id}/123456")
        post = await telegram.next_post()
        held = await counter.filters(to(channel, 123456).destination)

    assert "no such channel" in post.text
    assert held == []


async def test_press_of_a_stranger_under_a_channels_message_changes_nothing(shared: Path) -> None:
    """Every reader of a channel sees the buttons under its messages."""
    async with standing(shared) as (telegram, counter):
        channel, mallory = await a_subscribed_channel(telegram), telegram.user("Mallory")
        craft(telegram, mallory, "unsubscribe number:all", channel)
        await telegram.until(lambda: len(telegram.answers) == 1)
        held = await counter.filters(to(channel).destination)

    assert telegram.answers[0].is_alert
    assert len(held) == 1
