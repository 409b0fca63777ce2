"""Slash commands, completion and buttons, from the wire to the core and back."""

import pytest
from discord_cores import Core
from discord_rooms import Room, connected_room
from standins.discord.server import DiscordStandIn
from standins.discord.world import ChannelType, Right, Role

from bot.domain.subscriptions import Destination


@pytest.fixture
def core() -> Core:
    """The core."""
    return Core()


@pytest.fixture
def desk(core: Core) -> Core:
    """What the adapter asks is the core."""
    return core


@pytest.mark.usefixtures("opened")
async def test_commands_are_registered_by_their_specs(discord_server: DiscordStandIn) -> None:
    """Required options first, completion where there are suggestions, managers by their right."""
    commands = {one["name"]: one for one in discord_server.world.commands}
    completed = {
        one["name"] for one in commands["everything"]["options"] if one.get("autocomplete")
    }

    assert {*commands} == {"everything", "mute", "status"}
    assert [one["name"] for one in commands["mute"]["options"]] == ["event", "why"]
    assert commands["mute"]["default_member_permissions"] == int(Right.MANAGE_CHANNELS)
    assert commands["status"]["default_member_permissions"] is None
    assert completed == {
        *("event", "type", "agency", "program", "changes", "leads", "time_zone"),
        "subscription",
    }


async def test_options_come_as_typed(
    discord_server: DiscordStandIn, opened: Room, core: Core, caplog: pytest.LogCaptureFixture
) -> None:
    """Every kind of option reaches the core as text; what was left out is not there."""
    role = Role(id="4711", name="Watchers", rights=0)
    discord_server.home.roles[role.id] = role
    given = {"text": "a b", "subscription": 3, "type": "EVA", "switch": "on", "role": role}

    await discord_server.slash(discord_server.alerts, discord_server.visitor, "everything", given)

    (request,) = core.requests
    assert request.options == {**given, "subscription": "3", "role": "4711"}
    assert request.command == "everything"
    assert request.place.address == discord_server.alerts.id
    assert request.place.adapter == opened.adapter.name
    assert request.person.name == "Vera"
    assert request.server == discord_server.home.id
    assert request.server_name == "Mission control #alerts"
    assert [one for one in caplog.records if one.levelname == "WARNING"] == []


@pytest.mark.usefixtures("opened")
async def test_everybody_as_role_means_none(discord_server: DiscordStandIn, core: Core) -> None:
    """Discord's picker of roles cannot pick "off"."""
    everybody = discord_server.home.roles[discord_server.home.id]

    await discord_server.slash(
        discord_server.alerts, discord_server.visitor, "everything", {"role": everybody}
    )

    assert core.requests[0].options == {"role": "off"}


@pytest.mark.parametrize(
    ("who", "right", "may"),
    [
        ("manager", None, True),
        ("visitor", None, False),
        ("visitor", Right.MANAGE_GUILD, True),
        ("visitor", Right.ADMINISTRATOR, True),
        ("visitor", Right.MANAGE_MESSAGES, False),
    ],
)
@pytest.mark.usefixtures("opened")
async def test_right_to_manage_is_read_at_run_time(
    discord_server: DiscordStandIn, core: Core, who: str, right: Right | None, *, may: bool
) -> None:
    """A server may let everybody use a command; the core still learns who manages."""
    user = getattr(discord_server, who)
    if right is not None:
        role = Role(id="4712", name="Crew", rights=right)
        discord_server.home.roles[role.id] = role
        discord_server.home.members[user.id].append(role.id)

    await discord_server.slash(discord_server.alerts, user, "mute", {"event": "1"}, forced=True)

    assert core.requests[0].may_manage is may


@pytest.mark.usefixtures("opened")
async def test_everybody_manages_a_private_chat(discord_server: DiscordStandIn, core: Core) -> None:
    """Whoever writes there is alone with the bot."""
    chat = discord_server.private_chat(discord_server.visitor)

    await discord_server.slash(chat, discord_server.visitor, "mute", {"event": "1"})

    (request,) = core.requests
    assert request.may_manage
    assert (request.server, request.place.address) == ("", chat.id)


@pytest.mark.usefixtures("opened")
async def test_nobody_manages_where_discord_names_no_right(
    discord_server: DiscordStandIn, core: Core
) -> None:
    """A chat of several people is neither a server with rights nor private."""
    chat = discord_server.private_chat(discord_server.visitor)
    chat.type = ChannelType.GROUP

    await discord_server.slash(chat, discord_server.visitor, "mute", {"event": "1"})

    assert [one.may_manage for one in core.requests] == [False]


async def test_completion_suggests_what_the_core_says(
    discord_server: DiscordStandIn, opened: Room, core: Core
) -> None:
    """While somebody types."""
    found = await discord_server.autocomplete(
        discord_server.alerts, discord_server.visitor, "everything", "type", "ev"
    )

    assert found == [("Extra-vehicular activity", "EVA")]
    place = Destination(adapter="discord", address=discord_server.alerts.id)
    assert core.completions == [("everything", "type", "ev", place)]
    assert opened.adapter.name == "discord"


async def test_commands_are_left_alone_when_the_owner_says_so(
    discord_server: DiscordStandIn, core: Core
) -> None:
    """`sync_commands = false`."""
    async with connected_room(discord_server, core, sync_commands=False):
        pass

    assert not [one for one in discord_server.rest.requests if "commands" in one]


async def test_failed_registration_stops_nothing(
    discord_server: DiscordStandIn, core: Core
) -> None:
    """Commands of the last start still work; news are worth more than new words."""
    discord_server.fail(status=503, method="PUT", path="/commands")
    async with connected_room(discord_server, core):
        pass

    assert discord_server.world.commands == []


async def test_development_servers_get_a_copy_of_the_commands(
    discord_server: DiscordStandIn, core: Core
) -> None:
    """`development_guilds`: the commands are registered everywhere and in these servers."""
    other = await discord_server.join("A quiet server")
    async with connected_room(discord_server, core, development_guilds=(discord_server.home.id,)):
        pass

    names = [one["name"] for one in discord_server.world.commands]
    assert names
    assert [one["name"] for one in discord_server.home.commands] == names
    assert other.commands == []


async def test_unknown_development_server_stops_nothing(
    discord_server: DiscordStandIn, core: Core, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names it; the servers behind it get their copy."""
    guilds = ("4711", discord_server.home.id)
    async with connected_room(discord_server, core, development_guilds=guilds):
        pass

    assert "did not take the commands in server 4711" in caplog.text
    assert discord_server.home.commands


async def test_development_servers_are_left_alone_too(
    discord_server: DiscordStandIn, core: Core
) -> None:
    """`sync_commands = false` counts for them as well."""
    options = {"sync_commands": False, "development_guilds": (discord_server.home.id,)}
    async with connected_room(discord_server, core, **options):
        pass

    assert discord_server.home.commands == []
