"""`/types`, `/agencies`, `/status` and `/help`."""

from datetime import timedelta

import pytest
from desks import STATUS, Counter, labels, presses

from bot.commands.registry import COMMANDS
from bot.domain.events import Agency, EventId, EventType
from bot.domain.status import Status
from bot.domain.watching import Catalogue
from bot.testing import START, an_event


async def test_types_tell_how_many_are_ahead(counter: Counter) -> None:
    """What can be followed, and whether anything of it is to come."""
    await counter.watch(an_event(), an_event(id=EventId(2), type=EventType(id=3, name="EVA")))

    said = await counter.say("types")

    assert "Docking (2)\n" in said
    assert "EVA (3): 1 ahead" in said


async def test_types_that_ll2_taught_are_listed(counter: Counter) -> None:
    """The catalogue grows and is renamed; ids stay."""
    async with counter.store.writing() as unit:
        await unit.names.learn(Catalogue(types=(EventType(id=3, name="Spacewalk"),)))

    said = await counter.say("types")

    assert "Spacewalk (3)" in said
    assert "EVA (3)" not in said


async def test_agencies_are_turned_page_by_page(counter: Counter) -> None:
    """There may be hundreds; a press edits the list in place."""
    many = tuple(Agency(id=1000 + one, name=f"Agency {one:03}") for one in range(60))
    async with counter.store.writing() as unit:
        await unit.names.learn(Catalogue(agencies=many))

    first = await counter.ask("agencies")
    second = await counter.ask(presses(first)[0])

    assert labels(first) == ["Next page"]
    assert labels(second) == ["Previous page", "Next page"]
    assert second.replaces
    assert not first.replaces


@pytest.mark.parametrize(
    ("stand", "sentence"),
    [
        (STATUS, "All is well"),
        (STATUS, "3 min old"),
        (STATUS, "7 of 15 used"),
        (Status(requests=17, budget=15), "15 of 15 used"),
        (Status(read_at=START - timedelta(hours=3)), "The data is old"),
        (Status(problem="LL2 answered 503"), "LL2 answered 503."),
        (Status(troubles={"discord": "the token is refused"}), "Out of order: Discord"),
        (Status(troubles={"discord": "the token is refused"}), "The token is refused."),
        (Status(blocked_until=START), "LL2 asks us to wait until"),
    ],
)
async def test_status_tells_data_age_and_budget(
    counter: Counter, stand: Status, sentence: str
) -> None:
    """Everybody can see how fresh the data is and what LL2 still allows."""
    here = Counter(counter.store, status=lambda: stand)

    assert sentence in await here.say("status")


async def test_status_is_about_this_channel(counter: Counter) -> None:
    """Its subscriptions and its own trouble, nobody else's."""
    await counter.ask("subscribe")
    await counter.core.unreachable("-999", "gone")

    said = await counter.say("status")

    assert "Here: 1 subscription; no trouble known" in said


async def test_help_names_every_command(counter: Counter) -> None:
    """It is generated from the registry, so that no command is forgotten."""
    said = await counter.say("help")

    assert all(f"/{one.spec.name}" in said for one in COMMANDS)
    assert all(one.spec.description in said for one in COMMANDS)


async def test_help_shows_the_invite_where_there_is_one(counter: Counter) -> None:
    """To a server or to a group, as the platform has it; elsewhere there is none."""
    invite = "https://discord.com/oauth2/authorize?client_id=1"
    invited = Counter(counter.store)
    invited.core.introduce(invite)

    assert f"Invite this bot: {invite}" in await invited.say("help")
    assert "Invite this bot" not in await counter.say("help")


@pytest.mark.parametrize("asked", ["subscribe", "/subscribe", "Subscribe"])
async def test_help_explains_one_command(counter: Counter, asked: str) -> None:
    """Each option in a line of its own."""
    said = await counter.say(f"help {asked}")

    assert said.startswith("/subscribe [type] [agency]")
    assert "remind: Lead times" in said


async def test_how_options_are_typed_is_told_where_they_are(counter: Counter) -> None:
    """Where a platform has menus of its own, syntax would only puzzle."""
    assert "Options are typed" in await counter.say("help", is_guided=True)
    assert "Options are typed" not in await counter.say("help")
