"""What people press in Telegram, and how they are answered, by the real client."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from standins.telegram.opening import a_desk, always, connected, to
from standins.telegram.server import TelegramStandIn
from standins.telegram.spec import Judge
from standins.telegram.world import Refusal

from bot.domain.messages import Button, Message, Section, Stamp
from bot.testing import START, a_message

MUTE = a_message(buttons=((Button(label="Subscribe", press="subscribe type:EVA"),),))
TOKYO = ZoneInfo("Asia/Tokyo")
MOMENT = Message(kind=None, headline="Now", sections=(Section(body=(Stamp(at=START),)),))
TOLD = "Now\n\n1 Mar 2027, 21:00 JST"


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


@pytest.mark.parametrize("replaces", [False, True])
async def test_answer_tells_the_time_of_its_place(shared: Path, *, replaces: bool) -> None:
    """Old clients show the words inside, whether it is sent or edited in."""
    desk = a_desk(always(MOMENT, replaces=replaces, zone=TOKYO))

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk) as adapter:
        ada = telegram.user()
        await adapter.send(to(ada), MUTE)
        telegram.press(telegram.posts[0], "Subscribe", by=ada)
        await telegram.until(lambda: telegram.posts[-1].text == TOLD)

    assert ("DateTime", "1 Mar 2027, 21:00 JST") in telegram.posts[-1].marks


async def test_alert_tells_the_time_of_its_place(shared: Path) -> None:
    """No client converts times in it."""
    desk = a_desk(always(MOMENT, is_private=True, zone=TOKYO))

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk) as adapter:
        ada = telegram.user()
        await adapter.send(to(ada), MUTE)
        telegram.press(telegram.posts[0], "Subscribe", by=ada)
        await telegram.until(lambda: len(telegram.answers) == 1)

    assert telegram.answers[0].text == TOLD


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
