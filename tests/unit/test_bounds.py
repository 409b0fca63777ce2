"""What is remembered to save work is bounded; each bound is reached here.

Queues and tables that belong to one part are filled in the tests of that part.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.pool import Pool

from bot.adapters.discord import layout
from bot.adapters.telegram.paced import Paced
from bot.adapters.telegram.rights import Rights
from bot.domain import channels, dates
from bot.domain.changes import Kind
from bot.domain.channels import Channel
from bot.domain.events import EventId
from bot.domain.messages import Limits
from bot.rendering import telegram_html
from bot.services.slots import Breaker
from bot.store import codec, fanout
from bot.store.unit_of_work import open_store
from bot.testing import START, a_message, an_event
from bot.testing.surroundings import OpenPace

LIMITS = Limits(text=4096)
MANY = 2_000


def _event(number: int) -> object:
    return codec.load_event(codec.dump(an_event(id=EventId(number))))


def _channel(number: int) -> object:
    return codec.load_channel(codec.dump_channel(Channel(mention=f"{number}")))


def _window(number: int) -> object:
    return dates.window(replace(an_event().stated, date=START + number * timedelta(days=1)))


def _zone(number: int) -> object:
    return Channel(time_zone=f"Nowhere/{number}").zone


def _html(number: int) -> object:
    return telegram_html.render_telegram(a_message(title=f"{number}"), LIMITS)


def _embed(number: int) -> object:
    return layout._embed(a_message(title=f"{number}"), LIMITS)


@pytest.mark.parametrize(
    ("call", "cached"),
    [
        (_event, codec.load_event),
        (_channel, codec.load_channel),
        (_window, dates.window),
        (_zone, channels._zone),
        (_html, telegram_html.render_telegram),
        (_embed, layout._embed),
    ],
)
def test_caches_forget(call: Callable[[int], object], cached: Any) -> None:
    """However many different things come, only so many are kept."""
    for number in range(MANY):
        call(number)

    kept = cached.cache_info()
    assert kept.currsize == kept.maxsize < MANY


def test_breaker_keeps_no_more_marks_than_it_needs() -> None:
    """A platform that refuses everything for days fills nothing."""
    breaker = Breaker()

    for number in range(100_000):
        breaker.mark(START + timedelta(milliseconds=number))

    assert len(breaker._marks) == MANY


async def test_only_so_many_managers_are_remembered() -> None:
    """Who is forgotten is asked for again."""
    asked: list[tuple[int, int]] = []

    async def get_chat_member(chat: int, user: int) -> object:
        asked.append((chat, user))
        return SimpleNamespace(status="administrator")

    bot: Any = SimpleNamespace(get_chat_member=get_chat_member)
    rights = Rights(bot, Paced(OpenPace()), monotonic=lambda: 0.0)
    may_manage = partial(rights.may_manage, 1)

    for user in range(MANY):
        assert await may_manage(user)
    await may_manage(MANY - 1)
    await may_manage(0)

    assert len(rights._known) == 1000
    assert asked[MANY:] == [(1, 0)]


@pytest.mark.parametrize("cached", [codec.kinds_of, fanout._owed])
def test_what_is_kept_for_each_set_of_kinds_is_bounded_by_the_kinds(cached: Any) -> None:
    """There are as many sets as eight bits have values, whatever happens to events."""
    masks = range(1, 1 << len(Kind))

    for mask in [*masks, *masks]:
        cached(mask)

    assert cached.cache_info().currsize <= 256


async def test_connections_are_few_however_many_look(tmp_path: Path) -> None:
    """A file has one connection for who writes, and four for readers, who wait for one another."""
    opened: list[object] = []

    def note(connection: object, _record: object) -> None:
        opened.append(connection)

    event.listen(Pool, "connect", note)
    async with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        full = asyncio.Barrier(4)

        async def look() -> None:
            async with store.reading() as unit:
                await unit.subscriptions._connection.scalar(select(1))
                await full.wait()

        async with store.writing():
            await asyncio.gather(*(look() for _ in range(100)))

    event.remove(Pool, "connect", note)
    assert len(opened) == 5
