"""What we say to whoever asks: golden files for all three renderers, and what platforms allow."""

import json
import re
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

import goldens
import pytest
from answer_cases import ANSWERS, IN_BERLIN

from bot.domain.lines import LONGEST_PRESS, split_line
from bot.domain.messages import Button, Limits, Message
from bot.rendering.discord_embed import render_embed
from bot.rendering.fit import Measure, length
from bot.rendering.plain import render_plain
from bot.rendering.telegram_html import render_telegram

TELEGRAM, DISCORD, PLAIN = Limits(text=4096), Limits(text=6000), Limits(text=2000)
EVERY = [
    pytest.param(message, id=f"{name}: {title}")
    for name, cases in ANSWERS.items()
    for title, message in cases.items()
]


def zone_of(title: str) -> tzinfo:
    """The zone of the channel that asked."""
    return ZoneInfo("Europe/Berlin") if title in IN_BERLIN else UTC


def plainly(message: Message, zone: tzinfo) -> str:
    """As text, with the buttons under it."""
    rows = ["  ".join(f"[{one.label} = {one.press}]" for one in row) for row in message.buttons]
    return "\n".join([render_plain(message, PLAIN, zone=zone), *rows])


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_look_as_their_golden_file_shows(name: str) -> None:
    """People read these files before a change of wording goes out."""
    shown = {title: plainly(one, zone_of(title)) for title, one in ANSWERS[name].items()}

    text = "".join(f"=== {title} ===\n{words}\n\n" for title, words in shown.items())
    goldens.compare("answers/plain", f"{name}.txt", text)


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_on_telegram_look_as_their_golden_file_shows(name: str) -> None:
    """The same answers in Telegram's markup."""
    shown = {
        title: render_telegram(one, TELEGRAM, zone_of(title))
        for title, one in ANSWERS[name].items()
    }

    html = "".join(f"<!-- {title} -->\n{words}\n\n" for title, words in shown.items())
    goldens.compare("answers/telegram", f"{name}.html", html)


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_on_discord_look_as_their_golden_file_shows(name: str) -> None:
    """The same answers as embeds."""
    shown = {title: render_embed(message, DISCORD) for title, message in ANSWERS[name].items()}

    text = json.dumps(shown, indent=2, ensure_ascii=False)
    goldens.compare("answers/discord", f"{name}.json", f"{text}\n")


@pytest.mark.parametrize(
    ("kind", "ending"), [("plain", "txt"), ("telegram", "html"), ("discord", "json")]
)
def test_every_golden_file_has_its_answers(kind: str, ending: str) -> None:
    """A golden file that nothing makes any more would only seem to test something."""
    assert goldens.stale(f"answers/{kind}", ANSWERS, ending) == set()


def every_button(message: Message) -> list[Button]:
    """The buttons of all rows."""
    return [one for row in message.buttons for one in row]


@pytest.mark.parametrize("message", EVERY)
def test_buttons_are_what_both_platforms_take(message: Message) -> None:
    """At most 5 rows of 5; labels of 80 characters; lines of 64 bytes that begin with a command."""
    assert len(message.buttons) <= 5
    assert all(0 < len(row) <= 5 for row in message.buttons)
    for one in every_button(message):
        assert 0 < length(one.label, Measure.UTF16) <= 80
        assert len(one.press.encode()) <= LONGEST_PRESS
        assert re.fullmatch(r"[a-z]+", split_line(one.press)[0])


@pytest.mark.parametrize("message", EVERY)
def test_buttons_of_one_message_are_told_apart(message: Message) -> None:
    """Discord refuses two buttons of one id under one message."""
    pressed = [one.press for one in every_button(message)]

    assert len(pressed) == len(set(pressed))


@pytest.mark.parametrize("message", EVERY)
def test_answers_say_what_they_are_in_a_headline(message: Message) -> None:
    """Each answer begins with a few words that stand alone."""
    assert 0 < length(message.headline, Measure.UTF16) <= 256


@pytest.mark.parametrize("title", list(ANSWERS["preview"]))
def test_an_example_never_passes_for_news(title: str) -> None:
    """It says that it is one, mentions no real event, and makes no urgent sound."""
    example = ANSWERS["preview"][title]

    assert example.headline.startswith("Example: ")
    assert example.title.startswith("Example")
    assert not example.urgent
    assert not example.buttons
