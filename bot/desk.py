"""The part of the command line that works on the store: look, subscribe, migrate, back up."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from bot import administration, views
from bot.clock import SystemClock
from bot.config import Settings, load_settings, wants_colour
from bot.domain.asking import Asked
from bot.domain.changes import Kind
from bot.domain.deliveries import State
from bot.domain.spans import read_span
from bot.errors import ConfigError
from bot.logs import configure_logging

_LARGEST_NUMBER = (1 << 63) - 1
"""What the store can count to."""

Answer = TypeVar("Answer")
Command = TypeVar("Command", bound=Callable[..., Any])

with_config = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings; else PERIGEE_CONFIG, else ./config.toml.",
)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def _names(
    option: str, field: str, text: str, metavar: str = "NAME"
) -> Callable[[Command], Command]:
    return click.option(
        option, field, multiple=True, metavar=metavar, help=text, callback=_not_blank
    )


def _not_blank(_: click.Context, option: click.Parameter, values: tuple[str, ...]) -> Any:
    """A script's empty variable must not mean "any"."""
    if any(not value.replace(",", "").strip() for value in values):
        raise ConfigError(f"{option.opts[0]} is empty; give it a value or leave it out")
    return values


def quiet_settings(config: Path | None) -> Settings:
    """Settings for a command that answers by itself: only warnings are logged beside it."""
    settings = load_settings(config)
    form = settings.log.format
    configure_logging("warning", form, settings.secrets(), colour=wants_colour())
    return settings


def on_store(config: Path | None, work: Callable[[Settings], Awaitable[Answer]]) -> Answer:
    """Do one piece of work on the store, without a diary of it; what it came to."""
    settings = quiet_settings(config)

    async def done() -> Answer:
        return await work(settings)

    return asyncio.run(done())


@click.command()
@with_config
@_names("--type", "types", "Only these event types, by name or id, also behind commas.")
@_names("--agency", "agencies", "Only of these agencies, by name, abbreviation or id.")
@click.option("--search", default="", metavar="WORDS", help="Only events whose text has these.")
@_as_json
def events(
    config: Path | None,
    types: tuple[str, ...],
    agencies: tuple[str, ...],
    search: str,
    *,
    as_json: bool,
) -> None:
    """List the events that the store knows, soonest first."""
    found = on_store(
        config,
        lambda settings: administration.find_events(
            settings, types=types, agencies=agencies, search=search
        ),
    )
    if as_json:
        click.echo(views.document([views.event_document(one) for one in found]))
    else:
        asked = bool(types or agencies or search)
        click.echo(views.events_table(found, asked=asked))


@click.group()
def subscriptions() -> None:
    """List, add, remove, export and import subscriptions."""


@subscriptions.command("list")
@with_config
@click.option("--to", "destination", metavar="ADAPTER:ADDRESS", help="Only this destination.")
@_as_json
def _list(config: Path | None, destination: str | None, *, as_json: bool) -> None:
    """List subscriptions with their numbers."""
    held = on_store(config, lambda settings: administration.subscriptions(settings, destination))
    if as_json:
        click.echo(views.document([views.subscription_document(one) for one in held]))
    else:
        click.echo(views.subscriptions_table(held, destination))


@subscriptions.command("add")
@with_config
@click.option("--to", "destination", metavar="ADAPTER:ADDRESS", required=True, help="Who gets it.")
@_names("--type", "types", "Event types, by name or id, also behind commas; none: any.")
@_names("--agency", "agencies", "Agencies, by name, abbreviation or id; none: any.")
@_names("--program", "programs", "Programs, by name or id; none: any.")
@_names("--search", "search", "Words in name, place or description; none: any.", "WORDS")
@_names("--changes", "kinds", f"Of {', '.join(Kind)}; none: all but details.", "KIND")
@_names("--remind", "remind", "Lead times, e.g. 24h,1h,10m (the default), or off.", "TIME")
@_as_json
def _add(
    config: Path | None,
    destination: str,
    kinds: tuple[str, ...],
    *,
    as_json: bool,
    **options: tuple[str, ...],
) -> None:
    """Add a subscription; with no filter it gets everything."""
    asked = Asked(changes=kinds, **options)
    held = on_store(config, lambda settings: administration.subscribe(settings, destination, asked))
    if as_json:
        click.echo(views.document(views.subscription_document(held)))
    else:
        click.echo(views.subscription_line(held))


@subscriptions.command("remove")
@with_config
@click.option("--to", "destination", metavar="ADAPTER:ADDRESS", required=True, help="Whose.")
@click.option("--all", "every", is_flag=True, help="All of this destination.")
@_as_json
@click.argument("number", type=click.IntRange(1, _LARGEST_NUMBER), required=False)
def _remove(
    config: Path | None, destination: str, number: int | None, *, every: bool, as_json: bool
) -> None:
    """Remove the subscription with this number, or --all."""
    if (number is None) is not every:
        raise ConfigError("say which: a number from perigee subscriptions list, or --all")
    removed = on_store(
        config, lambda settings: administration.unsubscribe(settings, destination, number)
    )
    if as_json:
        click.echo(views.document({"removed": removed}))
    else:
        click.echo(f"Removed {views.counted(removed, 'subscription')} of {destination}.")


@subscriptions.command("export")
@with_config
@_as_json
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
def _export(config: Path | None, file: Path | None, *, as_json: bool) -> None:
    """Write all subscriptions as JSON, to FILE or standard output."""
    held = on_store(config, administration.subscriptions)
    exported = views.document([views.subscription_document(one) for one in held])
    if file is not None:
        administration.write_new(file, exported + "\n")
    if file is None or as_json:
        click.echo(exported)
    else:
        click.echo(f"Exported {views.counted(len(held), 'subscription')} to {file}.")


@subscriptions.command("import")
@with_config
@_as_json
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def _import(config: Path | None, file: Path, *, as_json: bool) -> None:
    """Add an exported file's subscriptions, all or none."""
    tell = progress("Importing")
    imported = on_store(
        config, lambda settings: administration.import_subscriptions(settings, file, tell)
    )
    if as_json:
        click.echo(views.document({"imported": imported}))
    else:
        click.echo(f"Imported {views.counted(imported, 'subscription')}.")


def progress(label: str) -> Callable[[int, int], None]:
    """Shows how much of all is done on standard error, where someone watches it."""
    watched = sys.stderr.isatty()

    def tell(done: int, total: int) -> None:
        if watched:
            end = "\n" if done == total else ""
            click.echo(f"\r{label} {100 * done // max(total, 1)} %{end}", nl=False, err=True)

    return tell


@click.command()
@with_config
@click.option("--since", metavar="T", help="Only from then on: 2026-09-14, or a span like 2d.")
@_as_json
def changes(config: Path | None, since: str | None, *, as_json: bool) -> None:
    """List what was noticed, oldest first."""
    start = None if since is None else _moment(since)
    noticed = on_store(config, lambda settings: administration.changes(settings, since=start))
    if as_json:
        click.echo(views.document([views.change_document(one) for one in noticed]))
    else:
        click.echo(views.changes_table(noticed, asked=since is not None))


def _moment(text: str) -> datetime:
    """A date, a date with a time, or a span before now."""
    span = read_span(text)
    try:
        if span is not None:
            return SystemClock().now() - span
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as exc:
        hint = "write a date, e.g. 2026-09-14T08:00, or a span, e.g. 2d"
        raise ConfigError(f'--since "{text}" is not a time; {hint}') from exc
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@click.command()
@with_config
@click.option("--state", type=click.Choice([one.value for one in State]), help="Only this state.")
@_as_json
def deliveries(config: Path | None, state: str | None, *, as_json: bool) -> None:
    """Show the outbox in numbers, or all with --json."""
    if as_json:
        wanted = None if state is None else State(state)
        rows = on_store(config, lambda settings: administration.deliveries(settings, state=wanted))
        click.echo(views.document([views.delivery_document(one) for one in rows]))
    else:
        tally = on_store(config, administration.tally)
        click.echo(views.tally_table(tally, state))
