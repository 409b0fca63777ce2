"""The command line without a process: usage, exit codes, the one sentence for a mistake."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typing_commands import Type, refusal

from bot.cli import perigee
from bot.errors import BotError, ConfigError, InvariantBroken, StoreError

NO_TIME = "is not a time; write a date, e.g. 2026-09-14T08:00, or a span, e.g. 2d"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("frobnicate", "No such command 'frobnicate'."),
        (
            "run --roles poll,snd",
            'there is no role "snd"; there are: poll, fanout, send, commands, web',
        ),
        ("run --roles ,", "--roles names no role; there are: poll, fanout, send, commands, web"),
        ("run --once --roles poll", "--once does everything once; leave out --roles"),
        ("check --config nowhere.toml", "nowhere.toml cannot be read: No such file or directory"),
        (
            "subscriptions add --to console",
            '"console" is not a destination; write adapter:address, e.g. discord:123456',
        ),
        (
            "subscriptions add --to discrod:1",
            (
                '"discrod:1": there is no adapter "discrod"; did you mean "discord:1"? '
                "(there are: apprise, console, discord, telegram)"
            ),
        ),
        (
            "subscriptions add --to console:x --type Dokcing",
            'there is no event type "Dokcing"; did you mean "Docking"?',
        ),
        (
            "subscriptions add --to console:x --agency NASSA",
            'there is no agency "NASSA"; did you mean "NASA"?',
        ),
        (
            "subscriptions add --to console:x --changes dates",
            (
                'there is no kind of news "dates"; did you mean "date"? '
                "(there are: new, date, update, webcast, video, details, withdrawn, reminder)"
            ),
        ),
        (
            "subscriptions add --to console:x --type=",
            "--type is empty; give it a value or leave it out",
        ),
        (
            "subscriptions add --to console:x --search=,",
            "--search is empty; give it a value or leave it out",
        ),
        (
            "subscriptions remove --to console:x",
            "say which: a number from perigee subscriptions list, or --all",
        ),
        (
            "subscriptions remove --to console:x 7",
            "console:x has no subscription 7; see: perigee subscriptions list",
        ),
        (
            f"subscriptions remove --to console:x {1 << 63}",
            f"Invalid value for '[NUMBER]': {1 << 63} is not in the range 1<=x<={(1 << 63) - 1}.",
        ),
        (
            "subscriptions import nowhere.json",
            "cannot read nowhere.json: No such file or directory",
        ),
        ("events --type Dokcing", 'there is no event type "Dokcing"; did you mean "Docking"?'),
        ("events --type 99999999999", '"99999999999" is too large for an id of LL2'),
        ("changes --since yesterday", f'--since "yesterday" {NO_TIME}'),
        ("changes --since 999999d", f'--since "999999d" {NO_TIME}'),
    ],
)
def test_mistake_is_told_in_a_sentence(typed: Type, line: str, sentence: str) -> None:
    """Exit code 2, and what to do about it."""
    assert refusal(typed(*line.split())) == sentence


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("store__url", "sqlite:///no/x.db", 'store.url = "sqlite:///no/x.db": there is no folder '),
        ("store__url", "sqlite:///.", 'store.url = "sqlite:///.": '),
        (
            "store__url",
            "postgresql://u:hunter2@h",
            'store.url = "postgresql://u:***@h" names no database; write e.g. "postgresql://',
        ),
        ("plugins__zulip__x", "1", 'plugins.zulip: There is no adapter "zulip"'),
    ],
)
@pytest.mark.parametrize("line", ["check", "run --once"])
def test_check_refuses_what_a_run_refuses(
    typed: Type, monkeypatch: pytest.MonkeyPatch, line: str, setting: str, value: str, sentence: str
) -> None:
    """Who checks first is not surprised later; the key is named, no secret is."""
    monkeypatch.setenv(f"PERIGEE_{setting.upper()}", value)

    told = refusal(typed(*line.split()))

    assert told.startswith(sentence)
    assert "hunter2" not in told


def test_check_tells_all_faults_at_once(typed: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence a line."""
    monkeypatch.setenv("PERIGEE_PLUGINS__ZULIP__X", "1")
    monkeypatch.setenv("PERIGEE_STORE__URL", "sqlite:///no/x.db")

    assert [line.split()[0] for line in refusal(typed("check")).splitlines()] == [
        "plugins.zulip:",
        "store.url",
    ]


def test_run_with_nothing_on_says_what_to_turn_on(
    typed: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No platform, no console, no plug-in: there is nobody to tell."""
    monkeypatch.delenv("PERIGEE_CONSOLE__ENABLED")

    assert refusal(typed("run")) == (
        "nothing to send to: set discord.token, telegram.token or console.enabled = true, "
        "or add a plug-in's table, [plugins.<name>]"
    )


@pytest.mark.parametrize(
    "line", ["events", "subscriptions list", "subscriptions export", "changes", "deliveries"]
)
def test_looking_makes_no_store(typed: Type, tmp_path: Path, line: str) -> None:
    """In the wrong folder the answer is one empty document, a warning says why, no file is left."""
    code, out, err = typed(*line.split(), "--json")

    assert (code, json.loads(out)) == (0, [])
    assert f"There is no store at {tmp_path}/perigee.db yet; perigee run makes it" in err
    assert [*tmp_path.iterdir()] == []


def test_subscription_shows_all_its_options_to_machines(typed: Type) -> None:
    """Keys are there even where nothing was asked for, so that a script need not guess."""
    _, out, _ = typed("subscriptions", "add", "--to", "console:x", "--program", "iss", "--json")

    assert json.loads(out) == {
        "id": 1,
        "destination": "console:x",
        "type": [],
        "agency": [],
        "program": ["International Space Station"],
        "search": [],
        "changes": ["new", "date", "update", "webcast", "video", "withdrawn", "reminder"],
        "remind": ["24h", "1h", "10m"],
    }


def test_subscription_that_nobody_serves_yet_is_kept_with_a_warning(typed: Type) -> None:
    """It may be made before its adapter is turned on."""
    code, out, err = typed("subscriptions", "add", "--to", "discord:1", "--type", "eva")

    assert (code, out) == (0, "Subscription 1: discord:1 gets type: EVA.\n")
    assert "Discord is off in these settings; nothing is sent to discord:1 until it is on" in err


def test_same_subscription_twice_is_one(typed: Type) -> None:
    """Scripts may repeat themselves."""
    first = typed("subscriptions", "add", "--to", "console:x", "--type", "EVA")
    second = typed("subscriptions", "add", "--to", "console:x", "--type", "3")

    assert first[:2] == second[:2] == (0, "Subscription 1: console:x gets type: EVA.\n")


def raising(error: BaseException) -> Callable[[], None]:
    """A command's work that fails like this."""

    def work() -> None:
        raise error

    return work


@pytest.fixture
def failing() -> Iterator[Callable[[BaseException], None]]:
    """Give the program a command `fail` for the length of a test."""

    def add(error: BaseException) -> None:
        perigee.command("fail")(raising(error))

    yield add
    del perigee.commands["fail"]


@pytest.mark.parametrize(
    ("error", "code", "sentences"),
    [
        (ConfigError("mend this"), 2, ["mend this"]),
        (StoreError("it broke"), 1, ["it broke"]),
        (ExceptionGroup("both", [ConfigError("a"), StoreError("b")]), 1, ["a", "b"]),
        (
            ExceptionGroup("both", [ConfigError("a"), ExceptionGroup("", [ConfigError("a")])]),
            2,
            ["a"],
        ),
        (KeyboardInterrupt(), 1, ["interrupted"]),
    ],
)
def test_error_has_its_code_and_its_sentence(
    typed: Type,
    failing: Callable[[BaseException], None],
    error: BaseException,
    code: int,
    sentences: list[str],
) -> None:
    """A group is as serious as its worst, and says each thing once."""
    failing(error)

    ended, out, err = typed("fail")

    assert (ended, out) == (code, "")
    assert [line for line in err.splitlines() if line] == [f"perigee: {one}" for one in sentences]


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a bug"),
        InvariantBroken("a bug"),
        ExceptionGroup("", [BotError("x"), KeyError()]),
    ],
)
def test_bug_is_not_talked_away(
    typed: Type, failing: Callable[[BaseException], None], error: Exception
) -> None:
    """It ends the program, and whoever reports it needs the traceback."""
    failing(error)

    with pytest.raises(type(error)) as caught:
        typed("fail")

    assert caught.value is error
