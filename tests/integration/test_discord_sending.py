"""Messages as they arrive on Discord: channels, threads, forums, private chats; sound, mentions."""

import pytest
from discord_rooms import Room, room, to
from standins.discord.interactions import buttons, shown_text
from standins.discord.server import DiscordStandIn

from bot.adapters.discord.client import create
from bot.domain.changes import Kind
from bot.domain.channels import Channel
from bot.domain.deliveries import DeliveryId, Priority, Sent
from bot.domain.messages import Button, Message
from bot.testing import a_hostile_message, a_message, check_adapter

SILENT = 1 << 12
"""Discord's flag SUPPRESS_NOTIFICATIONS."""


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


async def test_alert_asks_to_go_before_other_news(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """What is claimed waits for its slot for a second, and an alert must not wait behind that."""
    for key, priority in enumerate((Priority.NEWS, Priority.URGENT), start=1):
        delivery = to(discord_server.alerts, id=DeliveryId(key), priority=priority)
        await opened.adapter.send(delivery, a_message())

    assert opened.pace.alerts == [discord_server.alerts.id]


async def test_hostile_message_arrives_and_mentions_nobody(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """Whatever stands in a name, nobody is called, and Discord finds nothing invalid."""
    await opened.adapter.send(to(discord_server.alerts), a_hostile_message())

    (message,) = discord_server.messages(discord_server.alerts)
    assert message["mention_roles"] == []
    assert len(buttons(message)) == 5


async def test_plain_text_mentions_nobody_either(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """Text, unlike an embed, would call everybody if it were let."""
    discord_server.fail(50035)
    message = a_message(title="@everyone <@&77> docks", headline="@here")

    await opened.adapter.send(to(discord_server.alerts), message)

    (shown,) = discord_server.messages(discord_server.alerts)
    assert "docks" in shown["content"]
    assert not shown["mention_everyone"]
    assert shown["mention_roles"] == []


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
