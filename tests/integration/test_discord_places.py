"""Where messages arrive on Discord: threads, forums, private chats, people."""

from dataclasses import replace

import pytest
from discord_rooms import Room, connected_room, heard, posts_in, to
from standins.discord.server import DiscordStandIn
from standins.discord.world import ChannelType, Right

from bot.domain.channels import Channel
from bot.domain.deliveries import Delivery, DeliveryId, Gone, Sent
from bot.domain.subscriptions import Destination
from bot.testing import a_delivery, a_message

SILENT = 1 << 12
"""Discord's flag SUPPRESS_NOTIFICATIONS."""


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


async def test_silent_forum_gets_its_posts_without_a_sound(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """As every silent place; and a post takes no nonce."""
    forum = await discord_server.add_channel(discord_server.home, "events", ChannelType.FORUM)
    await heard(discord_server, opened)

    await opened.adapter.send(to(forum, channel=Channel(is_silent=True)), a_message())

    (post,) = posts_in(forum)
    (message,) = post.messages.values()
    assert (message["flags"], message["nonce"]) == (SILENT, None)


async def test_forum_knows_a_new_post_before_the_gateway_tells(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """Two changes may follow each other faster than the gateway speaks: the post is kept."""

    async def tell_nobody(_name: str, _data: object) -> None:
        """Stand for a gateway that lags."""

    forum = await discord_server.add_channel(discord_server.home, "events", ChannelType.FORUM)
    await heard(discord_server, opened)
    discord_server.rest.tell = tell_nobody

    first = await opened.adapter.send(to(forum), a_message(title="Docking"))
    assert isinstance(first, Sent)
    await opened.adapter.send(news(to(forum, post=first.post), 2), a_message(title="Docking"))

    (post,) = posts_in(forum)
    assert first.post == post.id
    assert len(post.messages) == 2


async def test_post_of_a_renamed_event_is_kept(discord_server: DiscordStandIn) -> None:
    """Where news of an event stands does not depend on what it is called."""
    async with connected_room(discord_server) as opened:
        forum = await discord_server.add_channel(discord_server.home, "events", ChannelType.FORUM)
        await heard(discord_server, opened)
        first = await opened.adapter.send(to(forum), a_message(title="Docking"))
        assert isinstance(first, Sent)

        second = await opened.adapter.send(
            news(to(forum, post=first.post), 2), a_message(title="Berthing")
        )

    (post,) = posts_in(forum)
    assert isinstance(second, Sent)
    assert second.post == first.post
    assert len(post.messages) == 2


@pytest.mark.parametrize("end", ["deleted", "locked"])
async def test_post_that_takes_no_replies_any_more_gets_a_successor(
    discord_server: DiscordStandIn, opened: Room, end: str
) -> None:
    """A moderator deleted or locked it; the forum itself is well, and the new post is kept."""
    forum = await discord_server.add_channel(discord_server.home, "events", ChannelType.FORUM)
    await heard(discord_server, opened)
    first = await opened.adapter.send(to(forum), a_message(title="Docking"))
    assert isinstance(first, Sent)
    (post,) = posts_in(forum)
    post.locked = True
    await (
        discord_server.delete_channel(post)
        if end == "deleted"
        else discord_server.change_channel(post)
    )
    await heard(discord_server, opened)

    result = await opened.adapter.send(
        news(to(forum, post=first.post), 2), a_message(title="Docking")
    )

    assert isinstance(result, Sent)
    successor = discord_server.world.channel(result.post)
    assert successor is not None
    assert successor is not post
    assert len(successor.messages) == 1


async def test_subscribed_post_is_a_thread_like_any_other(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """Whoever subscribes inside a post wants the news there, and no post of its own."""
    forum = await discord_server.add_channel(discord_server.home, "events", ChannelType.FORUM)
    post = await discord_server.add_channel(
        discord_server.home, "Talk", ChannelType.THREAD, parent=forum
    )
    await heard(discord_server, opened)

    result = await opened.adapter.send(to(post), a_message())

    assert isinstance(result, Sent)
    assert result.post == ""
    assert len(discord_server.messages(post)) == 1
    assert posts_in(forum) == [post]


async def test_forum_finds_an_archived_post_of_an_earlier_run(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """A crash between opening and recording, or a lost store: it is found by its name."""
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
