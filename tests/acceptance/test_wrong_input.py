"""Whatever is wrong: one clear sentence, exit code 1 or 2, and nothing is lost."""

import asyncio
import os
import socket
from pathlib import Path

import pytest
from programs import Finished, Program

FULL = Path("/dev/full")

SECRET = "s3cret-token-0123456789"  # noqa: S105 - not one

FAULTY_PLUG_IN = """
from contextlib import asynccontextmanager


@asynccontextmanager
async def create(surroundings):
    raise RuntimeError(f"cannot log in with {surroundings.options['token']}")
    yield
"""


def sentence(done: Finished, *, code: int) -> str:
    """What it said: one line on standard error, and nothing else anywhere."""
    assert (done.code, done.out) == (code, ""), done
    [line] = done.err.splitlines()
    return line.removeprefix("perigee: ")


async def test_all_wrong_settings_are_named_at_once(perigee: Program) -> None:
    """In the file and in the environment; each is a sentence of its own."""
    (perigee.folder / "config.toml").write_text(
        '[discord]\ntokn = "x"\n[ll2]\nbase_url = "ll.thespacedevs.com"'
    )

    done = await perigee.given(ll2__hourly_bugdet="5").run("run", "--once")

    assert (done.code, done.out) == (2, "")
    assert done.err == (
        'perigee: ll2.base_url = "ll.thespacedevs.com" is not an http(s) address; '
        'write it like "https://example.org/path"\n'
        "PERIGEE_LL2__HOURLY_BUGDET is not a setting; did you mean PERIGEE_LL2__HOURLY_BUDGET?\n"
        "discord.tokn is not a setting; did you mean discord.token?\n"
    )


async def test_corrupt_store_is_left_as_it_is(service: Program) -> None:
    """What cannot be read is not written over: it may yet be mended."""
    store = service.folder / "perigee.db"
    junk = b"no database at all " * 500
    store.write_bytes(junk)

    done = await service.run("run", "--once")

    assert sentence(done, code=1) == (
        f"the store {store} is not an SQLite database; restore a backup or name another file"
    )
    assert store.read_bytes() == junk


async def test_full_disk_loses_nothing(service: Program) -> None:
    """The run ends with a sentence; once there is room, the next tells everything, once."""
    announcing = service.given(announce__first_run="announce")
    await announcing.run("subscriptions", "add", "--to", "console:main")
    grown = (announcing.folder / "perigee.db").stat().st_size // 1024
    shell = ("sh", "-c", f'ulimit -f {2 * grown - 8} && exec "$@"', "sh")

    async with announcing.started("run", "--once", before=shell) as running:
        full = await running.end()
    again = await announcing.run("run", "--once")

    assert full.code == 1
    assert full.err.splitlines()[-1].startswith(
        f"perigee: the store {announcing.folder}/perigee.db"
    )
    assert "Traceback" not in full.err
    assert again.code == 0
    assert (full.out + again.out).count("New event") == 2


async def test_port_in_use(perigee: Program) -> None:
    """The simulator needs a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = await perigee.run("simulator", "--port", str(port))

    assert sentence(done, code=2) == (
        f"cannot serve on port {port}: {os.strerror(98)}; choose another --port"
    )


async def test_wrong_scenario_is_named_with_its_place(perigee: Program) -> None:
    """Whoever writes stories must find the line to mend."""
    (perigee.folder / "story.toml").write_text('title = "x"\nduration = "1d"\n[[evnt]]\nid = 1\n')

    done = await perigee.run("simulator", "--scenario", "story.toml", "--port", "0")

    assert sentence(done, code=2).startswith("story.toml: ")
    assert "evnt" in done.err


async def test_unknown_event_type_gets_the_nearest(perigee: Program) -> None:
    """Nobody knows all of LL2's names."""
    done = await perigee.run("subscriptions", "add", "--to", "console:x", "--type", "eva,Dokcing")

    assert sentence(done, code=2) == 'there is no event type "Dokcing"; did you mean "Docking"?'


async def test_crash_is_logged_without_secrets(service: Program) -> None:
    """A bug ends the program with 1; its report shows where, no secret, and the rest was told."""
    about = service.folder / "perigee_faulty-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: perigee_faulty\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[perigee.adapters]\nfaulty = perigee_faulty:create\n")
    (service.folder / "perigee_faulty.py").write_text(FAULTY_PLUG_IN)
    plugged = service.given(announce__first_run="announce", plugins__faulty__token=SECRET)
    await plugged.run("subscriptions", "add", "--to", "console:x")

    done = await plugged.within(PYTHONPATH=str(service.folder)).run("run", "--once")

    assert done.code == 1
    assert "CRITICAL bot.cli: Perigee crashed; please report this bug" in done.err
    assert "RuntimeError: cannot log in with ***" in done.err
    assert SECRET not in done.err + done.out
    assert done.out.count("New event") == 2


async def test_reader_that_leaves_early_is_no_fault(perigee: Program) -> None:
    """`perigee demo | head` ends without a word; nor does it matter what a terminal can show."""
    ours, theirs = os.pipe()
    old = perigee.within(PYTHONIOENCODING="latin-1")
    async with old.started("demo", "--speed", "1e9", stdout=theirs) as running:
        os.close(theirs)
        shown = b""
        while b"?? #mission-control" not in shown:
            chunk = await asyncio.to_thread(os.read, ours, 4096)
            assert chunk, shown
            shown += chunk
        os.close(ours)
        done = await running.end()

    assert done.err == ""


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full, which Linux has")
async def test_output_that_cannot_be_written_is_told(perigee: Program) -> None:
    """A full disk behind `perigee events > file` must not look like success."""
    full = os.open(FULL, os.O_WRONLY)
    try:
        async with perigee.started("--help", stdout=full) as running:
            done = await running.end()
    finally:
        os.close(full)

    assert done.code == 1
    assert done.err == "perigee: the system refused: [Errno 28] No space left on device\n"
