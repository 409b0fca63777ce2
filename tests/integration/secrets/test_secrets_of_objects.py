"""No secret in the text of an object or in what the store says, in any of its forms."""

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import quote

from secrets_search import ALL, leaks
from tellings import Told, failing

from bot.adapters import discord, telegram
from bot.config import Settings
from bot.store.unit_of_work import open_store
from bot.testing.surroundings import surroundings


def test_objects_tell_no_secret(settings: Settings) -> None:
    """Neither settings nor what is made of them, printed by a debugger or a careless log."""
    options: Mapping[str, Mapping[str, object]] = settings.adapters()
    around = [surroundings(one) for one in options.values()]
    made = [
        discord.client._options(options["discord"], "discord"),
        telegram.client.Options.read(options["telegram"]),
        *around,
        settings,
        # A plug-in's table is the plain mapping that its author reads.
        *(getattr(settings, name) for name in type(settings).model_fields if name != "plugins"),
    ]

    texts = [text for one in made for text in (repr(one), str(one), f"{one}")]
    texts += [settings.model_dump_json(exclude={"store", "plugins"})]
    assert leaks("\n".join(texts)) == []


async def test_store_tells_no_password(settings: Settings, told: Told) -> None:
    """Whatever SQLAlchemy says, also of an address that it cannot open."""
    told.begin()
    await failing(told, _upgraded(settings.store.url))

    assert leaks(told.all()) == []


@asynccontextmanager
async def _upgraded(url: str) -> AsyncIterator[None]:
    async with open_store(url) as store:
        await store.upgrade()
        yield


def test_every_secret_has_forms_that_are_searched() -> None:
    """The search itself finds what it must: a test that cannot fail proves nothing."""
    for secret in ALL:
        assert leaks(f"x{secret}x")
        assert leaks(base64.b64encode(f"u:{secret}:p".encode()).decode())
        assert leaks(quote(secret, safe=""))
