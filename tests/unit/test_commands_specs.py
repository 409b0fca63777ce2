"""The commands as they are offered: those of the contract, within what both platforms take."""

import re

import pytest

from bot.commands.registry import COMMANDS
from bot.commands.specs import SETTINGS, SUBSCRIBE, without_followers, without_roles
from bot.domain.requests import CommandSpec, OptionKind, Who

SPECS = [pytest.param(one.spec, id=one.spec.name) for one in COMMANDS]
NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
"""What Discord and Telegram both take for a command, and Discord for an option."""

CONTRACT = {
    "next": (Who.ALL, ("type", "agency")),
    "events": (Who.ALL, ("search", "type", "agency")),
    "event": (Who.ALL, ("event",)),
    "subscribe": (
        Who.MANAGERS,
        ("type", "agency", "program", "search", "changes", "remind"),
    ),
    "unsubscribe": (Who.MANAGERS, ("number",)),
    "subscriptions": (Who.ALL, ()),
    "mute": (Who.MANAGERS, ("event",)),
    "unmute": (Who.MANAGERS, ("event",)),
    "settings": (
        Who.MANAGERS,
        ("time_zone", "silent", "mention", "mention_for", "publish", "remind"),
    ),
    "preview": (Who.MANAGERS, ()),
    "types": (Who.ALL, ()),
    "agencies": (Who.ALL, ()),
    "status": (Who.ALL, ()),
    "help": (Who.ALL, ("command",)),
    "start": (Who.ALL, ()),
}


def test_commands_are_those_of_the_contract() -> None:
    """Names, options and who may: people and other programs hold on to them."""
    offered = {
        one.spec.name: (one.spec.who, tuple(option.name for option in one.spec.options))
        for one in COMMANDS
    }

    assert offered == CONTRACT


@pytest.mark.parametrize("spec", SPECS)
def test_names_and_descriptions_fit_both_platforms(spec: CommandSpec) -> None:
    """Discord takes descriptions of 100 characters, Telegram names without a hyphen."""
    named = [(spec.name, spec.description)]
    named += [(one.name, one.description) for one in spec.options]
    for name, description in named:
        assert NAME.fullmatch(name)
        assert 0 < len(description) <= 100
        assert not description.endswith(".")
    assert len(spec.options) <= 25


@pytest.mark.parametrize("spec", SPECS)
def test_options_are_told_apart(spec: CommandSpec) -> None:
    """No two of one name; at most one takes unnamed words; what must be given comes first."""
    names = [*(one.name for one in spec.options), *spec.pressed]
    required = [one.is_required for one in spec.options]

    assert len(names) == len(set(names))
    assert sum(one.is_first for one in spec.options) <= 1
    assert required == sorted(required, reverse=True)


def test_a_platform_without_roles_is_not_asked_for_one() -> None:
    """Telegram has nothing to mention: an option for it would only puzzle."""
    assert OptionKind.ROLE in {one.kind for one in SETTINGS.options}
    assert [one.name for one in without_roles(SETTINGS).options] == [
        "time_zone",
        "silent",
        "publish",
        "remind",
    ]
    assert without_roles(SUBSCRIBE) == SUBSCRIBE


def test_a_platform_without_followers_is_not_asked_to_publish() -> None:
    """What cannot be done is not offered."""
    assert [one.name for one in without_followers(SETTINGS).options] == [
        "time_zone",
        "silent",
        "mention",
        "mention_for",
        "remind",
    ]
    assert without_followers(SUBSCRIBE) == SUBSCRIBE
