"""The commands `perigee db …`: migrate, back up and move the store. Parse, call, show."""

import sys
from collections.abc import Callable
from pathlib import Path

import click

from bot import storekeeping
from bot.desk import on_store, progress, with_config


@click.group()
def db() -> None:
    """Migrate, back up and move the store."""


@db.command("upgrade")
@with_config
def _upgrade(config: Path | None) -> None:
    """Bring the store up to this version."""
    click.echo(on_store(config, storekeeping.upgrade))


@db.command("current")
@with_config
def _current(config: Path | None) -> None:
    """Say at which revision the store is."""
    click.echo(on_store(config, storekeeping.revision_line))


@db.command("backup")
@with_config
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def _backup(config: Path | None, file: Path) -> None:
    """Copy the store to a new FILE, also while it is in use."""
    tell = progress("Backing up")
    on_store(config, lambda settings: storekeeping.backup(settings, file, tell))
    click.echo(f"Backed up to {file}.")


@db.command("copy")
@with_config
@click.option("--from", "source", metavar="URL", help="What to copy; default: store.url.")
@click.option("--to", "target", metavar="URL", required=True, help="An empty store.")
def _copy(config: Path | None, source: str | None, target: str) -> None:
    """Move a stopped bot to another store, e.g. from SQLite to PostgreSQL.

    Nobody can write to either while it copies. All of it arrives, or nothing.
    """
    copied = on_store(
        config, lambda settings: storekeeping.copy(settings, source, target, _by_table())
    )
    click.echo(f"Copied {copied} rows. Set store.url to the new store and start; never run both.")


def _by_table() -> Callable[[str, int, int], None]:
    """Tells of each table on standard error: as it goes where someone watches, else at its end."""
    watched = sys.stderr.isatty()

    def tell(table: str, done: int, total: int) -> None:
        if watched:
            share = 100 * done // total if total else 100
            click.echo(f"\r\x1b[KCopying {table} {share} %", nl=done == total, err=True)
        elif done == total:
            click.echo(f"Copied {table}: {total} rows", err=True)

    return tell
