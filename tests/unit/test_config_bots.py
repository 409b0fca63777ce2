"""Several bots of a platform in the settings: their names, what they inherit, what clashes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.config import describe, load_settings
from bot.errors import ConfigError

Written = Callable[[str], Path]

TWO = """
[discord]
token = "main-token"
sync_commands = false
development_guilds = ["7"]
[discord.bots.news]
token = "news-token"
development_guilds = []
[telegram]
token = "1:main"
paid_broadcast = true
webhook_url = "https://example.org/main"
webhook_listen = "127.0.0.1:8443"
[telegram.bots.in-french]
token = "2:french"
"""


def test_bots_are_adapters_of_their_own(written: Written) -> None:
    """Each has its token; what it does not say is its platform's, but for the webhook."""
    settings = load_settings(written(TWO))

    adapters = settings.adapters()
    assert [*adapters] == ["discord", "discord-news", "telegram", "telegram-in-french"]
    assert adapters["discord-news"] == adapters["discord"] | {
        "token": "news-token",
        "development_guilds": (),
    }
    assert adapters["telegram-in-french"] == adapters["telegram"] | {
        "token": "2:french",
        "webhook_url": "",
        "webhook_listen": "",
    }


def test_adapters_know_their_platform_and_their_section(written: Written) -> None:
    """By the one they are opened, by the other sentences name their settings."""
    settings = load_settings(written(f"{TWO}[plugins.discord-relay]\nx = 1"))

    known = {one: (settings.platform(one), settings.section(one)) for one in settings.adapters()}
    assert known == {
        "discord": ("discord", "discord"),
        "discord-news": ("discord", "discord.bots.news"),
        "telegram": ("telegram", "telegram"),
        "telegram-in-french": ("telegram", "telegram.bots.in-french"),
        "discord-relay": ("discord-relay", "plugins.discord-relay"),
    }


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", ()),
        ('shard_ids = "all"', ()),
        ("shard_count = 4\nshard_ids = [2, 3]", (2, 3)),
        ('shard_count = 4\nshard_ids = "2, 3"', (2, 3)),
    ],
)
def test_shards_are_a_list_or_all(written: Written, text: str, ids: tuple[int, ...]) -> None:
    """Of all there are; a variable writes the list between commas."""
    assert load_settings(written(f"[discord]\n{text}")).discord.shard_ids == ids


def test_bots_have_shards_of_their_own(written: Written) -> None:
    """How many a bot needs goes by its servers, not by those of another bot."""
    text = (
        '[discord]\ntoken = "a"\nshard_count = 4\nshard_ids = [2, 3]\nbots.news.token = "b"\n'
        'bots.big = {token = "c", shard_count = 8, shard_ids = [7]}'
    )

    adapters = load_settings(written(text)).adapters()

    shards = {name: (one["shard_count"], one["shard_ids"]) for name, one in adapters.items()}
    assert shards == {
        "discord": (4, (2, 3)),
        "discord-news": (0, ()),
        "discord-big": (8, (7,)),
    }


def test_section_without_a_token_holds_what_its_bots_share(written: Written) -> None:
    """A main bot is not needed."""
    settings = load_settings(written('discord.bots.a.token = "x"\ndiscord.sync_commands = false'))

    assert [*settings.adapters()] == ["discord-a"]
    assert settings.adapters()["discord-a"]["sync_commands"] is False
    assert "Sends to: discord-a." in describe(settings)


def test_tokens_come_from_variables_and_secret_files(
    tmp_path: Path, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the same names as all settings; a bot that only they know is one as well."""
    (tmp_path / "perigee_telegram__bots__in-french__token").write_text("3:file\n")
    monkeypatch.setenv("PERIGEE_DISCORD__BOTS__NEWS__TOKEN", "12345")
    monkeypatch.setenv("PERIGEE_DISCORD__BOTS__MORE__TOKEN", "more")

    settings = load_settings(written(f'secrets_dir = "{tmp_path}"\n{TWO}'))

    tokens = {name: options["token"] for name, options in settings.adapters().items()}
    assert tokens == {
        "discord": "main-token",
        "discord-more": "more",
        "discord-news": "12345",
        "telegram": "1:main",
        "telegram-in-french": "3:file",
    }


def test_tokens_of_all_bots_are_secrets(written: Written) -> None:
    """The log must know each, and no text of the settings tells one."""
    settings = load_settings(written(TWO))

    assert settings.secrets() == {"main-token", "news-token", "1:main", "2:french"}
    assert [one for one in settings.secrets() if one in f"{settings!r} {settings}"] == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            'discord.bots.News_2.token = "x"',
            (
                "discord.bots.News_2 is no name for a bot; write up to 32 of a-z and 0-9, with "
                'single "-" between them'
            ),
        ),
        (
            'discord.bots.news.tokn = "x"',
            "discord.bots.news.tokn is not a setting; did you mean discord.bots.news.token?",
        ),
        (
            'discord.bots.news.api_base_url = "https://example.org"',
            "discord.bots.news.api_base_url is not a setting; did you mean discord.api_base_url?",
        ),
        (
            "discord.shard_ids = [0]",
            (
                "discord has shard_ids, so its shard_count must say how many there are in all "
                "processes, more than the largest of them"
            ),
        ),
        (
            "discord.bots.a = {token = 'x', shard_count = 2, shard_ids = [2]}",
            (
                "discord.bots.a has shard_ids, so its shard_count must say how many there are in "
                "all processes, more than the largest of them"
            ),
        ),
        (
            "discord.shard_count = 2\ndiscord.shard_ids = [1, 1]",
            (
                "discord.shard_ids = [1, 1] is not a list of different shards; write it like "
                '[0, 1], or "all"'
            ),
        ),
        ('discord.bots.news = "s3cret"', "discord.bots.news is not a table"),
        ("discord.bots = 5", "discord.bots is not a table"),
        (
            "telegram.bots.news = {}",
            "telegram.bots.news.token is empty; set it, or remove [telegram.bots.news]",
        ),
        (
            'discord.token = "s3cret"\ndiscord.bots.a.token = "s3cret"',
            (
                "discord.token and discord.bots.a.token are the same token; give each bot its own, "
                "or remove one of them"
            ),
        ),
        (
            (
                'telegram.bots.a = {token = "1:a", webhook_listen = "127.0.0.1:80"}\n'
                'web.listen = "127.0.0.1:80"'
            ),
            (
                "web.listen and telegram.bots.a.webhook_listen are the same address; give each its "
                "own port"
            ),
        ),
        (
            (
                '[telegram]\ntoken = "1:a"\nwebhook_url = "https://e.org"\n'
                'bots.a = {token = "1:b", webhook_url = "https://e.org/"}'
            ),
            (
                "telegram.webhook_url and telegram.bots.a.webhook_url are the same address; give "
                "each bot its own, for both are called there"
            ),
        ),
        (
            'discord.bots.a.token = "x"\nplugins.discord-a = {}',
            "plugins.discord-a has the name of the bot [discord.bots.a]; rename that bot",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_its_keys(written: Written, text: str, sentence: str) -> None:
    """One sentence that names what clashes, and no token."""
    with pytest.raises(ConfigError) as told:
        load_settings(written(text))

    assert f"{told.value}" == sentence
