"""Migrations, run by the program itself on its own connection; there is no alembic.ini."""

import logging
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.errors import StoreError, StoreTooNew

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """Where a store's tables stand; `current` is empty before the first migration."""

    current: str
    newest: str


def config() -> Config:
    """Alembic's configuration for our migrations."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return settings


def revision(connection: Connection) -> Revision:
    """The store's revision and this program's newest."""
    current = MigrationContext.configure(connection).get_current_revision() or ""
    newest = ScriptDirectory.from_config(config()).get_current_head() or ""
    return Revision(current=current, newest=newest)


def upgrade(connection: Connection) -> None:
    """Apply what is missing, all in the connection's transaction.

    Raises:
        StoreTooNew: the store has a revision that this program does not know.
        StoreError: the migrations cannot be read.

    """
    stand = revision(connection)
    if not stand.newest:
        # Alembic takes a folder that it cannot list for an empty one.
        raise StoreError(
            "this program's own migrations cannot be read; install it anew, "
            "or raise the limit (ulimit -n)"
        )
    known = {script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()}
    if stand.current and stand.current not in known:
        raise StoreTooNew(
            f"the store is at revision {stand.current}, made by a newer Perigee than this one "
            f"({stand.newest}); install that version, or restore an older backup"
        )
    if stand.current == stand.newest:
        return
    logger.info("Upgrading the store from %s to %s", stand.current or "nothing", stand.newest)
    settings = config()
    settings.attributes["connection"] = connection
    command.upgrade(settings, "head")
