"""The command line: parse, call, choose the exit code. The only place that turns errors into codes.

0 done · 1 a crash or an outage that ended the program · 2 the user's mistake, in one sentence on
standard error. Logs go to standard error, answers to standard output.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType

import click

from bot import __version__, checking, demo, desk, running, upkeep, views
from bot.config import Settings, describe, load_settings, wants_colour
from bot.domain.leases import ROLES
from bot.errors import BotError, ConfigError, InvariantBroken, StoreBusy, StoreTooNew
from bot.garbage import collect_rarely
from bot.logs import configure_logging

logger = logging.getLogger(__name__)

_MISTAKES = (ConfigError, StoreBusy, StoreTooNew)


def main() -> None:
    """Run `perigee` and leave with its exit code; a bug is logged, and Python leaves with 1."""
    configure_logging("info", "text", colour=wants_colour())
    sys.excepthook = _report_bug
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that knows no "→" shows "?"
    sys.exit(outcome(sys.argv[1:]))


def _report_bug(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    # The log masks secrets; Python's own report would print them.
    logger.critical("Perigee crashed; please report this bug", exc_info=(kind, error, trace))


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
    except (BotError, OSError, ExceptionGroup) as exc:
        return _explain(exc)
    return 0


def _explain(error: Exception) -> int:
    """Say what happened; a group is as serious as its worst, and only bugs show a traceback."""
    causes = list(_causes(error))
    if any(isinstance(one, BrokenPipeError) for one in causes):
        _close_output()
        return 1  # nobody reads us any more
    if not all(isinstance(one, BotError | OSError) for one in causes):
        raise error
    if any(isinstance(one, InvariantBroken) for one in causes):
        raise error
    if any(isinstance(one, OSError) for one in causes):
        _close_output()
    for text in dict.fromkeys(_sentence(one) for one in causes):
        _complain(text, code=1)
    return 2 if all(isinstance(one, _MISTAKES) for one in causes) else 1


def _sentence(error: Exception) -> str:
    return f"the system refused: {error}" if isinstance(error, OSError) else str(error)


def _close_output() -> None:
    """What could not be written must not be tried again by the interpreter's last flush."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
    log = settings.log
    configure_logging(log.level, log.format, settings.secrets(), colour=wants_colour())
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
    configure_logging("error", "text", colour=wants_colour())
    asyncio.run(_play(speed, seed))


async def _play(speed: float, seed: int) -> None:
    with running.stop_on_signal() as stop:
        await running.unless(stop, demo.play(click.echo, speed=speed, seed=seed))
    if stop.is_set():
        raise click.Abort


@perigee.command("run")
@desk.with_config
@click.option(
    "--roles",
    metavar="LIST",
    help=f"What this process does, of {','.join(ROLES)}; default: all.",
)
@click.option("--once", is_flag=True, help="One poll, deliver all that is due, end.")
def _run(config: Path | None, roles: str | None, *, once: bool) -> None:
    """Run the service until SIGTERM or SIGINT."""
    if once and roles is not None:
        raise ConfigError("--once does everything once; leave out --roles")
    chosen = ROLES if roles is None else _roles(roles)
    settings = _settings(config)
    collect_rarely()
    asyncio.run(_once(settings) if once else running.serve(settings, chosen))


def _roles(text: str) -> tuple[str, ...]:
    """The words between the commas; which roles there are depends on the adapters."""
    chosen = tuple(role.strip() for role in text.split(",") if role.strip())
    if not chosen:
        raise ConfigError(f"--roles names no role; there are: {', '.join(ROLES)}")
    for role in chosen:
        if role.partition(":")[0] not in ROLES:
            raise ConfigError(f'there is no role "{role}"; there are: {", ".join(ROLES)}')
    return chosen


async def _once(settings: Settings) -> None:
    with running.stop_on_signal() as stop:
        done = await running.once(settings, stop)
    click.echo(views.once_line(*done) if done else "Stopped before all was done.")


@perigee.command("check")
@desk.with_config
@click.option("--online", is_flag=True, help="Also ask LL2, Discord and Telegram.")
def _check(config: Path | None, *, online: bool) -> None:
    """Validate the settings and say what they will do."""
    settings = desk.quiet_settings(config)
    faults = asyncio.run(checking.faults(settings))
    if faults:
        raise ConfigError("\n".join(faults))
    for sentence in describe(settings):
        click.echo(sentence)
    if online:
        asyncio.run(_ask(settings))


async def _ask(settings: Settings) -> None:
    click.echo(await checking.ask_ll2(settings))
    async for sentence in checking.ask_chats(settings):
        click.echo(sentence)


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
    configure_logging("info", "text", colour=wants_colour())
    asyncio.run(demo.serve_simulator(scenario, port=port, speed=speed, tell=click.echo))


perigee.add_command(desk.events)
perigee.add_command(desk.subscriptions)
perigee.add_command(desk.changes)
perigee.add_command(desk.deliveries)
perigee.add_command(upkeep.db)
