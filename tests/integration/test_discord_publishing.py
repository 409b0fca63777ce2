"""Announcement channels: what is sent there is published to followers, if the channel says so."""

from typing import Any

import pytest
from discord_rooms import Room, heard, room, to
from standins.discord.server import DiscordStandIn
from standins.discord.world import Channel as Place
from standins.discord.world import ChannelType

from bot.adapters.discord.publishing import HOURLY
from bot.domain.channels import Channel
from bot.domain.deliveries import Delivery, DeliveryId, Sent
from bot.testing import a_message

PUBLISHES = Channel(publishes=True)


@pytest.fixture
async def news(discord_server: DiscordStandIn, opened: Room) -> Place:
    """An announcement channel that the adapter has heard of."""
    place = await discord_server.add_channel(discord_server.home, "news", ChannelType.ANNOUNCEMENT)
    await heard(discord_server, opened)
    return place


def publishing(place: Place, **changes: Any) -> Delivery:
    """A delivery to a channel that publishes."""
    return to(place, **({"channel": PUBLISHES} | changes))


def attempts(discord_server: DiscordStandIn) -> int:
    """How often the adapter asked Discord to publish."""
    return sum(one.endswith("/crosspost") for one in discord_server.rest.requests)


def published(discord_server: DiscordStandIn, place: Place) -> list[bool]:
    """Of each message in a channel: whether its followers have it."""
    return [bool(one["flags"] & 1) for one in discord_server.messages(place)]


@pytest.mark.parametrize("publishes", [False, True])
async def test_channel_says_whether_it_publishes(
    discord_server: DiscordStandIn, opened: Room, news: Place, *, publishes: bool
) -> None:
    """Only what the setting asks for; followers of others never get what nobody wanted."""
    delivery = publishing(news, channel=Channel(publishes=publishes))

    result = await opened.adapter.send(delivery, a_message())

    assert isinstance(result, Sent)
    assert published(discord_server, news) == [publishes]
    assert attempts(discord_server) == publishes


async def test_other_channels_are_not_published(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """The gateway told what they are, so nothing is asked."""
    await opened.adapter.send(publishing(discord_server.alerts), a_message())

    assert published(discord_server, discord_server.alerts) == [False]
    assert attempts(discord_server) == 0


async def test_channel_that_nobody_told_of_is_tried(
    discord_server: DiscordStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    """Before the gateway speaks, Discord itself says what it is; a plain channel is no trouble."""
    discord_server.gateway.is_down = True
    news = await discord_server.add_channel(discord_server.home, "news", ChannelType.ANNOUNCEMENT)
    async with room(discord_server, sync_commands=False) as opened:
        first = await opened.adapter.send(publishing(news), a_message())
        other = publishing(discord_server.alerts, id=DeliveryId(2))
        second = await opened.adapter.send(other, a_message())

    assert isinstance(first, Sent)
    assert isinstance(second, Sent)
    assert published(discord_server, news) == [True]
    assert published(discord_server, discord_server.alerts) == [False]
    assert "publish" not in "".join(
        one.getMessage() for one in caplog.records if one.levelname == "WARNING"
    )


async def test_one_more_than_an_hour_allows_is_only_sent(
    discord_server: DiscordStandIn, opened: Room, news: Place
) -> None:
    """Discord would hold us up; the message itself arrives."""
    discord_server.limits.channels[news.id].most = HOURLY + 1

    results = [
        await opened.adapter.send(publishing(news, id=DeliveryId(number)), a_message())
        for number in range(1, HOURLY + 2)
    ]

    assert all(isinstance(one, Sent) for one in results)
    assert published(discord_server, news) == [True] * HOURLY + [False]
    assert attempts(discord_server) == HOURLY


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"code": 50013}, id="a right is missing"),
        pytest.param({"status": 503}, id="trouble of Discord's"),
        pytest.param({"breaks": True}, id="the connection breaks"),
        pytest.param({"status": 429, "retry_after": 1800.0}, id="the limit was reached before"),
    ],
)
async def test_failed_publishing_leaves_the_message_sent(
    discord_server: DiscordStandIn,
    opened: Room,
    news: Place,
    caplog: pytest.LogCaptureFixture,
    fault: dict[str, Any],
) -> None:
    """It is sent once, and sending to the channel goes on at its own pace."""
    discord_server.fail(path="/crosspost", **fault)

    result = await opened.adapter.send(publishing(news), a_message())

    assert isinstance(result, Sent)
    assert published(discord_server, news) == [False]
    assert f"did not publish a message of {news.id}" in caplog.text
    assert opened.pace.told == []


async def test_repeated_send_publishes_once(
    discord_server: DiscordStandIn, opened: Room, news: Place
) -> None:
    """The nonce finds the message of the first attempt, which followers have already."""
    await opened.adapter.send(publishing(news), a_message())
    result = await opened.adapter.send(publishing(news), a_message())

    assert isinstance(result, Sent)
    assert published(discord_server, news) == [True]
    assert attempts(discord_server) == 1
