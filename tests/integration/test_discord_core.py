"""The real command core at Discord's door: what people type there reaches the store and back."""

from collections.abc import AsyncIterator

import pytest
from desks import Counter
from discord_rooms import at_the_counter, connected_room
from standins.discord.interactions import buttons, shown_text
from standins.discord.server import DiscordStandIn
from standins.discord.world import Role
from stores import made_store

from bot.domain.channels import Health, Reach
from bot.domain.events import EventId
from bot.domain.subscriptions import Destination, Filter
from bot.testing import START, an_event


@pytest.fixture
async def counter(discord_server: DiscordStandIn) -> AsyncIterator[Counter]:
    """The core over an empty store, with the adapter before it."""
    async with at_the_counter(discord_server) as counter:
        yield counter


def here(discord_server: DiscordStandIn) -> Destination:
    """The channel in which all happens."""
    return Destination(adapter="discord", address=discord_server.alerts.id)


async def test_right_given_while_the_bot_was_down_is_noticed_at_the_start(
    discord_server: DiscordStandIn,
) -> None:
    """No message need fail or be written first; what waits goes out at once."""
    place, paused = here(discord_server), Health(reach=Reach.PAUSED, since=START, reason="no right")
    async with made_store("sqlite://") as store:
        counter = Counter(store, adapter="discord")
        async with store.writing() as unit:
            await unit.destinations.set_health(place, paused)
        async with connected_room(discord_server, counter.core):
            await counter.core.wake.wait()

        assert (await counter.health(place)).reach is Reach.SUSPECT


@pytest.mark.usefixtures("counter")
async def test_every_command_is_registered(discord_server: DiscordStandIn) -> None:
    """All of them pass Discord's judge, as one request."""
    names = {one["name"] for one in discord_server.world.commands}

    assert {"subscribe", "events", "event", "settings", "mute", "help", "status"} <= names


async def test_subscription_is_kept_for_the_channel(
    discord_server: DiscordStandIn, counter: Counter
) -> None:
    """One command, one row, one answer."""
    reply = await discord_server.slash(
        discord_server.alerts, discord_server.manager, "subscribe", {"search": "docking"}
    )

    kept = await counter.filters(here(discord_server))
    assert kept == [Filter(words=frozenset({"docking"}))]
    assert "Subscribed" in reply.content


async def test_visitor_is_refused_in_private(
    discord_server: DiscordStandIn, counter: Counter
) -> None:
    """Though the server's owner lets everybody type the command."""
    reply = await discord_server.slash(
        discord_server.alerts, discord_server.visitor, "subscribe", {}, forced=True
    )

    assert reply.is_private
    assert await counter.filters(here(discord_server)) == []


async def test_press_of_a_visitor_is_refused_in_private(
    discord_server: DiscordStandIn, counter: Counter
) -> None:
    """Everybody sees the button under an alert; only who manages the channel can mute with it."""
    await counter.watch(an_event())
    shown = await discord_server.slash(discord_server.alerts, discord_server.manager, "next")
    muted = []

    for who in (discord_server.visitor, discord_server.manager):
        reply = await discord_server.press(
            discord_server.alerts, who, shown.messages[0], "Mute this event"
        )
        async with counter.store.reading() as unit:
            muted.append(await unit.destinations.muted(here(discord_server)))
        assert reply.is_private
        assert reply.updated is None

    assert muted == [(), (an_event().id,)]
    assert len(discord_server.messages(discord_server.alerts)) == 1


async def test_schedule_is_paged_in_place(discord_server: DiscordStandIn, counter: Counter) -> None:
    """Whoever may read may turn the pages; the channel gets no second message."""
    await counter.watch(*(an_event(id=EventId(one), name=f"Event {one}") for one in range(1, 41)))
    shown = await discord_server.slash(discord_server.alerts, discord_server.visitor, "events")
    first = shown.content
    turn = [one for one in buttons(shown.messages[0]) if "page:2" in one.get("custom_id", "")]

    reply = await discord_server.press(
        discord_server.alerts, discord_server.visitor, shown.messages[0], turn[-1]["custom_id"]
    )

    assert reply.updated is not None
    assert shown_text(reply.updated) != first
    assert len(discord_server.messages(discord_server.alerts)) == 1


async def test_role_to_mention_is_kept(discord_server: DiscordStandIn, counter: Counter) -> None:
    """Chosen from Discord's own picker."""
    role = Role(id="4711", name="Watchers", rights=0)
    discord_server.home.roles[role.id] = role

    reply = await discord_server.slash(
        discord_server.alerts, discord_server.manager, "settings", {"mention": role}
    )

    async with counter.store.reading() as unit:
        channel = await unit.destinations.channel(here(discord_server))
    assert channel.mention == "4711"
    assert reply.is_private


async def test_names_are_completed_from_the_store(
    discord_server: DiscordStandIn, counter: Counter
) -> None:
    """What is watched can be chosen while one types."""
    await counter.watch(an_event(name="Cygnus NG-27 Berthing"))

    found = await discord_server.autocomplete(
        discord_server.alerts, discord_server.visitor, "event", "event", "cyg"
    )

    assert any("Cygnus NG-27 Berthing" in label for label, _ in found)


async def test_subscription_to_remove_is_chosen_by_its_words(
    discord_server: DiscordStandIn, counter: Counter
) -> None:
    """While one types, the channel's own are offered; what is chosen is a number."""
    other = await discord_server.add_channel(discord_server.home, "other")
    for channel, wanted in (
        (discord_server.alerts, {"type": "EVA"}),
        (discord_server.alerts, {"search": "docking"}),
        (other, {"search": "a secret plan"}),
    ):
        await discord_server.slash(channel, discord_server.manager, "subscribe", wanted)

    found = await discord_server.autocomplete(
        discord_server.alerts, discord_server.manager, "unsubscribe", "number", ""
    )
    named = await discord_server.autocomplete(
        discord_server.alerts, discord_server.manager, "unsubscribe", "number", "dock"
    )
    await discord_server.slash(
        discord_server.alerts, discord_server.manager, "unsubscribe", {"number": named[0][1]}
    )

    assert found == [("1: EVA", 1), ('2: All events, about "docking"', 2)]
    assert named == found[1:]
    assert [one.types for one in await counter.filters(here(discord_server))] == [frozenset({3})]


async def test_preview_is_one_message(discord_server: DiscordStandIn, counter: Counter) -> None:
    """All kinds at once, for whoever asked; more messages in a row Discord would hold back."""
    reply = await discord_server.slash(discord_server.alerts, discord_server.manager, "preview")

    (message,) = reply.messages
    expected = (await counter.ask("preview")).messages
    assert [one["author"]["name"] for one in message["embeds"]] == [o.headline for o in expected]
    assert reply.is_private
    assert discord_server.limits.refused == 0
