"""Secrets that are wrong are told by their key alone, wherever they were read."""

from pathlib import Path

import pytest
from secrets_search import API_KEY, APPRISE, DISCORD, PASSWORD, TELEGRAM, leaks

from bot.config import describe, load_settings
from bot.errors import ConfigError

WRONG = [
    ("telegram__token", f"{TELEGRAM} with a blank"),
    ("discord__token", f"{DISCORD}\nsecond line"),
    ("store__url", f"mysql://perigee:{PASSWORD}@host/db"),
    ("store__url", PASSWORD),
    ("ll2__base_url", f"https://perigee:{PASSWORD}@host/"),
    ("telegram__api_base_url", f"https://perigee:{PASSWORD}@host/"),
    ("discord__gateway_url", f"wss://perigee:{PASSWORD}@host/"),
    ("telegram__webhook_url", f"https://host/?token={APPRISE}"),
    ("telegram__webhook_url", f"https://host/#{APPRISE}"),
    ("apprise__urls__phone", f"no-address-{APPRISE}"),
]


@pytest.mark.parametrize("source", ["environment", "file"])
@pytest.mark.parametrize(("key", "text"), WRONG)
def test_wrong_secret_is_told_by_its_key_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, text: str, source: str
) -> None:
    """What is wrong with it can be said without it."""
    name = f"PERIGEE_{key.upper()}"
    if source == "file":
        (tmp_path / name).write_text(text)
        monkeypatch.setenv("PERIGEE_SECRETS_DIR", str(tmp_path))
    else:
        monkeypatch.setenv(name, text)

    with pytest.raises(ConfigError) as caught:
        load_settings()

    assert key.removesuffix("__phone").replace("__", ".") in str(caught.value)
    assert leaks(str(caught.value)) == []


def test_secrets_from_files_are_used_and_never_described(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What orchestrators lay into a folder is read as it is, without the newline at its end."""
    secrets = {
        "discord__token": DISCORD,
        "telegram__token": TELEGRAM,
        "ll2__api_key": API_KEY,
        "store__url": f"postgresql://perigee:{PASSWORD}@host/db",
        "apprise__urls__phone": f"json://host/{APPRISE}",
    }
    for name, text in secrets.items():
        (tmp_path / f"PERIGEE_{name.upper()}").write_text(f"{text}\n")
    monkeypatch.setenv("PERIGEE_SECRETS_DIR", str(tmp_path))

    settings = load_settings()

    assert settings.adapters()["telegram"]["token"] == TELEGRAM
    assert settings.discord.token.get_secret_value() == DISCORD
    assert {DISCORD, TELEGRAM, API_KEY, PASSWORD, APPRISE} <= settings.secrets()
    assert leaks("\n".join([*describe(settings), repr(settings), str(settings)])) == []
