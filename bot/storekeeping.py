"""What an owner does to the store as a whole: upgrade it, back it up, move it to another engine."""

from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

from bot.administration import must_be_new
from bot.app import must_have_room
from bot.config import Settings
from bot.errors import ConfigError, StoreError
from bot.store import copying
from bot.store.copying import Progress
from bot.store.engine import Engine, open_engine
from bot.store.unit_of_work import open_store


async def upgrade(settings: Settings) -> str:
    """Bring the store up to this version; where it stands then."""
    async with open_store(settings.store.url) as store:
        before = (await store.revision()).current
        await store.upgrade()
        now = (await store.revision()).current
    return f"The store is at revision {now}" + (
        " already." if before == now else f" (it was at {before or 'nothing'})."
    )


async def revision_line(settings: Settings) -> str:
    """Where the store stands, in a sentence; changes nothing.

    Raises:
        StoreError: there is no store yet.

    """
    async with open_store(settings.store.url, must_exist=True) as store:
        stand = await store.revision()
    if stand.current == stand.newest:
        return f"The store is at revision {stand.current}, the newest."
    return f"The store is at revision {stand.current or 'nothing'}; the newest is {stand.newest}."


async def backup(settings: Settings, target: Path, progress: Callable[[int, int], None]) -> None:
    """Copy the store to a new file, also while it is in use.

    Raises:
        ConfigError: the file is there already, or its folder is not.
        StoreError: there is no store, or it cannot be copied.

    """
    must_be_new(target)
    if not Engine(settings.store.url).is_sqlite:
        raise ConfigError(
            "store.url is PostgreSQL's, which is backed up by its own program: pg_dump -Fc -f FILE"
        )
    async with open_store(settings.store.url, must_exist=True) as store:
        await store.backup(target, progress)


async def copy(settings: Settings, source: str | None, target: str, progress: Progress) -> int:
    """Copy a stopped bot's store, the one of the settings by default, into an empty one; its rows.

    Raises:
        ConfigError: one is no store's address, they are the same, or the target holds something.
        StoreBusy: the source runs.
        StoreError: there is no source, or one of them cannot be used.

    """
    async with AsyncExitStack() as stack:
        with _about("store.url" if source is None else "--from"):
            old = await stack.enter_async_context(open_engine(source or settings.store.url))
        with _about("--to"):
            must_have_room(target)
            new = await stack.enter_async_context(open_engine(target))
        if not old.exists():
            raise StoreError(f"there is no store at {old.path} to copy")
        return await copying.copy(old, new, progress)


@contextmanager
def _about(option: str) -> Iterator[None]:
    """Let a refused address be told by what it was given as."""
    try:
        yield
    except ConfigError as exc:
        raise ConfigError(str(exc).replace("store.url", option)) from exc
