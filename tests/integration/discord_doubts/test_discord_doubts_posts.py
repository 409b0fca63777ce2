"""Forum posts and replies whose end is not known, on Discord: looked for, then sent again."""

from dataclasses import replace
from datetime import timedelta

import pytest
from discord_rooms import Room, heard, posts_in, to
from doubts import ALERT, LONG, doubted, lose, send_again
from standins.discord.server import DiscordStandIn
from standins.discord.world import Channel, ChannelType, Right

from bot.domain.deliveries import Sent, Unknown
from bot.testing import FakeClock


async def forum_of(server: DiscordStandIn, opened: Room) -> Channel:
    """A forum."""
    forum = await server.add_channel(server.home, "events", ChannelType.FORUM)
    await heard(server, opened)
    return forum


@pytest.mark.parametrize("after", [timedelta(seconds=3), LONG])
async def test_post_whose_opening_was_not_answered_is_found(
    discord_server: DiscordStandIn, opened: Room, clock: FakeClock, after: timedelta
) -> None:
    """Opening takes no nonce, so whatever the age of the doubt the post is looked for."""
    forum = await forum_of(discord_server, opened)
    delivery = await lose(discord_server, opened, to(forum), path="/threads")

    result = await send_again(opened, clock, delivery, after=after)

    (post,) = posts_in(forum)
    assert result == Sent(remote_id=post.id, post=post.id)
    assert len(post.messages) == 1


async def test_post_is_found_though_the_gateway_never_told_of_it(
    discord_server: DiscordStandIn, opened: Room, clock: FakeClock
) -> None:
    """Discord itself is asked for the open posts."""

    async def tell_nobody(_name: str, _data: object) -> None:
        """Stand for a gateway that lags."""

    forum = await forum_of(discord_server, opened)
    discord_server.rest.tell = tell_nobody
    delivery = await lose(discord_server, opened, to(forum), path="/threads")

    await send_again(opened, clock, delivery, after=timedelta(seconds=3))

    (post,) = posts_in(forum)
    assert len(post.messages) == 1


async def test_post_that_was_archived_since_is_found(
    discord_server: DiscordStandIn, opened: Room, clock: FakeClock
) -> None:
    """A post falls asleep while the bot is down."""
    forum = await forum_of(discord_server, opened)
    delivery = await lose(discord_server, opened, to(forum), path="/threads")
    (post,) = posts_in(forum)
    post.archived = True
    await discord_server.change_channel(post)
    await heard(discord_server, opened)

    await send_again(opened, clock, delivery)

    assert posts_in(forum) == [post]
    assert len(post.messages) == 1


async def test_reply_whose_answer_was_lost_is_found_in_its_post(
    discord_server: DiscordStandIn, opened: Room, clock: FakeClock
) -> None:
    """Also when the event was renamed: its post is known."""
    forum = await forum_of(discord_server, opened)
    renamed = replace(ALERT, title="Docking")
    first = await opened.adapter.send(to(forum, event_id=7), renamed)
    assert isinstance(first, Sent)
    delivery = await lose(discord_server, opened, to(forum, post=first.post))

    result = await send_again(opened, clock, delivery)

    (post,) = posts_in(forum)
    assert len(post.messages) == 2
    assert result == Sent(remote_id=[*post.messages][1], post=post.id)


async def test_reply_that_never_arrived_is_sent_into_its_post(
    discord_server: DiscordStandIn, opened: Room, clock: FakeClock
) -> None:
    """The post is there, the reply is not."""
    forum = await forum_of(discord_server, opened)
    first = await opened.adapter.send(to(forum, event_id=7), ALERT)
    assert isinstance(first, Sent)

    await send_again(opened, clock, doubted(forum, post=first.post))

    (post,) = posts_in(forum)
    assert len(post.messages) == 2


async def test_successor_of_a_deleted_post_is_found(
    discord_server: DiscordStandIn, opened: Room, clock: FakeClock
) -> None:
    """The old post was gone, the new one was opened, and that answer was lost."""
    forum = await forum_of(discord_server, opened)
    delivery = await lose(discord_server, opened, to(forum, post="5"), path="/threads")

    await send_again(opened, clock, delivery)

    (post,) = posts_in(forum)
    assert len(post.messages) == 1


async def test_forum_without_the_right_to_look_is_left_alone(
    discord_server: DiscordStandIn, opened: Room, clock: FakeClock
) -> None:
    """As in any channel."""
    forum = await forum_of(discord_server, opened)
    await discord_server.forbid(forum, Right.READ_MESSAGE_HISTORY)
    await heard(discord_server, opened)

    result = await send_again(opened, clock, doubted(forum), after=timedelta(seconds=3))

    assert isinstance(result, Unknown)
    assert result.is_final
    assert posts_in(forum) == []
