"""Logs: their two forms, and that no secret is printed however it gets into a record."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Literal
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import Mask, configure_logging

Format = Literal["text", "json"]

SECRET = "12345:AAb-c_d/e\"f'é"  # noqa: S105 - not one
FORMATS = ["text", "json"]
VENDORS = ("aiohttp.access", "aiosqlite", "alembic", "sqlalchemy")

logger = logging.getLogger("bot.tests")


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    """Leave the process's logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for vendor in VENDORS:
        logging.getLogger(vendor).setLevel(logging.NOTSET)


@pytest.mark.parametrize("form", FORMATS)
def test_secret_is_masked_wherever_it_stands(
    form: Format, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the message, its arguments, an exception's text, the stack and the extra fields."""
    configure_logging("debug", form, [SECRET])

    try:
        int(f"{SECRET} https://host/{quote(SECRET, safe='')}")
    except ValueError:
        logger.exception(
            "Told %s of %r", SECRET, {SECRET}, extra={"deep": {"a": [SECRET, {SECRET: 1}]}}
        )

    told = capsys.readouterr().err
    assert "Told *** of {" in told
    assert "Traceback" in told
    assert "AAb-c" not in told


def test_secret_number_is_masked_and_json_stays_json(capsys: pytest.CaptureFixture[str]) -> None:
    """A password of digits must not break the line that it would have stood in."""
    configure_logging("info", "json", ["1234", '":'])

    logger.info("Said", extra={"pin": 1234, "count": 7, "yes": True, "none": None})

    told = json.loads(capsys.readouterr().err)
    assert (told["pin"], told["count"], told["yes"], told["none"]) == ("***", 7, True, None)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("GET https://api.telegram.org/bot1:A-b_c/sendMessage", "bot***/sendMessage"),
        ("GET https://host/Bot1%3aAbc/getMe", "Bot***/getMe"),
        ("{'Authorization': 'Token 0123456789abcdef'}", "'Token ***'}"),
        ("Authorization: Bot MTk4.abc-d.e_f", "Bot ***"),
        ("postgresql://perigee:hunter2@db/perigee", "//***@db/perigee"),
        ("Authorization: Basic dTpwNHNzdzByZA==", "Basic ***"),
        ("Authorization: Bearer x.y-1_z0", "Bearer ***"),
        (
            "POST https://host/api/v10/interactions/12/aW50-x_y/callback",
            "interactions/***/callback",
        ),
        ("POST https://host/api/v10/webhooks/12/aW50-x_y", "/webhooks/***"),
        ("PATCH https://host/webhooks/12/aW50-x/messages/@original", "***/messages/@original"),
        ("{'t': 'X', 'token': 'aW50-x_y', 'type': 2}", "'token': '***', 'type': 2}"),
        ('{"token": "aW50-x_y"}', '"token": "***"}'),
    ],
)
def test_what_looks_like_a_credential_is_masked(text: str, masked: str) -> None:
    """Also when it is none of ours, or was not yet known."""
    assert Mask([])(text).endswith(masked)


@pytest.mark.parametrize(
    "text",
    ["Token expired", "The Bot was kicked", "https://host:8080/a@b", "robot 1:2", "sqlite:///a.db"],
)
def test_other_texts_are_left_as_they_are(text: str) -> None:
    """A mask that hides what helps is no help."""
    assert Mask(["", "hunter2"])(text) == text


@given(
    st.text(st.characters(exclude_characters="*"), min_size=1), st.text(), st.sampled_from([0, 1])
)
def test_no_secret_survives_plain_or_quoted(secret: str, around: str, quoted: int) -> None:
    """Whatever a secret is made of, neither itself nor its quoted form is left."""
    shown = (secret, repr(secret)[1:-1])[quoted]

    assert shown not in Mask([secret])(f"{around}{shown}{around}")


def test_longest_secret_is_masked_first() -> None:
    """A secret that begins with another one must not leave its tail."""
    assert Mask(["abcd", "abcd-efgh"])("abcd-efgh") == "***"


def test_text_is_one_line_with_utc_time(capsys: pytest.CaptureFixture[str]) -> None:
    """A name from LL2 or chat can neither forge a line nor move the cursor."""
    configure_logging("info", "text")

    record = logger.makeRecord("bot.x", logging.INFO, "", 0, "a\nb \x1b[2J", (), None)
    record.created = 1789391100.25
    logger.handle(record)

    assert capsys.readouterr().err == ("2026-09-14T13:05:00.250Z INFO     bot.x: a\\nb \\x1b[2J\n")


def test_json_has_one_object_a_line_with_extra_fields(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Time, level, logger and message under fixed names, then what the record adds."""
    configure_logging("info", "json")

    record = logger.makeRecord(
        "bot.x", logging.INFO, "", 0, "Sent %s", ("a\nb",), None, extra={"delivery": 5}
    )
    record.created = 1789391100.25
    logger.handle(record)

    [line] = capsys.readouterr().err.splitlines()
    assert json.loads(line) == {
        "time": "2026-09-14T13:05:00.250Z",
        "level": "INFO",
        "logger": "bot.x",
        "message": "Sent a\nb",
        "delivery": 5,
    }


@pytest.mark.parametrize("form", FORMATS)
def test_long_text_is_cut(form: Format, capsys: pytest.CaptureFixture[str]) -> None:
    """An answer of megabytes in an error must not fill the disk."""
    configure_logging("info", form)

    logger.info("x" * 1_000_000)

    told = capsys.readouterr().err
    assert len(told) < 17_000
    assert "(cut)" in told or "\\u2026 (cut)" in told


def test_levels_below_are_silent(capsys: pytest.CaptureFixture[str]) -> None:
    """The level is the least that is logged, for us and for vendors."""
    configure_logging("error", "text")

    logger.warning("quiet")
    for vendor in VENDORS:
        logging.getLogger(vendor).warning("quiet")
    logger.error("loud")

    assert [line.rsplit(" ", 1)[1] for line in capsys.readouterr().err.splitlines()] == ["loud"]


@pytest.mark.parametrize("level", ["info", "debug"])
@pytest.mark.parametrize("vendor", VENDORS)
def test_vendors_are_quiet_unless_debugging(
    vendor: str, level: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """INFO reads as a diary of the day, not as a list of statements and requests."""
    configure_logging(level, "text")

    logging.getLogger(vendor).info("chatter")

    assert ("chatter" in capsys.readouterr().err) is (level == "debug")


def test_configuring_again_replaces(capsys: pytest.CaptureFixture[str]) -> None:
    """A second call leaves one handler, not two."""
    configure_logging("info", "text")
    configure_logging("info", "json")

    logger.info("once")

    assert len(capsys.readouterr().err.splitlines()) == 1


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stream", [_Terminal(), io.StringIO()])
def test_colour_only_on_a_terminal(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Escape codes in a file or a container's log are noise."""
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logging("info", "text")

    logger.error("red")

    assert ("\x1b[31m" in stream.getvalue()) is stream.isatty()


def test_record_that_cannot_be_written_tells_its_place_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The standard library would print the arguments as they are, secrets and all."""
    logging.getLogger().handlers.clear()  # pytest's own would raise
    configure_logging("info", "text", ["hunter2"])

    logger.info("%d", "hunter2")

    told = capsys.readouterr().err
    assert told.startswith("A log record could not be written: bot.tests:")
    assert "hunter2" not in told
