"""The real adapter, opened against the stand-in, with a core that records or the real one."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from desks import Counter
from standins.telegram.server import TelegramStandIn
from standins.telegram.spec import Judge
from standins.telegram.world import Chat, User
from stores import made_store

from bot.adapters.telegram import create
from bot.domain.deliveries import Delivery
from bot.domain.messages import Message
from bot.domain.requests import (
    CommandReply,
    CommandRequest,
    CommandSpec,
    Desk,
    Option,
    OptionKind,
    Who,
)
from bot.domain.subscriptions import Destination
from bot.ports import Adapter, Pace
from bot.testing import a_delivery, an_event
from bot.testing.surroundings import Answer, OpenPace, RecordingDesk, surroundings

HELP = CommandSpec(name="help", description="Explain the commands")
SUBSCRIBE = CommandSpec(
    name="subscribe",
    description="Follow events here",
    who=Who.MANAGERS,
    options=(
        Option(name="type", description="Kinds of events", kind=OptionKind.TYPE, is_first=True),
        Option(name="agency", description="Who takes part", kind=OptionKind.AGENCY),
        Option(name="search", description="Words", kind=OptionKind.TEXT),
    ),
)
SPECS = (HELP, SUBSCRIBE)


async def _done(request: CommandRequest) -> CommandReply:
    """Answer any command with one line that names it."""
    return CommandReply(messages=(Message(kind=None, headline=f"Done: {request.command}"),))


def a_desk(answer: Answer = _done) -> RecordingDesk:
    """A command core with two commands."""
    return RecordingDesk(SPECS, answer=answer)


def always(*messages: Message, **changes: Any) -> Answer:
    """The same reply to every command."""

    async def answer(_request: CommandRequest) -> CommandReply:
        return CommandReply(messages=messages, **changes)

    return answer


@asynccontextmanager
async def connected(
    telegram: TelegramStandIn,
    desk: Desk | None = None,
    *,
    pace: Pace | None = None,
    parts: Mapping[str, Any] | None = None,
    **options: object,
) -> AsyncIterator[Adapter]:
    """Open the adapter with the stand-in's address and token, unless `options` say otherwise.

    Args:
        telegram: the server.
        desk: the command core.
        pace: the limiter.
        parts: what else surrounds it.
        options: its settings.

    """
    given = {"token": telegram.token, "api_base_url": telegram.base_url, **options}
    around: dict[str, Any] = {"desk": desk or a_desk(), "pace": pace or OpenPace(), **(parts or {})}
    async with create(surroundings(given, name="telegram", **around)) as adapter:
        yield adapter


@asynccontextmanager
async def standing(shared: Path) -> AsyncIterator[tuple[TelegramStandIn, Counter]]:
    """The real core that knows one event, before it the adapter; no request may be wrong."""
    async with made_store("sqlite://") as store, TelegramStandIn(Judge.of(shared)) as telegram:
        counter = Counter(store, adapter="telegram")
        await counter.watch(an_event())
        async with connected(telegram, counter.core):
            yield telegram, counter
        assert telegram.faults == []


def to(place: Chat | User | str, topic: int | None = None, **changes: Any) -> Delivery:
    """A delivery to a chat or a topic of it."""
    address = place if isinstance(place, str) else f"{place.id}"
    whole = address if topic is None else f"{address}/{topic}"
    return a_delivery(destination=Destination(adapter="telegram", address=whole), **changes)
