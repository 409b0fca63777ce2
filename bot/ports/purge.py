"""The port to what the store may forget."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.retention import Key, Remains


class Purge(Protocol):
    """Forget what nobody needs any more, a few rows at a time.

    To find them may take a while and is asked in a reading transaction, which keeps nobody waiting;
    to remove them is quick. Nothing that is open goes, but what was held for too long to be told.
    """

    async def find(
        self, sort: Remains, *, before: datetime, after: Key | None, limit: int
    ) -> tuple[Key, ...]:
        """The next of this sort that nobody needs any more, by key.

        Args:
            sort: what is looked for.
            before: only what ended before this, not less than `KEPT_FOR` ago.
            after: the last one found; None: from the first on.
            limit: how many at most.

        """

    async def remove(self, sort: Remains, keys: Sequence[Key], *, before: datetime) -> int:
        """Remove those of the found that still nobody needs; how many."""
