"""The guide to adapters stays true: what it shows is installed, loaded, proved and set up."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

import pytest

from bot.adapters.registry import load_adapter
from bot.config import load_settings
from bot.domain.deliveries import Gone, Later, Outcome, Refused, Sent

GUIDE = Path(__file__).parents[2] / "docs" / "adapters.md"

SHOWN = re.compile(r"^`(\S+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""A file in the guide: its name in a line of its own, then its text."""

ADAPTER, PROOF = "perigee_webhook", "test_perigee_webhook"


@pytest.fixture(scope="module")
def shown() -> Mapping[str, str]:
    """The files of the guide by their names."""
    return dict(SHOWN.findall(GUIDE.read_text()))


@pytest.fixture
def installed(
    shown: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Mapping[str, str]:
    """The guide's package, as an installer would lay it out."""
    entries = tomllib.loads(shown["pyproject.toml"])["project"]["entry-points"]
    about = tmp_path / f"{ADAPTER}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: perigee-webhook\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "\n".join(
            line
            for group, named in entries.items()
            for line in (f"[{group}]", *(f"{name} = {target}" for name, target in named.items()))
        )
    )
    for name in (ADAPTER, PROOF):
        (tmp_path / f"{name}.py").write_text(shown[f"{name}.py"])
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    return shown


def test_the_guide_shows_a_whole_package(shown: Mapping[str, str]) -> None:
    """Adapter, package, settings and proof: nothing is left to guess."""
    assert {*shown} == {f"{ADAPTER}.py", "pyproject.toml", "config.toml", f"{PROOF}.py"}


def test_the_adapter_has_fifty_lines(shown: Mapping[str, str]) -> None:
    """What the guide promises; empty lines are for the eye."""
    lines = [line for line in shown[f"{ADAPTER}.py"].splitlines() if line.strip()]

    assert 40 <= len(lines) <= 50


@pytest.mark.usefixtures("installed")
def test_the_adapter_keeps_the_contract() -> None:
    """The guide's own test, with `check_adapter`, run as it stands there."""
    proof: Callable[[], None] = import_module(PROOF).test_webhook_keeps_the_contract_of_adapters

    proof()


@pytest.mark.usefixtures("installed")
def test_the_adapter_is_found_by_its_entry_point() -> None:
    """The name in the guide's `pyproject.toml` is the name of the adapter."""
    factory = load_adapter("webhook")

    adapter = import_module(ADAPTER).WebhookAdapter
    assert factory is import_module(ADAPTER).create
    assert adapter.name == "webhook"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("status", "kind"),
    [(204, Sent), (404, Gone), (429, Later), (503, Later), (400, Refused), (302, Refused)],
)
def test_the_adapter_judges_an_answer_as_the_guide_tells(status: int, kind: type[Outcome]) -> None:
    """Its outcomes follow the guide's own table."""
    judge: Callable[[int], Outcome] = import_module(ADAPTER).outcome

    assert isinstance(judge(status), kind)


def test_the_settings_turn_it_on_and_hide_its_address(
    shown: Mapping[str, str], written: Callable[[str], Path]
) -> None:
    """What the guide says of the table and of secrets is so."""
    settings = load_settings(written(shown["config.toml"]))

    url = "https://hooks.example.org/T0K3N"
    assert settings.adapters() == {"webhook": {"secret_urls": {"ops": url}}}
    assert url in settings.secrets()


@pytest.mark.parametrize("name", [ADAPTER, PROOF])
def test_the_code_is_formatted(shown: Mapping[str, str], name: str) -> None:
    """People copy it."""
    command = [sys.executable, "-m", "ruff", "format", "--diff", "-", "--line-length", "100"]

    judged = subprocess.run(  # noqa: S603 - our own text, our own tool
        command, input=shown[f"{name}.py"], text=True, capture_output=True, check=False
    )

    assert judged.stdout == ""
    assert judged.returncode == 0
