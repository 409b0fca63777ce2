"""Settings: their sources and order, what they mean, and that no secret is in any text."""

import tomllib
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Settings, describe, find_config, load_settings, wants_colour
from bot.config.loading import setting_names
from bot.config.values import duration
from bot.domain.spans import spell_span

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"

Written = Callable[[str], Path]


def test_example_holds_every_setting_at_its_default() -> None:
    """The example is the documentation of the settings, so it may not lie or lack one."""
    table = tomllib.loads(EXAMPLE.read_text())

    flat = {
        f"{name}.{key}" if isinstance(value, dict) else name
        for name, value in table.items()
        for key in (value if isinstance(value, dict) and value else [""])
    }

    assert {name.removesuffix(".") for name in flat} == {*setting_names()}
    assert load_settings(EXAMPLE) == Settings()


def test_every_key_of_the_example_is_explained() -> None:
    """Each key stands under one comment line."""
    lines = EXAMPLE.read_text().splitlines()

    bare = [
        now
        for before, now in pairwise(lines)
        if " = " in now[:20] and not before.startswith("# ") and not now.startswith("#")
    ]

    assert bare == []


def test_defaults_without_any_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file and no variable is a valid configuration."""
    monkeypatch.chdir(tmp_path)

    assert find_config(None) is None
    assert load_settings() == Settings()


def test_file_is_the_argument_then_the_variable_then_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--config beats PERIGEE_CONFIG, which beats ./config.toml."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").touch()

    here = find_config(None)
    monkeypatch.setenv("PERIGEE_CONFIG", "named.toml")

    assert here == Path("config.toml")
    assert find_config(None) == Path("named.toml")
    assert find_config(Path("given.toml")) == Path("given.toml")


def test_environment_wins_over_secret_file_wins_over_config_file(
    tmp_path: Path, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each source overrides only the keys that it has."""
    path = written(
        f'secrets_dir = "{tmp_path}"\n'
        '[ll2]\napi_key = "file"\nhourly_budget = 20\n[discord]\ntoken = ""\n[log]\nlevel = "error"'
    )
    (tmp_path / "perigee_ll2__api_key").write_text("secret\n")
    (tmp_path / "PERIGEE_DISCORD__TOKEN").write_text("from-a-secret-file\n")
    monkeypatch.setenv("PERIGEE_LL2__API_KEY", "environment")
    monkeypatch.setenv("perigee_log__level", "DEBUG")

    settings = load_settings(path)

    assert settings.ll2.api_key.get_secret_value() == "environment"
    assert settings.discord.token.get_secret_value() == "from-a-secret-file"
    assert settings.ll2.hourly_budget == 20
    assert settings.log.level == "debug"


def test_secrets_dir_may_come_from_the_environment(
    tmp_path: Path, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a setting like any other, although others depend on it."""
    (tmp_path / "perigee_telegram__token").write_text("12:ab")
    monkeypatch.setenv("PERIGEE_SECRETS_DIR", str(tmp_path))

    settings = load_settings(written('secrets_dir = "/nowhere"'))

    assert settings.telegram.token.get_secret_value() == "12:ab"


def test_files_of_others_in_the_secrets_folder_are_left_alone(
    tmp_path: Path, written: Written
) -> None:
    """The folder is often shared; what is not named perigee_… may be anything, even binary."""
    (tmp_path / "other_service_key").write_bytes(b"\xff\xfe")

    assert load_settings(written(f'secrets_dir = "{tmp_path}"')).adapters() == {}


@pytest.mark.parametrize(
    ("text", "spelled"),
    [("0s", "0s"), ("90s", "1m30s"), ("1h30m", "1h30m"), ("1d", "1d"), ("24h", "1d")],
)
def test_durations_have_units(text: str, spelled: str) -> None:
    """Any units, larger ones first."""
    assert spell_span(duration(text)) == spelled


@given(st.integers(min_value=0, max_value=10**9))
def test_durations_survive_being_written(seconds: int) -> None:
    """What `spell_span` writes, `duration` reads."""
    span = timedelta(seconds=seconds)

    assert duration(spell_span(span)) == span


def test_slash_at_the_end_of_an_address_does_not_matter(written: Written) -> None:
    """Paths are added to it."""
    settings = load_settings(written('ll2.base_url = "http://127.0.0.1:8000/2.3.0/"'))

    assert settings.ll2.base_url == "http://127.0.0.1:8000/2.3.0"


@pytest.mark.parametrize(
    "url",
    ["sqlite://", "sqlite:///perigee.db", "sqlite:////data/perigee.db", "postgresql://u:p@h:1/n"],
)
def test_both_kinds_of_store_are_accepted(written: Written, url: str) -> None:
    """The store itself refuses what it cannot do."""
    assert load_settings(written(f'store.url = "{url}"')).store.url == url


def test_ids_in_a_variable_stand_between_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable has no lists; the file has."""
    monkeypatch.setenv("PERIGEE_DISCORD__DEVELOPMENT_GUILDS", "12, 34")

    assert load_settings().discord.development_guilds == ("12", "34")


def test_ids_in_the_file_are_a_list(written: Written) -> None:
    """As TOML writes one."""
    settings = load_settings(written('discord.development_guilds = ["12", "34"]'))

    assert settings.discord.development_guilds == ("12", "34")


def test_settings_are_frozen() -> None:
    """They are decided once."""
    with pytest.raises(ValueError, match="frozen"):
        Settings().ll2.hourly_budget = 20  # type: ignore[misc]


def test_adapters_are_on_by_token_switch_or_table(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each comes with the options that its factory gets."""
    monkeypatch.delenv("NO_COLOR", raising=False)

    settings = load_settings(
        written(
            '[telegram]\ntoken = "12:ab"\n[console]\nenabled = true\n[plugins.zulip]\nsite = "x"'
        )
    )

    assert settings.adapters() == {
        "telegram": {
            "token": "12:ab",
            "api_base_url": "https://api.telegram.org",
            "paid_broadcast": False,
            "webhook_url": "",
            "webhook_listen": "",
        },
        "console": {"enabled": True, "colour": True},
        "zulip": {"site": "x"},
    }


@pytest.mark.parametrize(("value", "colour"), [("1", False), ("0", False), ("", True)])
def test_no_color_takes_colour_away(
    written: Written, monkeypatch: pytest.MonkeyPatch, *, value: str, colour: bool
) -> None:
    """NO_COLOR forbids colour whatever it says, unless it is empty (no-color.org)."""
    monkeypatch.setenv("NO_COLOR", value)

    settings = load_settings(written("console.enabled = true"))

    assert settings.adapters()["console"]["colour"] is colour
    assert wants_colour() is colour


SECRETIVE = """
[ll2]
api_key = "key-1234"
[discord]
token = "MTk.abc-discord"
[store]
url = "postgresql://u:hunter%21@h/n"
[plugins.zulip]
site = "zulip.example.org"
[plugins.zulip.login]
api_keys = ["key-in-list"]
[plugins.zulip.secrets]
deep = "deep-secret"
"""


def test_secrets_are_known(written: Written) -> None:
    """The log must know what to hide: tokens, the store's password, what plug-ins call a secret."""
    assert load_settings(written(SECRETIVE)).secrets() == {
        "key-1234",
        "MTk.abc-discord",
        "hunter%21",
        "hunter!",
        "key-in-list",
        "deep-secret",
    }


def test_secrets_are_in_no_text(written: Written) -> None:
    """Neither the settings as text nor what `check` says of them holds one."""
    settings = load_settings(written(SECRETIVE))

    told = "\n".join([repr(settings), str(settings), *describe(settings)])

    assert [secret for secret in settings.secrets() if secret in told] == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Keeps everything in the SQLite file perigee.db."),
        ('store.url = "sqlite://"', "Keeps everything in memory, and forgets it when it stops."),
        ('store.url = "sqlite:////d/p.db"', "Keeps everything in the SQLite file /d/p.db."),
        (
            'store.url = "postgresql://u:p@h/n?password=q"',
            "Keeps everything in PostgreSQL, database h/n.",
        ),
        ('telegram.token = "1:a"\nplugins.zulip = {}', "Sends to: telegram, zulip."),
        ('web.listen = "[::1]:80"', "Serves /healthz, /readyz and /metrics at [::1]:80."),
        (
            'announce.first_run = "announce"',
            "On the very first poll, announces every event that it finds.",
        ),
        (
            'll2.poll_interval = "90s"\nll2.hourly_budget = 210\nll2.api_key = "k"',
            (
                "Asks https://ll.thespacedevs.com/2.3.0 every 1m30s, more often near an event, "
                "with at most 210 requests in any hour, with an API key."
            ),
        ),
    ],
)
def test_description_says_what_the_program_will_do(
    written: Written, text: str, sentence: str
) -> None:
    """Plain sentences, for `perigee check`."""
    assert sentence in describe(load_settings(written(text)))
