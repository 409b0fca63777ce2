"""Every error of Discord's table, from the wire through the real client to the outcome."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from discord_rooms import Room, listening_room, room, to
from standins.discord.server import DiscordStandIn
from standins.discord.world import Right

from bot.domain.channels import Channel
from bot.domain.deliveries import Gone, Later, Outcome, Refused, Sent, Unknown
from bot.domain.messages import Picture
from bot.domain.subscriptions import Destination
from bot.errors import ChatUnavailable, ConfigError
from bot.testing import a_delivery, a_message


@pytest.fixture
async def opened(discord_server: DiscordStandIn) -> AsyncIterator[Room]:
    """The adapter, sending without a gateway that knows anything."""
    discord_server.gateway.is_down = True
    async with room(discord_server, sync_commands=False) as opened:
        yield opened


PAUSES = (10003, 10004, 10013, 10015, 50007, 50027, 50033, 50278, 160005)
"""Certain: the destination is gone, or will never take messages."""

DOUBTED = (50001, 50013)
"""A right is missing, perhaps only for a while."""

WAITS = (20016, 20028, 20029, 40004, 40006, 40062, 130000)
"""Discord takes the same message later."""

REFUSES = (20009, 200000, 200001, 240000)
"""The message will never pass; the destination is well."""


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        *((code, Gone) for code in (*PAUSES, *DOUBTED)),
        *((code, Later) for code in WAITS),
        *((code, Refused) for code in REFUSES),
        (10008, Sent),
    ],
)
async def test_code_is_classified(
    discord_server: DiscordStandIn, opened: Room, code: int, outcome: type
) -> None:
    """Each code of the table leads to its class of outcome, whatever its text says."""
    discord_server.fail(code)

    result = await opened.adapter.send(to(discord_server.alerts), a_message())

    assert isinstance(result, outcome)
    assert discord_server.messages(discord_server.alerts) == []
    if isinstance(result, Gone):
        assert result.is_certain is (code in PAUSES)


@pytest.mark.parametrize("code", [50008, 50024, 40058])
async def test_wrong_type_pauses_a_known_channel(discord_server: DiscordStandIn, code: int) -> None:
    """A channel of which the gateway says that it is no forum will never take messages."""
    async with listening_room(discord_server) as opened:
        discord_server.fail(code)

        result = await opened.adapter.send(to(discord_server.alerts), a_message())

    assert isinstance(result, Gone)
    assert result.is_certain
    assert "type of channel" in result.reason


@pytest.mark.parametrize(
    ("answer", "outcome"), [({}, Gone), ({"status": 503}, Unknown), ({"code": 50001}, Gone)]
)
async def test_wrong_type_of_an_unknown_channel_is_asked_of_discord(
    discord_server: DiscordStandIn, answer: dict[str, Any], outcome: type[Outcome]
) -> None:
    """It may be a forum, which needs a post; where Discord does not say, it is tried again."""
    async with room(discord_server, parts={"listens": False}) as opened:
        discord_server.fail(50008)
        if answer:
            discord_server.fail(method="GET", path="/channels/", times=9, **answer)

        result = await opened.adapter.send(to(discord_server.alerts), a_message())

    assert isinstance(result, outcome)
    assert f"GET /channels/{discord_server.alerts.id}" in discord_server.rest.requests


@pytest.mark.parametrize("code", [0, 40001, 50014])
async def test_bad_token_stops_the_platform(
    discord_server: DiscordStandIn, opened: Room, code: int
) -> None:
    """No delivery is to blame, and each further try would count towards a ban."""
    discord_server.fail(code)

    with pytest.raises(ConfigError, match=r"discord\.token"):
        await opened.adapter.send(to(discord_server.alerts), a_message())

    assert opened.pace.refusals == 1


@pytest.mark.parametrize(
    "details", [{"code": 40333}, {"status": 429, "text": "error code: 1015"}], ids=["code", "text"]
)
async def test_outer_wall_stops_the_platform(
    discord_server: DiscordStandIn, opened: Room, details: dict[str, Any]
) -> None:
    """Cloudflare speaks no JSON; what it bans is the machine, not the message."""
    discord_server.fail(**details)

    with pytest.raises(ChatUnavailable, match="shuts this machine out"):
        await opened.adapter.send(to(discord_server.alerts), a_message())


@pytest.mark.parametrize("code", [50035, 50006, 40005, 50045])
async def test_invalid_message_goes_as_plain_text_once(
    discord_server: DiscordStandIn, opened: Room, code: int
) -> None:
    """Our fault is not the subscriber's: the words arrive without their dress."""
    discord_server.fail(code)

    result = await opened.adapter.send(to(discord_server.alerts), a_message())

    assert isinstance(result, Sent)
    (message,) = discord_server.messages(discord_server.alerts)
    assert "Cygnus NG-27 Berthing" in message["content"]
    assert message["embeds"] == []


async def test_plain_text_tells_the_channels_time(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """An embed shows each reader's own time; text alone tells the channel's."""
    discord_server.fail(50035)
    here = replace(to(discord_server.alerts), channel=Channel(time_zone="Asia/Tokyo"))

    await opened.adapter.send(here, a_message())

    (message,) = discord_server.messages(discord_server.alerts)
    assert "16 Mar 2027, 18:30 JST" in message["content"]


async def test_hopeless_message_is_given_up(discord_server: DiscordStandIn, opened: Room) -> None:
    """After the plain text there is no third form, so the message is refused for good."""
    discord_server.fail(50035, times=2)

    result = await opened.adapter.send(to(discord_server.alerts), a_message())

    assert isinstance(result, Refused)
    sends = [one for one in discord_server.rest.requests if one.endswith("/messages")]
    assert len(sends) == 2


async def test_bad_picture_costs_the_picture_only(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """What Discord finds wrong with an address of a picture does not cost the embed."""
    discord_server.fail(50035, errors={"embeds": {"0": {"image": {"_errors": []}}}})
    message = a_message(picture=Picture(url="https://example.org/a.jpg", credit="Image: Ada"))

    result = await opened.adapter.send(to(discord_server.alerts), message)

    assert isinstance(result, Sent)
    (shown,) = discord_server.messages(discord_server.alerts)
    assert shown["embeds"][0]["title"] == "Cygnus NG-27 Berthing"
    assert not {"image", "thumbnail"} & {*shown["embeds"][0]}


async def test_long_rate_limit_goes_back_to_the_outbox(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """What would take longer than 30 s is no wait of ours, and the pace learns of it."""
    discord_server.fail(status=429, retry_after=60.0)

    result = await opened.adapter.send(to(discord_server.alerts), a_message())

    assert result == Later(reason="Discord's rate limit", wait=timedelta(seconds=60))
    assert [address for _, address in opened.pace.told] == [discord_server.alerts.id]


async def test_pace_is_told_of_a_short_429_too(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """discord.py tries again by itself; all the others must hold back nevertheless."""
    discord_server.fail(status=429, retry_after=0.01, is_global=True)

    result = await opened.adapter.send(to(discord_server.alerts), a_message())

    assert isinstance(result, Sent)
    assert [address for _, address in opened.pace.told] == [""]


@pytest.mark.parametrize("status", [503, 505])
async def test_trouble_of_theirs_leaves_a_doubt(
    discord_server: DiscordStandIn, opened: Room, status: int
) -> None:
    """What stands before Discord answers so too, perhaps after Discord took the message."""
    discord_server.fail(status=status)

    result = await opened.adapter.send(to(discord_server.alerts), a_message())

    assert result == Unknown(reason=f"Discord has trouble (HTTP {status})")
    assert opened.adapter.limits.repeat_is_harmless


async def test_lost_answer_makes_no_second_message(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """A repeat carries the same nonce, so Discord answers with the message that it has."""
    discord_server.fail(breaks=True, after=True)

    first = await opened.adapter.send(to(discord_server.alerts), a_message())
    second = await opened.adapter.send(to(discord_server.alerts, attempts=2), a_message())

    assert isinstance(first, Unknown)
    (message,) = discord_server.messages(discord_server.alerts)
    assert second == Sent(remote_id=message["id"])


async def test_deleted_message_is_not_sent_again(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """Discord knows our nonce and answers 10008; somebody removed the message on purpose."""
    delivery = to(discord_server.alerts)
    await opened.adapter.send(delivery, a_message())
    discord_server.alerts.messages.clear()

    assert await opened.adapter.send(delivery, a_message()) == Sent()
    assert discord_server.messages(discord_server.alerts) == []


async def test_unreachable_discord_is_tried_later(shared: object) -> None:
    """A connection that was never made sent nothing: no doubt about it."""
    assert shared
    discord_server = DiscordStandIn()
    async with discord_server:
        opening = room(discord_server, sync_commands=False)
        opened = await opening.__aenter__()

    result = await opened.adapter.send(to(discord_server.alerts), a_message())

    await opening.__aexit__(None, None, None)
    assert isinstance(result, Later)
    assert "cannot be reached" in result.reason


@pytest.mark.parametrize(
    ("right", "name"),
    [
        (Right.VIEW_CHANNEL, "View Channel"),
        (Right.SEND_MESSAGES, "Send Messages"),
        (Right.EMBED_LINKS, "Embed Links"),
    ],
)
async def test_missing_right_is_named_before_it_costs_a_request(
    discord_server: DiscordStandIn, right: Right, name: str
) -> None:
    """Ten thousand refusals in ten minutes ban the machine; the gateway knows the rights."""
    await discord_server.forbid(discord_server.alerts, right)
    async with listening_room(discord_server) as opened:
        before = len(discord_server.rest.requests)
        result = await opened.adapter.send(to(discord_server.alerts), a_message())

    assert isinstance(result, Gone)
    assert (result.missing, result.is_certain) == (name, False)
    assert len(discord_server.rest.requests) == before


async def test_address_that_is_no_id_is_refused(opened: Room) -> None:
    """A typing error in `subscriptions add` must not become a strange request."""
    where = Destination(adapter="discord", address="../users")

    result = await opened.adapter.send(a_delivery(destination=where), a_message())

    assert isinstance(result, Gone)
    assert "digits only" in result.reason
