"""An adapter in parts: one process sends and another listens, with the same token."""

from datetime import timedelta
from pathlib import Path

import pytest
from discord_rooms import connected_room, posts_in, room
from discord_rooms import to as to_discord
from standins.discord.server import DiscordStandIn
from standins.discord.world import ChannelType
from standins.telegram.opening import a_desk, always, connected
from standins.telegram.opening import to as to_telegram
from standins.telegram.server import TelegramStandIn
from standins.telegram.spec import Judge

from bot.domain.deliveries import DeliveryId, Sent
from bot.domain.messages import Button, Lane, Message, Rate
from bot.domain.requests import CommandReply, CommandRequest, CommandSpec
from bot.testing import a_message
from bot.testing.surroundings import RecordingDesk

SENDS = {"listens": False}
LISTENS = {"sends": False}
MINUTE = timedelta(minutes=1)
MUTE = Button(label="Mute this event", press="mute event:1")
STATUS = CommandSpec(name="status", description="How it goes")


async def done(_request: CommandRequest) -> CommandReply:
    """Answer each command."""
    return CommandReply(messages=(Message(kind=None, headline="Done"),))


@pytest.fixture
def discord_server(shared: object) -> DiscordStandIn:
    """A pretended Discord whose judge has Discord's own document."""
    assert shared
    return DiscordStandIn()


async def test_sender_on_discord_opens_no_gateway(discord_server: DiscordStandIn) -> None:
    """It needs requests only, and leaves the commands to whoever listens."""
    async with discord_server, room(discord_server, parts=SENDS) as opened:
        outcome = await opened.adapter.send(to_discord(discord_server.alerts), a_message())

    assert isinstance(outcome, Sent)
    assert discord_server.gateway.sessions == {}
    assert discord_server.world.commands == []
    assert opened.adapter.limits.slots == 45
    assert discord_server.violations == []


async def test_sender_on_discord_opens_posts_in_forums(discord_server: DiscordStandIn) -> None:
    """Nobody tells it which channel is a forum, nor which posts there are: so it asks."""
    async with discord_server, room(discord_server, parts=SENDS) as opened:
        forum = await discord_server.add_channel(discord_server.home, "events", ChannelType.FORUM)
        first = await opened.adapter.send(to_discord(forum), a_message())
        again = await opened.adapter.send(to_discord(forum, id=DeliveryId(2)), a_message())
        (post,) = posts_in(forum)
        known = to_discord(forum, post=post.id, id=DeliveryId(3))
        third = await opened.adapter.send(known, a_message())

    assert [one.post for one in (first, again, third) if isinstance(one, Sent)] == [post.id] * 3
    assert len(discord_server.messages(post)) == 3
    assert discord_server.violations == []


async def test_sender_on_discord_opens_no_second_post_when_in_doubt(
    discord_server: DiscordStandIn,
) -> None:
    """Opening a post takes no nonce, so whether it is there is looked at first."""
    async with discord_server, room(discord_server, parts=SENDS) as opened:
        forum = await discord_server.add_channel(discord_server.home, "events", ChannelType.FORUM)
        since, told = discord_server.world.now(), a_message(buttons=((MUTE,),))
        discord_server.fail(path="/threads", breaks=True, after=True)
        lost = await opened.adapter.send(to_discord(forum), told)
        doubtful = to_discord(forum, attempts=2, in_doubt_since=since - MINUTE)
        found = await opened.adapter.send(doubtful, told)

    assert not isinstance(lost, Sent)
    assert isinstance(found, Sent)
    (post,) = posts_in(forum)
    assert len(discord_server.messages(post)) == 1


async def test_listener_on_discord_answers_and_sends_nothing_unasked(
    discord_server: DiscordStandIn,
) -> None:
    """It holds the gateway, the commands and a small share of the token's requests."""
    desk = RecordingDesk((STATUS,), answer=done)

    async with discord_server, connected_room(discord_server, desk, parts=LISTENS) as opened:
        await discord_server.until_synced()
        reply = await discord_server.slash(discord_server.alerts, discord_server.manager, "status")

    assert reply.content == "Done"
    assert discord_server.rest.created == []
    assert opened.adapter.limits.slots == 5


async def test_sender_on_telegram_asks_for_nothing(shared: Path) -> None:
    """Updates, menus and the webhook are another's, and whoever took them would disturb it."""
    async with TelegramStandIn(Judge.of(shared)) as telegram:
        ada = telegram.user()
        async with connected(telegram, parts=SENDS) as adapter:
            outcome = await adapter.send(to_telegram(ada), a_message())

    assert isinstance(outcome, Sent)
    assert {method for method, _ in telegram.calls} == {"getMe", "sendMessage"}
    assert telegram.updates.asked == []
    assert adapter.limits.slots == 24
    assert adapter.limits.lane("-5") == Lane(
        key="-5", rates=(Rate(count=1, per=timedelta(seconds=1)), Rate(count=15, per=MINUTE))
    )


async def test_listener_on_telegram_answers_from_its_share(shared: Path) -> None:
    """Answers count on Telegram, so a part of the token's requests is kept for them."""
    desk = a_desk(always(Message(kind=None, headline="Done")))

    async with (
        TelegramStandIn(Judge.of(shared)) as telegram,
        connected(telegram, desk, parts=LISTENS) as adapter,
    ):
        telegram.say(telegram.user(), "/help")
        post = await telegram.next_post()

    assert post.text == "Done"
    assert len(telegram.posts) == 1
    assert adapter.limits.slots == 6
    assert adapter.limits.lane("-5") == Lane(
        key="-5", rates=(Rate(count=1, per=timedelta(seconds=1)), Rate(count=3, per=MINUTE))
    )
