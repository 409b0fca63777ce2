"""What people type and press in Telegram, and how they are answered, by the real client."""

from pathlib import Path

import pytest
from standins.telegram.opening import a_desk, always, connected, to
from standins.telegram.server import TelegramStandIn
from standins.telegram.spec import Judge
from standins.telegram.world import Refusal

from bot.domain.messages import Button, Message
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


async def test_right_that_cannot_be_known_is_not_given(shared: Path) -> None:
    """When Telegram does not say, nobody manages; the doubt is not remembered."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        group, ada = telegram.group(), telegram.user()
        telegram.promote(group, ada)
        telegram.fail("getChatMember", Refusal(400, "Bad Request: member list is inaccessible"))
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


@pytest.mark.parametrize("is_administrator", [True, False])
@pytest.mark.parametrize("named", ["number", "name"])
async def test_channel_is_managed_from_a_private_chat(
    shared: Path, named: str, *, is_administrator: bool
) -> None:
    """`in:` names the channel; whoever asks must manage it there, and is answered here."""
    desk = a_desk(always(MUTE))

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        channel, ada = telegram.channel("News", username="space_news"), telegram.user()
        if is_administrator:
            telegram.promote(channel, ada)
        place = f"{channel.id}" if named == "number" else "@space_news"
        telegram.say(ada, f"/subscribe in:{place} type:EVA")
        post = await telegram.next_post()

    request = desk.requests[0]
    assert (request.place.address, request.may_manage) == (f"{channel.id}", is_administrator)
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


async def test_press_edits_its_message_in_place(shared: Path) -> None:
    """A keyboard that leads on changes where it stands, and the wait for the press ends."""
    step = Message(kind=None, headline="Which agencies?")
    desk = a_desk(always(step, replaces=True))

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk) as adapter:
        ada = telegram.user()
        await adapter.send(to(ada), MUTE)
        query = telegram.press(telegram.posts[0], "Subscribe", by=ada)
        await telegram.until(lambda: telegram.posts[0].edits == 1)

    assert [post.text for post in telegram.posts] == ["Which agencies?"]
    assert [(one.query, one.text) for one in telegram.answers] == [(query, "")]
    assert desk.requests[0].options == {"type": "EVA"}
    assert telegram.faults == []


async def test_private_refusal_is_an_alert_for_whoever_pressed(shared: Path) -> None:
    """Nobody else sees it, and the message stays as it is."""
    refusal = Message(kind=None, headline="Only administrators of this group can do that.")
    desk = a_desk(always(refusal, is_private=True))

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk) as adapter:
        group, ada = telegram.group(), telegram.user()
        await adapter.send(to(group), MUTE)
        query = telegram.press(telegram.posts[0], "Subscribe", by=ada)
        await telegram.until(lambda: len(telegram.answers) == 1)

    answer = telegram.answers[0]
    assert (answer.query, answer.text, answer.is_alert) == (query, refusal.headline, True)
    assert [request.may_manage for request in desk.requests] == [False]
    assert len(telegram.posts) == 1
    assert telegram.posts[0].edits == 0


async def test_private_answer_too_long_for_an_alert_is_a_message(shared: Path) -> None:
    """An alert holds 200 characters; words are not cut off for it."""
    desk = a_desk(always(Message(kind=None, headline="x" * 300), is_private=True))

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk) as adapter:
        ada = telegram.user()
        await adapter.send(to(ada), MUTE)
        telegram.press(telegram.posts[0], "Subscribe", by=ada)
        await telegram.until(lambda: len(telegram.posts) == 2)

    assert telegram.posts[1].text == "x" * 300
    assert telegram.faults == []


async def test_edit_that_changes_nothing_is_a_success(
    shared: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Two presses of one button may ask for the same page twice."""
    desk = a_desk(always(MUTE, replaces=True))

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk) as adapter:
        ada = telegram.user()
        await adapter.send(to(ada), MUTE)
        telegram.press(telegram.posts[0], "Subscribe", by=ada)
        telegram.press(telegram.posts[0], "Subscribe", by=ada)
        await telegram.until(lambda: [m for m, _ in telegram.calls].count("editMessageText") == 2)

    assert len(telegram.posts) == 1
    assert "could not be shown" not in caplog.text


@pytest.mark.parametrize("words", ["message to edit not found", "message can't be edited"])
async def test_message_that_cannot_be_edited_is_sent_anew(shared: Path, words: str) -> None:
    """A press under a message that was deleted meanwhile still gets its answer."""
    desk = a_desk(always(Message(kind=None, headline="Page 2"), replaces=True))

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk) as adapter:
        ada = telegram.user()
        await adapter.send(to(ada), MUTE)
        telegram.fail("editMessageText", Refusal(400, f"Bad Request: {words}"))
        telegram.press(telegram.posts[0], "Subscribe", by=ada)
        await telegram.until(lambda: len(telegram.posts) == 2)

    assert telegram.posts[1].text == "Page 2"


async def test_button_of_a_vanished_message_in_a_forum_is_not_guessed(shared: Path) -> None:
    """Without its message nobody knows the topic, and the chat must not be meant in its place."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        forum, ada = telegram.group(is_forum=True), telegram.user()
        telegram.press_vanished(forum, "subscribe type:EVA", by=ada)
        await telegram.until(lambda: len(telegram.answers) == 1)

    assert desk.requests == []
    assert "too old" in telegram.answers[0].text


async def test_reader_of_a_channel_does_not_manage_it_by_pressing(shared: Path) -> None:
    """Everybody can press the buttons in a channel; only its administrators may."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk) as adapter:
        channel, reader, editor = telegram.channel(), telegram.user("R"), telegram.user("E")
        telegram.promote(channel, editor)
        await adapter.send(to(channel), MUTE)
        for person in (reader, editor):
            telegram.press(telegram.posts[0], "Subscribe", by=person)
        await telegram.until(lambda: len(telegram.answers) == 2)

    assert [request.may_manage for request in desk.requests] == [False, True]


async def test_answer_that_cannot_be_shown_ends_nothing(
    shared: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A person who blocks the bot while it thinks costs one line, and others are answered."""
    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram):
        telegram.fail("sendMessage", Refusal(403, "Forbidden: bot was blocked by the user"))
        telegram.say(telegram.user("Ada"), "/help")
        await telegram.until(lambda: "sendMessage" in [method for method, _ in telegram.calls])
        telegram.say(telegram.user("Bea"), "/help")
        post = await telegram.next_post()

    assert post.chat.title == "Bea"
    assert "could not be shown" in caplog.text
