"""What a delivery becomes through Apprise, by the real library against a server on this machine."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from typing import Any

import pytest
from aiohttp import web

from bot.adapters.apprise import AppriseAdapter, _rendered, _service, create
from bot.adapters.registry import load_adapter
from bot.config import Settings
from bot.domain.channels import Channel
from bot.domain.deliveries import Delivery, Gone, Later, Sent, Unknown
from bot.domain.messages import Section
from bot.domain.subscriptions import Destination
from bot.errors import ConfigError
from bot.logs import Mask
from bot.ports import Adapter, Surroundings
from bot.testing import a_delivery, a_hostile_message, a_message, check_adapter
from bot.testing.surroundings import OpenPace, RecordingDesk, surroundings

# Apprise imports a module of the standard library that newer Pythons lack.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

TOPIC = "tk-5ecretPart"


@dataclass(slots=True, kw_only=True)
class StandIn:
    """A service that takes Apprise's JSON notifications.

    Attributes:
        status: what it answers.
        is_awake: while it is not set, nothing is answered.
        taken: every notification, in order.

    """

    url: str = ""
    status: int = 200
    is_awake: asyncio.Event = field(default_factory=asyncio.Event)
    taken: list[dict[str, Any]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        """Record it."""
        self.taken.append(await request.json())
        await self.is_awake.wait()
        return web.Response(status=self.status)


@pytest.fixture
async def service() -> AsyncIterator[StandIn]:
    """A service on this machine."""
    stand_in = StandIn()
    stand_in.is_awake.set()
    app = web.Application()
    app.router.add_post("/{tail:.*}", stand_in.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    stand_in.url = f"json://{host}:{port}/{TOPIC}/"
    yield stand_in
    await runner.cleanup()


@asynccontextmanager
async def opened(around: Surroundings) -> AsyncIterator[Adapter]:
    """The adapter, as an entry point gives it."""
    async with load_adapter("apprise")(around) as adapter:
        yield adapter


def around(url: str) -> Surroundings:
    """Settings with one service, `phone`."""
    return surroundings({"urls": {"phone": url}}, name="apprise")


def to(name: str) -> Delivery:
    """A delivery to the service of this name."""
    return a_delivery(destination=Destination(adapter="apprise", address=name))


async def test_the_adapter_keeps_the_contract(service: StandIn) -> None:
    """The same check that plug-in authors have."""
    await check_adapter(create, {"urls": {"phone": service.url}}, "phone")


async def test_the_headline_is_the_title_and_the_rest_plain_text(service: StandIn) -> None:
    """Services show the title their own way; it is not said twice."""
    async with opened(around(service.url)) as adapter:
        outcome = await adapter.send(to("phone"), a_message())

    (note,) = service.taken
    assert outcome == Sent()
    assert note["title"] == "Moved later by 1 day 20 h 25 min"
    assert note["message"].splitlines()[0] == "Cygnus NG-27 Berthing"
    assert "16 Mar 2027, 09:30 UTC" in note["message"]
    assert "https://example.org/live" in note["message"]


async def test_times_are_those_of_the_channel(service: StandIn) -> None:
    """No service that Apprise knows is told moments that it could convert."""
    here = replace(to("phone"), channel=Channel(time_zone="Asia/Tokyo"))

    async with opened(around(service.url)) as adapter:
        await adapter.send(here, a_message())

    assert "16 Mar 2027, 18:30 JST" in service.taken[0]["message"]


async def test_each_send_goes_through_the_pace(service: StandIn) -> None:
    """A service has a lane of its own, however many others there are."""
    given = around(service.url)

    async with opened(given) as adapter:
        await adapter.send(to("phone"), a_message())
        lane = adapter.limits.lane("phone")

    assert isinstance(given.pace, OpenPace)
    assert given.pace.taken == [("phone", False)]
    assert lane is not None
    assert lane.key == "phone"


async def test_a_service_in_trouble_gets_it_later(service: StandIn) -> None:
    """Apprise says no more than that it failed; most of what fails comes right."""
    service.status = 503

    async with opened(around(service.url)) as adapter:
        outcome = await adapter.send(to("phone"), a_message())

    assert outcome == Later(reason='"phone" did not take it; see the log')
    assert len(service.taken) == 1


async def test_a_service_out_of_reach_gets_it_later() -> None:
    """Nobody listens at port 9."""
    async with opened(around("json://127.0.0.1:9/")) as adapter:
        outcome = await adapter.send(to("phone"), a_message())

    assert isinstance(outcome, Later)


async def test_a_lost_answer_leaves_the_end_unknown(service: StandIn) -> None:
    """The service may have it: what follows is not the adapter's to decide."""
    service.is_awake.clear()
    services = {"phone": _service("phone", service.url)}
    adapter = AppriseAdapter("apprise", services, OpenPace(), patience=timedelta(milliseconds=200))

    outcome = await adapter.send(to("phone"), a_message())
    service.is_awake.set()

    assert outcome == Unknown(reason='"phone" did not answer within 0.2 s')


async def test_an_unknown_name_says_which_setting_to_add(service: StandIn) -> None:
    """The destination is paused, and whoever looks at it knows what to do."""
    async with opened(around(service.url)) as adapter:
        outcome = await adapter.send(to("tablet"), a_message())

    assert isinstance(outcome, Gone)
    assert 'no service "tablet"' in outcome.reason
    assert "[apprise.urls]" in outcome.reason
    assert service.taken == []


async def test_a_name_that_is_in_the_settings_is_tried_again(service: StandIn) -> None:
    """So a paused destination goes on once its service was added."""
    given = around(service.url)

    async with opened(given):
        pass

    assert isinstance(given.desk, RecordingDesk)
    assert given.desk.heard == [("reachable", "phone", "")]


async def test_hostile_text_arrives_as_text_and_calls_nobody(service: StandIn) -> None:
    """Markup is left as it was written; what a service could take for a mention is broken up."""
    section = Section(body=("<!channel> <@U123> @everyone a@b https://example.org/@nasa <b>x</b>",))

    async with opened(around(service.url)) as adapter:
        await adapter.send(to("phone"), a_message(sections=(section,)))
        await adapter.send(to("phone"), a_hostile_message())

    first, second = service.taken
    told = "<\u2060!channel> <\u2060@\u2060U123> @\u2060everyone a@b https://example.org/@nasa"
    assert f"{told} <b>x</b>" in first["message"]
    assert "<script>alert(1)</script>" in second["message"]
    assert "@everyone" not in second["message"]
    assert second["title"].startswith("@\u2060here")


@pytest.mark.parametrize(
    ("url", "limit"),
    [
        (f"json://127.0.0.1/{TOPIC}", 32768),
        (f"clicksend://ada:{'k' * 30}@15553336666/", 1224),
        ("dapnet://ada:sesame@DF1ABC", 80),
    ],
)
def test_a_message_is_no_longer_than_the_service_takes(url: str, limit: int) -> None:
    """Services of short messages say their limit, and most refuse what is longer."""
    title, text = _rendered(a_hostile_message(), _service("phone", url), UTC)

    assert title
    assert 0 < len(text) <= 4096
    assert len(f"{title}\r\n{text}") <= limit


@pytest.mark.parametrize("url", ["nosuch://host/path", "json://"])
async def test_an_address_that_apprise_does_not_know_is_the_owners_to_correct(url: str) -> None:
    """The sentence names the setting, never the address: it is a secret."""
    with pytest.raises(ConfigError, match=r"apprise\.urls\.phone is no address") as caught:
        async with opened(around(url)):
            pass

    assert url not in str(caught.value)


async def test_no_part_of_an_address_is_logged(
    service: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    """Apprise and what it sends by may log what they like: the mask knows each part."""
    settings = Settings.model_validate({"apprise": {"urls": {"phone": service.url}}})
    mask = Mask(settings.secrets())
    service.status = 500

    with caplog.at_level(logging.DEBUG):
        async with opened(around(service.url)) as adapter:
            await adapter.send(to("phone"), a_message())

    assert TOPIC in caplog.text
    assert TOPIC not in mask(caplog.text)


def test_without_the_extra_only_this_adapter_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says how to install it, and the others work."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    monkeypatch.delitem(sys.modules, "bot.adapters.apprise")

    with pytest.raises(ConfigError, match=r'pip install "perigee\[apprise\]"$'):
        load_adapter("apprise")

    assert callable(load_adapter("console"))
