"""The adapter: opens python-telegram-bot, sends deliveries, listens to people. Decides nothing.

Options: `token`, `api_base_url` (the Bot API path is added to it), `paid_broadcast`; `webhook_url`
and `webhook_listen`, with which Telegram calls us instead of being asked.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Self

from telegram import Bot
from telegram.error import InvalidToken, TelegramError

from bot.adapters.telegram.addresses import lane_of, private_of, read_place
from bot.adapters.telegram.inbox import Inbox
from bot.adapters.telegram.listening import Listener
from bot.adapters.telegram.menus import set_menus
from bot.adapters.telegram.outcomes import SECTION, token_refused
from bot.adapters.telegram.paced import Paced
from bot.adapters.telegram.polling import Report, polling
from bot.adapters.telegram.posting import Draft, Post
from bot.adapters.telegram.rights import Rights
from bot.adapters.telegram.transport import AiohttpRequest
from bot.adapters.telegram.webhook import Hook, called, read_hook
from bot.domain.deliveries import Delivery, Gone, Outcome, Priority
from bot.domain.messages import Limits, Message, part_of
from bot.errors import ChatUnavailable, ConfigError
from bot.ports import Adapter, Surroundings

FREE = Limits(
    text=4096,
    rate=27.0,
    concurrency=30,
    slots=30,
    listening=0.2,
    lane=lane_of,
    private=private_of,
    tells_departure=True,
)
"""What a bot may send for nothing; the rate is what its slots give (facts-delivery, 1.4)."""

PAID = replace(FREE, rate=900.0, concurrency=250, slots=1000, listening=0.05)
"""With paid broadcasts. A few hundred at once fill the rate at the network's usual latency."""

_API = "https://api.telegram.org"
_FOR_PEOPLE = 8
"""Connections beside those of deliveries, for replies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """A bot's section of the settings, read; `section` is what it is called."""

    token: str = field(repr=False)
    api_base_url: str = _API
    paid_broadcast: bool = False
    webhook: Hook | None = None
    section: str = SECTION

    @classmethod
    def read(cls, given: Mapping[str, object], section: str = SECTION) -> Self:
        """Check what is needed to begin.

        Raises:
            ConfigError: there is no token, or half a webhook.

        """
        token = f"{given.get('token') or ''}"
        if not token:
            raise ConfigError(f"{section}.token is empty; set it to the token that @BotFather gave")
        address = f"{given.get('api_base_url') or _API}".rstrip("/")
        paid = bool(given.get("paid_broadcast"))
        return cls(
            token=token,
            api_base_url=address,
            paid_broadcast=paid,
            webhook=read_hook(given, section),
            section=section,
        )

    @property
    def limits(self) -> Limits:
        """What may be sent with these options."""
        return PAID if self.paid_broadcast else FREE


class TelegramAdapter:
    """Sends deliveries; made by `create`."""

    def __init__(self, name: str, limits: Limits, post: Post, options: Options) -> None:
        self.name = name
        self.limits = limits
        self._post = post
        self._is_paid = options.paid_broadcast

    async def send(self, delivery: Delivery, message: Message) -> Outcome:
        """Send one message; see `ports.Adapter`.

        Raises:
            ConfigError: Telegram knows our token no more.
            HeldBack: the limits let it out only later; nothing was sent.

        """
        address = delivery.destination.address
        place = read_place(address)
        if place is None:
            wanted = "the chat's number, or that and the topic's, e.g. -1001234567890/7"
            return Gone(reason=f'"{address}" is no address in Telegram; write {wanted}')
        draft = Draft(
            place=place,
            message=message,
            zone=delivery.channel.zone,
            is_silent=delivery.channel.is_silent and not message.urgent,
            is_paid=self._is_paid,
            is_alert=delivery.priority is Priority.URGENT,
            delivery=delivery.id,
        )
        return await self._post.put(draft)


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """Who the bot is: its @name, and the link by which one adds it to a group."""

    name: str
    invite: str


async def introduce(options: Mapping[str, object], section: str = SECTION) -> Introduction:
    """Ask Telegram who the bot is, and go; one request, which disturbs no bot that runs.

    Raises:
        ConfigError: Telegram does not accept the token.
        ChatUnavailable: Telegram gave no usable answer.

    """
    async with _connected(Options.read(options, section)) as bot:
        return Introduction(name=bot.name, invite=_invite(bot))


@asynccontextmanager
async def create(surroundings: Surroundings) -> AsyncIterator[Adapter]:
    """Connect to Telegram, and listen until left unless another process does.

    Raises:
        ConfigError: the token is missing or not accepted, now or later.
        ChatUnavailable: Telegram gave no usable answer.

    """
    options = Options.read(surroundings.options, surroundings.section)
    sends, listens = surroundings.sends, surroundings.listens
    limits = part_of(options.limits, sends=sends, listens=listens)
    paced = Paced(surroundings.pace)
    async with _connected(options, paced) as bot:
        post = Post(bot, paced, limits, options.section)
        surroundings.desk.introduce(_invite(bot))
        async with AsyncExitStack() as stack:
            if listens:
                await _greet(bot, paced, surroundings)
                listener = Listener(bot, surroundings, paced, post, Rights(bot, paced))
                hearing = _listening(bot, paced, listener, options, surroundings.desk.report)
                await stack.enter_async_context(hearing)
            yield TelegramAdapter(surroundings.name, limits, post, options)


def _invite(bot: Bot) -> str:
    """The link by which one adds the bot to a group (core.telegram.org/bots/features)."""
    return f"{bot.link}?startgroup=true"


@asynccontextmanager
async def _connected(options: Options, paced: Paced | None = None) -> AsyncIterator[Bot]:
    """A bot whose token Telegram knows; only polling has a connection of its own.

    Each closes its own: `Bot.shutdown` leaves them open where it is cancelled.
    """
    connections = options.limits.concurrency + _FOR_PEOPLE
    async with (
        AiohttpRequest(connections=connections) as request,
        AiohttpRequest(connections=1) as get_updates_request,
    ):
        bot = Bot(
            options.token,
            base_url=f"{options.api_base_url}/bot",
            request=request,
            get_updates_request=get_updates_request,
        )
        begin = partial(paced.request, bot.initialize) if paced is not None else bot.initialize
        await _begin(begin, options)
        yield bot


async def _begin(begin: Callable[[], Awaitable[None]], options: Options) -> None:
    try:
        await begin()
    except InvalidToken:
        # Not "from" it: the text of that error holds the token.
        raise token_refused(options.section) from None
    except TelegramError as error:
        unreachable = f"Telegram does not answer at {options.api_base_url}: {error}"
        raise ChatUnavailable(unreachable) from error


async def _greet(bot: Bot, paced: Paced, surroundings: Surroundings) -> None:
    """Forget the webhook that an earlier run may have set, and set the menus."""
    try:
        await paced.request(bot.delete_webhook)
        await set_menus(bot, paced, surroundings.desk.specs)
    except TelegramError as error:
        raise ChatUnavailable(f"Telegram does not let the bot introduce itself: {error}") from error


@asynccontextmanager
async def _listening(
    bot: Bot, paced: Paced, listener: Listener, options: Options, report: Report
) -> AsyncIterator[None]:
    """Hear people meanwhile."""
    async with _group() as group:
        inbox = Inbox(listener.hear, group)
        hook = options.webhook
        source = (
            called(bot, paced, inbox, hook)
            if hook
            else polling(bot, inbox, group, report, options.section)
        )
        try:
            async with source:
                yield
        finally:
            inbox.close()


@asynccontextmanager
async def _group() -> AsyncIterator[asyncio.TaskGroup]:
    """A task group that raises a lone error as itself, so that its sentence can be told."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except ExceptionGroup as errors:
        if len(errors.exceptions) > 1:
            raise
        raise errors.exceptions[0] from None
