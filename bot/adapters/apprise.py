"""The door to the services that Apprise knows: plain text to whatever an address in it names.

`apprise:<name>` is the address of that name in the setting `apprise.urls`. Apprise says only
whether a service took a message, so a message that it did not take is tried again.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta, tzinfo

from bot.domain.deliveries import Delivery, Gone, Later, Outcome, Sent, Unknown
from bot.domain.messages import Lane, Limits, Message, Rate
from bot.errors import ConfigError
from bot.ports import Adapter, Pace, Surroundings
from bot.rendering.fit import Measure, cut
from bot.rendering.plain import render_plain
from bot.rendering.untrusted import one_line

try:
    import apprise
except ModuleNotFoundError as exc:
    raise ConfigError(
        "the adapter apprise needs the package apprise, which is not installed; "
        'install Perigee with it: pip install "perigee[apprise]"'
    ) from exc

_TEXT = 4096
"""Characters at most, where the service would take more: a message is to be read, not scrolled."""

_POLITE_S = 1.0
"""Seconds between two messages to a service that states no pace of its own."""

_PATIENCE = timedelta(seconds=25)
"""For one message; Apprise's own waits for an answer are some seconds each."""

_MENTION = re.compile(r"(?<![\w/])@(?=\w)|<(?=\s*[@!#&])")
"""What some service could take for a call to somebody; in addresses, `/@name` is none."""

_WORD_JOINER = "\N{WORD JOINER}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Service:
    """A service of the settings.

    Attributes:
        notifier: what sends to it.
        title: characters that its title may have; 0: it has none, and Apprise puts ours first.
        text: characters that its title and text may have together.
        pause: between two messages.

    """

    notifier: apprise.Apprise
    title: int
    text: int
    pause: timedelta


class AppriseAdapter:
    """Sends plain text, the headline as its title, to the services by their names."""

    def __init__(
        self,
        name: str,
        services: Mapping[str, _Service],
        pace: Pace,
        *,
        patience: timedelta = _PATIENCE,
    ) -> None:
        self.name = name
        self.limits = Limits(text=_TEXT, links=10, rate=1.0, concurrency=4, lane=self._lane)
        self._services = services
        self._pace = pace
        self._patience_s = patience.total_seconds()

    def _lane(self, address: str) -> Lane | None:
        service = self._services.get(address)
        if service is None:
            return None
        return Lane(key=address, rates=(Rate(count=1, per=service.pause),))

    async def send(self, delivery: Delivery, message: Message) -> Outcome:
        """Send it; the end of a send that takes too long is not known."""
        address = delivery.destination.address
        service = self._services.get(address)
        if service is None:
            return Gone(reason=_unknown(address))
        title, text = _rendered(message, service, delivery.channel.zone)
        try:
            async with self._pace.slot(address), asyncio.timeout(self._patience_s):
                took_it = await service.notifier.async_notify(
                    body=text, title=title, body_format=apprise.NotifyFormat.TEXT
                )
        except TimeoutError:
            return Unknown(reason=f'"{address}" did not answer within {self._patience_s:g} s')
        # Apprise's reasons go to its log alone, at `debug` in full.
        return Sent() if took_it else Later(reason=f'"{address}" did not take it; see the log')


def _unknown(address: str) -> str:
    return (
        f'there is no service "{one_line(address)}" in the settings; '
        "add it to [apprise.urls] with its address, and start Perigee again"
    )


def _rendered(message: Message, service: _Service, zone: tzinfo) -> tuple[str, str]:
    """Title and text, together no longer than the service takes, calling nobody."""
    longest = min(service.title or service.text // 2, service.text // 2)
    title = cut(_uncalling(one_line(message.headline)), longest, Measure.CODE_POINTS)
    room = max(min(service.text - len(title) - len("\r\n"), _TEXT), 1)
    shown = replace(message, headline="") if title else message
    limits = Limits(text=room)
    text = render_plain(shown, limits, zone=zone, measure=Measure.CODE_POINTS)
    return title, cut(_uncalling(text), room, Measure.CODE_POINTS)


def _uncalling(text: str) -> str:
    """The same to a reader, but no mention: Apprise hands `@everyone` on as it is."""
    return _MENTION.sub(rf"\g<0>{_WORD_JOINER}", text)


@asynccontextmanager
async def create(surroundings: Surroundings) -> AsyncIterator[Adapter]:
    """Read the addresses in `urls`; a destination whose name is there again is tried again.

    Raises:
        ConfigError: one is no address that Apprise knows.

    """
    urls = surroundings.options.get("urls")
    if not isinstance(urls, Mapping) or not urls:
        raise ConfigError("apprise.urls is empty; add a service, or leave the adapter off")
    # In a thread, because Apprise imports its hundred services at the first address.
    services = await asyncio.to_thread(_services, urls)
    for name in services if surroundings.sends else ():
        await surroundings.desk.reachable(name)
    yield AppriseAdapter(surroundings.name, services, surroundings.pace)


def _services(urls: Mapping[str, object]) -> dict[str, _Service]:
    return {name: _service(name, str(url)) for name, url in urls.items()}


def _service(name: str, url: str) -> _Service:
    asset = apprise.AppriseAsset(app_id="Perigee", app_desc="News of spaceflight")
    plugin = apprise.Apprise.instantiate(url, asset=asset)
    if plugin is None:
        raise ConfigError(
            f"apprise.urls.{name} is no address that Apprise knows; correct it by the page of its "
            "service in Apprise's documentation"
        )
    notifier = apprise.Apprise(asset=asset)
    notifier.add(plugin)
    pause = timedelta(seconds=max(plugin.request_rate_per_sec, _POLITE_S))
    return _Service(
        notifier=notifier, title=plugin.title_maxlen, text=plugin.body_maxlen, pause=pause
    )
