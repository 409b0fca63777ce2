"""The command line: parse, call, choose the exit code. The only place that turns errors into codes.

0 done · 1 a crash or an outage that ended the program · 2 the user's mistake, in one sentence on
standard error. Logs go to standard error, answers to standard output.
"""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from bot import __version__, app, demo, desk, views
from bot.config import Settings, describe, load_settings
from bot.errors import BotError, ConfigError, StoreBusy, StoreTooNew
from bot.logs import configure_logging

_MISTAKES = (ConfigError, StoreBusy, StoreTooNew)


def main() -> None:
    """Run `perigee` and leave with its exit code."""
    sys.exit(outcome(sys.argv[1:]))


def outcome(arguments: list[str]) -> int:
    """Run a command line; its exit code."""
    try:
        perigee.main(arguments, prog_name="perigee", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as exc:
        click.echo(exc.format_message(), err=True)
        return 2
    except click.ClickException as exc:
        return _complain(exc.format_message(), code=2)
    except click.Abort:
        return _complain("interrupted", code=1)
    except (BotError, ExceptionGroup) as exc:
        return _explain(exc)
    return 0


def _explain(error: Exception) -> int:
    """Say what happened; a group is as serious as its worst, and only bugs show a traceback."""
    known = list(_causes(error))
    if not all(isinstance(one, BotError) for one in known):
        raise error
    for text in dict.fromkeys(str(one) for one in known):
        _complain(text, code=1)
    return 2 if all(isinstance(one, _MISTAKES) for one in known) else 1


def _causes(error: Exception) -> Iterator[Exception]:
    if isinstance(error, ExceptionGroup):
        for one in error.exceptions:
            yield from _causes(one)
    else:
        yield error


def _complain(text: str, *, code: int) -> int:
    click.echo(f"perigee: {text}", err=True)
    return code


def _settings(config: Path | None) -> Settings:
    settings = load_settings(config)
    configure_logging(settings.log.level, settings.log.format, settings.secrets())
    return settings


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="perigee", message="%(prog)s %(version)s")
def perigee() -> None:
    """Tell Discord channels and Telegram chats what changes in spaceflight."""


@perigee.command("demo")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=demo.SPEED,
    show_default=True,
    help="Story seconds a second, at the most.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Order of what has none.")
def _demo(speed: float, seed: int) -> None:
    """Play a space week here: no account, no network."""
    configure_logging("error", "text")
    asyncio.run(demo.play(click.echo, speed=speed, seed=seed))


@perigee.command("run")
@desk.with_config
@click.option(
    "--roles",
    metavar="LIST",
    default=",".join(app.ROLES),
    show_default=True,
    help="What this process does.",
)
@click.option("--once", is_flag=True, help="One poll, deliver all that is due, end.")
def _run(config: Path | None, roles: str, *, once: bool) -> None:
    """Run the service until SIGTERM or SIGINT."""
    chosen = _roles(roles)
    settings = _settings(config)
    asyncio.run(_once(settings) if once else _serve(settings, chosen))


def _roles(text: str) -> tuple[str, ...]:
    chosen = tuple(role.strip() for role in text.split(",") if role.strip())
    for role in chosen:
        if role not in app.ROLES:
            raise ConfigError(f'there is no role "{role}"; there are: {", ".join(app.ROLES)}')
    return chosen


async def _serve(settings: Settings, roles: tuple[str, ...]) -> None:
    with app.stop_on_signal() as stop:
        async with app.open_service(settings) as service:
            await app.run(service, stop, roles=roles)


async def _once(settings: Settings) -> None:
    async with app.open_service(settings) as service:
        report = await app.run_once(service)
        counts = await app.delivered(service)
    click.echo(views.once_line(report, counts))


@perigee.command("check")
@desk.with_config
@click.option("--online", is_flag=True, help="Also ask LL2, Discord and Telegram.")
def _check(config: Path | None, *, online: bool) -> None:
    """Validate the settings and say what they will do."""
    settings = _settings(config)
    for sentence in describe(settings):
        click.echo(sentence)
    if online:
        click.echo(asyncio.run(app.check_online(settings)))


@perigee.command("simulator")
@click.option("--port", type=click.IntRange(0, 65535), default=8100, show_default=True)
@click.option(
    "--scenario",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A TOML file; else the bundled week.",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="Story seconds a second.",
)
def _simulator(port: int, scenario: Path | None, speed: float) -> None:
    """Serve an LL2 that plays a story, to develop against."""
    configure_logging("info", "text")
    asyncio.run(demo.serve_simulator(scenario, port=port, speed=speed, tell=click.echo))


perigee.add_command(desk.events)
perigee.add_command(desk.subscriptions)
perigee.add_command(desk.changes)
perigee.add_command(desk.deliveries)
perigee.add_command(desk.db)
