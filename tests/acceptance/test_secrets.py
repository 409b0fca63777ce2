"""No secret on either stream of the real program: checks, outages, refusals and crashes."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from programs import Program, Story
from secrets_search import API_KEY, APPRISE, DISCORD, PASSWORD, TELEGRAM, leaks
from standins.discord.server import DiscordStandIn
from standins.telegram.server import TelegramStandIn
from watchers import Watcher, bound_address

FAULTY = """
from contextlib import asynccontextmanager

@asynccontextmanager
async def create(surroundings):
    cause = ValueError(f"cannot use {surroundings.options}")
    raise RuntimeError(f"cannot log in with {surroundings} {surroundings.options}") from cause
    yield
"""


def sealed(perigee: Program, **extra: str) -> Program:
    """The program with every secret in a file of `secrets_dir`, at the loudest level."""
    folder = perigee.folder / "secrets"
    folder.mkdir(exist_ok=True)
    secrets = {
        "discord__token": DISCORD,
        "telegram__token": TELEGRAM,
        "ll2__api_key": API_KEY,
        "apprise__urls__phone": f"json://127.0.0.1:1/{APPRISE}/",
        **extra,
    }
    for name, text in secrets.items():
        (folder / f"PERIGEE_{name.upper()}").write_text(f"{text}\n")
    return perigee.given(secrets_dir=str(folder), log__level="debug")


def a_faulty_plug_in(folder: Path) -> None:
    """A package that puts all it was given into its error, and that into another."""
    about = folder / "perigee_faulty-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: perigee_faulty\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[perigee.adapters]\nfaulty = perigee_faulty:create\n")
    (folder / "perigee_faulty.py").write_text(FAULTY)


@asynccontextmanager
async def platforms(*, refuse: bool) -> AsyncIterator[dict[str, str]]:
    """Both platforms, which know our tokens or refuse them; the settings that lead there."""
    telegram = TelegramStandIn()
    telegram.token = "1:other" if refuse else TELEGRAM
    async with telegram, DiscordStandIn(token="other" if refuse else DISCORD) as discord:
        yield {
            "telegram__api_base_url": telegram.base_url,
            "discord__api_base_url": discord.api_base_url,
            "discord__gateway_url": discord.gateway_url,
        }


@pytest.mark.parametrize("refuse", [False, True])
async def test_platforms_that_take_or_refuse_the_tokens(
    perigee: Program, story: Story, *, refuse: bool
) -> None:
    """From the first word to the last, with the tokens read from files."""
    async with story.told() as ll2, platforms(refuse=refuse) as addresses:
        program = sealed(perigee).given(ll2__base_url=ll2, **addresses)
        done = await program.run("run", "--once")

    assert (done.code != 0) is refuse
    assert ("token is" in done.err) is refuse
    assert leaks(done.out + done.err) == []


async def test_pages_of_a_running_service(perigee: Program, story: Story) -> None:
    """Whoever reaches its port reads no secret there, nor in what it logs of being asked."""
    async with story.told() as ll2, platforms(refuse=False) as addresses:
        program = sealed(perigee).given(ll2__base_url=ll2, web__listen="127.0.0.1:0", **addresses)
        async with program.started("run") as running:
            await running.until("Serving /healthz")
            # Apprise's addresses hold tokens in any part, so ours masks this one's host everywhere.
            address = bound_address(running.err.decode()).replace("***", "127.0.0.1")
            watcher = Watcher(address=address)
            pages = [await watcher.ask(f"/{name}") for name in ("healthz", "readyz", "metrics")]
            running.send(signal.SIGTERM)
            done = await running.end(within=timedelta(seconds=30))

    told = "\n".join(f"{one.text}\n{dict(one.headers)}" for one in pages)
    assert "perigee_" in pages[-1].text
    assert leaks(f"{told}\n{done.out}{done.err}") == []


async def test_nothing_answers(perigee: Program) -> None:
    """Connections refused on all sides, and a store that cannot be opened."""
    url = f"postgresql://perigee:{PASSWORD}@127.0.0.1:1/perigee?password={PASSWORD}"
    nowhere = dict.fromkeys(
        ("telegram__api_base_url", "discord__api_base_url", "ll2__base_url"), "http://127.0.0.1:1"
    )

    asked = await sealed(perigee).given(**nowhere).run("check", "--online")
    stored = await sealed(perigee, store__url=url).given(**nowhere).run("run", "--once")

    for done in (asked, stored):
        assert done.code in {1, 2}
        assert "Traceback" not in done.err
        assert leaks(done.out + done.err) == []


async def test_crash_with_all_that_it_knew(perigee: Program, story: Story) -> None:
    """A bug's whole chain of errors reaches standard error, and no secret in it."""
    a_faulty_plug_in(perigee.folder)
    program = sealed(perigee, plugins__faulty__token=f"{API_KEY}-plug-in")
    alone = program.given(discord__token="", telegram__token="", log__format="json")

    async with story.told() as ll2:
        plugged = alone.given(ll2__base_url=ll2).within(PYTHONPATH=str(perigee.folder))
        done = await plugged.run("run", "--once")

    assert done.code == 1
    assert "RuntimeError" in done.err
    assert leaks(done.out + done.err) == []
