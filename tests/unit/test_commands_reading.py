"""Options as typed are checked before a handler sees them."""

import pytest

from bot.commands.reading import checked, number, switch
from bot.commands.specs import EVENT, EVENTS, SUBSCRIBE, TYPES
from bot.domain.lines import STRAY
from bot.domain.requests import CommandSpec
from bot.errors import ConfigError


def test_empty_options_were_not_given() -> None:
    """A platform may send an option that was left empty."""
    assert checked(SUBSCRIBE, {"type": " EVA ", "agency": "  ", "search": ""}) == {"type": "EVA"}


def test_buttons_give_options_that_people_are_not_offered() -> None:
    """A page number comes by a button."""
    assert checked(EVENTS, {"page": "2"}) == {"page": "2"}


def test_words_behind_a_command_without_options_do_no_harm() -> None:
    """Who types "/types please" means "/types"; so does a link's payload behind /start."""
    assert checked(TYPES, {STRAY: "please", "type": "EVA"}) == {}


@pytest.mark.parametrize(
    ("spec", "options", "sentence"),
    [
        (SUBSCRIBE, {"typ": "EVA"}, 'did you mean "type"'),
        (SUBSCRIBE, {"colour": "red"}, "it has: type, agency"),
        (EVENT, {}, "which event"),
        (SUBSCRIBE, {"search": "x" * 301}, "longer than 300 characters"),
        (SUBSCRIBE, {STRAY: "EVA"}, "write e.g. type:EVA"),
    ],
)
def test_what_cannot_be_meant_is_said(
    spec: CommandSpec, options: dict[str, str], sentence: str
) -> None:
    """Each fault is a sentence that names the value and says what to do."""
    with pytest.raises(ConfigError, match=sentence):
        checked(spec, options)


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "²", "9" * 19])
def test_numbers_count_from_one(text: str) -> None:
    """Pages and places in a list begin with 1."""
    with pytest.raises(ConfigError, match="a number from 1 on"):
        number({"page": text}, "page", otherwise=1)


@pytest.mark.parametrize(
    ("text", "is_on"), [("on", True), ("Yes", True), ("OFF", False), ("false", False)]
)
def test_switches_are_on_or_off(text: str, is_on: bool) -> None:  # noqa: FBT001, a case's value
    """The plain words of both platforms will do, in any case."""
    assert switch({"silent": text}, "silent", otherwise=not is_on) is is_on
