"""Small facts on SQL: the services' memory, the catalogue of names, and the log of requests."""

from datetime import datetime, timedelta
from operator import itemgetter

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.events import Agency, EventType, Program
from bot.domain.watching import Catalogue, Purpose, RequestMark
from bot.store import sections
from bot.store.engine import Engine
from bot.store.tables import names, requests, settings
from bot.store.upsert import upsert

_BLOCKED_UNTIL = "ll2.blocked_until"
_KEPT_REQUESTS = timedelta(days=1)


class SqlMemory:
    """`ports.Memory` inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, key: str) -> str | None:
        """The value, or None."""
        await sections.alone(self._connection, f"memory {key}")
        value: str | None = await self._connection.scalar(
            select(settings.c.value).where(settings.c.key == key)
        )
        return value

    async def put(self, key: str, value: str | None) -> None:
        """Set the value; None forgets it."""
        if value is None:
            await self._connection.execute(delete(settings).where(settings.c.key == key))
        else:
            await upsert(self._connection, settings, [{"key": key, "value": value}])


class SqlNames:
    """`ports.Names` inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def learn(self, catalogue: Catalogue) -> None:
        """Insert or rename; nothing is ever forgotten."""
        values = [
            *(
                {"field": "type", "id": one.id, "name": one.name, "abbrev": ""}
                for one in catalogue.types
            ),
            *(
                {"field": "agency", "id": one.id, "name": one.name, "abbrev": one.abbrev}
                for one in catalogue.agencies
            ),
            *(
                {"field": "program", "id": one.id, "name": one.name, "abbrev": ""}
                for one in catalogue.programs
            ),
        ]
        # In one order, as poller and librarian may both learn, and must not wait in a circle.
        values.sort(key=itemgetter("field", "id"))
        await upsert(self._connection, names, values)

    async def known(self) -> Catalogue:
        """All names, by id."""
        rows = (await self._connection.execute(_NAMES)).all()
        return Catalogue(
            types=tuple(EventType(id=row.id, name=row.name) for row in rows if row.field == "type"),
            agencies=tuple(
                Agency(id=row.id, name=row.name, abbrev=row.abbrev)
                for row in rows
                if row.field == "agency"
            ),
            programs=tuple(
                Program(id=row.id, name=row.name) for row in rows if row.field == "program"
            ),
        )


# Built once, for most commands ask it.
_NAMES = select(names).order_by(names.c.id)


class SqlRequestLog:
    """`ports.RequestLog`; each call is a transaction of its own, since each must survive alone."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def marks(self, since: datetime) -> tuple[RequestMark, ...]:
        """Requests made after `since`, oldest first."""
        query = select(requests).where(requests.c.at > since).order_by(requests.c.at, requests.c.id)
        async with self._engine.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            RequestMark(id=row.id, at=row.at, purpose=Purpose(row.purpose)) for row in rows
        )

    async def begin(self, at: datetime, purpose: Purpose) -> RequestMark:
        """Write down, before it is sent, that a request is made. Committed on return."""
        async with self._engine.writing() as connection:
            await connection.execute(delete(requests).where(requests.c.at < at - _KEPT_REQUESTS))
            row = insert(requests).values(at=at, purpose=purpose).returning(requests.c.id)
            key = (await connection.execute(row)).scalar_one()
        return RequestMark(id=key, at=at, purpose=purpose)

    async def settle(self, mark: RequestMark, at: datetime) -> None:
        """Move a mark to when the answer came: the server counted it somewhere in between."""
        moved = update(requests).where(requests.c.id == mark.id).values(at=at)
        async with self._engine.writing() as connection:
            await connection.execute(moved)

    async def blocked_until(self) -> datetime | None:
        """Until when LL2 told us to stay away."""
        async with self._engine.reading() as connection:
            value = await SqlMemory(connection).get(_BLOCKED_UNTIL)
        return None if value is None else datetime.fromisoformat(value)

    async def block(self, until: datetime) -> None:
        """Remember that LL2 told us to stay away."""
        async with self._engine.writing() as connection:
            await SqlMemory(connection).put(_BLOCKED_UNTIL, until.isoformat())
