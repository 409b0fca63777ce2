"""The dispatcher over a real store: who is told of a destination that is not reached."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta

import pytest
from outboxes import subscribe, to
from sending import DELETED, NO_RIGHT, PRIVATE, SECOND, Sender, meet, sending, tell_of
from stores import made_store

from bot.domain.channels import PATIENCE
from bot.domain.deliveries import Delivery, Gone, Later, Outcome, Unknown
from bot.domain.messages import Message
from bot.errors import ChatUnavailable, HeldBack
from bot.services.notices import SOONEST
from bot.store.unit_of_work import SqlStore


@pytest.fixture
async def store() -> AsyncIterator[SqlStore]:
    """An empty store in memory, its tables made."""
    async with made_store("sqlite://") as opened:
        yield opened


async def test_keeper_is_told_once(store: SqlStore) -> None:
    """In private, naming the missing permission and what happens to the messages."""
    await subscribe(store, to())
    await meet(store, to(), "7")
    async with sending(store, limits=PRIVATE) as sender:
        sender.outcomes["main"] = [NO_RIGHT, NO_RIGHT]
        await tell_of(store, 1)
        await sender.deliver()
        before = list(sender.told)
        sender.clock.advance(PATIENCE)
        await sender.deliver()
        await sender.deliver()

    assert before == []
    ((whom, text),) = sender.told
    assert whom == to("u7")
    assert "Space: main: No right to send. Missing permission: Send Messages." in text
    assert "messages resume by themselves" in text


async def test_keeper_is_told_while_the_sender_runs(store: SqlStore) -> None:
    """As soon as nothing is due: a program that runs for months has no other moment."""
    await subscribe(store, to())
    await meet(store, to(), "7")
    async with sending(store, limits=PRIVATE) as sender:
        sender.outcomes["main"] = [DELETED]
        await tell_of(store, 1)
        await sender.pass_time(SECOND)

    assert [whom for whom, _ in sender.told] == [to("u7")]


async def test_neighbour_is_told_where_nobody_can_be_in_private(store: SqlStore) -> None:
    """Another channel of the same server; the message says which channel it is about."""
    await subscribe(store, to(), to("b"), to("elsewhere"))
    for destination, server in ((to(), "s"), (to("b"), "s"), (to("elsewhere"), "t")):
        await meet(store, destination, "7", server)
    async with sending(store, limits=PRIVATE) as sender:
        sender.outcomes |= {"main": [DELETED], "u7": [Gone(reason="blocked")]}
        await tell_of(store, 1)
        await sender.deliver()

    assert [whom for whom, _ in sender.told] == [to("u7"), to("b")]


async def test_no_more_than_one_neighbour_is_told(store: SqlStore) -> None:
    """Nobody in private where no person is known, and no second channel where the first fails."""
    await subscribe(store, to(), to("b"), to("c"))
    for destination in (to(), to("b"), to("c")):
        await meet(store, destination, "")
    async with sending(store, limits=PRIVATE) as sender:
        sender.outcomes["b"] = [Gone(reason="blocked")]
        await sender.core.unreachable("main", "the bot was removed")
        await sender.deliver()

    assert [whom for whom, _ in sender.told] == [to("b")]


async def test_each_notice_is_a_message_of_its_own(store: SqlStore) -> None:
    """Discord drops what has the id of another message; what has a delivery's tells news of it."""
    addresses = ("main", "b", "c")
    await subscribe(store, *map(to, addresses))
    async with sending(store, limits=PRIVATE) as sender:
        for person, address in enumerate(addresses):
            await meet(store, to(address), f"{person}", server="")
            await sender.core.unreachable(address, "the bot was removed")
        await sender.deliver()

    ids = [delivery.id for delivery, _ in sender.adapter.sent]
    assert len({*ids}) == len(addresses)
    assert max(ids) < 0


async def test_one_person_gets_one_notice_of_many_channels(store: SqlStore) -> None:
    """A bot that was removed from a server with fifty channels sends one message about it."""
    addresses = [f"c{number}" for number in range(12)]
    await subscribe(store, *map(to, addresses))
    for address in addresses:
        await meet(store, to(address), "7")
    async with sending(store, limits=PRIVATE) as sender:
        for address in addresses:
            await sender.core.unreachable(address, "the bot was removed")
        await sender.deliver()

    ((whom, text),) = sender.told
    assert whom == to("u7")
    assert text.count("The bot was removed.") == 10
    assert "And 2 more" in text


NOT_NOW = Later(reason="busy", wait=timedelta(hours=9))


async def refusing(store: SqlStore, sender: Sender, *answers: Outcome) -> None:
    """Pause a destination for which nobody but person 7 can be told; so are they answered."""
    await subscribe(store, to())
    await meet(store, to(), "7", server="")
    sender.outcomes |= {"main": [DELETED], "u7": [*answers]}
    await tell_of(store, 1)
    await sender.deliver()


async def test_notice_that_is_not_taken_is_tried_again_later(store: SqlStore) -> None:
    """Neither lost nor in a hot loop: the next rounds leave it alone for a while."""
    async with sending(store, limits=PRIVATE) as sender:
        await refusing(store, sender, NOT_NOW)
        await sender.deliver()
        at_once = len(sender.told)
        sender.clock.advance(SOONEST)
        await sender.deliver()
        await sender.deliver()

    assert at_once == 1
    assert [whom for whom, _ in sender.told] == [to("u7"), to("u7")]


async def test_notice_is_tried_ever_more_seldom(store: SqlStore) -> None:
    """A person whose chat takes nothing for a week costs a try an hour; at first it is not left."""
    async with sending(store, limits=PRIVATE) as sender:
        await refusing(store, sender, *[NOT_NOW] * 200)
        await sender.pass_time(timedelta(hours=1), step=timedelta(minutes=1))
        at_first = len(sender.told)
        await sender.pass_time(timedelta(days=1), step=timedelta(minutes=10))

    assert 6 <= at_first <= 12
    assert 24 <= len(sender.told) <= 60


async def test_notice_that_waits_is_told_once_until_it_was_taken(
    store: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Each try after it says the same."""
    caplog.set_level(logging.INFO)
    async with sending(store, limits=PRIVATE) as sender:
        await refusing(store, sender, *[NOT_NOW] * 3)
        for _ in range(2):
            sender.clock.advance(timedelta(hours=1))
            await sender.deliver()

    waits = [one for one in caplog.messages if "notice" in one]
    assert len(sender.told) == 3
    assert waits == ["A notice to console:u7 waits: busy"]


async def test_notice_that_waits_is_dropped_with_its_trouble(store: SqlStore) -> None:
    """Nobody is told of what was mended meanwhile."""
    async with sending(store, limits=PRIVATE) as sender:
        await refusing(store, sender, NOT_NOW)
        await sender.core.reachable("main")
        sender.clock.advance(SOONEST)
        await sender.deliver()

    assert len(sender.told) == 1


@pytest.mark.parametrize(
    "error",
    [
        HeldBack("the limits let a request out in 60 s", wait=timedelta(minutes=1)),
        ChatUnavailable("the platform is away"),
    ],
)
async def test_notice_on_which_the_adapter_raises_is_tried_again(
    store: SqlStore, error: Exception
) -> None:
    """It was held back, or the platform was out of reach."""
    errors = [error]
    async with sending(store, limits=PRIVATE) as sender:
        usual = sender.adapter._answer

        def answer(delivery: Delivery, message: Message) -> Outcome | Awaitable[Outcome]:
            if errors and delivery.destination == to("u7"):
                raise errors.pop()
            return usual(delivery, message)

        sender.adapter._answer = answer
        await refusing(store, sender)
        before = [where for _, where in sender.sent_at]
        sender.clock.advance(SOONEST)
        await sender.deliver()

    assert before == []
    assert [where for _, where in sender.sent_at] == [to("u7")]


@pytest.mark.parametrize(
    "end", [Unknown(reason="no answer"), Gone(reason="blocked")], ids=["unknown", "blocked"]
)
async def test_notice_that_was_perhaps_read_or_never_will_be_is_not_repeated(
    store: SqlStore, end: Outcome
) -> None:
    """Told twice is worse than /status's word alone; who has blocked the bot is left alone."""
    async with sending(store, limits=PRIVATE) as sender:
        await refusing(store, sender, end)
        sender.clock.advance(timedelta(days=1))
        await sender.deliver()

    assert len(sender.told) == 1


async def test_notice_of_a_sender_that_was_killed_is_not_repeated(store: SqlStore) -> None:
    """It counts as told from just before it is sent; the others of that round are not lost."""
    await subscribe(store, to(), to("b"))
    for address, person in (("main", "7"), ("b", "8")):
        await meet(store, to(address), person, server="")
    async with sending(store, limits=PRIVATE) as sender:
        sender.adapter._answer = _never
        for address in ("main", "b"):
            await sender.core.unreachable(address, "the bot was removed")
        killed = asyncio.ensure_future(sender.deliver())
        await sender.adapter_called()
        killed.cancel()
        await asyncio.wait([killed])
    async with sending(store, limits=PRIVATE) as successor:
        await successor.deliver()

    assert [whom for whom, _ in sender.told] == [to("u7")]
    assert [whom for whom, _ in successor.told] == [to("u8")]


async def _never(_delivery: Delivery, _message: Message) -> Outcome:
    """Give no answer."""
    await asyncio.Event().wait()
    return DELETED


async def test_nobody_is_told_of_their_own_blocked_chat(store: SqlStore) -> None:
    """Whoever blocked the bot knows."""
    await subscribe(store, to("u7"))
    await meet(store, to("u7"), "7", server="")
    async with sending(store, limits=PRIVATE) as sender:
        sender.outcomes["u7"] = [Gone(reason="blocked")]
        await tell_of(store, 1)
        await sender.deliver()

    assert sender.told == []
