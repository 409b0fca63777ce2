"""The settings of the Apprise adapter: when it is on, what is refused, and what is a secret."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.config import Settings, describe, load_settings
from bot.errors import ConfigError

Written = Callable[[str], Path]

URL = "slack://Perigee@T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#spacewalks"


def test_the_adapter_is_on_when_it_knows_a_service(written: Written) -> None:
    """There is no other switch; the adapter gets the addresses in plain text."""
    settings = load_settings(written(f'[apprise.urls]\nteam = "{URL}"'))

    assert settings.adapters() == {"apprise": {"urls": {"team": URL}}}
    assert "Sends to: apprise." in describe(settings)


def test_without_a_service_it_is_off() -> None:
    """The default."""
    assert Settings().adapters() == {}


def test_an_address_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a secret, and secrets are better not in a file."""
    monkeypatch.setenv("PERIGEE_APPRISE__URLS__TEAM", URL)

    assert load_settings().adapters() == {"apprise": {"urls": {"team": URL}}}


def test_an_address_may_come_from_a_secret_file(tmp_path: Path, written: Written) -> None:
    """The same, in a container."""
    (tmp_path / "perigee_apprise__urls__team").write_text(f"{URL}\n")

    settings = load_settings(written(f'secrets_dir = "{tmp_path}"'))

    assert settings.adapters() == {"apprise": {"urls": {"team": URL}}}


def test_every_part_of_an_address_is_a_secret(written: Written) -> None:
    """Services log parts of it; which part is the token, only Apprise knows."""
    mail = "mailto://ada:pa%2Fs@mail.example.org?to=eve%40example.org"
    settings = load_settings(written(f'[apprise.urls]\nteam = "{URL}"\nmail = "{mail}"'))

    secrets = settings.secrets()

    assert {URL, "T1JJ3T3L2", "A1BRTD4JD", "TIiajkdnlazkcOXrIdevi7FQ"} <= secrets
    assert {mail, "pa%2Fs", "pa/s", "eve%40example.org", "eve@example.org"} <= secrets


def test_no_address_is_in_any_text(written: Written) -> None:
    """Neither the settings as text nor what `check` says of them holds one."""
    settings = load_settings(written(f'[apprise.urls]\nteam = "{URL}"'))

    told = "\n".join([repr(settings), str(settings), *describe(settings)])

    assert "TIiajkdnlazkcOXrIdevi7FQ" not in told


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('apprise.urls = "ntfy://sesame"', "apprise.urls is not a table"),
        ("[apprise.urls]\nteam = 3", "apprise.urls.team is not text; put it in quotes"),
        (
            '[apprise.urls]\nteam = "sesame"',
            'apprise.urls says no address for team; write it like "ntfy://host/topic"',
        ),
        (
            '[apprise.urls]\nTeam = "ntfy://sesame"',
            'apprise.urls has the name "Team"; write it in a-z, 0-9, "-" and "_"',
        ),
        (
            '[plugins.apprise]\nurl = "ntfy://sesame"',
            "plugins names apprise, which is built in; its table is [apprise]",
        ),
    ],
)
def test_what_is_wrong_is_said_without_the_address(
    written: Written, text: str, sentence: str
) -> None:
    """A sentence names the key and what to write, and quotes no secret."""
    with pytest.raises(ConfigError) as caught:
        load_settings(written(text))

    assert str(caught.value) == sentence
