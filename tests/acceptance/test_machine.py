"""A machine that is ill, as the whole program meets it: a clear end or a clear recovery.

Whatever was committed is there afterwards, and every message arrives once.
"""

import asyncio
import errno
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from outboxes import subscribe, to
from programs import Finished, Program, Running, Story, answering
from senders import a_store

from bot.domain.changes import Kind

DAY = timedelta(days=1)
CHANNELS = tuple(f"c{number:03}" for number in range(150))
EVENTS = ("Progress MS-40 Docking", "Juice Earth Flyby")
QUICK = {"ll2__poll_interval": "1s", "ll2__hourly_budget": "1000"}
MOUNT, UMOUNT = "/bin/mount", "/bin/umount"
_MESSAGE = re.compile(r"^── #(\w+) ─+\n.+\n(.+)\n", re.MULTILINE)


def _told(*lives: Finished) -> Counter[tuple[str, ...]]:
    """How often each channel was told of each event."""
    return Counter(found for life in lives for found in _MESSAGE.findall(life.out))


def _sentence(done: Finished, *, code: int = 1) -> str:
    """The one thing that it complained of, without a traceback."""
    assert (done.code, "Traceback" in done.err) == (code, False), done.err
    (said,) = [one for one in done.err.splitlines() if one.startswith("perigee: ")]
    return said.removeprefix("perigee: ")


class Disk:
    """A small disk of its own, mounted at a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """Leave not a byte."""
        # The service may take the last of it first.
        with suppress(OSError):
            (self.folder / "ballast").write_bytes(bytes(shutil.disk_usage(self.folder).free))

    def free(self) -> None:
        """Undo it."""
        (self.folder / "ballast").unlink()

    def protect(self) -> None:
        """Let nobody write any more."""
        subprocess.run([MOUNT, "-o", "remount,ro", self.folder], check=True)  # noqa: S603, ours


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """An empty disk of four megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    size = "size=4m"
    try:
        mounted = subprocess.run(  # noqa: S603, ours
            [MOUNT, "-t", "tmpfs", "-o", size, "perigee-test", folder],
            capture_output=True,
            check=False,
        )
    except OSError:
        pytest.skip("needs /bin/mount")
    if mounted.returncode:
        pytest.skip("needs the right to mount a small disk")
    yield Disk(folder)
    subprocess.run([UMOUNT, folder], check=True)  # noqa: S603, ours


async def _follow(program: Program, *channels: str, folder: Path | None = None) -> None:
    """Let channels, one by default, follow everything but reminders."""
    async with a_store((folder or program.folder) / "perigee.db") as store:
        wanted = frozenset(Kind) - {Kind.REMINDER}
        await subscribe(store, *map(to, channels or ("main",)), kinds=wanted)


@asynccontextmanager
async def _running(program: Program) -> AsyncIterator[Running]:
    """The service, polling each second, once it has learnt its events."""
    async with program.given(**QUICK).started("run") as running:
        await running.until("first run: learnt")
        yield running


async def test_disk_that_fills_up_ends_the_service_and_loses_nothing(
    service: Program, story: Story, disk: Disk
) -> None:
    """It ends with a sentence; looking still says why; with room again all is told, once."""
    stored = service.given(store__url=f"sqlite:///{disk.folder}/perigee.db")
    await _follow(stored, folder=disk.folder)

    async with _running(stored) as running:
        disk.fill()
        story.go_on(DAY)
        full = await running.end()
    looked = await stored.run("events")
    disk.free()
    again = await stored.run("run", "--once")

    advice = "cannot grow: the disk is full; free some space and start again, nothing is lost"
    assert _sentence(full) == f"the store {disk.folder}/perigee.db {advice}"
    assert looked.code == 0 or _sentence(looked).endswith(advice)
    assert again.code == 0
    assert _told(full, again) == {
        ("main", "Progress MS-40 Docking"): 1,
        ("main", "Juice Earth Flyby"): 1,
    }


async def test_store_that_may_not_be_written_is_told_and_left_alone(
    service: Program, disk: Disk
) -> None:
    """A disk that was mounted read-only, as after an error."""
    path = disk.folder / "perigee.db"
    stored = service.given(store__url=f"sqlite:///{path}")
    await stored.run("run", "--once")
    before = path.read_bytes()
    disk.protect()

    run, added, looked = await asyncio.gather(
        stored.run("run", "--once"),
        stored.run("subscriptions", "add", "--to", "console:main"),
        stored.run("events"),
    )

    assert _sentence(run) == (
        f"cannot write {path}.lock: {os.strerror(errno.EROFS)}; choose another place"
    )
    for done in (added, looked):
        assert re.fullmatch(f"the store {path} cannot be .*; check .*", _sentence(done))
    assert path.read_bytes() == before


async def test_lock_that_is_held_too_long_ends_the_program(service: Program) -> None:
    """Another program holds the store's write lock; looking needs none, and later all is well."""
    await _follow(service)
    path = service.folder / "perigee.db"
    announcing = service.given(announce__first_run="announce")

    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        locked, looked = await asyncio.gather(
            announcing.run("run", "--once"), announcing.run("deliveries")
        )
    done = await announcing.run("run", "--once")

    advice = "is locked by another program; close it and start again"
    assert _sentence(locked) == f"the store {path} {advice}"
    assert (looked.code, done.code) == (0, 0)
    assert _told(locked, done) == dict.fromkeys((("main", one) for one in EVENTS), 1)


async def test_store_of_a_newer_version_is_left_alone(service: Program) -> None:
    """The owner's mistake, told as such; nothing is written into what we do not understand."""
    await _follow(service)
    path = service.folder / "perigee.db"
    with closing(sqlite3.connect(path)) as newer:
        (ours,) = newer.execute("SELECT version_num FROM alembic_version").fetchone()
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.commit()
    before = path.read_bytes()

    lines = ("run --once", "events", "subscriptions add --to console:x", "db upgrade")
    ends = await asyncio.gather(*(service.run(*line.split()) for line in lines))

    (said,) = {_sentence(done, code=2) for done in ends}
    assert said == (
        f"the store is at revision 9999, made by a newer Perigee than this one ({ours}); "
        "install that version, or restore an older backup"
    )
    assert path.read_bytes() == before


async def test_store_that_was_cut_short_is_told_and_left_alone(service: Program) -> None:
    """Whatever it is that one asks for."""
    await service.run("run", "--once")
    path = service.folder / "perigee.db"
    path.write_bytes(path.read_bytes()[:20_000])
    before = path.read_bytes()

    run, looked, added = await asyncio.gather(
        service.run("run", "--once"),
        service.run("events"),
        service.run("subscriptions", "add", "--to", "console:x"),
    )

    damaged = f"the store {path} is damaged; restore a backup (perigee db backup makes them)"
    assert {_sentence(one) for one in (run, looked, added)} == {damaged}
    assert path.read_bytes() == before


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux's prlimit")
async def test_service_without_a_free_descriptor_waits_for_one(
    perigee: Program, story: Story
) -> None:
    """LL2 cannot be reached for as long: one line, and one when it can; the news comes then."""

    async def closing_each(request: web.Request) -> web.StreamResponse:
        answer = await story.simulator.respond(request, asyncio.Event())
        answer.force_close()
        return answer

    async with answering(closing_each) as base_url:
        watched = perigee.given(ll2__base_url=base_url, console__enabled="true")
        await _follow(watched)
        async with _running(watched) as running:
            number = running.process.pid
            most = resource.prlimit(number, resource.RLIMIT_NOFILE)
            resource.prlimit(number, resource.RLIMIT_NOFILE, (3, most[1]))
            await running.until("Polling LL2 failed")
            story.go_on(DAY)
            resource.prlimit(number, resource.RLIMIT_NOFILE, most)
            await running.until("Juice Earth Flyby")
            await running.until("Progress MS-40 Docking")
            running.send(signal.SIGTERM)
            done = await running.end()

    assert (done.code, "Traceback" in done.err) == (0, False)
    assert done.err.count("Polling LL2 failed") == done.err.count("LL2 answers again") == 1
    assert sum(_told(done).values()) == 2


async def test_backup_of_a_busy_service_continues_where_it_was_made(service: Program) -> None:
    """The copy knows what was sent by then, and sends the rest: nothing lost, nothing twice."""
    announcing = service.given(announce__first_run="announce", ll2__hourly_budget="1000")
    await _follow(announcing, *CHANNELS)
    restored = announcing.given(store__url="sqlite:///copy.db")

    async with announcing.started("run") as running:
        await running.until("── #", times=20)
        made = await announcing.run("db", "backup", "copy.db")
        running.send(signal.SIGKILL)
        first = await running.end()
    known = (await restored.run("deliveries", "--json")).document()
    done = await restored.run("run", "--once")
    states = Counter(
        one["state"] for one in (await restored.run("deliveries", "--json")).document()
    )

    sent = {(one["destination"], one["event_id"]) for one in known if one["state"] == "sent"}
    flying = sum(one["state"] == "sending" for one in known)
    assert (made.code, done.code) == (0, 0)
    assert set(_told(first, done)) == {(one, name) for one in CHANNELS for name in EVENTS}
    assert max(_told(done).values()) == 1
    assert len(sent) + _told(done).total() in range(
        len(CHANNELS) * len(EVENTS), len(CHANNELS) * len(EVENTS) + flying + 1
    )
    assert states.keys() <= {"sent"}
