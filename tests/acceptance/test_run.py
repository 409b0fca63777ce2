"""`perigee run`: the service and one turn of it, against a served LL2, as seen from outside."""

import asyncio
import json
import os
import re
import shutil
import signal
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from programs import Program, Story, answering

DAY = timedelta(days=1)
QUICK = {"ll2__poll_interval": "1s", "ll2__hourly_budget": "1000"}
"""Settings for a service that asks every second."""


def nothing_there() -> web.Response:
    """LL2's 404."""
    return web.json_response({"detail": "Not found."}, status=404)


async def test_one_turn_learns_then_tells_then_is_silent(service: Program, story: Story) -> None:
    """The first run announces nothing, the next tells what changed, and nothing is told twice."""
    perigee = service.anew()
    await perigee.run("subscriptions", "add", "--to", "console:main", "--remind", "off")

    first = await perigee.run("run", "--once")
    story.go_on(DAY)
    second = await perigee.run("run", "--once")
    third = await perigee.run("run", "--once")

    assert [first.code, second.code, third.code] == [0, 0, 0]
    assert first.out == (
        "Polled LL2: 2 events; the first poll learns them and announces none. "
        "Deliveries: none were due.\n"
    )
    assert "Moved later by 2 days\nProgress MS-40 Docking\n" in second.out
    assert "  The docking waits.\n" in second.out
    assert "Webcast is live\nJuice Earth Flyby\n" in second.out
    assert second.out.endswith(
        "Polled LL2: 2 events; noticed 1 date, 1 update, 1 webcast. Deliveries: 2 sent.\n"
    )
    assert third.out == "Polled LL2: 2 events; noticed no change. Deliveries: none were due.\n"


async def test_first_run_announces_when_it_is_told_to(service: Program) -> None:
    """announce.first_run tells of every event that is there already."""
    announcing = service.given(announce__first_run="announce")
    await announcing.run("subscriptions", "add", "--to", "console:main", "--type", "Flyby")

    done = await announcing.run("run", "--once")

    assert done.code == 0
    assert done.out.count("── #main") == 1
    assert "New event\nJuice Earth Flyby\n" in done.out


async def test_list_with_missing_pages_is_not_believed(perigee: Program, shared: Path) -> None:
    """30 counted and 10 given is no snapshot: nothing is learnt, and the user is told."""
    page = json.loads((shared / "ll2" / "upcoming-page.json").read_text())

    async def answer(request: web.Request) -> web.Response:
        first = request.path.endswith("/events/upcoming/") and "offset" not in request.query
        return web.json_response(page) if first else nothing_there()

    async with answering(answer) as base_url:
        service = perigee.given(ll2__base_url=base_url, console__enabled="true")
        done = await service.run("run", "--once")
        known = await service.run("events", "--json")

    assert done.code == 1
    assert done.out == ""
    assert done.err.splitlines()[-1] == (
        "perigee: LL2 counted 30 events but gave 10 and goes on at 20; "
        "nothing was concluded from this answer"
    )
    assert known.document() == []


async def test_outage_ends_with_one_and_loses_nothing(service: Program) -> None:
    """`--once` without an answer of LL2 says so; the next turn does what this one could not."""
    announcing = service.given(announce__first_run="announce")
    await announcing.run("subscriptions", "add", "--to", "console:main")

    failed = await announcing.given(ll2__base_url="http://127.0.0.1:9/2.3.0").run("run", "--once")
    later = await announcing.run("run", "--once")

    assert failed.code == 1
    assert failed.err.splitlines()[-1] == (
        "perigee: LL2 at 127.0.0.1 gave no answer: the connection was refused or not possible"
    )
    assert later.out.endswith("noticed 2 new. Deliveries: 2 sent.\n")


async def test_signal_ends_the_service_cleanly(service: Program, story: Story) -> None:
    """It delivers what changed, and SIGTERM ends it with 0."""
    await service.run("subscriptions", "add", "--to", "console:main")

    async with service.given(**QUICK).anew().started("run") as running:
        await running.until("first run: learnt")
        story.go_on(DAY)
        await running.until("Webcast is live")
        await running.until("Moved later")
        running.send(signal.SIGTERM)
        done = await running.end(within=timedelta(seconds=10))

    assert done.code == 0
    first, *_, last = done.err.splitlines()
    assert re.search(r"Perigee \S+ watches http://\S+ and sends to: console$", first)
    assert last.endswith("Stopped")
    sent = await service.run("deliveries", "--json")
    assert [one["state"] for one in sent.document()] == ["sent", "sent"]


@pytest.mark.parametrize(
    ("line", "hanging"),
    [
        ("run", "/events/upcoming/"),
        ("run", "/api-throttle/"),
        ("run --once", "/events/upcoming/"),
    ],
)
async def test_signal_ends_a_service_that_waits_for_ll2(
    perigee: Program, line: str, hanging: str
) -> None:
    """LL2 may take a minute to answer; the owner need not wait for it, not even at the start."""
    asked = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        if not request.path.endswith(hanging):
            return nothing_there()
        asked.set()
        never: asyncio.Future[web.Response] = asyncio.get_running_loop().create_future()
        return await never

    async with answering(answer) as base_url, AsyncExitStack() as stack:
        service = perigee.given(ll2__base_url=base_url, console__enabled="true")
        running = await stack.enter_async_context(service.started(*line.split()))
        async with asyncio.timeout(30):
            await asked.wait()
        running.send(signal.SIGTERM)
        done = await running.end(within=timedelta(seconds=10))

    assert done.code == 0
    assert "Traceback" not in done.err


async def test_interrupted_demo_tidies_up(perigee: Program) -> None:
    """Who has seen enough leaves, and no file stays behind."""
    tidy = perigee.within(TMPDIR=str(perigee.folder))

    async with tidy.started("demo") as running:
        await running.until("Day 1 of 7")
        running.send(signal.SIGINT)
        done = await running.end()

    assert (done.code, done.err.strip()) == (1, "perigee: interrupted")
    assert [*perigee.folder.iterdir()] == []


async def test_one_store_has_one_runner(service: Program) -> None:
    """A second run is refused, subscribing works beside the first, and SIGINT ends it."""
    async with service.given(**QUICK).started("run") as running:
        await running.until("first run: learnt")
        second = await service.run("run", "--once")
        added = await service.run("subscriptions", "add", "--to", "console:main")
        running.send(signal.SIGINT)
        done = await running.end()

    assert second.code == 2
    assert second.err == (
        f"perigee: another perigee is running on the store {service.folder}/perigee.db; "
        "stop it first, or set store.url\n"
    )
    assert (added.code, done.code) == (0, 0)


async def on_a_terminal(program: Program, *arguments: str) -> str:
    """What the program shows on a terminal."""
    ours, theirs = os.openpty()
    try:
        async with program.started(*arguments, stdout=theirs) as running:
            done = await running.end()
        os.set_blocking(ours, False)
        shown = os.read(ours, 65_536).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.code == 0
    return shown


async def test_colour_is_for_terminals_that_want_it(service: Program) -> None:
    """A pipe gets none, a terminal does, and NO_COLOR forbids it."""
    await service.run("subscriptions", "add", "--to", "console:main")
    announcing = service.given(announce__first_run="announce")
    for name in ("a.db", "b.db"):
        shutil.copy(service.folder / "perigee.db", service.folder / name)

    piped = await announcing.run("run", "--once")
    coloured = await on_a_terminal(announcing.given(store__url="sqlite:///a.db"), "run", "--once")
    forbidden = announcing.given(store__url="sqlite:///b.db").within(NO_COLOR="1")
    plain = await on_a_terminal(forbidden, "run", "--once")

    assert [text.count("New event") for text in (piped.out, coloured, plain)] == [2, 2, 2]
    assert ["\x1b[" in text for text in (piped.out, coloured, plain)] == [False, True, False]
