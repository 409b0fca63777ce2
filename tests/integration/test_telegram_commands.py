"""What people type in Telegram, and how they are answered, by the real client."""

from pathlib import Path

import pytest
from standins.telegram.opening import a_desk, always, connected
from standins.telegram.server import Cut, Page, TelegramStandIn, Trouble
from standins.telegram.spec import Judge
from standins.telegram.world import Refusal

from bot.domain.messages import Button
from bot.domain.requests import NOBODY, CommandRequest, Person
from bot.domain.subscriptions import Destination
from bot.testing import a_message

MUTE = a_message(buttons=((Button(label="Subscribe", press="subscribe type:EVA"),),))


async def test_command_in_a_private_chat_is_answered(shared: Path) -> None:
    """Everyone manages their own chat; options may stand in any order."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        ada = telegram.user("Ada")
        telegram.say(ada, '/subscribe agency:NASA,ESA search:"space station" type:EVA')
        post = await telegram.next_post()

    assert desk.requests == [
        CommandRequest(
            command="subscribe",
            options={"agency": "NASA,ESA", "search": "space station", "type": "EVA"},
            place=Destination(adapter="telegram", address=f"{ada.id}"),
            person=Person(id=f"{ada.id}", name="Ada"),
            may_manage=True,
            server_name="Ada",
            is_guided=True,
        )
    ]
    assert (post.chat.id, post.text) == (ada.id, "Done: subscribe")
    assert telegram.faults == []


async def test_command_in_a_topic_is_for_that_topic(shared: Path) -> None:
    """It subscribes the topic, and the answer comes there; the general one has no number."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        forum, ada = telegram.group(is_forum=True), telegram.user()
        topic = telegram.topic(forum)
        for number in (topic, 0):
            telegram.say(forum, "/help", by=ada, topic=number)
            await telegram.next_post()

    places = [request.place.address for request in desk.requests]
    assert places == [f"{forum.id}/{topic}", f"{forum.id}"]
    assert [post.topic for post in telegram.posts] == [topic, None]
    assert desk.requests[0].server == f"{forum.id}"


async def test_start_needs_no_options_from_its_link(shared: Path) -> None:
    """What follows /start was put into a link by somebody; nobody typed it."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        telegram.say(telegram.user(), "/start from_the_readme")
        await telegram.next_post()

    assert [(one.command, one.options) for one in desk.requests] == [("start", {})]


@pytest.mark.parametrize(
    ("status", "may_manage"),
    [("creator", True), ("administrator", True), ("member", False), ("restricted", False)],
)
async def test_only_administrators_manage_a_group(
    shared: Path, status: str, *, may_manage: bool
) -> None:
    """Telegram itself says who they are."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        group, ada = telegram.group(), telegram.user()
        group.members[ada.id] = status
        telegram.say(group, "/subscribe", by=ada)
        await telegram.next_post()

    assert [request.may_manage for request in desk.requests] == [may_manage]
    assert telegram.faults == []


async def test_right_is_remembered_for_a_while(shared: Path) -> None:
    """A person who types three commands is looked up once."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        group, ada = telegram.group(), telegram.user()
        telegram.promote(group, ada)
        for _ in range(3):
            telegram.say(group, "/subscribe", by=ada)
            await telegram.next_post()

    assert [request.may_manage for request in desk.requests] == [True] * 3
    assert len([1 for method, _ in telegram.calls if method == "getChatMember"]) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        Refusal(400, "Bad Request: member list is inaccessible"),
        Refusal(403, "Forbidden: bot is not a member of the supergroup chat"),
        Refusal(429, "Too Many Requests: retry after 1", {"retry_after": 1}),
        Page(),
        Cut(),
    ],
)
async def test_right_that_cannot_be_known_is_not_given(shared: Path, trouble: Trouble) -> None:
    """When Telegram does not say, nobody manages; the doubt is not remembered."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        group, ada = telegram.group(), telegram.user()
        telegram.promote(group, ada)
        telegram.fail("getChatMember", trouble)
        for _ in range(2):
            telegram.say(group, "/subscribe", by=ada)
            await telegram.next_post()

    assert [request.may_manage for request in desk.requests] == [False, True]


async def test_anonymous_administrator_manages_the_group(shared: Path) -> None:
    """Only administrators can write as the group; who it was stays unknown."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        telegram.say_as_the_group(telegram.group(), "/subscribe")
        await telegram.next_post()

    assert [(one.may_manage, one.person) for one in desk.requests] == [(True, NOBODY)]


async def test_stranger_channel_does_not_manage_the_group(shared: Path) -> None:
    """Who writes in the name of another channel cannot be looked up."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        telegram.say_as_another(telegram.group(), "/subscribe", telegram.channel())
        await telegram.next_post()

    assert [(one.may_manage, one.person) for one in desk.requests] == [(False, NOBODY)]


async def test_channel_is_managed_by_posting_in_it(shared: Path) -> None:
    """Only its administrators can post."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        channel = telegram.channel("Space news")
        telegram.post(channel, "/subscribe type:EVA")
        post = await telegram.next_post()

    assert [(one.may_manage, one.place.address) for one in desk.requests] == [
        (True, f"{channel.id}")
    ]
    assert post.chat is channel


@pytest.mark.parametrize("named", ["number", "name"])
async def test_channel_is_managed_from_a_private_chat(shared: Path, named: str) -> None:
    """`in:` names the channel; whoever asks must manage it there, and is answered here."""
    desk = a_desk(always(MUTE))

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        channel, ada = telegram.channel("News", username="space_news"), telegram.user()
        telegram.promote(channel, ada)
        place = f"{channel.id}" if named == "number" else "@space_news"
        telegram.say(ada, f"/subscribe in:{place} type:EVA")
        post = await telegram.next_post()

    request = desk.requests[0]
    assert (request.place.address, request.may_manage) == (f"{channel.id}", True)
    assert request.options == {"type": "EVA"}
    assert post.chat.id == ada.id
    assert post.pressed("Subscribe") == f"subscribe type:EVA in:{channel.id}"
    assert telegram.faults == []


async def test_unknown_channel_is_told(shared: Path) -> None:
    """Whoever mistypes a name learns what to do; the desk is not asked."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        telegram.say(telegram.user(), "/subscribe in:@nowhere")
        post = await telegram.next_post()

    assert desk.requests == []
    assert "no such channel" in post.text


@pytest.mark.parametrize(
    ("text", "is_heard"),
    [
        ("/help", True),
        ("/help@perigee_bot", True),
        ("/HELP@Perigee_Bot", True),
        ("/help@other_bot", False),
        ("/unknown", False),
        ("/unknown@perigee_bot", True),
        ("help", False),
        ("Thanks, /help was good", False),
    ],
)
async def test_group_is_left_alone_unless_we_are_meant(
    shared: Path, text: str, *, is_heard: bool
) -> None:
    """Other bots have commands, too, and people talk."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        group = telegram.group()
        telegram.say(group, text, by=telegram.user())
        telegram.post(telegram.channel(), "/help last")
        telegram.say(group, "/help last", by=telegram.user())
        await telegram.until(lambda: len(telegram.posts) == 2 + is_heard)

    texts = [one.command for one in desk.requests]
    assert len(texts) == 2 + is_heard
    assert telegram.faults == []
