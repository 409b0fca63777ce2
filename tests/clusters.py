"""A PostgreSQL to test with: a server that is given, or a throw-away cluster on loopback.

`PERIGEE_TEST_POSTGRES` gives one: the URL of a server where databases may be made, e.g.
postgresql://user:password@127.0.0.1/postgres. Otherwise each pytest process that needs one starts
its own, which takes about two seconds. It ends with pytest, however that ends.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest
from sqlalchemy import make_url

from bot.store.unit_of_work import open_store

Done = TypeVar("Done")

GIVEN = os.environ.get("PERIGEE_TEST_POSTGRES", "")
MUST = os.environ.get("PERIGEE_TEST_REQUIRE_POSTGRES", "") == "1"
PASSWORD = "not-a-secret"  # noqa: S105, of a server that lives for a test

_NOBODY = "postgres"
"""The user that the server runs as where we are root, which it refuses."""

_AS: dict[str, Any] = {
    "user": _NOBODY if os.geteuid() == 0 else None,
    "group": _NOBODY if os.geteuid() == 0 else None,
    "start_new_session": True,
}

_PATIENCE_S = 60

_SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "max_connections=60",
    "shared_buffers=32MB",
)

# The shell reads until its input ends, which it does even when pytest is killed.
_LIVE = """
folder=$1; shift
"$0" -D "$folder/data" "$@" >"$folder/log" 2>&1 &
cat >/dev/null
kill -QUIT $!
wait
rm -rf "$folder"
"""


_EMPTY = """
DO $$ DECLARE one record; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR one IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP EXECUTE format('DELETE FROM %I', one.tablename); END LOOP;
    PERFORM setval(sequencename::regclass, 1, false) FROM pg_sequences;
END $$
"""
"""Much faster than TRUNCATE, or than a new database, where there are a few rows."""


class Server:
    """A server, and the databases that tests make on it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._template = f"perigee_test_{os.getpid()}"
        self._numbers = count(1)

    @contextmanager
    def database(self, *, is_empty: bool = False) -> Iterator[str]:
        """A database of its own, the tables made unless it is to be empty; its URL."""
        name = f"{self._template}_{next(self._numbers)}"
        source = "template0" if is_empty else self._template
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{source}" STRATEGY file_copy')
        try:
            yield self.of(name)
        finally:
            self.run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def emptied(self) -> str:
        """The one database that most tests use, one after the other, without a row; its URL."""
        url = self.of(f"{self._template}_0")
        self.run(_EMPTY, on=url)
        return url

    def alone(self, url: str) -> None:
        """Return once nobody but us is connected to a database: a killed process may linger."""
        _aside(_left(self.url, make_url(url).database or ""))

    def of(self, name: str) -> str:
        """The URL of a database."""
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def run(self, *statements: str, on: str = "") -> list[Any]:
        """Run statements, each by itself; the rows of the last."""
        return _aside(_run(on or self.url, statements))

    @contextmanager
    def prepared(self) -> Iterator["Server"]:
        """With the tables made once, for all databases to come."""
        self.run(f'CREATE DATABASE "{self._template}" TEMPLATE template0')
        try:
            _aside(_upgrade(self.of(self._template)))
            self.run(f'CREATE DATABASE "{self._template}_0" TEMPLATE "{self._template}"')
            yield self
        finally:
            self.run(
                f'DROP DATABASE IF EXISTS "{self._template}_0" WITH (FORCE)',
                f'DROP DATABASE "{self._template}" WITH (FORCE)',
            )


async def _run(url: str, statements: tuple[str, ...]) -> list[Any]:
    connection = await asyncpg.connect(url, timeout=_PATIENCE_S, statement_cache_size=0)
    try:
        rows: list[Any] = []
        for one in statements:
            rows = await connection.fetch(one)
        return rows
    finally:
        await connection.close()


async def _left(url: str, database: str) -> None:
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1"
    connection = await asyncpg.connect(url, timeout=_PATIENCE_S)
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while await connection.fetchval(asked, database):
                pass  # each look is a round trip, which is rest enough
    finally:
        await connection.close()


async def _upgrade(url: str) -> None:
    async with open_store(url) as store:
        await store.upgrade()


def _aside(work: Coroutine[Any, Any, Done]) -> Done:
    """Run to its end in a thread, and in a loop of its own: a test may have one that runs."""
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(asyncio.run, work).result()


@contextmanager
def a_server() -> Iterator[Server]:
    """The server that is given, or one that ends with the context; skips where there is none."""
    if GIVEN:
        with Server(GIVEN).prepared() as server:
            yield server
        return
    programs = _programs()
    if programs is None:
        missing = "needs PostgreSQL: install its server, or give one as PERIGEE_TEST_POSTGRES"
        (pytest.fail if MUST else pytest.skip)(missing)
    with _cluster(programs) as url, Server(url).prepared() as server:
        yield server


@contextmanager
def a_proxy(server: Server) -> Iterator[str]:
    """PgBouncer before the server: two connections for all, each lent for one transaction.

    The URL of a database of the server, through it.
    """
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        missing = "needs PgBouncer: install it"
        (pytest.fail if MUST else pytest.skip)(missing)
    there, port = make_url(server.url), _free_port()
    folder = Path(tempfile.mkdtemp(prefix="perigee-pool-"))
    (folder / "users").write_text(f'"{there.username}" "{there.password}"\n')
    (folder / "ini").write_text(
        f"[databases]\n* = host={there.host} port={there.port}\n[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = plain\nauth_file = {folder}/users\npool_mode = transaction\n"
        "default_pool_size = 2\n"
    )
    for one in (folder, *folder.iterdir()) if _AS["user"] else ():
        shutil.chown(one, _NOBODY, _NOBODY)
    command = [program, "-q", f"{folder}/ini"]
    try:
        with subprocess.Popen(command, cwd=folder, **_AS) as proxy:  # noqa: S603, our own
            try:
                through = there.set(host="127.0.0.1", port=port)
                url = through.render_as_string(hide_password=False)
                _aside(_answering(url))
                yield url
            finally:
                proxy.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    """The folder of `initdb` and `postgres`, the newest where there are several."""
    on_path = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    found = [*installed, *([Path(on_path)] if on_path else [])]
    return found[-1].parent if found else None


def _version(program: Path) -> int:
    name = program.parts[-3]
    return int(name) if name.isdecimal() else 0


@contextmanager
def _cluster(programs: Path) -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="perigee-pg-"))
    try:
        _initialise(programs, folder)
        port = _free_port()
        options = [part for one in _SETTINGS for part in ("-c", one)]
        command = ["/bin/sh", "-c", _LIVE, f"{programs}/postgres", f"{folder}", "-p", f"{port}"]
        command += options
        with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=folder, **_AS):  # noqa: S603, our own
            url = f"postgresql://perigee:{PASSWORD}@127.0.0.1:{port}/postgres"
            _aside(_answering(url))
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _initialise(programs: Path, folder: Path) -> None:
    secret = folder / "password"
    secret.write_text(PASSWORD)
    for one in (folder, secret) if _AS["user"] else ():
        shutil.chown(one, _NOBODY, _NOBODY)
    command = [f"{programs}/initdb", "-D", f"{folder}/data", "--no-sync", "--encoding=UTF8"]
    command += ["--username=perigee", "--auth=scram-sha-256", f"--pwfile={secret}"]
    # An order that is not that of the bytes, so that what goes by it is noticed.
    command += ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]
    done = subprocess.run(  # noqa: S603, our own
        command, cwd=folder, capture_output=True, text=True, check=False, **_AS
    )
    assert done.returncode == 0, done.stderr


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


async def _answering(url: str) -> None:
    """Return once the server lets somebody in."""
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            try:
                await _run(url, ("SELECT 1",))
            except (OSError, asyncpg.CannotConnectNowError):
                await asyncio.sleep(0.05)
            else:
                return
