"""The operators' page and its samples name what exists: commands, settings, lines of the log."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click import Command, Context, Group
from pydantic import SecretStr

from bot.cli import perigee
from bot.config import Settings

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "operations.md").read_text()
DOCKERFILE = (DOCS.parent / "Dockerfile").read_text()
UNIT = (DOCS / "deploy" / "perigee.service").read_text()
SOURCE = "\n".join(path.read_text() for path in (DOCS.parent / "bot").rglob("*.py"))

_COMMANDS = "check|run|db|subscriptions|changes|deliveries"
SHOWN = sorted({one.strip() for one in re.findall(rf"perigee ((?:{_COMMANDS})[^\n`#>]*)", PAGE)})
LOGGED = re.findall(r"^\| (`.+?) \|", PAGE.partition("## What the log says")[2], re.MULTILINE)


_LOUD = {"warning", "error", "critical", "exception"}


def _told(tree: ast.AST) -> Iterator[str]:
    """The text of every line of the log that a module writes as a warning or worse."""
    texts = {
        target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="logger"), attr=verb), args=[first, *_]
            ) if verb in _LOUD:
                yield str(
                    texts[first.id] if isinstance(first, ast.Name) else ast.literal_eval(first)
                )


def warnings() -> list[str]:
    """Of the whole program."""
    paths = (DOCS.parent / "bot").rglob("*.py")
    return sorted({line for path in paths for line in _told(ast.parse(path.read_text()))})


def explained() -> list[re.Pattern[str]]:
    """The beginnings of lines that the page's table explains."""
    told = [one for line in LOGGED for one in re.findall(r"`([^`]+)`", line)]
    gaps = re.compile(r"…|<\w+>|(?<=/)command")
    return [re.compile(r"\S.*".join(map(re.escape, gaps.split(one)))) for one in told]


@pytest.mark.parametrize("line", warnings())
def test_every_warning_is_explained(line: str) -> None:
    """Whoever finds a line at night finds there what it means, and what to do."""
    assert any(one.match(line) for one in explained())


def test_warning_that_is_not_explained_is_noticed() -> None:
    """The check itself works."""
    (line,) = _told(ast.parse('logger.error("The sky falls on %s", town)'))

    assert len(warnings()) > 30
    assert not any(one.match(line) for one in explained())


def settings_named(name: str) -> Any:
    """The default of a setting that is named as its secret file is."""
    assert name.startswith("perigee_")
    value: Any = Settings()
    for key in name.removeprefix("perigee_").split("__"):
        value = getattr(value, key)
    return value


@pytest.mark.parametrize("shown", SHOWN)
def test_shown_commands_exist(shown: str) -> None:
    """What an operator copies is understood: the command and the names of its options."""
    command: Command = perigee
    words = shown.split()
    while isinstance(command, Group):
        word = words.pop(0)
        found = command.get_command(Context(command), word)
        assert found is not None, word
        command = found
    known = {option for one in command.params for option in one.opts}
    assert {word for word in words if word.startswith("-")} <= known


@pytest.mark.parametrize("line", LOGGED)
def test_told_lines_of_the_log_are_written_somewhere(line: str) -> None:
    """An operator who looks for a line of the table finds it in the log as it stands there."""
    parts = [part.strip() for told in re.findall(r"`([^`]+)`", line) for part in told.split("…")]
    fixed = [re.split(r"<\w+>|/command", part)[0].strip(" :") for part in parts]

    assert all(part in SOURCE for part in fixed)
    assert any(fixed)


def test_sample_for_compose_gives_secrets_that_are_settings() -> None:
    """A file of another name would be ignored, and the platform would stay off."""
    sample = yaml.safe_load((DOCS / "deploy" / "compose.yaml").read_text())

    given = sample["services"]["perigee"]["secrets"]

    assert given == list(sample["secrets"])
    assert [settings_named(name) for name in given] == [SecretStr("")] * 2


def test_sample_for_systemd_gives_credentials_that_are_settings() -> None:
    """Their names are those of secret files."""
    given = re.findall(r"^LoadCredential=(\w+):", UNIT, re.MULTILINE)

    assert [settings_named(name) for name in given] == [SecretStr("")] * 2
    assert "PERIGEE_SECRETS_DIR=%d" in UNIT


def test_samples_wait_longer_than_the_service_drains() -> None:
    """A stop that kills what is on its way would leave it in doubt."""
    sample = yaml.safe_load((DOCS / "deploy" / "compose.yaml").read_text())
    grace = Settings().shutdown_grace.total_seconds()

    assert int(sample["services"]["perigee"]["stop_grace_period"].rstrip("s")) > grace
    assert int(re.findall(r"^TimeoutStopSec=(\d+)", UNIT, re.MULTILINE)[0]) > grace
    assert int(re.findall(r"--stop-timeout (\d+)", PAGE)[0]) > grace


def test_sample_for_compose_leaves_nothing_to_write_and_no_rights() -> None:
    """Only the volume and a folder in memory; `docker run` on the page says the same."""
    service = yaml.safe_load((DOCS / "deploy" / "compose.yaml").read_text())["services"]["perigee"]
    shown = re.findall(r"^docker run (?:.*\\\n)*.*", PAGE, re.MULTILINE)[0]

    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - inside the container
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "user", "cap_add", "environment"} & set(service)
    assert [one for one in service["volumes"] if not one.endswith(":ro")] == ["data:/data"]
    for option in ("--read-only", "--tmpfs /tmp", "--cap-drop ALL", "no-new-privileges"):
        assert option in shown


def test_image_runs_as_nobody_and_says_when_it_is_ill() -> None:
    """The last stage decides: its user has a number that is not root's, and it has a check."""
    last = re.split(r"^FROM .*\n", DOCKERFILE, flags=re.MULTILINE)[-1]
    users = re.findall(r"^USER (\d+):(\d+)$", last, re.MULTILINE)

    assert len(users) == 1
    assert min(map(int, users[0])) > 0
    assert re.search(r"^HEALTHCHECK .*CMD \[", last, re.MULTILINE)
    assert not re.search(r"^(RUN|COPY|ADD) ", last.partition("\nUSER ")[2], re.MULTILINE)
    assert f"user {users[0][0]}" in PAGE


def test_image_installs_only_what_is_locked_and_holds_no_secret() -> None:
    """Every install is by hashes or from a wheel at hand; nothing is copied but the sources."""
    installs = re.findall(r"pip install ([^&\n\\]*)", DOCKERFILE)
    context = (DOCS.parent / ".dockerignore").read_text().splitlines()

    assert len(installs) == 3
    assert all("--require-hashes" in one or "--no-index" in one for one in installs)
    assert not re.search(r"(?i)^(ARG|ENV)\b.*(token|key|secret|password)", DOCKERFILE, re.MULTILINE)
    assert re.findall(r"^COPY (?!--from)(.*)", DOCKERFILE, re.MULTILINE) == [
        "requirements.txt requirements-dev.txt ./",
        "pyproject.toml README.md LICENSE ./",
        "bot bot",
    ]
    assert next(one for one in context if not one.startswith("#")) == "*"
