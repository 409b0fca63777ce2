"""Slash commands, completion and buttons, from the wire to the core and back."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from discord_rooms import Room, connected_room
from standins.discord.interactions import shown_text
from standins.discord.server import DiscordStandIn
from standins.discord.world import Right, Role

from bot.domain.messages import Button, Message
from bot.domain.requests import (
    Choice,
    CommandReply,
    CommandRequest,
    CommandSpec,
    Option,
    OptionKind,
    Who,
)
from bot.testing.surroundings import RecordingDesk

MUTE = Button(label="Mute this event", press='mute event:"docking day"')

OPTIONS = tuple(
    Option(name=kind.value.replace(" ", "_"), description=f"A {kind.value}", kind=kind)
    for kind in OptionKind
)
SPECS = (
    CommandSpec(name="everything", description="Takes all there is", options=OPTIONS),
    CommandSpec(
        name="mute",
        description="Silence one event here",
        who=Who.MANAGERS,
        options=(
            Option(name="why", description="A reason", kind=OptionKind.TEXT),
            Option(
                name="event",
                description="The event",
                kind=OptionKind.EVENT,
                is_required=True,
                is_first=True,
            ),
        ),
    ),
    CommandSpec(name="status", description="How it goes"),
)


def says(text: str, **changes: object) -> CommandReply:
    """An answer of one line."""
    return replace(CommandReply(messages=(Message(kind=None, headline=text),)), **changes)  # type: ignore[arg-type]


class Core(RecordingDesk):
    """A core that answers with what the test sets."""

    def __init__(self) -> None:
        self.reply = says("Done")
        self.ready = asyncio.Event()
        self.ready.set()
        suggestions = (Choice(label="Extra-vehicular activity", value="EVA"),)
        super().__init__(SPECS, answer=self._answer_it, choices=suggestions)

    async def _answer_it(self, _request: CommandRequest) -> CommandReply:
        await self.ready.wait()
        return self.reply


@pytest.fixture
async def discord_server(shared: object) -> AsyncIterator[DiscordStandIn]:
    """A pretended Discord whose judge has Discord's own document; nothing may be wrong."""
    assert shared
    async with DiscordStandIn() as server:
        yield server
    assert server.violations == []


@pytest.fixture
def core() -> Core:
    """The core."""
    return Core()


@pytest.fixture
async def opened(discord_server: DiscordStandIn, core: Core) -> AsyncIterator[Room]:
    """The adapter, when the gateway has told of all and the commands are known."""
    async with connected_room(discord_server, core) as opened:
        yield opened


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
    }


async def test_options_come_as_typed(
    discord_server: DiscordStandIn, opened: Room, core: Core
) -> None:
    """Every kind of option reaches the core as text; what was left out is not there."""
    role = Role(id="4711", name="Watchers", rights=0)
    discord_server.home.roles[role.id] = role
    given = {"text": "a b", "number": 3, "type": "EVA", "switch": "on", "role": role}

    await discord_server.slash(discord_server.alerts, discord_server.visitor, "everything", given)

    (request,) = core.requests
    assert request.options == {**given, "number": "3", "role": "4711"}
    assert request.command == "everything"
    assert request.place.address == discord_server.alerts.id
    assert request.place.adapter == opened.adapter.name
    assert request.person.name == "Vera"
    assert request.server == discord_server.home.id
    assert request.server_name == "Mission control #alerts"


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


@pytest.mark.parametrize("is_private", [True, False])
@pytest.mark.usefixtures("opened")
async def test_answer_is_as_private_as_the_core_says(
    discord_server: DiscordStandIn, core: Core, *, is_private: bool
) -> None:
    """Settings and refusals are nobody else's business."""
    core.reply = says("Done", is_private=is_private)

    reply = await discord_server.slash(discord_server.alerts, discord_server.manager, "status")

    assert reply.content == "Done"
    assert reply.is_private is is_private


@pytest.mark.usefixtures("opened")
async def test_several_messages_follow_in_order(discord_server: DiscordStandIn, core: Core) -> None:
    """The first answers, the others come after it, as private as it is."""
    texts = ["one", "two", "three"]
    messages = tuple(Message(kind=None, headline=text) for text in texts)
    core.reply = CommandReply(messages=messages, is_private=True)

    reply = await discord_server.slash(discord_server.alerts, discord_server.manager, "status")
    await reply.until(3)

    assert [shown_text(one) for one in reply.messages] == texts
    assert discord_server.messages(discord_server.alerts) == []


@pytest.mark.usefixtures("opened")
async def test_slow_answer_is_deferred_in_time(discord_server: DiscordStandIn, core: Core) -> None:
    """Discord waits three seconds; a core that takes longer has "thinking" shown for it."""
    core.ready.clear()

    reply = await discord_server.slash(
        discord_server.alerts, discord_server.manager, "status", settled=False
    )
    was_deferred = reply.was_deferred
    core.ready.set()
    await reply.until_settled()

    assert was_deferred
    assert reply.content == "Done"


@pytest.mark.usefixtures("opened")
async def test_answer_with_nothing_to_show_is_acknowledged(
    discord_server: DiscordStandIn, core: Core
) -> None:
    """Otherwise people would read that the application did not respond."""
    core.reply = CommandReply(messages=())

    reply = await discord_server.slash(
        discord_server.alerts, discord_server.manager, "status", settled=False
    )
    await reply.until_gone()

    assert reply.messages == []


@pytest.mark.usefixtures("opened")
async def test_invalid_answer_goes_as_plain_text(
    discord_server: DiscordStandIn, core: Core
) -> None:
    """A fault in our layout does not leave somebody without an answer."""
    core.reply = says("Plain words")
    discord_server.fail(50035, path="/callback")

    reply = await discord_server.slash(discord_server.alerts, discord_server.manager, "status")

    assert reply.messages[0]["content"] == "Plain words"


async def test_completion_suggests_what_the_core_says(
    discord_server: DiscordStandIn, opened: Room, core: Core
) -> None:
    """While somebody types."""
    found = await discord_server.autocomplete(
        discord_server.alerts, discord_server.visitor, "everything", "type", "ev"
    )

    assert found == [("Extra-vehicular activity", "EVA")]
    assert core.completions == [("everything", "type", "ev")]
    assert opened.adapter.name == "discord"


@pytest.mark.usefixtures("opened")
async def test_button_gives_its_command(discord_server: DiscordStandIn, core: Core) -> None:
    """The line in the button is read like a typed one, by the command's spec."""
    core.reply = CommandReply(
        messages=(Message(kind=None, headline="An event", buttons=((MUTE,),)),)
    )
    shown = await discord_server.slash(discord_server.alerts, discord_server.manager, "status")
    core.reply = says("No more of it", is_private=True)

    reply = await discord_server.press(
        discord_server.alerts, discord_server.visitor, shown.messages[0], MUTE.label
    )

    assert core.requests[-1].command == "mute"
    assert core.requests[-1].options == {"event": "docking day"}
    assert core.requests[-1].may_manage is False
    assert reply.is_private
    assert reply.content == "No more of it"


async def test_button_works_after_a_restart(discord_server: DiscordStandIn) -> None:
    """All that a button needs to know is in it."""
    before, after = Core(), Core()
    before.reply = CommandReply(
        messages=(Message(kind=None, headline="An event", buttons=((MUTE,),)),)
    )
    async with connected_room(discord_server, before):
        shown = await discord_server.slash(discord_server.alerts, discord_server.manager, "status")
    async with connected_room(discord_server, after):
        reply = await discord_server.press(
            discord_server.alerts, discord_server.manager, shown.messages[0], MUTE.label
        )

    assert reply.content == "Done"
    assert after.requests[0].options == {"event": "docking day"}


@pytest.mark.parametrize("is_slow", [False, True])
@pytest.mark.usefixtures("opened")
async def test_page_is_turned_in_place(
    discord_server: DiscordStandIn, core: Core, *, is_slow: bool
) -> None:
    """An answer that replaces takes the place of the message, its old buttons included."""
    core.reply = CommandReply(messages=(Message(kind=None, headline="Page 1", buttons=((MUTE,),)),))
    shown = await discord_server.slash(discord_server.alerts, discord_server.manager, "status")
    core.reply = says("Page 2", replaces=True)
    if is_slow:
        core.ready.clear()

    reply = await discord_server.press(
        discord_server.alerts,
        discord_server.manager,
        shown.messages[0],
        MUTE.label,
        settled=False,
    )
    core.ready.set()
    await reply.until_settled()

    assert reply.updated is not None
    assert shown_text(reply.updated) == "Page 2"
    assert reply.updated["components"] == []
    assert len(discord_server.messages(discord_server.alerts)) == 1


@pytest.mark.usefixtures("opened")
async def test_answers_wait_for_no_slot(discord_server: DiscordStandIn, core: Core) -> None:
    """Interactions are outside the bot's limits, so a broadcast never delays one."""
    discord_server.limits.total.most = 0

    reply = await discord_server.slash(discord_server.alerts, discord_server.manager, "status")

    assert reply.content == "Done"
    assert len(core.requests) == 1


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
