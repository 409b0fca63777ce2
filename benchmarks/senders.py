"""One sender of a broadcast as a program: our whole pipeline, or the bare client in a plain loop.

python -m benchmarks.senders PLATFORM SENDER, with the stand-in's options and places on its input.

All send the same message to each place, with the same client library and as many at once. The
pipeline is the service as the program puts it together, on a SQLite file; only the platform's own
limits are lifted. Prints, as JSON, what it took.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ParseMode

from benchmarks import places
from bot.adapters.discord import discord
from bot.adapters.discord.layout import laid_out
from bot.adapters.discord.sending import LIMITS
from bot.adapters.discord.transport import point_at, sweep_rarely
from bot.adapters.telegram.client import PAID
from bot.adapters.telegram.transport import AiohttpRequest
from bot.app import open_service
from bot.config.settings import FixedSettings
from bot.domain.changes import DateChanged
from bot.domain.deliveries import Delivery, Outcome
from bot.domain.messages import Limits, Message, no_lane
from bot.garbage import collect_rarely
from bot.ports import Adapter
from bot.rendering.compose import compose
from bot.rendering.telegram_html import render_bundle
from bot.service import Service
from bot.testing import START, an_event

AT_ONCE = 250
"""Sends under way, in a pipeline and in a loop."""

_WARM = 0.2
"""The share of messages after which memory is looked at first."""

_PAGE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a broadcast took.

    Attributes:
        seconds: from the first claim to the last record, or from the first send to the last answer.
        cpu_s: what this process worked meanwhile.
        grown_kib: by how much its memory grew from the first fifth of the messages on.

    """

    seconds: float
    cpu_s: float
    grown_kib: float


class _Meter:
    """Looks at time and memory while messages are sent."""

    def __init__(self, count: int) -> None:
        self._left, self._warm = count, int(count * (1 - _WARM))
        self._begun, self._worked = time.perf_counter(), time.process_time()
        self._at_first = _resident_kib()

    def sent(self) -> bool:
        """One more was sent; whether it was the last."""
        self._left -= 1
        if self._left == self._warm:
            self._at_first = _resident_kib()
        return not self._left

    def end(self) -> Measured:
        """What it took."""
        seconds, cpu_s = time.perf_counter() - self._begun, time.process_time() - self._worked
        return Measured(seconds=seconds, cpu_s=cpu_s, grown_kib=_resident_kib() - self._at_first)


def _resident_kib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE / 1024


class Lifted:
    """An adapter without the limits of its platform; `stop` is set after so many answers."""

    def __init__(self, adapter: Adapter, count: int) -> None:
        self.name = adapter.name
        self.limits: Limits = replace(
            adapter.limits, rate=1e6, concurrency=AT_ONCE, slots=0, lane=no_lane
        )
        self.stop = asyncio.Event()
        self.meter = _Meter(count)
        self._adapter = adapter

    async def send(self, delivery: Delivery, message: Message) -> Outcome:
        """Send it."""
        outcome = await self._adapter.send(delivery, message)
        if self.meter.sent():
            self.stop.set()
        return outcome


@asynccontextmanager
async def service(path: Path, **sections: object) -> AsyncIterator[Service]:
    """The program on a new store, with LL2 out of reach unless its section is given."""
    given = {"ll2": {"base_url": "http://127.0.0.1:9"}, "store": {"url": f"sqlite:///{path}"}}
    async with open_service(FixedSettings.model_validate(given | sections)) as opened:
        yield opened


def options_of(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a platform with which it could send a thousand a second in earnest."""
    return {**options, "paid_broadcast": True} if name == "telegram" else {**options}


async def until_heard(adapter: Adapter) -> None:
    """Wait until an adapter knows all places, where it listens for them."""
    # It tells nobody, so it is asked.
    while not getattr(adapter, "is_listening", True):  # noqa: ASYNC110
        await asyncio.sleep(0.05)


async def pipeline(name: str, options: Mapping[str, Any], addresses: Sequence[str]) -> Measured:
    """Send by the program: claim, write, mark, send and record."""
    collect_rarely()
    with TemporaryDirectory(prefix="perigee-bench-") as folder:
        path, sections = Path(folder) / "store.db", {name: options_of(name, options)}
        async with service(path, **sections) as ours:
            moving = places.events(1)
            await places.know(ours.store, moving)
            await places.settle(ours.store, path, ((name, one) for one in addresses))
            await places.notice_moves(ours.store, moving)
            await ours.fanout.drain()
            async with ours.opening(name) as opened:
                await until_heard(opened)
                return await _dispatch(ours, Lifted(opened, len(addresses)))


async def _dispatch(ours: Service, adapter: Lifted) -> Measured:
    async with ours.dispatcher(adapter) as dispatcher:
        await dispatcher.run(adapter.stop)
        return adapter.meter.end()


def _message() -> Message:
    (event,) = places.events(1)
    before = an_event(date=START).stated
    return compose((DateChanged(event_id=event.id, before=before, after=event.stated),), event)


Send = Callable[[str], Awaitable[object]]


async def _looped(addresses: Sequence[str], send: Send) -> Measured:
    """As many at once as the pipeline, each taking the next place."""
    meter = _Meter(len(addresses))

    async def work(left: Iterator[str]) -> None:
        for address in left:
            await send(address)
            meter.sent()

    left = iter(addresses)
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work(left), name="sender")
    return meter.end()


async def _bare_discord(
    options: Mapping[str, Any], addresses: Sequence[str], *, tamed: bool
) -> Measured:
    point_at(options["api_base_url"])
    arguments = laid_out(_message(), LIMITS)
    async with discord.Client(intents=discord.Intents.none()) as client:
        await client.login(options["token"])
        if tamed:
            sweep_rarely(client)

        async def send(address: str) -> None:
            channel = client.get_partial_messageable(int(address))
            await channel.send(**arguments, nonce=address)

        return await _looped(addresses, send)


async def _bare_telegram(options: Mapping[str, Any], addresses: Sequence[str]) -> Measured:
    message = _message()
    text = render_bundle((message,), PAID, UTC)
    buttons = [
        [InlineKeyboardButton(one.label, callback_data=one.press) for one in row]
        for row in message.buttons
    ]
    request, updates = AiohttpRequest(connections=AT_ONCE), AiohttpRequest(connections=1)
    api = f"{options['api_base_url']}/bot"
    bot = Bot(options["token"], api, request=request, get_updates_request=updates)

    async def send(address: str) -> None:
        await bot.send_message(
            int(address),
            text,
            parse_mode=ParseMode.HTML,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            reply_markup=InlineKeyboardMarkup(buttons),
            allow_paid_broadcast=True,
        )

    async with bot:
        return await _looped(addresses, send)


async def bare(name: str, options: Mapping[str, Any], addresses: Sequence[str]) -> Measured:
    """Send by the client alone; discord.py with the one mend that our transport makes."""
    if name == "telegram":
        return await _bare_telegram(options, addresses)
    return await _bare_discord(options, addresses, tamed=True)


async def untamed(name: str, options: Mapping[str, Any], addresses: Sequence[str]) -> Measured:
    """Send by discord.py just as it is."""
    if name != "discord":
        raise ValueError(name)
    return await _bare_discord(options, addresses, tamed=False)


_SENDERS = {"pipeline": pipeline, "bare": bare, "untamed": untamed}

if __name__ == "__main__":
    asked = json.loads(sys.stdin.readline())
    sending = _SENDERS[sys.argv[2]](sys.argv[1], asked["options"], asked["places"])
    print(json.dumps(asdict(asyncio.run(sending))))
