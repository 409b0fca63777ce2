"""Hostile people in Discord: invented buttons, rights that a server gave away, other servers."""

from collections.abc import AsyncIterator

import pytest
from desks import Counter
from discord_rooms import at_the_counter
from standins.discord.interactions import Reply, shown_text
from standins.discord.server import DiscordStandIn
from standins.discord.world import Channel, User, new_id

from bot.commands.registry import COMMANDS
from bot.domain.channels import DEFAULT_CHANNEL
from bot.domain.requests import Who
from bot.domain.subscriptions import Destination, Filter
from bot.testing import an_event

HIDDEN = "antimatter"
"""What a channel asked for; nobody in another one may learn of it."""

MANAGED = tuple(one.spec for one in COMMANDS if one.spec.who is Who.MANAGERS)


@pytest.fixture
async def counter(discord_server: DiscordStandIn) -> AsyncIterator[Counter]:
    """The core, with the adapter before it; one channel is subscribed, and one event is known."""
    async with at_the_counter(discord_server) as counter:
        await counter.watch(an_event())
        await discord_server.slash(
            discord_server.alerts, discord_server.manager, "subscribe", {"search": HIDDEN}
        )
        yield counter


def at(channel: Channel) -> Destination:
    """The channel as the store has it."""
    return Destination(adapter="discord", address=channel.id)


async def craft(
    discord_server: DiscordStandIn, channel: Channel, by: User, custom_id: str
) -> Reply:
    """Press a button that was never there."""
    button = {"type": 2, "style": 2, "label": "x", "custom_id": custom_id}
    source = discord_server.messages(discord_server.alerts)[0]
    message = source | {
        "id": new_id(),
        "channel_id": channel.id,
        "components": [{"type": 1, "components": [button]}],
    }
    return await discord_server.press(channel, by, message, custom_id)


async def test_right_that_a_server_gave_away_is_still_asked_for(
    discord_server: DiscordStandIn, counter: Counter
) -> None:
    """An owner may offer every command to everybody; who manages channels is another matter."""
    for spec in MANAGED:
        needed = {one.name: "1" for one in spec.options if one.is_required}
        reply = await discord_server.slash(
            discord_server.alerts, discord_server.visitor, spec.name, needed, forced=True
        )

        assert "For channel managers only" in reply.content, spec.name
        assert reply.is_private
    assert await counter.filters(at(discord_server.alerts)) == [Filter(words=frozenset({HIDDEN}))]


async def test_forged_button_gives_nobody_a_right(
    discord_server: DiscordStandIn, counter: Counter
) -> None:
    """Whoever makes up what a button says is asked for the right like anybody."""
    forged = (
        *("unsubscribe", "unsubscribe number:all", "unsubscribe id:1", "subscribe pick:done"),
        *("settings silent:on", "mute event:1", "preview"),
    )

    for line in forged:
        reply = await craft(
            discord_server, discord_server.alerts, discord_server.visitor, f"0.0|{line}"
        )
        assert "For channel managers only" in reply.content, line

    async with counter.store.reading() as unit:
        settings = await unit.destinations.channel(at(discord_server.alerts))
        muted = await unit.destinations.muted(at(discord_server.alerts))
    assert len(await counter.filters(at(discord_server.alerts))) == 1
    assert (settings, muted) == (DEFAULT_CHANNEL, ())


async def test_invented_buttons_harm_nothing(
    discord_server: DiscordStandIn, counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    """Even pressed by a manager they are answered in words, or subscribe nothing at least."""
    invented = (
        *("|x", "0.0|:::", "0.0|subscribe pick:t99999999999999999999", "9|9|9"),
        *("0.0|subscribe pick:done t:1,x", "0.0|subscribe pick:done in:-100", "x|event 1\u202e"),
        *("0.0|events page:999999999999999999", "0.0|unsubscribe id:99999999999999999999"),
        *("0.0|mute event:' OR 1=1 --", "0.0|__class__ x:y", "0.0|" + "a:" * 48),
    )
    before = await counter.filters(at(discord_server.alerts))

    for custom_id in invented:
        reply = await craft(
            discord_server, discord_server.alerts, discord_server.manager, custom_id
        )
        said = shown_text(reply.updated) if reply.updated else reply.content
        assert said, custom_id
        assert "went wrong" not in said, custom_id

    assert await counter.filters(at(discord_server.alerts)) == before
    assert [one.getMessage() for one in caplog.records if one.levelname == "ERROR"] == []


async def test_nobody_learns_what_another_server_gets(
    discord_server: DiscordStandIn, counter: Counter
) -> None:
    """Not by looking, not by numbers and ids of theirs, not by what is suggested."""
    other = await discord_server.join("Spies", "lobby")
    (lobby,) = other.channels.values()
    mallory = discord_server.visitor
    other.members[mallory.id] = []
    chat = discord_server.private_chat(mallory)

    shown = [
        (await discord_server.slash(chat, mallory, name, options, forced=True)).content
        for name, options in (
            ("subscriptions", {}),
            ("status", {}),
            ("unsubscribe", {"number": 1}),
            ("settings", {}),
            ("help", {"command": "subscriptions"}),
        )
    ]
    shown.append((await discord_server.slash(lobby, mallory, "subscriptions")).content)
    shown.append((await craft(discord_server, chat, mallory, "0.0|unsubscribe id:1")).content)
    for option in ("type", "agency", "program"):
        found = await discord_server.autocomplete(chat, mallory, "subscribe", option, HIDDEN[:4])
        shown += [label for label, _ in found]

    assert not [text for text in shown if HIDDEN in text or discord_server.alerts.id in text]
    assert not [text for text in shown if "Mission control" in text]
    assert len(await counter.filters(at(discord_server.alerts))) == 1


async def test_place_is_where_the_command_was_given(
    discord_server: DiscordStandIn, counter: Counter
) -> None:
    """No option leads out of the channel: what looks like Telegram's `in:` is a word."""
    other = await discord_server.join("Spies", "lobby")
    (lobby,) = other.channels.values()
    other.members[discord_server.visitor.id] = []

    reply = await craft(
        discord_server,
        lobby,
        discord_server.visitor,
        f"0.0|subscriptions in:{discord_server.alerts.id} place:{discord_server.alerts.id}",
    )

    assert HIDDEN not in reply.content
    assert await counter.filters(at(lobby)) == []
