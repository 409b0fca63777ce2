"""Answers on Discord: in time, private, one after the other, in place; and buttons."""

import asyncio
from functools import partial

import pytest
from discord_cores import MUTE, Core, says
from discord_rooms import connected_room, until
from standins.discord.interactions import ANSWER_WITHIN_S, Reply, Unanswered, shown_text
from standins.discord.server import DiscordStandIn

from bot.adapters.discord.answering import MOST
from bot.domain.messages import Message
from bot.domain.requests import (
    CommandReply,
)


@pytest.fixture
def core() -> Core:
    """The core."""
    return Core()


@pytest.fixture
def desk(core: Core) -> Core:
    """What the adapter asks is the core."""
    return core


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
    messages = tuple(Message(kind=None, headline=text, buttons=((MUTE,),)) for text in texts)
    core.reply = CommandReply(messages=messages, is_private=True)

    reply = await discord_server.slash(discord_server.alerts, discord_server.manager, "status")
    await reply.until(3)

    assert [shown_text(one) for one in reply.messages] == texts
    assert discord_server.messages(discord_server.alerts) == []


@pytest.mark.parametrize("is_slow", [False, True])
@pytest.mark.usefixtures("opened")
async def test_messages_without_buttons_come_as_one(
    discord_server: DiscordStandIn, core: Core, *, is_slow: bool
) -> None:
    """Discord takes few messages in a row; also where "thinking" was shown first."""
    texts = [f"line {number}" for number in range(12)]
    core.reply = CommandReply(messages=tuple(Message(kind=None, headline=text) for text in texts))
    if is_slow:
        core.ready.clear()

    reply = await discord_server.slash(
        discord_server.alerts, discord_server.manager, "status", settled=False
    )
    core.ready.set()
    await reply.until(2)

    shown = [shown_text(one).splitlines() for one in reply.messages]
    assert shown == [texts[:10], texts[10:]]


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


@pytest.mark.usefixtures("opened")
async def test_only_so_many_are_answered_at_once(
    discord_server: DiscordStandIn, core: Core, caplog: pytest.LogCaptureFixture
) -> None:
    """What comes beyond them is not answered and costs nothing; there is one line in the log."""

    def ask(times: int) -> list[asyncio.Task[Reply]]:
        slash, place = discord_server.slash, discord_server.alerts
        one_more = partial(slash, place, discord_server.manager, "status", settled=False)
        return [asyncio.create_task(one_more()) for _ in range(times)]

    core.ready.clear()
    discord_server.answer_within_s = 30.0  # so many at once may keep a busy machine waiting
    asking = ask(MOST)
    await until(lambda: len(core.requests) == MOST)
    discord_server.answer_within_s = ANSWER_WITHIN_S
    beyond = await asyncio.gather(*ask(20), return_exceptions=True)
    core.ready.set()
    await asyncio.gather(*asking)

    assert {type(one) for one in beyond} == {Unanswered}
    assert len(core.requests) == MOST
    assert caplog.text.count("some go unanswered") == 1
