"""The real command core at Telegram's door: what people type and press reaches the store."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from desks import Counter
from standins.telegram.flood import Limits
from standins.telegram.opening import connected, standing, to
from standins.telegram.server import TelegramStandIn
from standins.telegram.spec import Judge
from standins.telegram.world import Chat, Post, User
from stores import made_store

from bot.adapters.telegram.client import FREE
from bot.clock import SystemClock
from bot.domain.changes import Kind
from bot.domain.channels import Reach
from bot.domain.subscriptions import Destination, Filter
from bot.services.pacing import SlotPace
from bot.testing import an_event

MINUTE = timedelta(minutes=1)


def a_managed_group(telegram: TelegramStandIn) -> tuple[Chat, User]:
    """A group with topics, and one who manages it."""
    group, ada = telegram.group(is_forum=True), telegram.user()
    telegram.promote(group, ada)
    return group, ada


def more_posts(telegram: TelegramStandIn, than: int) -> bool:
    """Whether more was posted than that."""
    return len(telegram.posts) > than


async def press(telegram: TelegramStandIn, post: Post, label: str, by: User) -> None:
    """Press a button and see the message change in place."""
    edits = post.edits
    telegram.press(post, label, by=by)
    await telegram.until(lambda: post.edits == edits + 1)


def at(chat: Chat | User, topic: int | None = None) -> Destination:
    """The place as the store has it."""
    return to(chat, topic).destination


async def test_every_command_is_answered(shared: Path) -> None:
    """Each of the contract's, as typed, by one message at least."""
    async with standing(shared) as (telegram, counter):
        ada = telegram.user()
        for spec in counter.core.specs:
            sent = len(telegram.posts)
            words = " Cygnus" if any(one.is_required for one in spec.options) else ""
            telegram.say(ada, f"/{spec.name}{words}")
            await telegram.until(partial(more_posts, telegram, sent))
        menu = telegram.methods.commands["all_private_chats"]

    assert [one["command"] for one in menu] == [spec.name for spec in counter.core.specs]
    assert not [post.text for post in telegram.posts if "went wrong" in post.text]


async def test_typed_subscription_is_for_its_topic(shared: Path) -> None:
    """A command in a topic subscribes that topic and no other place."""
    async with standing(shared) as (telegram, counter):
        group, ada = a_managed_group(telegram)
        topic = telegram.topic(group)
        telegram.say(group, "/subscribe agency:NASA,ESA type:EVA", by=ada, topic=topic)
        post = await telegram.next_post()
        held = await counter.filters(at(group, topic))

    assert held == [Filter(types=frozenset({3}), agencies=frozenset({27, 44}))]
    assert "Subscribed" in post.text


async def test_guide_walks_through_choices_in_one_message(shared: Path) -> None:
    """`/subscribe` alone asks by buttons; each press edits the message, the last one subscribes."""
    async with standing(shared) as (telegram, counter):
        group, ada = a_managed_group(telegram)
        telegram.say(group, "/subscribe", by=ada)
        guide = await telegram.next_post()
        await press(telegram, guide, "Choose types", ada)
        choice = next(label for row in guide.buttons for label, _ in row if "Docking" in label)
        await press(telegram, guide, choice, ada)
        done = next(label for row in guide.buttons for label, _ in row if "ubscribe" in label)
        await press(telegram, guide, done, ada)
        held = await counter.filters(at(group))

    assert [one.types for one in held] == [frozenset({2})]
    assert telegram.posts == [guide]


async def test_stranger_does_not_finish_the_guide(shared: Path) -> None:
    """Everybody in a group sees the buttons; only its administrators may press them."""
    async with standing(shared) as (telegram, counter):
        group, ada = a_managed_group(telegram)
        telegram.say(group, "/subscribe", by=ada)
        guide = await telegram.next_post()
        telegram.press(guide, "Everything", by=telegram.user("Mallory"))
        await telegram.until(lambda: len(telegram.answers) == 1)
        held = await counter.filters(at(group))

    assert telegram.answers[0].is_alert
    assert telegram.answers[0].text
    assert held == []
    assert guide.edits == 0


async def test_channel_is_subscribed_from_a_private_chat(shared: Path) -> None:
    """The channel's administrator names it; the channel itself shows nothing of that."""
    async with standing(shared) as (telegram, counter):
        channel, ada = telegram.channel(username="space_news"), telegram.user()
        telegram.promote(channel, ada)
        telegram.say(ada, "/subscribe in:@space_news search:docking")
        post = await telegram.next_post()
        held = await counter.filters(at(channel))

    assert held == [Filter(words=frozenset({"docking"}))]
    assert post.chat.id == ada.id


async def test_blocked_bot_pauses_the_chat_and_start_resumes_it(shared: Path) -> None:
    """Paused, never deleted: the subscription is there when the person comes back."""
    async with standing(shared) as (telegram, counter):
        ada = telegram.user()
        telegram.say(ada, "/subscribe type:EVA")
        await telegram.next_post()
        counter.core.wake.clear()
        telegram.block(ada)
        await counter.core.wake.wait()
        paused = await counter.health(at(ada))
        telegram.unblock(ada)
        telegram.say(ada, "/start")
        await telegram.next_post()
        resumed = await counter.health(at(ada))
        held = await counter.filters(at(ada))

    assert (paused.reach, resumed.reach) == (Reach.PAUSED, Reach.ACTIVE)
    assert len(held) == 1


async def test_migrated_group_keeps_its_subscriptions(shared: Path) -> None:
    """The service message moves all that the old number holds."""
    async with standing(shared) as (telegram, counter):
        group, ada = telegram.group(basic=True), telegram.user()
        telegram.promote(group, ada)
        telegram.say(group, "/subscribe type:EVA", by=ada)
        await telegram.next_post()
        new = telegram.migrate(group)
        telegram.say(new, "/subscriptions", by=ada)
        post = await telegram.next_post()
        held = [await counter.filters(at(one)) for one in (group, new)]

    assert [len(one) for one in held] == [0, 1]
    assert "EVA" in post.text


async def test_mute_button_is_answered_to_whoever_pressed(shared: Path) -> None:
    """The channel is not told of each press; the press is."""
    async with standing(shared) as (telegram, counter):
        group, ada = a_managed_group(telegram)
        telegram.say(group, "/next", by=ada)
        post = await telegram.next_post()
        telegram.press(post, "Mute this event", by=ada)
        await telegram.until(lambda: len(telegram.answers) == 1)
        async with counter.store.reading() as unit:
            muted = await unit.destinations.muted(at(group))

    assert muted == (an_event().id,)
    assert telegram.answers[0].is_alert
    assert "Cygnus NG-27 Berthing" in telegram.answers[0].text
    assert len(telegram.posts) == 1


async def test_preview_takes_one_message_of_what_a_group_may_get(shared: Path) -> None:
    """Of the 18 a minute 15 are for alerts; a preview amid them neither waits nor loses any."""
    pace = SlotPace(SystemClock())
    pace.declare(FREE)
    async with (
        made_store("sqlite://") as store,
        TelegramStandIn(Judge.of(shared), flood=Limits()) as telegram,
    ):
        core = Counter(store).core
        group, ada = a_managed_group(telegram)
        async with connected(telegram, core, pace=pace):
            telegram.say(group, "/preview", by=ada)
            post = await telegram.next_post()
        behind = [pace.delay(f"{group.id}", behind=count) for count in (13, 14)]

    assert post.text.count("Example: ") == len(Kind)
    assert behind[0] < MINUTE / 2 < behind[1]
    assert (len(telegram.posts), telegram.flood.refused, telegram.faults) == (1, 0, [])


async def test_press_of_who_has_no_right_is_refused_in_private(shared: Path) -> None:
    """By an alert that only they see: nothing is written into the group, and nothing happens."""
    async with standing(shared) as (telegram, counter):
        group, ada = a_managed_group(telegram)
        telegram.say(group, "/next", by=ada)
        post = await telegram.next_post()
        telegram.press(post, "Mute this event", by=telegram.user("Mallory"))
        await telegram.until(lambda: len(telegram.answers) == 1)
        async with counter.store.reading() as unit:
            muted = await unit.destinations.muted(at(group))

    (answer,) = telegram.answers
    assert answer.is_alert
    assert answer.text.startswith("For channel managers only")
    assert muted == ()
    assert (len(telegram.posts), post.edits) == (1, 0)
