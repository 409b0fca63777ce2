"""How Telegram tells of places lost and found, and how the adapter begins, goes on and ends."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from standins.telegram.opening import SPECS, a_desk, connected
from standins.telegram.server import Cut, Hang, Page, TelegramStandIn, Trouble
from standins.telegram.spec import Judge
from standins.telegram.world import Refusal

from bot.adapters.telegram import Introduction, create, introduce
from bot.errors import ChatUnavailable, ConfigError
from bot.testing.surroundings import surroundings


async def test_blocked_bot_learns_it_and_hears_when_it_may_write_again(shared: Path) -> None:
    """A person who blocks and unblocks needs no failed delivery to be noticed."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        ada = telegram.user()
        telegram.block(ada)
        telegram.unblock(ada)
        await telegram.until(lambda: len(desk.heard) == 2)

    assert desk.heard == [
        ("unreachable", f"{ada.id}", "the person has blocked the bot"),
        ("reachable", f"{ada.id}", ""),
    ]


@pytest.mark.parametrize("status", ["kicked", "left"])
async def test_removed_bot_learns_it(shared: Path, status: str) -> None:
    """Removed by an administrator or by itself, the group is out of reach until it is added."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        group = telegram.group()
        telegram.set_bot(group, status)
        telegram.set_bot(group, "member")
        await telegram.until(lambda: len(desk.heard) == 2)

    assert [word for word, _, _ in desk.heard] == ["unreachable", "reachable"]


@pytest.mark.parametrize("kind", ["group", "channel"])
async def test_right_to_write_taken_and_given_is_noticed(shared: Path, kind: str) -> None:
    """A bot that may read but not write is of no use there."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        chat = telegram.group() if kind == "group" else telegram.channel()
        telegram.forbid(chat)
        telegram.allow(chat)
        await telegram.until(lambda: len(desk.heard) == 2)

    assert [word for word, _, _ in desk.heard] == ["unreachable", "reachable"]


@pytest.mark.parametrize("is_called", [False, True])
async def test_what_happened_while_the_bot_was_down_is_noticed_at_the_start(
    shared: Path, listen: str, *, is_called: bool
) -> None:
    """Telegram keeps updates for a day, rights given and taken among them; none is thrown away."""
    desk = a_desk()
    hook = {"webhook_url": f"http://{listen}", "webhook_listen": listen} if is_called else {}

    async with TelegramStandIn(Judge.of(shared)) as telegram:
        group, ada = telegram.group(), telegram.user()
        telegram.allow(group)
        telegram.block(ada)
        async with connected(telegram, desk, pace=None, parts=None, **hook):
            await telegram.until(lambda: len(desk.heard) == 2)

    assert {*desk.heard} == {
        ("reachable", f"{group.id}", ""),
        ("unreachable", f"{ada.id}", "the person has blocked the bot"),
    }
    asked = [given for method, given in telegram.calls if method == "setWebhook"]
    assert all(
        "my_chat_member" in one["allowed_updates"] for one in asked or telegram.updates.asked
    )
    assert ("deleteWebhook", {}) in telegram.calls


async def test_topic_that_opens_again_may_be_tried_again(shared: Path) -> None:
    """A closed topic pauses its subscription; opening it again resumes it."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        forum = telegram.group(is_forum=True)
        topic = telegram.topic(forum)
        telegram.reopen(forum, topic)
        await telegram.until(lambda: len(desk.heard) == 1)

    assert desk.heard == [("reachable", f"{forum.id}/{topic}", "")]


async def test_migration_is_told_from_both_sides(shared: Path) -> None:
    """The old group and the new supergroup both say it, and either may be missed."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        old = telegram.group(basic=True)
        new = telegram.migrate(old)
        await telegram.until(lambda: len(desk.heard) == 2)

    assert desk.heard == [("moved", f"{old.id}", f"{new.id}")] * 2


async def test_menus_are_set_for_each_sort_of_chat(shared: Path) -> None:
    """Members of a group are not offered what only its administrators can do."""
    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram):
        menus = telegram.methods.commands

    everything = [one.name for one in SPECS]
    assert {scope: [one["command"] for one in menu] for scope, menu in menus.items()} == {
        "all_private_chats": everything,
        "all_chat_administrators": everything,
        "all_group_chats": ["help"],
    }
    assert telegram.faults == []


async def test_wrong_token_is_told_without_showing_it(shared: Path) -> None:
    """The owner learns which setting is wrong; the token stands in no text."""
    async with TelegramStandIn(Judge.of(shared)) as telegram:
        with pytest.raises(ConfigError, match=r"telegram\.token") as caught:
            async with connected(telegram, token="123:wrong"):  # noqa: S106 - a wrong one
                pass

    assert "123:wrong" not in f"{caught.value}"
    assert caught.value.__cause__ is None


async def test_missing_token_is_told(shared: Path) -> None:
    """Nothing is asked of Telegram without one."""
    async with TelegramStandIn(Judge.of(shared)) as telegram:
        with pytest.raises(ConfigError, match=r"telegram\.token is empty"):
            async with connected(telegram, token=""):
                pass

    assert telegram.calls == []


async def test_telegram_out_of_reach_is_told() -> None:
    """Nobody listens there; the supervisor rests and tries again."""
    options = {"token": "123:x", "api_base_url": "http://127.0.0.1:9"}
    around = surroundings(options, name="telegram", desk=a_desk())

    with pytest.raises(ChatUnavailable, match=r"127\.0\.0\.1:9"):
        async with create(around):
            pass


async def test_telegram_that_does_not_take_the_menus_is_told(shared: Path) -> None:
    """An adapter that could not begin is not half open."""
    async with TelegramStandIn(Judge.of(shared)) as telegram:
        telegram.fail("setMyCommands", Page())
        with pytest.raises(ChatUnavailable, match="502"):
            async with connected(telegram):
                pass


@pytest.mark.parametrize(
    "trouble",
    [
        Page(),
        Cut(),
        Refusal(409, "Conflict: terminated by other getUpdates request"),
        Refusal(429, "Too Many Requests: retry after 1", {"retry_after": 1}),
    ],
)
async def test_trouble_while_polling_passes(
    shared: Path, trouble: Trouble, caplog: pytest.LogCaptureFixture
) -> None:
    """People are heard again afterwards; one line tells of the trouble and one of its end."""
    caplog.set_level("INFO")

    async with TelegramStandIn(Judge.of(shared)) as telegram:
        telegram.fail("getUpdates", trouble)
        async with connected(telegram):
            telegram.say(telegram.user(), "/help")
            await telegram.next_post()

    assert caplog.text.count("cannot be asked for updates") == 1
    assert caplog.text.count("can be asked for updates again") == 1


async def test_token_revoked_while_polling_ends_the_adapter(shared: Path) -> None:
    """The platform stops, so that its supervisor and the health page tell of it."""
    async with TelegramStandIn(Judge.of(shared)) as telegram:
        telegram.fail("getUpdates", Refusal(401, "Unauthorized"), times=2)
        with pytest.raises(ConfigError, match=r"telegram\.token"):
            async with connected(telegram):
                await telegram.until(lambda: False)


async def test_what_was_heard_is_acknowledged_at_the_end(shared: Path) -> None:
    """After a restart nobody is answered a second time."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram:
        async with connected(telegram, desk):
            telegram.say(telegram.user(), "/help")
            await telegram.next_post()
        left = telegram.updates.unacknowledged
        async with connected(telegram, desk):
            telegram.say(telegram.user(), "/help")
            await telegram.until(lambda: len(telegram.posts) >= 2)

    assert left == 0
    assert len(desk.requests) == 2


async def _left_after(telegram: TelegramStandIn, turns: int) -> tuple[bool, bool]:
    """Cut off so many turns after it began to leave: whether it was, and whether all is closed."""
    opened, may_leave = asyncio.get_running_loop().create_future(), asyncio.Event()

    async def stay() -> None:
        async with connected(telegram, parts={"listens": False}) as adapter:
            opened.set_result(adapter)
            await may_leave.wait()

    staying = asyncio.create_task(stay())
    adapter: Any = await opened
    may_leave.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    staying.cancel()
    await asyncio.wait({staying})
    sessions = [one._session for one in adapter._post._bot._request]
    return staying.cancelled(), sessions == [None, None]


async def test_adapter_cut_off_while_it_is_left_leaves_no_connection(shared: Path) -> None:
    """At any turn of the loop; its owner may be cancelled while a failed adapter is closed."""
    turns, was_cut_off = 0, True
    async with TelegramStandIn(Judge.of(shared)) as telegram:
        while was_cut_off:
            was_cut_off, is_closed = await _left_after(telegram, turns)
            assert is_closed, f"cut off after {turns} turns"
            turns += 1

    assert turns > 2, "it left at once, which proves nothing"


async def test_chat_that_waits_holds_up_no_other(shared: Path) -> None:
    """One slow answer must not make the whole bot slow."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        slow, quick = telegram.user("Slow"), telegram.user("Quick")
        telegram.fail("sendMessage", Hang())
        telegram.say(slow, "/help")
        await telegram.until(lambda: len(telegram.posts) == 1)
        telegram.say(quick, "/help")
        await telegram.until(lambda: len(telegram.posts) == 2)
        telegram.let_go()

    assert [post.chat.title for post in telegram.posts] == ["Slow", "Quick"]


async def test_introduction_disturbs_no_bot_that_runs(shared: Path) -> None:
    """Looking whether the token is right neither polls nor takes the webhook away."""
    async with TelegramStandIn(Judge.of(shared)) as telegram:
        options = {"token": telegram.token, "api_base_url": telegram.base_url}
        who = await introduce(options)
        with pytest.raises(ConfigError, match=r"telegram\.token"):
            await introduce({**options, "token": "123:wrong"})

    assert who == Introduction(
        name="@perigee_bot", invite="https://t.me/perigee_bot?startgroup=true"
    )
    assert [method for method, _ in telegram.calls] == ["getMe"]
