"""Column types that mean the same on both engines: moments and texts. No tables."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC moment, kept as whole microseconds since 1970: SQLite has no such type."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002, the vendor's signature
        """Count microseconds; a naive datetime raises TypeError."""
        return None if value is None else (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, the vendor's signature
        """The moment, aware UTC."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Words(TypeDecorator[str]):
    """Text in the order of its bytes, on PostgreSQL as on SQLite, and so that LIKE 'x%' is quick.

    PostgreSQL knows no NUL inside a text; its picture stands for it there.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        """TEXT, on PostgreSQL with the collation of bytes."""
        return Text(collation="C") if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002, the vendor's signature
        """The text as PostgreSQL can hold it."""
        return None if value is None else value.replace("\0", "␀")

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], Any] | None:
        """None where any text can be held, which spares each value of each row a few calls."""
        return super().bind_processor(dialect) if dialect.name == "postgresql" else None
