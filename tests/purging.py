"""A sweep of the store in a test, and what makes something to sweep."""

from collections.abc import Collection
from datetime import datetime, timedelta

from outboxes import claim, finish, start

from bot.domain.retention import Key, Remains
from bot.domain.watching import Tracked, Watch
from bot.store.unit_of_work import SqlStore
from bot.testing import START, an_event

LATER = START + timedelta(days=400)
"""When all that the tests do has ended long ago."""


BATCH = 2
"""So few at once that a handful takes several batches."""


async def purge(store: SqlStore, *sorts: Remains, before: datetime = LATER) -> dict[Remains, int]:
    """Purge these sorts, or all, in their order, as a sweep does; how many of each went."""
    gone = {sort: await _purge(store, sort, before) for sort in sorts or Remains}
    return {sort: count for sort, count in gone.items() if count}


async def _purge(store: SqlStore, sort: Remains, before: datetime) -> int:
    total, after = 0, None
    while True:
        async with store.reading() as unit:
            found = await unit.purge.find(sort, before=before, after=after, limit=BATCH)
        assert len(found) <= BATCH
        if not found:
            return total
        total, after = total + await remove(store, sort, found, before=before), found[-1]


async def remove(
    store: SqlStore, sort: Remains, keys: Collection[Key], *, before: datetime = LATER
) -> int:
    """Remove what was found."""
    async with store.writing() as unit:
        return await unit.purge.remove(sort, tuple(keys), before=before)


async def find(store: SqlStore, sort: Remains) -> tuple[Key, ...]:
    """What nobody needs any more of a sort."""
    async with store.reading() as unit:
        return await unit.purge.find(sort, before=LATER, after=None, limit=100)


async def send(store: SqlStore, **verdict: object) -> None:
    """Claim and end all that is due."""
    claimed = await claim(store)
    await start(store, claimed)
    await finish(store, claimed, **verdict)


async def end_event(store: SqlStore, watch: Watch = Watch.FINISHED, **changes: object) -> None:
    """Watch the usual event no more."""
    ended = Tracked(event=an_event(**changes), watch=watch, first_seen_at=START)
    async with store.writing() as unit:
        await unit.snapshots.keep([ended])
