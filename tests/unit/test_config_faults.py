"""Refused settings: one sentence a fault, naming the key, with what to do and without secrets."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.config import Settings, load_settings
from bot.config.values import duration
from bot.errors import ConfigError

Written = Callable[[str], Path]


def faults(path: Path | None = None) -> list[str]:
    """The sentences with which the settings are refused."""
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            'll2.base_url = "htp:/x"',
            (
                'll2.base_url = "htp:/x" is not an http(s) address; '
                'write it like "https://example.org/path"'
            ),
        ),
        ("ll2.hourly_budget = 0", "ll2.hourly_budget = 0 is too small; the least is 1"),
        ("ll2.hourly_budget = true", "ll2.hourly_budget = true is not a whole number"),
        ('ll2.hourly_budget = "x"', 'll2.hourly_budget = "x" is not a whole number'),
        (
            "ll2.hourly_budget = 100001",
            "ll2.hourly_budget = 100001 is too large; the most is 100000",
        ),
        (
            "ll2.poll_interval = 300",
            'll2.poll_interval = 300 is not a duration; write "25s", "5m", "1h30m" or "1d"',
        ),
        (
            'll2.poll_interval = "0s"',
            'll2.poll_interval = "0s" is too small; the least is 1 second',
        ),
        ('shutdown_grace = "2h"', 'shutdown_grace = "2h" is too large; the most is 1 hour'),
        (
            'announce.first_run = "loud"',
            "announce.first_run = \"loud\" is not known; write 'silent' or 'announce'",
        ),
        ("console.enabled = 5", "console.enabled = 5 is neither true nor false"),
        (
            'web.listen = "8080"',
            (
                'web.listen = "8080" is not host:port; '
                'write it like "127.0.0.1:8080", or "" for no page'
            ),
        ),
        (
            'web.listen = "localhost:65536"',
            (
                'web.listen = "localhost:65536" is not host:port; '
                'write it like "127.0.0.1:8080", or "" for no page'
            ),
        ),
        (
            'discord.gateway_url = "http://x"',
            (
                'discord.gateway_url = "http://x" is not a ws(s) address; '
                'write it like "wss://example.org", or ""'
            ),
        ),
        (
            'discord.development_guilds = ["home"]',
            (
                'discord.development_guilds = ["home"] is not a list of ids of servers; '
                'write it like ["1234567890"]'
            ),
        ),
        (
            "discord.development_guilds = 5",
            "discord.development_guilds = 5 is not a list; write it in brackets",
        ),
        (
            'store.url = "mysql://x"',
            (
                "store.url is not a store's address; write sqlite:///path/to/file.db, "
                "sqlite:// (in memory) or postgresql://user@host/name"
            ),
        ),
        ("telegram.token = 5", "telegram.token is not text; put it in quotes"),
        ("web = 5", "web is not a table"),
        ("plugins.x = 5", "plugins.x is not a table"),
        (
            "plugins.discord.x = 5",
            "plugins names discord, which is built in; its table is [discord]",
        ),
        (
            'secrets_dir = "/nowhere"',
            (
                'secrets_dir = "/nowhere" is not a folder that exists; '
                'correct it, or write "" for none'
            ),
        ),
        ("ll2.budget = 5", "ll2.budget is not a setting; did you mean ll2.hourly_budget?"),
        ("poll_interval = 5", "poll_interval is not a setting; did you mean ll2.poll_interval?"),
        ("discrod.token = 5", "discrod is not a setting; did you mean discord?"),
        ("zulip.x = 5", "zulip is not a setting; a plug-in's table is [plugins.zulip]"),
        ("_env_file = 5", "_env_file is not a setting"),
    ],
)
def test_fault_in_the_file_is_one_sentence(written: Written, text: str, sentence: str) -> None:
    """It names the key, quotes what is not secret, and says what to do."""
    assert faults(written(text)) == [sentence]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PERIGEE_LL2__BUDGET", "1", "did you mean PERIGEE_LL2__HOURLY_BUDGET?"),
        ("PERIGEE_LL2_BASE_URL", "http://x", "did you mean PERIGEE_LL2__BASE_URL?"),
        ("PERIGEE_DISCROD__TOKEN", "x", "did you mean PERIGEE_DISCORD__TOKEN?"),
        ("PERIGEE_SHUTDOWN_GRACE__X", "1", "did you mean PERIGEE_SHUTDOWN_GRACE?"),
        ("PERIGEE_XYZ", "1", "PERIGEE_XYZ is not a setting"),
    ],
)
def test_unknown_variable_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    """A misspelt variable that is silently ignored costs its owner an evening."""
    monkeypatch.setenv(name, value)

    [fault] = faults()

    assert fault.startswith(f"{name} is not a setting")
    assert fault.endswith(sentence)


def test_unknown_secret_file_is_refused_by_name(tmp_path: Path, written: Written) -> None:
    """A misspelt secret file leaves a platform silently off."""
    secret = tmp_path / "perigee_discord__tokn"
    secret.write_text("x")

    path = written(f'secrets_dir = "{tmp_path}"')

    hint = "did you mean PERIGEE_DISCORD__TOKEN?"
    assert faults(path) == [f"{secret} is not a setting; {hint}"]


def test_fault_in_a_variable_names_key_and_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The owner must find the place to mend."""
    monkeypatch.setenv("PERIGEE_LL2__HOURLY_BUDGET", "")
    monkeypatch.setenv("PERIGEE_STORE", '{"url": "postgresql://u:hunter2@h/n"}')

    assert faults() == [
        'll2.hourly_budget = "" (from PERIGEE_LL2__HOURLY_BUDGET) is not a whole number',
        "store (from PERIGEE_STORE) is not a table",
    ]


def test_variables_of_orchestrators_and_tests_are_no_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Kubernetes sets PERIGEE_PORT… in each pod beside a service named perigee."""
    for name in ("PERIGEE_SERVICE_HOST", "PERIGEE_PORT_80_TCP", "PERIGEE_TEST_POSTGRES_URL"):
        monkeypatch.setenv(name, "tcp://10.0.0.1:80")

    assert load_settings() == Settings()


def test_all_faults_are_told_at_once(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody wants to mend a file one fault at a time."""
    monkeypatch.setenv("PERIGEE_NONSENSE", "1")

    told = faults(written('log.level = "loud"\nll2.hourly_budget = 0'))

    assert [line.split(" ")[0] for line in told] == [
        "PERIGEE_NONSENSE",
        "ll2.hourly_budget",
        "log.level",
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"a = 1\nb =\n", "line 2"), (b"a = 1\n\n# \xff\n", "see line 3")],
)
def test_file_that_is_not_toml_is_refused_with_the_line(
    tmp_path: Path, content: bytes, words: str
) -> None:
    """The line is what its owner looks for."""
    path = tmp_path / "config.toml"
    path.write_bytes(content)

    [fault] = faults(path)

    assert fault.startswith(f"{path} is not ")
    assert words in fault


def test_named_file_must_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only ./config.toml may be missing: nobody asked for it."""
    path = tmp_path / "missing.toml"
    monkeypatch.setenv("PERIGEE_CONFIG", str(path))

    assert faults() == [f"{path} cannot be read: No such file or directory"]


@pytest.mark.parametrize("value", ["", "5", "m", "5 m", "1.5h", "-5m", "30m1h", "5m\n", 5, None])
def test_what_is_not_a_duration_is_refused(value: object) -> None:
    """A bare number would be seconds to one reader and minutes to another."""
    with pytest.raises(ValueError, match="is not a duration"):
        duration(value)


@pytest.mark.parametrize(
    "url",
    ["https://u:p@x", "https://", "https://x y", "https://x:0", "https://[x", "x", "https://x?a=1"],
)
def test_addresses_that_cannot_be_called_are_refused(written: Written, url: str) -> None:
    """A user name, a query or a blank in a base address is a mistake, and may be a secret."""
    [fault] = faults(written(f'll2.base_url = "{url}"'))

    assert "is not an http(s) address" in fault
    assert "u:p" not in fault


def test_secrets_are_in_no_fault(written: Written) -> None:
    """Not even in the errors that led to the sentence."""
    path = written(
        'll2.api_key = "hun ter2"\ndiscord = "hunter2"\ntelegram.token = ["hunter2"]\n'
        'store.url = "mysql://u:hunter2@h"\nplugins.x = "hunter2"\ntoken = "hunter2"'
    )

    with pytest.raises(ConfigError) as caught:
        load_settings(path)

    assert len(str(caught.value).splitlines()) == 6
    assert "ter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
