"""Finding adapters: ours and strangers' through one door, and a broken one hurts nobody."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.adapters.console import create
from bot.adapters.registry import adapter_names, load_adapter
from bot.errors import ConfigError

Install = Callable[..., None]

GOOD = "def create(options):\n    raise NotImplementedError\n"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a plug-in package: its name, its module's source, and what it declares."""
    monkeypatch.syspath_prepend(tmp_path)

    def installed(package: str, source: str, **adapters: str) -> None:
        about = tmp_path / f"{package}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [f"{name} = {target}" for name, target in adapters.items()]
        (about / "entry_points.txt").write_text("\n".join(["[perigee.adapters]", *lines]))
        (tmp_path / f"{package}.py").write_text(source)

    return installed


def test_our_own_console_comes_through_the_same_door() -> None:
    """Built-ins are declared like anybody's; nothing is known by heart."""
    assert load_adapter("console") is create


def test_a_strangers_adapter_is_found(install: Install) -> None:
    """Installing a package is all it takes."""
    install("perigee_matrix_a", GOOD, matrix="perigee_matrix_a:create")

    assert {"console", "matrix"} <= {*adapter_names()}
    assert load_adapter("matrix").__module__ == "perigee_matrix_a"


@pytest.mark.parametrize(
    ("package", "source", "reason"),
    [
        ("perigee_b1", "import nowhere_to_be_found", "ModuleNotFoundError"),
        ("perigee_b2", "", "AttributeError"),
        ("perigee_b3", "def create(:", "SyntaxError"),
        ("perigee_b4", "raise KeyError('MATRIX_HOME')", "KeyError: 'MATRIX_HOME'"),
        ("perigee_b5", "create = 3", "perigee_b5:create is no function"),
    ],
)
def test_a_broken_plug_in_is_reported_whatever_its_import_raises(
    install: Install, package: str, source: str, reason: str
) -> None:
    """The sentence names the adapter, its package and the reason; the others load as before."""
    install(package, source, broken=f"{package}:create")

    with pytest.raises(ConfigError) as caught:
        load_adapter("broken")

    assert "dapter broken of package" in f"{caught.value}"
    assert reason in f"{caught.value}"
    assert load_adapter("console") is create


def test_a_broken_plug_in_that_is_asked_for_is_the_owners_to_repair(install: Install) -> None:
    """The sentence says which package and why; the cause is kept for its author."""
    install("perigee_c", "raise KeyError('HOME')", broken="perigee_c:create")

    with pytest.raises(ConfigError, match=r"package perigee_c .*; repair or remove") as caught:
        load_adapter("broken")

    assert isinstance(caught.value.__cause__, KeyError)


def test_loading_one_adapter_imports_no_other(install: Install) -> None:
    """Who uses the console does not wait for, or stumble over, other platforms."""
    install("perigee_d", "raise KeyError('HOME')", broken="perigee_d:create")

    assert load_adapter("console") is create


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    """A slip of the finger is told what was probably meant."""
    with pytest.raises(ConfigError, match=r'no adapter "consol"; did you mean "console"\?'):
        load_adapter("consol")


def test_a_name_like_no_other_is_answered_with_all() -> None:
    """Without a near one, the known ones are listed."""
    with pytest.raises(ConfigError, match=r'no adapter "zzz"; install .* Known: .*console'):
        load_adapter("zzz")


def test_nobody_can_take_the_name_of_ours(
    install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    """A stranger's `console` is left out with a warning, wherever its package stands."""
    install("aaa_first", GOOD, console="aaa_first:create")

    assert load_adapter("console") is create
    assert "Adapter console of package aaa_first is left out" in caplog.text


def test_names_are_known_without_loading(install: Install) -> None:
    """Settings can be checked without running a stranger's code."""
    install("perigee_e", "raise KeyError('HOME')", broken="perigee_e:create")

    assert {"console", "broken"} <= {*adapter_names()}
