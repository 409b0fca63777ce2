"""Names and addresses that want to be paths or modules: in settings, in `--to`, in deliveries."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_commands import Type

from bot.adapters.discord.addresses import read_address
from bot.adapters.registry import adapter_names, load_adapter
from bot.adapters.telegram.addresses import read_place
from bot.app import adapter_factory
from bot.errors import ConfigError

TRICKS = (
    *("../discord", "./discord", "/etc/passwd", "discord/../console", "..", "."),
    *("bot.adapters.discord", "bot.adapters.discord:create", "os:system", "evil", "evil:create"),
    *("discord\x00", "discord\n", "dis cord", "DISCORD ", "console;evil", "%64iscord"),
    *("d\u0456scord", "\uff44iscord", "disco\u200brd", "telegr\u0430m", "__import__('evil')"),
)
"""Paths, modules, and letters that only look like those of an adapter."""


@pytest.fixture
def evil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module that anybody could import, and that leaves a trace when somebody does."""
    trace = tmp_path / "imported"
    (tmp_path / "evil.py").write_text(f"open({str(trace)!r}, 'w').close()\n\ndef create(): ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return trace


@pytest.mark.parametrize("name", TRICKS)
def test_plug_in_is_only_what_a_package_declares(evil: Path, name: str) -> None:
    """A name is looked up among declared ones; nothing is imported or opened by it."""
    with pytest.raises(ConfigError, match="There is no adapter"):
        load_adapter(name)
    with pytest.raises(ConfigError, match=r"^plugins\."):
        adapter_factory(name, name)

    assert not evil.exists()
    assert "evil" not in sys.modules


@pytest.mark.parametrize("name", TRICKS)
def test_destination_names_a_declared_adapter(typed: Type, evil: Path, name: str) -> None:
    """What is not one is refused, and no store is changed by it."""
    code, out, err = typed("subscriptions", "add", "--to", f"{name}:1")

    is_blank_around = name.strip().lower() in adapter_names()
    assert code == (0 if is_blank_around else 2)
    assert out if is_blank_around else "there is no adapter" in err or "not a destination" in err
    assert "Traceback" not in err
    assert not evil.exists()


@given(st.text() | st.from_regex(r"[@\-]?[0-9./%?#]{1,30}", fullmatch=True))
def test_address_can_lead_nowhere_else(address: str) -> None:
    """An address becomes a number or nothing, so it can hold no path of a platform's API."""
    target, place = read_address(address), read_place(address)

    if target is not None:
        assert address.removeprefix("@").lstrip("0") in {
            f"{target.id}",
            "" if not target.id else "x",
        }
    if place is not None:
        assert address in {f"{place}", f"{place.chat}/1"}


@pytest.mark.parametrize(
    "address",
    [
        *("../../webhooks/1/x", "1/../2", "1?wait=true", "1#", "1%2F2", "\uff11\uff12", "\u0663"),
        *("-1", "+1", " 1", "1 ", "1\n", "0x10", "1e3", "1_000", "@", "@@1", "@../1", "9" * 21, ""),
    ],
)
def test_discord_is_asked_for_no_such_channel(address: str) -> None:
    """Each would be a part of a path in Discord's API."""
    assert read_address(address) is None


@pytest.mark.parametrize(
    "address",
    [
        *(
            "@channel",
            "-100/../1",
            "-100/7/8",
            "-100/",
            "/7",
            "-100/0",
            "-0",
            "0",
            "007",
            "-100/-7",
        ),
        *("\uff11\uff12", "\u0663", "+1", " 1", "1\n", "1e3", "1_000", "9" * 21, ""),
    ],
)
def test_telegram_is_asked_for_no_such_chat(address: str) -> None:
    """Telegram takes names of anybody's channels as well; destinations are numbers alone."""
    assert read_place(address) is None
