"""What waits to be acted on in Telegram: chats side by side, and a bound that each meets alone."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count

import pytest
from telegram import (
    Chat,
    ChatMemberLeft,
    ChatMemberMember,
    ChatMemberUpdated,
    Message,
    Update,
    User,
)

from bot.adapters.telegram.inbox import MOST, MOST_OF_A_CHAT, Inbox

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
BOT = User(id=1, first_name="Perigee", is_bot=True)
NUMBERS: Iterator[int] = count(1)


class Ear:
    """Hears updates; slow chats are answered only once they are let go.

    Attributes:
        heard: the number of each update's chat and the words, in order.
        free: lets the slow chats be answered.
        first: set once something was heard.

    """

    def __init__(self) -> None:
        self.heard: list[tuple[int, str]] = []
        self.free = asyncio.Event()
        self.first = asyncio.Event()

    async def __call__(self, update: Update) -> None:
        """Hear one."""
        chat = update.effective_chat
        assert chat is not None
        if chat.id < SLOW_CHATS:
            await self.free.wait()
        text = update.message.text if update.message else "standing"
        self.heard.append((chat.id, text or ""))
        self.first.set()


SLOW_CHATS = 10_000
"""Chats below this number are answered only when the ear is let go."""


def says(chat: int, text: str = "/next") -> Update:
    """Somebody writes in a chat."""
    where = Chat(id=chat, type=Chat.PRIVATE)
    number = next(NUMBERS)
    message = Message(message_id=number, date=NOW, chat=where, text=text)
    return Update(update_id=number, message=message)


def standing(chat: int) -> Update:
    """Somebody unblocks the bot."""
    change = ChatMemberUpdated(
        chat=Chat(id=chat, type=Chat.PRIVATE),
        from_user=User(id=chat, first_name="Ada", is_bot=False),
        date=NOW,
        old_chat_member=ChatMemberLeft(BOT),
        new_chat_member=ChatMemberMember(BOT),
    )
    return Update(update_id=next(NUMBERS), my_chat_member=change)


@asynccontextmanager
async def opened(ear: Ear) -> AsyncIterator[Inbox]:
    """An inbox; at the end all that it took is heard."""
    async with asyncio.TaskGroup() as group:
        inbox = Inbox(ear, group)
        yield inbox
        ear.free.set()


async def test_chat_is_heard_in_order() -> None:
    """What one says twice is meant in that order."""
    ear = Ear()
    async with opened(ear) as inbox:
        for number in range(10):
            await inbox.take(says(1, f"{number}"))

    assert ear.heard == [(1, f"{number}") for number in range(10)]


async def test_flood_of_one_chat_holds_up_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    """What is over goes unheard, with one line in the log; others are heard meanwhile."""
    ear = Ear()
    async with opened(ear) as inbox:
        for _ in range(1000):
            await inbox.take(says(1))
        await inbox.take(says(SLOW_CHATS))
        await ear.first.wait()
        assert ear.heard == [(SLOW_CHATS, "/next")]

    assert len(ear.heard) - 1 <= MOST_OF_A_CHAT + 1
    assert caplog.text.count("some is not heard") == 1


async def test_our_standing_is_always_heard() -> None:
    """Nothing tells a second time that a chat may be written to again."""
    ear = Ear()
    async with opened(ear) as inbox:
        for _ in range(100):
            await inbox.take(says(1))
        await inbox.take(standing(1))

    assert ear.heard[-1] == (1, "standing")


async def test_what_is_over_the_bound_is_left_with_telegram() -> None:
    """With so many chats at once the next update waits until one was acted on."""
    ear = Ear()
    async with opened(ear) as inbox:
        for chat in range(MOST):
            await inbox.take(says(chat))
        one_more = asyncio.ensure_future(inbox.take(says(MOST)))
        await asyncio.sleep(0)
        assert not one_more.done()
        ear.free.set()
        await one_more

    assert len(ear.heard) == MOST + 1
