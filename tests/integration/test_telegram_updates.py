"""Updates that cannot be read, and a second program that takes them away."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from desks import Counter
from standins.telegram.opening import a_desk, connected
from standins.telegram.server import TelegramStandIn
from standins.telegram.spec import Judge
from standins.telegram.world import Refusal
from telegram import Bot

from bot.adapters.telegram.inbox import Inbox
from bot.adapters.telegram.polling import ALONE_AFTER_S, Poller
from bot.adapters.telegram.transport import AiohttpRequest
from bot.domain.status import Status

SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header

CHAT = {"id": 7, "type": "private", "first_name": "Ada"}
MESSAGE = {"message_id": 1, "date": 0, "chat": CHAT, "text": "a private word"}

UNREADABLE: tuple[Any, ...] = (
    {**MESSAGE, "chat": 7},
    {**MESSAGE, "chat": {**CHAT, "id": "a private word"}},
    {**MESSAGE, "text": ["/help"]},
    {**MESSAGE, "date": 1 << 80},
    {key: value for key, value in MESSAGE.items() if key != "message_id"},
    "a private word",
    ["a private word"],
)


@pytest.mark.parametrize("message", UNREADABLE)
async def test_update_that_cannot_be_read_is_skipped_once(
    shared: Path, message: object, caplog: pytest.LogCaptureFixture
) -> None:
    """It is acknowledged like any other, and what comes before and after it is acted on."""
    desk = a_desk()

    async with TelegramStandIn(Judge.of(shared)) as telegram:
        ada = telegram.user()
        telegram.say(ada, "/help before")
        telegram.arrive("message", message)
        telegram.say(ada, "/help after")
        async with connected(telegram, desk):
            await telegram.until(lambda: len(telegram.posts) == 2)
            await telegram.settled()

    assert len(desk.requests) == 2
    assert caplog.text.count("Skipped update 2 of Telegram") == 1
    assert "a private word" not in caplog.text


async def test_update_newer_than_we_know_is_read(
    shared: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Telegram adds fields every few months."""
    desk = a_desk()
    person = {"id": 7, "is_bot": False, "first_name": "Ada", "is_on_mars": True}
    newer = {**MESSAGE, "from": person, "text": "/help", "hologram": {"depth": 3}}

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, desk):
        telegram.arrive("message", newer)
        telegram.say(telegram.user(), "/help")
        await telegram.until(lambda: len(telegram.posts) == 1)

    assert desk.requests[0].person.id == "7"
    assert "Skipped" not in caplog.text


@pytest.mark.parametrize("answer", [True, {}, [{"message": MESSAGE}], ["a private word"]])
async def test_answer_without_numbers_is_trouble_that_passes(
    shared: Path, answer: object, caplog: pytest.LogCaptureFixture
) -> None:
    """What cannot be acknowledged would come again at once, for ever; so there is a rest."""
    caplog.set_level("INFO")
    answers = [answer]

    async with TelegramStandIn(Judge.of(shared)) as telegram:
        usual = telegram.updates.poll

        async def poll(asked: dict[str, Any]) -> Any:
            return answers.pop() if answers else await usual(asked)

        telegram.updates.poll = poll  # type: ignore[method-assign]
        async with connected(telegram):
            telegram.say(telegram.user(), "/help")
            await telegram.next_post()

    assert caplog.text.count("cannot be asked for updates") == 1
    assert caplog.text.count("can be asked for updates again") == 1


@pytest.mark.parametrize("message", UNREADABLE)
async def test_called_bot_skips_what_it_cannot_read(
    shared: Path, listen: str, message: object, caplog: pytest.LogCaptureFixture
) -> None:
    """Telegram would repeat for ever what is not answered with 200."""
    desk = a_desk()

    async with (
        TelegramStandIn(Judge.of(shared)) as telegram,
        connected(telegram, desk, webhook_url=f"http://{listen}", webhook_listen=listen),
    ):
        telegram.arrive("message", message)
        telegram.say(telegram.user(), "/help")
        telegram.say(telegram.user(), "/help")
        await telegram.until(lambda: len(telegram.posts) == 2)

    assert len(desk.requests) == 2
    assert caplog.text.count("Skipped update 1 of Telegram") == 1
    assert "a private word" not in caplog.text


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"null", b'"x"'])
async def test_called_bot_takes_a_body_that_is_none(
    shared: Path, listen: str, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a proxy made of it."""
    async with (
        TelegramStandIn(Judge.of(shared)) as telegram,
        connected(telegram, webhook_url=f"http://{listen}", webhook_listen=listen),
        aiohttp.ClientSession() as proxy,
    ):
        hook = telegram.methods.webhook
        headers = {SECRET: hook["secret_token"]}
        answer = await proxy.post(hook["url"], data=body, headers=headers)

    assert answer.status == 200
    assert caplog.text.count("Skipped an update of Telegram") == 1


async def test_second_poller_is_shown_as_trouble(shared: Path, counter: Counter) -> None:
    """`/status` tells the owner, on each platform that still answers."""
    troubles: dict[str, str] = {}
    told = Counter(counter.store, troubles=troubles, status=lambda: Status(troubles=dict(troubles)))

    async with TelegramStandIn(Judge.of(shared)) as telegram:
        terminated = "Conflict: terminated by other getUpdates request"
        telegram.fail("getUpdates", Refusal(409, terminated))
        async with connected(telegram, told.core):
            telegram.say(telegram.user(), "/status")
            post = await telegram.next_post()

    assert "Out of order: Telegram" in post.text
    assert "Another program uses the same token" in post.text


class Script:
    """Polls at given moments of a clock, and notes what is reported."""

    def __init__(self, telegram: TelegramStandIn) -> None:
        self.now = 0.0
        self.reports: list[tuple[float, str]] = []
        self._telegram = telegram

    def report(self, trouble: str) -> None:
        """Note what is said, and when."""
        self.reports.append((self.now, trouble))

    async def poll(self, turns: Sequence[tuple[float, bool]]) -> None:
        """Poll once at each of these moments; True: another program disturbs it."""
        bot = Bot(
            self._telegram.token,
            base_url=f"{self._telegram.base_url}/bot",
            request=AiohttpRequest(connections=1),
            get_updates_request=AiohttpRequest(connections=1),
        )
        async with bot, asyncio.TaskGroup() as group:
            inbox = Inbox(lambda _update: asyncio.sleep(0), group)
            poller = Poller(bot, inbox, self.report, monotonic=lambda: self.now)
            stop = asyncio.Event()
            stop.set()
            for self.now, is_disturbed in turns:
                self._telegram.say(self._telegram.user(), "hello")
                if is_disturbed:
                    self._telegram.fail("getUpdates", Refusal(409, "Conflict: terminated"))
                await poller._poll(stop)


async def test_second_poller_is_trouble_for_as_long_as_it_disturbs(shared: Path) -> None:
    """Both get a poll through between the other's; only a while without any 409 is the end."""
    async with TelegramStandIn(Judge.of(shared)) as telegram:
        script = Script(telegram)
        calm = 70 + ALONE_AFTER_S
        disturbed = {10.0, 70.0}
        moments = (0.0, 10.0, 40.0, 70.0, 71.0, calm - 1, calm, 200.0)
        await script.poll([(moment, moment in disturbed) for moment in moments])

    found = [(at, bool(trouble)) for at, trouble in script.reports]
    assert found == [(10, True), (70, True), (calm, False)]
