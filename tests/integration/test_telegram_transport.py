"""Requests over aiohttp: what arrived, what never left, and what nobody knows."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from standins.telegram.server import Hang, TelegramStandIn
from standins.telegram.spec import Judge
from telegram import Bot
from telegram.error import NetworkError, TimedOut

from bot.adapters.telegram.addresses import Place
from bot.adapters.telegram.outcomes import judged
from bot.adapters.telegram.paced import Paced
from bot.adapters.telegram.rights import REMEMBERED_S, Rights
from bot.adapters.telegram.transport import AiohttpRequest, NeverSent
from bot.domain.deliveries import Later, Unknown
from bot.testing.surroundings import OpenPace

TOKEN = "123456:AA-secret_of_the_test"  # noqa: S105 - opens nothing


def a_bot(base_url: str, *, token: str = TOKEN, read_timeout_s: float = 5.0) -> Bot:
    """The real client over our transport."""
    requests = [AiohttpRequest(connections=2, read_timeout_s=read_timeout_s) for _ in range(2)]
    return Bot(
        token, base_url=f"{base_url}/bot", request=requests[0], get_updates_request=requests[1]
    )


async def test_request_that_meets_no_server_was_never_sent() -> None:
    """It is safe to repeat, and no text or cause of the error holds the token."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = "http://{}:{}".format(*closed.getsockname())

    with pytest.raises(NeverSent) as caught:
        async with a_bot(address):
            pass

    assert isinstance(judged(caught.value), Later)
    assert caught.value.__cause__ is None
    assert TOKEN not in f"{caught.value!r}"


async def test_answer_that_does_not_come_in_time_is_ambiguous(shared: Path) -> None:
    """The message may have been posted, as it was here."""
    async with TelegramStandIn(Judge.of(shared)) as telegram:
        telegram.fail("sendMessage", Hang())
        bot = a_bot(telegram.base_url, token=telegram.token, read_timeout_s=0.05)
        async with bot:
            with pytest.raises(TimedOut) as caught:
                await bot.send_message(telegram.user().id, "Hello")
        telegram.let_go()

    assert isinstance(judged(caught.value), Unknown)
    assert [post.text for post in telegram.posts] == ["Hello"]


async def test_closed_transport_refuses_requests(shared: Path) -> None:
    """Nothing is sent after the end, and it is our fault, not the network's."""
    async with TelegramStandIn(Judge.of(shared)) as telegram:
        bot = a_bot(telegram.base_url, token=telegram.token)
        async with bot:
            pass
        with pytest.raises(NetworkError, match="closed"):
            await bot.get_me()

    assert [method for method, _ in telegram.calls] == ["getMe"]


async def test_texts_arrive_as_they_were(shared: Path) -> None:
    """Every character, also those beyond the first plane, and text that looks like JSON."""
    rocket, alef = "\N{ROCKET}", "\N{HEBREW LETTER ALEF}"
    texts = [f"{rocket} Ü {alef}", "[1, 2]", "true", '"quoted"', "a & b + %20"]

    async with TelegramStandIn(Judge.of(shared)) as telegram:
        ada = telegram.user()
        async with a_bot(telegram.base_url, token=telegram.token) as bot:
            for text in texts:
                await bot.send_message(ada.id, text)

    assert [post.text for post in telegram.posts] == texts
    assert telegram.faults == []


async def test_right_is_forgotten_after_a_minute(shared: Path) -> None:
    """Whoever lost the right has it a minute longer at the most."""
    now = 0.0

    async with TelegramStandIn(Judge.of(shared)) as telegram:
        group, ada = telegram.group(), telegram.user()
        telegram.promote(group, ada)
        async with a_bot(telegram.base_url, token=telegram.token) as bot:
            rights = Rights(bot, Paced(OpenPace()), monotonic=lambda: now)
            answers = [await rights.may_manage(group.id, ada.id)]
            telegram.demote(group, ada)
            for passed in (REMEMBERED_S - 1, REMEMBERED_S + 1):
                now = passed
                answers.append(await rights.may_manage(group.id, ada.id))

    assert answers == [True, True, False]


async def test_slot_is_held_longer_when_no_answer_came(shared: Path) -> None:
    """A refusal is an answer and leaves the slot as a success does; a lost one leaves by error."""
    left: list[str] = []

    class Watching(OpenPace):
        """Notes how slots are left."""

        @asynccontextmanager
        async def slot(
            self, address: str = "", *, urgent: bool = False, alert: bool = False
        ) -> AsyncIterator[None]:
            """Hold a slot at once."""
            try:
                async with super().slot(address, urgent=urgent, alert=alert):
                    yield
            except TimedOut:
                left.append(f"{address} {urgent}: no answer")
                raise
            left.append(f"{address} {urgent}: answered")

    async with TelegramStandIn(Judge.of(shared)) as telegram:
        paced = Paced(Watching())
        bot = a_bot(telegram.base_url, token=telegram.token, read_timeout_s=0.05)
        async with bot:
            telegram.fail("sendMessage", Hang())
            ada, place = telegram.user(), Place(chat=5)
            with pytest.raises(TimedOut):
                await paced.request(lambda: bot.send_message(ada.id, "Hello"), place)
            with pytest.raises(NetworkError, match="not found"):
                await paced.request(lambda: bot.send_message(999, "Hello"), place, urgent=True)
        telegram.let_go()

    assert left == ["5 False: no answer", "5 True: answered"]
