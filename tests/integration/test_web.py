"""The web server that watchers ask: what it says, to whom, and what it refuses."""

import asyncio
import json
from datetime import timedelta

import pytest
from watchers import SECRET, FixedVitals, Watcher, a_heartbeat, open_watcher

from bot.domain.vitals import Facts, Queue
from bot.errors import ConfigError
from bot.web.metrics import Metrics
from bot.web.server import MOST_VISITORS, serve

HOUR = timedelta(hours=1)
WELL = Facts(data_age=timedelta(minutes=1), fresh_for=HOUR, adapters={"console": ""})
PATIENCE_S = 30.0


def port_of(watcher: Watcher) -> int:
    """Where it is listened."""
    return int(watcher.address.rpartition(":")[2])


async def said(watcher: Watcher, request: bytes) -> bytes:
    """Everything that comes back to these bytes until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(watcher))
    async with asyncio.timeout(PATIENCE_S):
        writer.write(request)
        answer = await reader.read()
    writer.close()
    return answer


async def test_health_is_good_while_every_loop_keeps_its_time() -> None:
    """200, and each loop by name with its age."""
    vitals = FixedVitals(told=WELL, beats=(a_heartbeat("fan-out"), a_heartbeat("poller")))

    async with open_watcher(vitals) as watcher:
        told = await watcher.ask("/healthz")

    assert told.status == 200
    in_time = {"age_seconds": 2.0, "late": False}
    assert json.loads(told.text) == {"ok": True, "loops": {"fan-out": in_time, "poller": in_time}}


async def test_health_is_bad_when_one_loop_is_late() -> None:
    """503, whatever the others do; it says which."""
    beats = (a_heartbeat("fan-out"), a_heartbeat("poller", is_late=True))

    async with open_watcher(FixedVitals(told=WELL, beats=beats)) as watcher:
        told = await watcher.ask("/healthz")

    assert told.status == 503
    loops = json.loads(told.text)["loops"]
    assert [name for name, one in loops.items() if one["late"]] == ["poller"]


async def test_readiness_gives_its_reasons_and_no_secret() -> None:
    """503 with a sentence for each, in which what is secret is masked."""
    facts = Facts(adapters={"discord": f"the token {SECRET} is refused", "console": ""})

    async with open_watcher(FixedVitals(told=facts)) as watcher:
        told = await watcher.ask("/readyz")

    assert told.status == 503
    assert json.loads(told.text) == {"ok": False, "reasons": ["discord: the token *** is refused"]}


async def test_ready_service_gives_no_reason() -> None:
    """200."""
    async with open_watcher(FixedVitals(told=WELL)) as watcher:
        told = await watcher.ask("/readyz")

    assert (told.status, json.loads(told.text)) == (200, {"ok": True, "reasons": []})


async def test_metrics_are_prometheus_text() -> None:
    """With the content type that Prometheus wants, and what the store knows at this moment."""
    facts = Facts(queues={"console": Queue(depth=7, age=HOUR)}, requests=20, budget=14)
    vitals = FixedVitals(told=facts, beats=(a_heartbeat(is_late=True),))

    async with open_watcher(vitals) as watcher:
        told = await watcher.ask("/metrics")
        first = await watcher.samples()
        vitals.told, vitals.beats = WELL, ()
        second = await watcher.samples()

    assert told.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert first['perigee_queue_depth{platform="console"}'] == 7
    assert first['perigee_queue_oldest_seconds{platform="console"}'] == 3600
    assert first["perigee_requests_left"] == 0
    assert first['perigee_loop_late{loop="poller"}'] == 1
    assert first["perigee_data_age_seconds"] == float("inf")
    assert second["perigee_data_age_seconds"] == 60
    # What is not there any more is not shown as it was.
    assert not [name for name in second if name.startswith(("perigee_queue", "perigee_loop"))]


@pytest.mark.parametrize("path", ["/", "/metrics/", "/healthz/x", "/%2e%2e/etc/passwd", "/favicon"])
async def test_unknown_path_is_not_found_in_a_line(path: str) -> None:
    """And the line says what there is."""
    async with open_watcher(FixedVitals(told=WELL)) as watcher:
        told = await watcher.ask(path)

    assert told.status == 404
    assert told.text == "Nothing is here; there are /healthz, /readyz and /metrics.\n"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"])
async def test_only_get_is_answered(method: str) -> None:
    """There is nothing to change here."""
    async with open_watcher(FixedVitals(told=WELL)) as watcher:
        told = await watcher.ask("/healthz", method=method)

    assert told.status == 405


@pytest.mark.parametrize(
    "request_sent",
    [
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + b"X-Many: x\r\n" * 10_000 + b"\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01 this is no HTTP\r\n\r\n",
    ],
    ids=["long header", "many headers", "long path", "no HTTP"],
)
async def test_what_no_watcher_sends_is_refused(
    request_sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told so in one answer, and strangers cannot fill the log with it."""
    async with open_watcher(FixedVitals(told=WELL)) as watcher:
        answer = await said(watcher, request_sent)
        after = await watcher.statuses("/healthz")

    assert answer.startswith((b"HTTP/1.0 400 ", b"HTTP/1.1 400 "))
    assert not [one for one in caplog.records if one.levelname in {"WARNING", "ERROR"}]
    assert after == [200]


async def test_connection_ends_with_its_answer() -> None:
    """A body is not read, nor a second request on the same connection."""
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"

    async with open_watcher(FixedVitals(told=WELL)) as watcher:
        answer = await said(watcher, request)

    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"aiohttp" not in answer


@pytest.mark.parametrize("request_begun", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\n"])
async def test_visitor_who_dawdles_is_shown_out(request_begun: bytes) -> None:
    """A connection has its time, whether it says nothing or never ends what it says."""
    brief = timedelta(milliseconds=10)

    async with open_watcher(FixedVitals(told=WELL), longest_visit=brief) as watcher:
        answer = await said(watcher, request_begun)

    assert answer == b""


async def test_crowd_is_not_let_in() -> None:
    """Connections are bounded, so that no stranger uses up what the bot itself needs."""
    async with open_watcher(FixedVitals(told=WELL)) as watcher:
        crowd = [
            await asyncio.open_connection("127.0.0.1", port_of(watcher))
            for _ in range(MOST_VISITORS)
        ]
        turned = await said(watcher, b"")
        for _, writer in crowd:
            writer.close()
            await writer.wait_closed()
        async with asyncio.timeout(PATIENCE_S):
            while not (await said(watcher, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")):
                pass

    assert turned == b""


async def test_address_in_use_is_the_owners_mistake() -> None:
    """Told in one sentence that names the setting."""
    async with open_watcher(FixedVitals(told=WELL)) as watcher:
        listen = f"127.0.0.1:{port_of(watcher)}"
        opening = serve(listen, FixedVitals(told=WELL), Metrics(), str)
        with pytest.raises(ConfigError, match=f'web.listen = "{listen}" cannot be listened at: '):
            async with opening:
                pass
