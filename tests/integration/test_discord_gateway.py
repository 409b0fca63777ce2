"""What the gateway tells of servers, channels and rights, and how the adapter begins."""

import logging

import pytest
from discord_rooms import Room, a_status_desk, heard, listening_room, room, until
from standins.discord.server import DiscordStandIn
from standins.discord.world import ChannelType, Right

from bot.adapters.discord.client import introduce
from bot.errors import ChatUnavailable, ConfigError
from bot.testing.surroundings import RecordingDesk


@pytest.fixture
def desk() -> RecordingDesk:
    """One that answers /status."""
    return a_status_desk()


async def test_invitation_makes_every_channel_reachable(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """Whoever invites the bot again finds the subscriptions of before at work."""
    await until(lambda: opened.adapter.is_listening)  # type: ignore[attr-defined]

    guild = await discord_server.join("Fans", "news", "talk")
    await until(lambda: len(opened.desk.heard) >= 2)

    assert {*opened.desk.heard} == {("reachable", one, "") for one in guild.channels}


async def test_start_is_no_invitation(discord_server: DiscordStandIn, opened: Room) -> None:
    """Servers that the bot was in before are no news."""
    await heard(discord_server, opened)

    assert opened.desk.heard == []


async def test_removal_makes_every_channel_unreachable(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """The bot was thrown out: with a reason, for whoever looks later."""
    await discord_server.kick(discord_server.home)
    await until(lambda: bool(opened.desk.heard))

    reason = "the bot was removed from the server Mission control"
    assert opened.desk.heard == [("unreachable", discord_server.alerts.id, reason)]


async def test_outage_of_a_server_is_no_removal(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """What Discord loses for a while comes back by itself; nothing is paused or resumed."""
    await discord_server.lose(discord_server.home)
    await discord_server.recover(discord_server.home)
    await heard(discord_server, opened)
    reply = await discord_server.slash(discord_server.alerts, discord_server.manager, "status")

    assert reply.content == "Done"
    assert opened.desk.heard == []


async def test_paused_places_that_are_open_again_are_tried_at_the_start(
    discord_server: DiscordStandIn,
) -> None:
    """Rights mended and invitations while the bot was down; what is gone or closed stays paused."""
    home, desk = discord_server.home, RecordingDesk()
    closed, deleted = [await discord_server.add_channel(home, one) for one in ("staff", "old")]
    away = await discord_server.join("Away", "talk")
    await discord_server.forbid(closed, Right.SEND_MESSAGES)
    await discord_server.delete_channel(deleted)
    await discord_server.lose(away)
    person = f"@{discord_server.manager.id}"
    desk.paused = [
        *(discord_server.alerts.id, closed.id, deleted.id, *away.channels, person, "no address")
    ]

    async with listening_room(discord_server, desk):
        await until(lambda: bool(desk.retried))

    assert desk.retried == [[discord_server.alerts.id]]
    assert desk.heard == []


async def test_server_that_is_back_has_its_places_tried_again(
    discord_server: DiscordStandIn,
) -> None:
    """Its rights may have changed during the outage; other servers are not meant."""
    desk = RecordingDesk()
    away = await discord_server.join("Away", "talk")
    await discord_server.lose(away)
    desk.paused = [discord_server.alerts.id, *away.channels]

    async with listening_room(discord_server, desk):
        await until(lambda: len(desk.retried) == 1)
        await discord_server.recover(away)
        await until(lambda: len(desk.retried) == 2)

    assert desk.retried == [[discord_server.alerts.id], [*away.channels]]


async def test_new_session_has_paused_places_tried_again(discord_server: DiscordStandIn) -> None:
    """After an outage too long to resume nothing tells what was mended meanwhile."""
    desk = RecordingDesk()
    desk.paused = [discord_server.alerts.id]

    async with listening_room(discord_server, desk):
        await until(lambda: len(desk.retried) == 1)
        await discord_server.gateway.invalidate()
        await until(lambda: len(desk.retried) == 2)

    assert desk.retried == [[discord_server.alerts.id]] * 2
    assert len(discord_server.gateway.identified) == 2


async def test_deleted_channel_is_unreachable(discord_server: DiscordStandIn, opened: Room) -> None:
    """No request is needed to find out."""
    await discord_server.delete_channel(discord_server.alerts)
    await until(lambda: bool(opened.desk.heard))

    reason = "the channel or thread was deleted"
    assert opened.desk.heard == [("unreachable", discord_server.alerts.id, reason)]


async def test_deleted_thread_is_unreachable(discord_server: DiscordStandIn, opened: Room) -> None:
    """Also one that the gateway never told of, since it slept in the archive."""
    thread = await discord_server.add_channel(
        discord_server.home, "old", ChannelType.THREAD, parent=discord_server.alerts, archived=True
    )

    await discord_server.delete_channel(thread)
    await until(lambda: any(word == "unreachable" for word, _, _ in opened.desk.heard))

    assert opened.desk.heard[-1][:2] == ("unreachable", thread.id)


async def test_restored_right_makes_a_channel_reachable(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """While the right is missing nobody is told that all is well."""
    await discord_server.forbid(discord_server.alerts, Right.SEND_MESSAGES)
    await heard(discord_server, opened)
    while_missing = [*opened.desk.heard]
    await discord_server.allow(discord_server.alerts)
    await until(lambda: bool(opened.desk.heard))

    assert while_missing == []
    assert opened.desk.heard == [("reachable", discord_server.alerts.id, "")]


async def test_restored_role_makes_all_channels_reachable(
    discord_server: DiscordStandIn, opened: Room
) -> None:
    """Rights may come by a role as well as by a channel."""
    home = discord_server.home
    rights = home.roles[home.id].rights
    await discord_server.change_role(home, home.id, 0)
    await heard(discord_server, opened)
    while_missing = [*opened.desk.heard]

    await discord_server.change_role(home, home.id, rights)
    await until(lambda: bool(opened.desk.heard))

    assert while_missing == []
    assert opened.desk.heard == [("reachable", discord_server.alerts.id, "")]


async def test_wrong_token_names_the_setting(
    discord_server: DiscordStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    """One sentence that says what to do, and never the token."""
    with (
        caplog.at_level(logging.DEBUG),
        pytest.raises(ConfigError, match=r"discord\.token") as told,
    ):
        async with room(discord_server, token="MTIz.wrong"):  # noqa: S106 - a fake
            pass

    assert "MTIz" not in str(told.value)


async def test_introduction_names_the_bot_and_where_to_invite_it(
    discord_server: DiscordStandIn,
) -> None:
    """For `perigee check --online`: it asks, and does not appear."""
    found = await introduce(discord_server.options)

    assert found.name == "perigee"
    assert f"client_id={discord_server.world.bot.id}" in found.invite
    assert discord_server.gateway.identified == []


async def test_empty_token_names_the_setting(discord_server: DiscordStandIn) -> None:
    """The owner forgot it."""
    with pytest.raises(ConfigError, match=r"discord\.token is empty"):
        async with room(discord_server, token=""):
            pass


async def test_unreachable_discord_at_the_start_is_an_outage() -> None:
    """Not the owner's fault; whoever supervises tries again."""
    discord_server = DiscordStandIn()
    async with discord_server:
        options = discord_server.options

    with pytest.raises(ChatUnavailable, match="cannot be reached"):
        async with room(discord_server, **options):
            pass
