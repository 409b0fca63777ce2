"""Messages as they arrive on Discord: channels, threads, forums, private chats; sound, mentions."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from discord_rooms import Room, connected_room, heard, room, to
from standins.discord.interactions import buttons, shown_text
from standins.discord.server import DiscordStandIn
from standins.discord.world import ChannelType, Right

from bot.adapters.discord.client import create
from bot.domain.changes import Kind
from bot.domain.channels import Channel
from bot.domain.deliveries import Delivery, DeliveryId, Gone, Sent
from bot.domain.messages import Button, Message
from bot.domain.subscriptions import Destination
from bot.testing import a_delivery, a_hostile_message, a_message, check_adapter

SILENT = 1 << 12
"""Discord's flag SUPPRESS_NOTIFICATIONS."""


@pytest.fixture
async def discord_server(shared: object) -> AsyncIterator[DiscordStandIn]:
    """A pretended Discord whose judge has Discord's own document; nothing may be wrong."""
    assert shared
    async with DiscordStandIn() as server:
        yield server
    assert server.violations == []


@pytest.fixture
async def opened(discord_server: DiscordStandIn) -> AsyncIterator[Room]:
    """The adapter, when the gateway has told of all."""
    async with connected_room(discord_server) as opened:
        yield opened


async def test_adapter_keeps_the_contract(discord_server: DiscordStandIn) -> None:
    """What holds for every adapter holds for this one."""
    await check_adapter(create, discord_server.options, discord_server.alerts.id)


async def test_message_arrives_as_an_embed_with_buttons(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """The embed says it, links are buttons, and presses are under them."""
    mute = Button(label="Mute this event", press="mute event:1")

    result = await opened.adapter.send(
        to(discord_server.alerts), a_message(buttons=((mute, mute),))
    )

    (message,) = discord_server.messages(discord_server.alerts)
    assert result == Sent(remote_id=message["id"])
    assert message["embeds"][0]["title"] == "Cygnus NG-27 Berthing"
    link, first, second = buttons(message)
    assert link["url"] == "https://example.org/live"
    assert first["custom_id"].endswith("|mute event:1")
    assert first["custom_id"] != second["custom_id"]


async def test_hostile_message_arrives_and_mentions_nobody(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """Whatever stands in a name, nobody is called, and Discord finds nothing invalid."""
    await opened.adapter.send(to(discord_server.alerts), a_hostile_message())

    (message,) = discord_server.messages(discord_server.alerts)
    assert message["mention_roles"] == []
    assert len(buttons(message)) == 5


@pytest.mark.parametrize(
    ("is_silent", "urgent", "flags"), [(False, False, 0), (True, False, SILENT), (True, True, 0)]
)
async def test_silence_is_kept_except_by_what_is_urgent(
    discord_server: DiscordStandIn, opened: Room, *, is_silent: bool, urgent: bool, flags: int
) -> None:
    """A silent channel still hears of a webcast that goes live."""
    delivery = to(discord_server.alerts, channel=Channel(is_silent=is_silent))

    await opened.adapter.send(delivery, a_message(urgent=urgent))

    (message,) = discord_server.messages(discord_server.alerts)
    assert message["flags"] == flags


@pytest.mark.parametrize(
    ("kind", "mentioned"), [(Kind.WEBCAST, ["77"]), (Kind.DATE, []), (None, [])]
)
async def test_role_is_mentioned_for_its_kinds_only(
    discord_server: DiscordStandIn, opened: Room, kind: Kind | None, mentioned: list[str]
) -> None:
    """One role, named by the channel's own setting, for the news that it names."""
    channel = Channel(mention="77", mention_kinds=frozenset({Kind.WEBCAST}))

    await opened.adapter.send(to(discord_server.alerts, channel=channel), a_message(kind=kind))

    (message,) = discord_server.messages(discord_server.alerts)
    assert message["mention_roles"] == mentioned
    assert ("<@&77>" in message["content"]) is bool(mentioned)


async def test_archived_thread_opens_by_sending(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """A thread that fell asleep is no obstacle."""
    thread = await discord_server.add_channel(
        discord_server.home,
        "old",
        ChannelType.THREAD,
        parent=discord_server.alerts,
        archived=True,
    )

    await heard(discord_server, opened)
    result = await opened.adapter.send(to(thread), a_message())

    assert isinstance(result, Sent)
    assert not thread.archived


async def test_thread_that_must_be_opened_first_is_opened(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """Where sending alone is refused, the thread is taken out of the archive and it is sent."""
    thread = await discord_server.add_channel(
        discord_server.home, "old", ChannelType.THREAD, parent=discord_server.alerts, archived=True
    )
    await heard(discord_server, opened)
    discord_server.fail(50083)

    result = await opened.adapter.send(to(thread), a_message())

    assert isinstance(result, Sent)
    assert len(discord_server.messages(thread)) == 1


async def test_thread_that_may_not_be_opened_is_reported(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """The reason names what is missing."""
    thread = await discord_server.add_channel(
        discord_server.home,
        "shut",
        ChannelType.THREAD,
        parent=discord_server.alerts,
        archived=True,
        locked=True,
    )
    await heard(discord_server, opened)
    discord_server.fail(50083)

    result = await opened.adapter.send(to(thread), a_message())

    assert isinstance(result, Gone)
    assert result.missing == "Manage Threads"


async def test_thread_needs_its_own_right(discord_server: DiscordStandIn, opened: Room) -> None:
    """Writing in a channel and in its threads are two permissions."""
    thread = await discord_server.add_channel(
        discord_server.home, "talk", ChannelType.THREAD, parent=discord_server.alerts
    )
    await discord_server.forbid(discord_server.alerts, Right.SEND_MESSAGES_IN_THREADS)

    await heard(discord_server, opened)
    in_thread = await opened.adapter.send(to(thread), a_message())
    in_channel = await opened.adapter.send(to(discord_server.alerts), a_message())

    assert isinstance(in_thread, Gone)
    assert in_thread.missing == "Send Messages in Threads"
    assert isinstance(in_channel, Sent)


def news(delivery: Delivery, number: int) -> Delivery:
    """The next delivery to the same place."""
    return replace(delivery, id=DeliveryId(number))


async def test_forum_gets_a_post_for_each_event_with_replies(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """What follows on an event stands under it, and another event has a post of its own."""
    forum = await discord_server.add_channel(discord_server.home, "events", ChannelType.FORUM)
    first = to(forum)

    await heard(discord_server, opened)
    for number, title in enumerate(("Docking", "Docking", "Spacewalk"), start=1):
        await opened.adapter.send(news(first, number), a_message(title=title))

    posts = [one for one in discord_server.home.channels.values() if one.parent is forum]
    assert {post.name: len(post.messages) for post in posts} == {"Docking": 2, "Spacewalk": 1}


async def test_forum_finds_an_archived_post_of_an_earlier_run(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """Months may lie between two changes; the post is read from the forum, not remembered."""
    forum = await discord_server.add_channel(discord_server.home, "events", ChannelType.FORUM)
    post = await discord_server.add_channel(
        discord_server.home,
        "Docking",
        ChannelType.THREAD,
        parent=forum,
        archived=True,
        owner_id=discord_server.world.bot.id,
    )

    await heard(discord_server, opened)
    await opened.adapter.send(to(forum), a_message(title="Docking"))

    assert len(discord_server.messages(post)) == 1


async def test_forum_opens_a_new_post_when_the_old_one_was_deleted(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """A moderator tidied up; the forum itself is well."""
    forum = await discord_server.add_channel(discord_server.home, "events", ChannelType.FORUM)
    await heard(discord_server, opened)
    await opened.adapter.send(to(forum), a_message(title="Docking"))
    (post,) = [one for one in discord_server.home.channels.values() if one.parent is forum]
    await discord_server.delete_channel(post)
    await heard(discord_server, opened)

    result = await opened.adapter.send(news(to(forum), 2), a_message(title="Docking"))

    (post,) = [one for one in discord_server.home.channels.values() if one.parent is forum]
    assert isinstance(result, Sent)
    assert len(discord_server.messages(post)) == 1


async def test_private_chat_is_a_destination(discord_server: DiscordStandIn, opened: Room) -> None:
    """It has an id like any channel."""
    chat = discord_server.private_chat(discord_server.visitor)

    assert isinstance(await opened.adapter.send(to(chat), a_message()), Sent)


async def test_person_is_written_to_in_private(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """Whoever can mend a channel's trouble is known by a person's id, not by a chat's."""
    address = opened.adapter.limits.private(discord_server.visitor.id)
    delivery = a_delivery(destination=Destination(adapter="discord", address=address))

    result = await opened.adapter.send(delivery, a_message())

    (chat,) = discord_server.world.private.values()
    assert isinstance(result, Sent)
    assert chat.recipient is discord_server.visitor
    assert len(discord_server.messages(chat)) == 1


async def test_person_without_a_common_server_cannot_be_written_to(
    opened: Room,
) -> None:
    """Certain, and with a reason that says so."""
    delivery = a_delivery(destination=Destination(adapter="discord", address="@5"))

    result = await opened.adapter.send(delivery, a_message())

    assert isinstance(result, Gone)
    assert "shares no server" in result.reason


async def test_every_request_for_a_destination_takes_its_slot(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """Looking for a post and sending to it are two requests."""
    forum = await discord_server.add_channel(discord_server.home, "events", ChannelType.FORUM)
    await heard(discord_server, opened)
    before = len(discord_server.rest.requests)

    await opened.adapter.send(to(forum), a_message())

    made = len(discord_server.rest.requests) - before
    assert opened.pace.taken[-made:] == [(forum.id, False)] * made
    assert made == 2


async def test_sending_needs_no_gateway(discord_server: DiscordStandIn) -> None:
    """An outage of the gateway stops commands, not news."""
    discord_server.gateway.is_down = True
    async with room(discord_server) as opened:
        result = await opened.adapter.send(to(discord_server.alerts), a_message())

    assert isinstance(result, Sent)


async def test_answer_without_title_is_shown(discord_server: DiscordStandIn, opened: Room) -> None:
    """A message of one line is a message."""
    await opened.adapter.send(to(discord_server.alerts), Message(kind=None, headline="Welcome"))

    (message,) = discord_server.messages(discord_server.alerts)
    assert shown_text(message) == "Welcome"
