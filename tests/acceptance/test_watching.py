"""`perigee run` as its watchers see it: /healthz, /readyz, /metrics, and the container's check."""

import asyncio
import json
import re
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from chats import NEW, STORY, open_chats
from programs import PATIENCE, Program, Running, Story
from watchers import Watcher, bound_address

DAY = timedelta(days=1)
ANY_PORT = {"web__listen": "127.0.0.1:0"}
QUICK = {"ll2__poll_interval": "1s", "ll2__hourly_budget": "1000"}
SENT = 'perigee_deliveries_total{kind="date",outcome="sent",platform="console",reason="none"}'
WRONG = "MTIz.no-such-discord-token"
DOCKERFILE = Path(__file__).parents[2] / "Dockerfile"


async def watcher_of(running: Running) -> Watcher:
    """Who asks a program at the address that its log tells."""
    await running.until("Serving /healthz")
    return Watcher(address=bound_address(running.err.decode()))


async def until_sample(watcher: Watcher, name: str, value: float) -> dict[str, float]:
    """Ask until a sample is there and as great; all samples then."""
    async with asyncio.timeout(PATIENCE.total_seconds()):
        while (found := await watcher.samples()).get(name, 0) < value:
            pass
    return found


async def until_ready(watcher: Watcher) -> None:
    """Ask until /readyz answers 200."""
    async with asyncio.timeout(PATIENCE.total_seconds()):
        while await watcher.statuses("/readyz") != [200]:
            pass


async def test_running_service_tells_that_it_is_well(service: Program, story: Story) -> None:
    """Healthy, ready after the first poll, and what it delivers is counted."""
    await service.run("subscriptions", "add", "--to", "console:main", "--remind", "off")

    async with service.given(**QUICK, **ANY_PORT).started("run") as running:
        watcher = await watcher_of(running)
        await until_ready(watcher)
        health = await watcher.ask("/healthz")
        story.go_on(DAY)
        found = await until_sample(watcher, SENT, 1)
        running.send(signal.SIGTERM)
        done = await running.end(within=timedelta(seconds=10))

    assert done.code == 0
    assert health.status == 200
    loops = ["dispatcher console", "fan-out", "housekeeper", "librarian", "poller", "reminders"]
    assert [*json.loads(health.text)["loops"]] == loops
    assert found['perigee_changes_total{kind="date"}'] == 1
    assert found['perigee_polls_total{outcome="read"}'] >= 2
    assert found['perigee_destinations{platform="console",state="active"}'] == 1
    assert found['perigee_adapter_connected{platform="console"}'] == 1
    assert 0 < found["perigee_requests_left"] < found["perigee_requests_budget"]
    assert found["perigee_data_age_seconds"] < 60
    assert found["perigee_store_readable"] == 1


async def test_wrong_token_is_no_illness_but_not_ready(perigee: Program, shared: Path) -> None:
    """/readyz names the platform and not the token; the other platform delivers all the same."""
    story = Story(STORY)
    async with story.told() as ll2, open_chats(shared) as chats:
        ada = chats.telegram.user()
        chats.configure(perigee.folder, ll2=ll2, discord=WRONG)
        async with perigee.given(**ANY_PORT).started("run") as running:
            watcher = await watcher_of(running)
            await running.until("first run: learnt")
            await running.until("event types")
            await running.until("Adapter discord failed")
            await chats.subscribe_in_telegram(ada, "EVA", by=ada)
            story.go_on(DAY)
            await chats.until_in_telegram(ada, [NEW])
            ready = await watcher.ask("/readyz")
            health = await watcher.ask("/healthz")
            metrics = await watcher.ask("/metrics")
            found = await watcher.samples()
            running.send(signal.SIGTERM)
            done = await running.end(within=timedelta(seconds=10))

    assert done.code == 0
    assert (ready.status, health.status) == (503, 200)
    (reason,) = json.loads(ready.text)["reasons"]
    assert reason.startswith("discord: discord.token is refused")
    assert found['perigee_adapter_connected{platform="discord"}'] == 0
    assert found['perigee_adapter_connected{platform="telegram"}'] == 1
    assert not [one for one in (ready, health, metrics) if WRONG in one.text]


async def test_address_in_use_ends_the_program_with_a_sentence(service: Program) -> None:
    """It is the owner's mistake, like any other of the settings."""
    taken = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    listen = f"127.0.0.1:{taken.sockets[0].getsockname()[1]}"
    async with taken:
        done = await service.given(web__listen=listen).run("run")

    assert done.code == 2
    assert done.err.splitlines()[-1] == (
        f'perigee: web.listen = "{listen}" cannot be listened at: Address already in use; '
        "choose another, or stop whoever has it"
    )
    assert "Traceback" not in done.err


async def test_once_and_without_an_address_nothing_is_served(service: Program) -> None:
    """One turn needs no watcher."""
    done = await service.given(**ANY_PORT).run("run", "--once")

    assert done.code == 0
    assert "Serving" not in done.err


async def checked(command: list[str], address: str) -> int:
    """The exit code of a container's health check, where the service listens at this address."""
    listen = "0.0.0.0:" + address.rpartition(":")[2]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *command[1:]),
        env={"PERIGEE_WEB__LISTEN": listen, "http_proxy": "http://127.0.0.1:9"},
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(PATIENCE.total_seconds()):
        return await process.wait()


async def test_containers_check_asks_for_health(service: Program) -> None:
    """It is content with a healthy service and not with one that is gone, whatever proxy is set."""
    found = re.search(r"^HEALTHCHECK .*CMD (\[.*\])$", DOCKERFILE.read_text(), re.MULTILINE)
    assert found
    command = json.loads(found[1])

    async with service.given(**ANY_PORT).started("run") as running:
        watcher = await watcher_of(running)
        healthy = await checked(command, watcher.address)
        running.send(signal.SIGTERM)
        await running.end(within=timedelta(seconds=10))
    gone = await checked(command, watcher.address)

    assert command[0] == "python"
    assert (healthy, gone) == (0, 1)


@pytest.mark.parametrize("listen", ["8080", "host:99999", "http://127.0.0.1:80"])
async def test_address_that_is_none_is_refused(service: Program, listen: str) -> None:
    """Before anything is opened."""
    done = await service.given(web__listen=listen).run("check")

    assert done.code == 2
    assert f'web.listen = "{listen}" (from PERIGEE_WEB__LISTEN) is not host:port' in done.err
