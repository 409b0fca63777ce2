"""What a delivery becomes in Telegram, by the real client against the stand-in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from standins.telegram.flood import Limits, Window
from standins.telegram.opening import connected, to
from standins.telegram.server import TelegramStandIn
from standins.telegram.spec import Judge
from standins.telegram.world import Topic

from bot.adapters.telegram import create
from bot.domain.channels import Channel
from bot.domain.deliveries import Gone, Later, Priority, Sent
from bot.domain.messages import Button, Picture
from bot.errors import HeldBack
from bot.testing import a_hostile_message, a_message, check_adapter
from bot.testing.surroundings import OpenPace

MINUTE = timedelta(minutes=1)


async def test_message_arrives_with_its_marks_and_stamps(shared: Path) -> None:
    """Markup is Telegram's own, and moments are shown in the reader's zone."""
    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram) as adapter:
        group = telegram.group()
        outcome = await adapter.send(to(group), a_message())

    assert outcome == Sent(remote_id="1")
    post = telegram.posts[0]
    assert ("Bold", "Cygnus NG-27 Berthing") in post.marks
    assert ("DateTime", "16 Mar 2027, 09:30 UTC") in post.marks
    assert post.preview == {"is_disabled": True}
    assert telegram.faults == []


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Asia/Tokyo", "16 Mar 2027, 18:30 JST"),
        ("America/New_York", "16 Mar 2027, 05:30 EDT"),
        ("Mars/Olympus_Mons", "16 Mar 2027, 09:30 UTC"),
    ],
)
async def test_old_clients_read_the_channels_time(shared: Path, zone: str, words: str) -> None:
    """One message, told by the clocks of each chat; by UTC where its zone is not known here."""
    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram) as adapter:
        delivery = to(telegram.group(), channel=Channel(time_zone=zone))
        await adapter.send(delivery, a_message())

    assert ("DateTime", words) in telegram.posts[0].marks
    assert telegram.faults == []


async def test_hostile_message_passes_telegrams_own_parser(shared: Path) -> None:
    """Whatever LL2 holds, the request keeps to the Bot API and its markup can be parsed."""
    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram) as adapter:
        outcome = await adapter.send(to(telegram.group()), a_hostile_message())

    assert isinstance(outcome, Sent)
    assert len(telegram.posts) == 1
    assert "<script>" in telegram.posts[0].text
    assert telegram.faults == []


async def test_picture_is_a_large_preview_above_the_text(shared: Path) -> None:
    """So the text keeps its 4,096 characters, and a bad address costs the picture only."""
    message = a_message(picture=Picture(url="https://example.org/a.jpg", credit="Photo: NASA"))

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram) as adapter:
        await adapter.send(to(telegram.group()), message)

    assert telegram.posts[0].preview == {
        "url": "https://example.org/a.jpg",
        "prefer_large_media": True,
        "show_above_text": True,
    }
    assert "Photo: NASA" in telegram.posts[0].text
    assert telegram.faults == []


async def test_picture_that_is_no_web_address_is_left_out(shared: Path) -> None:
    """An address that Telegram would refuse is not even sent."""
    message = a_message(picture=Picture(url="file:///etc/passwd"))

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram) as adapter:
        await adapter.send(to(telegram.group()), message)

    assert telegram.posts[0].preview == {"is_disabled": True}


async def test_topic_gets_its_message_and_general_has_no_number(shared: Path) -> None:
    """A topic is addressed by its number, the general one without, even when somebody gave it."""
    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram) as adapter:
        forum = telegram.group(is_forum=True)
        topic = telegram.topic(forum)
        for number in (topic, None, 1):
            await adapter.send(to(forum, number), a_message())

    assert [post.topic for post in telegram.posts] == [topic, None, None]
    assert telegram.faults == []


async def test_topic_that_was_deleted_or_closed_is_told_apart(shared: Path) -> None:
    """A deleted topic falls back, a closed one is somebody's will."""
    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram) as adapter:
        forum = telegram.group(is_forum=True)
        deleted, closed = telegram.topic(forum), telegram.topic(forum)
        forum.topics |= {deleted: Topic.DELETED, closed: Topic.CLOSED}
        outcomes = [await adapter.send(to(forum, one), a_message()) for one in (deleted, closed)]

    assert outcomes[0] == Sent(remote_id="1", moved_to=f"{forum.id}")
    assert isinstance(outcomes[1], Gone)


async def test_silent_channel_hears_only_what_is_urgent(shared: Path) -> None:
    """A channel's own setting is kept, but for what is worth a sound."""
    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram) as adapter:
        quiet = to(telegram.group(), channel=Channel(is_silent=True))
        for delivery, is_urgent in ((quiet, False), (quiet, True), (to(telegram.group()), False)):
            await adapter.send(delivery, a_message(urgent=is_urgent))

    assert [post.is_silent for post in telegram.posts] == [True, False, False]


async def test_buttons_stand_under_the_message(shared: Path) -> None:
    """A button gives the command that it says."""
    row = (Button(label="Mute", press="mute event:1"), Button(label="More", press="event event:1"))

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram) as adapter:
        await adapter.send(to(telegram.group()), a_message(buttons=(row,)))

    assert telegram.posts[0].buttons == [[("Mute", "mute event:1"), ("More", "event event:1")]]
    assert telegram.faults == []


async def test_button_that_holds_too_much_costs_the_buttons_only(shared: Path) -> None:
    """The reader gets the words; the fault is ours."""
    row = (Button(label="Mute", press="ü" * 40),)

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram) as adapter:
        outcome = await adapter.send(to(telegram.group()), a_message(buttons=(row,)))

    assert isinstance(outcome, Sent)
    assert telegram.posts[0].buttons == []
    assert telegram.faults == [
        "sendMessage: reply_markup.inline_keyboard[0][0].callback_data has 80 bytes, not 1-64"
    ]


async def test_paid_broadcast_is_marked_and_faster(shared: Path) -> None:
    """With the owner's consent each message is paid for, and the pace is a thousand a second."""
    async with (
        TelegramStandIn(Judge.of(shared)) as telegram,
        connected(telegram, paid_broadcast=True) as paid,
        connected(telegram) as free,
    ):
        await paid.send(to(telegram.group()), a_message())
        await free.send(to(telegram.group()), a_message())

    assert [post.is_paid for post in telegram.posts] == [True, False]
    assert (paid.limits.slots, free.limits.slots) == (1000, 30)
    assert telegram.faults == []


async def test_every_message_takes_a_slot_of_its_place(shared: Path) -> None:
    """The pace knows the bot and the chat; greetings at the start count for the bot alone."""
    pace = OpenPace()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, pace=pace) as a:
        begun = len(pace.taken)
        forum = telegram.group(is_forum=True)
        topic = telegram.topic(forum)
        await a.send(to(forum, topic), a_message())

    assert {address for address, _ in pace.taken[:begun]} == {""}
    assert pace.taken[begun:] == [(f"{forum.id}/{topic}", False)]


async def test_topics_share_the_lane_of_their_chat(shared: Path) -> None:
    """Telegram limits chats, whatever their topics: groups by the minute, all by the second."""
    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram) as adapter:
        lanes = [adapter.limits.lane(one) for one in ("-100", "-100/7", "5", "general")]

    assert lanes[0] is not None
    assert lanes[0] == lanes[1]
    assert [(rate.count, rate.per) for rate in lanes[0].rates] == [
        (1, timedelta(seconds=1)),
        (18, timedelta(minutes=1)),
    ]
    assert lanes[2] is not None
    assert [rate.per for rate in lanes[2].rates] == [timedelta(seconds=1)]
    assert lanes[3] is None


async def test_stand_in_counts_strictly(shared: Path) -> None:
    """What goes beyond the window is answered 429, and told as something for later."""
    limits = Limits(free=Window(most=3, seconds=60))

    async with (
        TelegramStandIn(Judge.of(shared), flood=limits) as telegram,
        connected(telegram) as adapter,
    ):
        people = [telegram.user(name) for name in "ABCDE"]
        outcomes = [await adapter.send(to(person), a_message()) for person in people]

    assert [type(one) for one in outcomes] == [Sent, Sent, Sent, Later, Later]
    assert telegram.flood.refused == 2


async def test_adapter_keeps_the_contract_of_all_adapters(shared: Path) -> None:
    """What we ask of plug-ins holds for ours."""
    async with TelegramStandIn(Judge.of(shared)) as telegram:
        options = {"token": telegram.token, "api_base_url": telegram.base_url}
        await check_adapter(create, options, f"{telegram.user().id}")

    assert telegram.faults == []


class FullPace(OpenPace):
    """A pace that lets nothing out to one place."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self._place = place

    @asynccontextmanager
    async def slot(
        self, address: str = "", *, urgent: bool = False, alert: bool = False
    ) -> AsyncIterator[None]:
        """Hold a slot at once, but not for that place."""
        if address == self._place:
            raise HeldBack(f"the limits let a request to {address} out in 60 s", wait=MINUTE)
        async with super().slot(address, urgent=urgent, alert=alert):
            yield


async def test_alert_asks_to_go_before_other_news(shared: Path) -> None:
    """What is claimed waits for its slot for a second, and an alert must not wait behind that."""
    pace = OpenPace()
    async with (
        TelegramStandIn(Judge.of(shared)) as telegram,
        connected(telegram, pace=pace) as adapter,
    ):
        for priority in (Priority.NEWS, Priority.URGENT):
            await adapter.send(to(telegram.user(), priority=priority), a_message())

    assert pace.alerts == [f"{telegram.posts[1].chat.id}"]


async def test_message_that_the_limits_hold_back_is_for_the_outbox(shared: Path) -> None:
    """Nothing was sent, and the dispatcher learns when to come again."""
    async with (
        TelegramStandIn(Judge.of(shared)) as telegram,
        connected(telegram, pace=FullPace("1001")) as adapter,
    ):
        with pytest.raises(HeldBack) as caught:
            await adapter.send(to(telegram.user()), a_message())

    assert caught.value.wait == MINUTE
    assert telegram.posts == []


async def test_answer_that_the_limits_hold_back_ends_nothing(
    shared: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A chat that asks too much goes without, and others are answered."""
    async with (
        TelegramStandIn(Judge.of(shared)) as telegram,
        connected(telegram, pace=FullPace("1001")),
    ):
        telegram.say(telegram.user("Ada"), "/help")
        telegram.say(telegram.user("Bea"), "/help")
        post = await telegram.next_post()

    assert post.chat.title == "Bea"
    assert "could not be shown" in caplog.text
