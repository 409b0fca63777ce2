"""What PostgreSQL needs of an engine: asyncpg, bounds on all waiting, errors in sentences.

Works behind a proxy that gives each transaction another connection (PgBouncer): nothing here lives
longer than its transaction, neither settings nor prepared statements nor locks.
"""

import select
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import uuid4

import asyncpg
from sqlalchemy import Connection, event, exc
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.errors import ConfigError, StoreError
from bot.store.telling import BETWEEN, CALLS, PROGRAM

_MOST_CONNECTIONS = 10
"""Of one process; PostgreSQL has a hundred for all, as it comes."""

_CONNECT_TIMEOUT_S = 10
_STATEMENT_TIMEOUT_S = 60
_PATIENCE_S = 3600
"""How long one statement of a migration or of a copy may take."""

_IDLE_TIMEOUT_S = 15
"""How long a transaction may rest: a process that was frozen in one keeps its locks no longer."""


class Postgresql:
    """A database of a server that other processes use, too. Writers do not wait for each other.

    What must not happen at the same time is said where it is done: see `sections`.

    Attributes:
        session: what all connections of this process are called, behind `PROGRAM`.

    """

    path = None

    def __init__(self, url: URL) -> None:
        """Prepare for `postgresql://user:password@host/name`, with libpq's options behind a `?`.

        Raises:
            ConfigError: it names no database.

        """
        if not url.database:
            raise ConfigError(
                f'store.url = "{url.render_as_string()}" names no database; '
                'write e.g. "postgresql://user@host/name"'
            )
        host = url.host or url.query.get("host", "localhost")
        self.name = f"the store {host}/{url.database}"
        self._dsn = url.render_as_string(hide_password=False)
        self._is_proxied: bool | None = None
        self.session = uuid4().hex[:8]

    def create(self, *, is_patient: bool = False) -> AsyncEngine:
        """A pool of connections, at most `_MOST_CONNECTIONS`; connects to nothing yet."""
        longest = _PATIENCE_S if is_patient else _STATEMENT_TIMEOUT_S

        async def connect(**_: Any) -> Any:
            # Beyond the server's own limit, for a network that has died silently.
            return await self._connect(command_timeout=longest + _CONNECT_TIMEOUT_S)

        engine = create_async_engine(
            "postgresql+asyncpg://",
            connect_args={"async_creator_fn": connect},
            pool_size=_MOST_CONNECTIONS,
            max_overflow=0,
            pool_timeout=_STATEMENT_TIMEOUT_S,
        )

        def on_begin(connection: Connection) -> None:
            connection.exec_driver_sql(_bounds(longest))

        event.listen(engine.sync_engine, "checkout", _on_checkout)
        event.listen(engine.sync_engine, "begin", on_begin)
        event.listen(engine.sync_engine, "handle_error", self._on_error)
        return engine

    async def _connect(self, *, command_timeout: float) -> Any:
        # Without a cache asyncpg names no statement and parses each anew: behind a proxy there is
        # nothing to clash, or to be left.
        with self._reached():
            return await asyncpg.connect(
                self._dsn,
                timeout=_CONNECT_TIMEOUT_S,
                command_timeout=command_timeout,
                statement_cache_size=0 if self._is_proxied is not False else 100,
                server_settings={"application_name": f"{PROGRAM} {self.session}"},
            )

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """SQLAlchemy translates what the server says, but not what the network does."""
        try:
            yield
        except TimeoutError as silence:
            raise StoreError(f"{self.name} {_SILENT}") from silence
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
            raise StoreError(self.sentence(error)) from error

    async def close(self) -> None:
        """Nothing is left: the pool's connections end with it, or are ended by the server."""

    def options(self, *, writes: bool, stays: bool) -> Mapping[str, Any]:  # noqa: ARG002, all travel
        """What a transaction is opened with: READ COMMITTED to write, one stable view to read."""
        if writes:
            return {}
        return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

    @asynccontextmanager
    async def turn(self, *, writes: bool, urgent: bool) -> AsyncIterator[None]:  # noqa: ARG002, nobody need wait
        """Begin at once."""
        yield

    async def ready(self) -> None:
        """See, once, whether a proxy stands between us and the server.

        PostgreSQL tells each connection the id of its process. A proxy tells one of its own, and
        what was prepared in one transaction is not there in the next. Without one, statements are
        prepared once for each connection, which makes transactions two to three times as fast.
        """
        if self._is_proxied is not None:
            return
        connection = await self._connect(command_timeout=_CONNECT_TIMEOUT_S)
        try:
            with self._reached():
                async with connection.transaction():
                    process = await connection.fetchval("SELECT pg_backend_pid()")
            self._is_proxied = process != connection.get_server_pid()
        finally:
            connection.terminate()

    def _on_error(self, error: ExceptionContext) -> StoreError | None:
        if isinstance(error.original_exception, OSError):
            return StoreError(f"{self.name} {_SILENT}")
        if _is_confused(error.original_exception):
            error.is_disconnect = True
        return None

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """False: nobody is kept out, several processes may run here."""
        yield False

    @asynccontextmanager
    async def listening(self, hear: Callable[[str], None]) -> AsyncIterator[None]:
        """Call `hear` with what transactions of any process tell, on a connection for that alone.

        Behind a proxy nothing comes, as each transaction gets another connection there.
        """

        def on_call(_connection: Any, _process: int, _channel: str, topics: str) -> None:
            for topic in topics.split(BETWEEN):
                hear(topic)

        connection = await self._connect(command_timeout=_CONNECT_TIMEOUT_S)
        try:
            with self._reached():
                await connection.add_listener(CALLS, on_call)
            yield
        finally:
            connection.terminate()

    def exists(self) -> bool:
        """Only the server knows, and says so when it is asked."""
        return True

    def sentence(self, error: BaseException) -> str:
        """What the driver's error means, and what to do; never a password."""
        if isinstance(error, exc.TimeoutError):
            return f"{self.name} is used by too much at once; all {_MOST_CONNECTIONS} are busy"
        code = getattr(error, "sqlstate", None) or ""
        for sign, remedy in _REMEDIES:
            if code.startswith(sign):
                return f"{self.name} {remedy}"
        if isinstance(error, OSError):
            return f"{self.name} cannot be reached ({error.strerror or error}); {_CHECK}"
        if "closed" in str(error) or _is_confused(error):
            return f"{self.name} {_LOST}"
        return f"{self.name} refused a statement: {_first_line(error)}"


def _on_checkout(connection: Any, _record: Any, _proxy: Any) -> None:
    """A connection that the server closed while it rested is replaced, at no cost otherwise."""
    driver = connection.driver_connection
    if driver.is_closed() or _is_told_something(driver):
        raise exc.DisconnectionError


def _is_told_something(driver: Any) -> bool:
    """Whether there is something to read where nothing was asked: it can only be a farewell.

    The driver reads when the loop lets it, and may not know yet; least of all in a process that
    was frozen and has just woken.
    """
    waiting = select.poll()
    waiting.register(driver._transport.get_extra_info("socket"), select.POLLIN)  # noqa: SLF001, shown nowhere else
    return bool(waiting.poll(0))


def _is_confused(error: BaseException) -> bool:
    """Whether the driver has read, behind an answer, that the server goes; it has no word for that.

    Its next statement fails as if another was under way.
    """
    return isinstance(error.__cause__, asyncpg.InternalClientError)


def _bounds(longest: float) -> str:
    """For this transaction alone, as a proxy needs it: SET LOCAL, twice in one statement."""
    idle = max(_IDLE_TIMEOUT_S, longest if longest > _STATEMENT_TIMEOUT_S else 0)
    return (
        f"SELECT set_config('idle_in_transaction_session_timeout', '{idle}s', true), "
        f"set_config('statement_timeout', '{longest}s', true)"
    )


def _first_line(error: BaseException) -> str:
    # SQLAlchemy puts the class before what the server said.
    text = str(error).rpartition(">: ")[2]
    return text.splitlines()[0] if text else type(error).__name__


_CHECK = "check store.url and that the server runs"
_SILENT = f"does not answer; {_CHECK}"
_LOST = "closed the connection; what was not committed did not happen, start again"

_REMEDIES = (
    ("28", "refuses this user or password; check store.url and the server's pg_hba.conf"),
    ("3D000", "does not exist; make it (createdb), or check store.url"),
    ("3F000", "has no schema to make tables in; check the user's search_path"),
    ("42501", "may not be used so by this user; make it the owner of the database"),
    ("42P01", "has no tables yet; run: perigee db upgrade"),
    ("53100", "cannot grow: the disk is full; free some space and start again, nothing is lost"),
    ("53300", "has no connection left; raise max_connections, or put PgBouncer before it"),
    ("25006", "is read-only, a standby perhaps; name the primary in store.url"),
    ("40P01", "broke off a transaction that waited in a circle; start again and report it"),
    ("40001", "broke off a transaction that ran against another; start again"),
    ("57014", f"broke off a statement that took longer than {_STATEMENT_TIMEOUT_S} s"),
    ("25P03", f"broke off a transaction that rested for {_IDLE_TIMEOUT_S} s; start again"),
    ("57P03", "is starting or stopping; try again in a moment"),
    ("57P", _LOST),
    ("08", _LOST),
)
"""By the beginning of the code that PostgreSQL gives (its manual, appendix A)."""
