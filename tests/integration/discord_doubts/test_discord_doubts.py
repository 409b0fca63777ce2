"""Messages whose end is not known, on Discord: looked for before they are sent again.

The pretended Discord forgets a nonce after a few minutes, by a clock that the tests move.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from discord_rooms import Room, heard, room, to
from doubts import ALERT, LONG, doubted, lose, send_again
from standins.discord.server import DiscordStandIn
from standins.discord.world import Channel, ChannelType, Right

from bot.domain.channels import Channel as Settings
from bot.domain.deliveries import Gone, Later, Priority, Sent, Unknown
from bot.testing import FakeClock


async def crowd(server: DiscordStandIn, place: Channel, count: int) -> None:
    """Others write so much."""
    person = {"id": server.visitor.id, "username": "Vera", "discriminator": "0", "avatar": None}
    for _ in range(count):
        one = a_line(server, place) | {"author": person}
        place.messages[one["id"]] = one


def a_line(server: DiscordStandIn, place: Channel) -> dict[str, Any]:
    """A message of one line."""
    return {
        "id": server.world.stamped_id(),
        "channel_id": place.id,
        "content": "hi",
        "type": 0,
        "embeds": [],
        "components": [],
        "attachments": [],
        "mentions": [],
        "flags": 0,
        "mention_roles": [],
        "pinned": False,
        "mention_everyone": False,
        "tts": False,
        "timestamp": server.world.now().isoformat(),
        "edited_timestamp": None,
    }


async def thread_of(server: DiscordStandIn, opened: Room) -> Channel:
    """A thread in the usual channel."""
    thread = await server.add_channel(server.home, "talk", ChannelType.THREAD, parent=server.alerts)
    await heard(server, opened)
    return thread


def reads(server: DiscordStandIn) -> list[str]:
    """What was read back, in order."""
    return [one for one in server.rest.requests if one.startswith("GET") and "/messages" in one]


async def test_nonce_serves_while_discord_remembers_it(
    discord_server: DiscordStandIn, opened: Room, clock: FakeClock
) -> None:
    """Within 90 s the repeat itself finds the message; nothing need be read."""
    delivery = await lose(discord_server, opened, to(discord_server.alerts))

    result = await send_again(opened, clock, delivery, after=timedelta(seconds=90))

    (message,) = discord_server.messages(discord_server.alerts)
    assert result == Sent(remote_id=message["id"])
    assert reads(discord_server) == []


@pytest.mark.parametrize("where", ["channel", "thread", "private chat"])
async def test_message_that_arrived_is_found_when_its_nonce_is_forgotten(
    discord_server: DiscordStandIn, opened: Room, clock: FakeClock, where: str
) -> None:
    """A bot that was down for long reads back, and sends nothing."""
    place = {
        "channel": discord_server.alerts,
        "thread": await thread_of(discord_server, opened),
        "private chat": discord_server.private_chat(discord_server.visitor),
    }[where]
    delivery = await lose(discord_server, opened, to(place))
    await crowd(discord_server, place, 3)

    result = await send_again(opened, clock, delivery)

    (message, *_chatter) = discord_server.messages(place)
    assert result == Sent(remote_id=message["id"])
    assert len(discord_server.rest.created) == 1


async def test_message_that_never_arrived_is_sent(
    discord_server: DiscordStandIn, opened: Room, clock: FakeClock
) -> None:
    """News of other deliveries in the same channel is not taken for it."""
    await opened.adapter.send(to(discord_server.alerts, event_id=7), ALERT)
    (other,) = discord_server.messages(discord_server.alerts)

    result = await send_again(opened, clock, doubted(discord_server.alerts))

    messages = discord_server.messages(discord_server.alerts)
    assert len(messages) == 2
    assert isinstance(result, Sent)
    assert result.remote_id != other["id"]


async def test_message_of_somebody_else_is_not_taken_for_ours(
    discord_server: DiscordStandIn, opened: Room, clock: FakeClock
) -> None:
    """Another bot may show what it copied from us."""
    delivery = await lose(discord_server, opened, to(discord_server.alerts))
    (message,) = discord_server.messages(discord_server.alerts)
    message["author"] = message["author"] | {"id": discord_server.visitor.id}

    await send_again(opened, clock, delivery)

    assert len(discord_server.messages(discord_server.alerts)) == 2


async def test_message_that_went_as_plain_text_is_found(
    discord_server: DiscordStandIn, opened: Room, clock: FakeClock
) -> None:
    """The plain form has the buttons too, and so the mark."""
    discord_server.fail(50035)
    delivery = await lose(discord_server, opened, to(discord_server.alerts))

    await send_again(opened, clock, delivery)

    (message,) = discord_server.messages(discord_server.alerts)
    assert message["embeds"] == []


async def test_found_message_is_published_once(
    discord_server: DiscordStandIn, opened: Room, clock: FakeClock
) -> None:
    """Followers get what was found, unless they have it."""
    place = await discord_server.add_channel(
        discord_server.home, "public", ChannelType.ANNOUNCEMENT
    )
    discord_server.home.roles[discord_server.home.id].rights |= Right.MANAGE_MESSAGES
    await heard(discord_server, opened)
    to_followers = to(place, channel=Settings(publishes=True))
    delivery = await lose(discord_server, opened, to_followers)

    await send_again(opened, clock, delivery)
    await send_again(opened, clock, delivery)

    published = [one for one in discord_server.rest.requests if one.endswith("/crosspost")]
    assert len(published) == 1


@pytest.mark.parametrize(("others", "is_found"), [(250, True), (600, False)])
async def test_busy_channel_is_read_up_to_a_bound(
    discord_server: DiscordStandIn,
    opened: Room,
    clock: FakeClock,
    *,
    others: int,
    is_found: bool,
) -> None:
    """Page by page from the first attempt on; what lies deeper is left rather than said twice."""
    await crowd(discord_server, discord_server.alerts, others)
    delivery = await lose(discord_server, opened, to(discord_server.alerts))

    result = await send_again(opened, clock, delivery)

    assert isinstance(result, Sent if is_found else Unknown)
    assert len(discord_server.rest.created) == 1
    assert len(reads(discord_server)) == (3 if is_found else 5)


async def test_without_the_right_to_look_news_is_left(
    discord_server: DiscordStandIn, opened: Room, clock: FakeClock
) -> None:
    """Rather never than twice; the record names the permission, and Discord is not asked."""
    await discord_server.forbid(discord_server.alerts, Right.READ_MESSAGE_HISTORY)
    await heard(discord_server, opened)

    result = await send_again(opened, clock, doubted(discord_server.alerts))

    assert isinstance(result, Unknown)
    assert result.is_final
    assert '"Read Message History"' in result.reason
    assert discord_server.messages(discord_server.alerts) == []
    assert reads(discord_server) == []


async def test_without_the_right_to_look_urgent_news_is_sent_once_more(
    discord_server: DiscordStandIn, opened: Room, clock: FakeClock
) -> None:
    """Rather twice than never; but when that answer is lost too, not thrice."""
    await discord_server.forbid(discord_server.alerts, Right.READ_MESSAGE_HISTORY)
    await heard(discord_server, opened)
    urgent = doubted(discord_server.alerts, priority=Priority.URGENT)

    first = await send_again(opened, clock, urgent)
    discord_server.fail(breaks=True)
    second = await send_again(opened, clock, urgent)

    assert isinstance(first, Sent)
    assert isinstance(second, Unknown)
    assert second.is_final


async def test_empty_answer_is_believed_only_with_proof_of_the_right(
    discord_server: DiscordStandIn, clock: FakeClock
) -> None:
    """Who may not read gets no error but no messages; without a gateway that looks the same."""
    alerts = discord_server.alerts
    discord_server.gateway.is_down = True
    async with room(discord_server, sync_commands=False) as opened:
        nothing_there = await send_again(opened, clock, doubted(alerts))
        await crowd(discord_server, alerts, 1)
        clock.advance(LONG)
        late = replace(doubted(alerts), in_doubt_since=clock.now())
        something_old_there = await send_again(opened, clock, late)

    assert isinstance(nothing_there, Later)
    assert isinstance(something_old_there, Sent)


async def test_empty_channel_is_believed_when_the_gateway_told_the_right(
    discord_server: DiscordStandIn, opened: Room, clock: FakeClock
) -> None:
    """Nothing was ever written there, so nothing arrived."""
    result = await send_again(opened, clock, doubted(discord_server.alerts))

    assert isinstance(result, Sent)
    assert len(reads(discord_server)) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503},
        {"breaks": True, "times": 2},
        {"code": 40006},
        {"status": 429, "retry_after": 60},
    ],
)
async def test_failed_look_sends_nothing_and_is_tried_later(
    discord_server: DiscordStandIn, opened: Room, clock: FakeClock, fault: dict[str, Any]
) -> None:
    """Nothing was sent by it, so it adds no doubt."""
    discord_server.fail(method="GET", **fault)

    result = await send_again(opened, clock, doubted(discord_server.alerts))

    assert isinstance(result, Later)
    assert discord_server.messages(discord_server.alerts) == []


@pytest.mark.parametrize(
    ("code", "outcome"), [(50013, Unknown), (50001, Gone), (10003, Sent), (10008, Later)]
)
async def test_refused_look_means_what_it_says(
    discord_server: DiscordStandIn, opened: Room, clock: FakeClock, code: int, outcome: type
) -> None:
    """No right, no sight of the channel, no channel (the send will tell), nothing we know."""
    discord_server.fail(code, method="GET")

    assert isinstance(await send_again(opened, clock, doubted(discord_server.alerts)), outcome)
