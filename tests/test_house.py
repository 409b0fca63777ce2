"""The house rules that a machine can check: who may import whom, and who alone may do a thing."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
CORE = {"domain", "errors", "rendering", "ports"}
BELOW_APP = {
    *CORE,
    *("services", "commands", "testing", "clock"),
    *("ll2", "store", "adapters", "adapters.discord", "adapters.telegram", "web"),
    *("config", "logs"),
}

COMMAND_LINE = {
    *("errors", "domain", "clock", "config", "logs"),
    *("running", "administration", "views"),
}

MAY_IMPORT = {
    "__init__": set[str](),
    "errors": set[str](),
    "domain": {"errors"},
    "rendering": {"domain", "errors"},
    "ports": {"domain", "errors"},
    "services": CORE,
    "commands": CORE,
    "testing": CORE,
    "clock": CORE,
    "ll2": CORE,
    "store": {"domain", "errors", "ports"},
    "adapters": CORE,
    "adapters.discord": CORE,
    "adapters.telegram": CORE,
    "web": CORE,
    "simulator": set[str](),
    "config": {"domain", "errors"},
    "logs": {"domain", "errors"},
    "garbage": set[str](),
    "views": CORE,
    "service": BELOW_APP,
    "app": {*BELOW_APP, "service"},
    "shifts": {*BELOW_APP, "service"},
    "running": {*BELOW_APP, "app", "service", "shifts"},
    "administration": {*BELOW_APP, "app"},
    "storekeeping": {*BELOW_APP, "app", "administration"},
    "checking": {*BELOW_APP, "app"},
    "demo": {*BELOW_APP, "app", "service", "running", "administration", "views", "simulator"},
    "desk": COMMAND_LINE,
    "upkeep": {*COMMAND_LINE, "desk", "storekeeping"},
    "cli": {*COMMAND_LINE, "checking", "desk", "demo", "garbage", "upkeep"},
    "__main__": {"cli"},
}
"""Which rooms each room may import besides itself; docs/architecture.md says why."""

VENDORS = {
    "aiohttp": ("ll2", "web", "simulator", "adapters.telegram.transport"),
    "aiosqlite": ("store",),
    "alembic": ("store",),
    "apprise": ("adapters.apprise",),
    "asyncpg": ("store",),
    "click": ("cli", "desk", "upkeep", "views"),
    "discord": ("adapters.discord",),
    "isodate": ("ll2", "simulator"),
    "msgspec": ("store",),
    "prometheus_client": ("web",),
    "pydantic": ("config", "ll2.shapes"),
    "pydantic_core": ("config",),
    "pydantic_settings": ("config",),
    "pythonjsonlogger": ("logs",),
    "sqlalchemy": ("store",),
    "telegram": ("adapters.telegram",),
}
"""Where each vendor may be imported; one that is not here may be imported nowhere."""

KEEPERS = {
    "reads the time or waits for it": ("clock", "testing", "demo"),
    "reads the environment": ("config",),
    "prints": ("cli", "desk", "views", "adapters.console"),
}
"""The modules that alone may do a thing."""

DEEDS = {
    **dict.fromkeys(
        ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "asyncio.sleep"),
        "reads the time or waits for it",
    ),
    **dict.fromkeys(("os.environ", "os.environb", "os.getenv"), "reads the environment"),
    "print": "prints",
}


def faults_of_module(module: str, source: str) -> Iterator[str]:
    """What breaks the rules in a module of ours; `module` is its name without `bot.`."""
    tree = ast.parse(source)
    if not ast.get_docstring(tree):
        yield f"{module} does not say what it is"
    if room(module) not in MAY_IMPORT:
        yield f"{module} is in no room of the table"
        return
    for name in imported(tree):
        yield from faults_of_import(module, name)
    for deed in sorted({DEEDS[name] for name in names(tree) if name in DEEDS}):
        if not within(module, KEEPERS[deed]):
            yield f"{module} {deed}"


def faults_of_import(module: str, name: str) -> Iterator[str]:
    """What is wrong with importing `name` in `module`."""
    top, _, rest = name.partition(".")
    if top == "bot" and not rest.startswith("__"):
        if room(rest) not in {room(module), *MAY_IMPORT[room(module)]}:
            yield f"{module} may not import {name}"
    elif top == "time" and not within(module, KEEPERS["reads the time or waits for it"]):
        yield f"{module} reads the time or waits for it"
    elif top not in {*sys.stdlib_module_names, "bot"} and not within(module, VENDORS.get(top, ())):
        yield f"{module} may not import {name}"


def imported(tree: ast.AST) -> Iterator[str]:
    """The full name of everything that is imported anywhere in the tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def names(tree: ast.AST) -> Iterator[str]:
    """Every name that is used, with what it is taken from: `print`, `os.environ`."""
    yield from imported(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield f"{ast.unparse(node.value).rpartition('.')[2]}.{node.attr}"


def room(name: str) -> str:
    """The room that a module, or what is in it, belongs to; each chat platform is one."""
    first, _, rest = name.partition(".")
    platform = f"{first}.{rest.partition('.')[0]}"
    return platform if platform in MAY_IMPORT else first


def within(module: str, places: tuple[str, ...]) -> bool:
    """Whether a module is one of these or inside one."""
    return any(f"{module}.".startswith(f"{place}.") for place in places)


def modules() -> dict[str, Path]:
    """Every module of ours, by its name without `bot.`."""
    found = (HOUSE / "bot").rglob("*.py")
    named = {path.relative_to(HOUSE / "bot").with_suffix(""): path for path in found}
    return {".".join(name.parts).removesuffix(".__init__"): path for name, path in named.items()}


@pytest.mark.parametrize("module", sorted(modules()))
def test_module_keeps_the_house_rules(module: str) -> None:
    """Data flows one way, and each vendor has its room."""
    assert [*faults_of_module(module, modules()[module].read_text())] == []


@pytest.mark.parametrize(
    ("module", "line", "fault"),
    [
        ("domain.events", "from bot.ports import Clock", "may not import bot.ports.Clock"),
        ("domain.events", "import bot.store.engine", "may not import bot.store.engine"),
        ("domain.events", "from bot import services", "may not import bot.services"),
        ("domain.events", "import attrs", "may not import attrs"),
        ("ports", "from bot.rendering import fit", "may not import bot.rendering.fit"),
        ("store.outbox", "from bot.rendering.fit import x", "may not import bot.rendering.fit.x"),
        ("store.outbox", "from bot.config import x", "may not import bot.config.x"),
        ("services.poller", "def f():\n    import bot.ll2", "may not import bot.ll2"),
        ("services.poller", "from aiohttp import web", "may not import aiohttp.web"),
        ("adapters.discord.client", "import telegram", "may not import telegram"),
        (
            "adapters.discord.client",
            "from bot.adapters.telegram import x",
            "may not import bot.adapters.telegram.x",
        ),
        ("adapters.telegram.client", "import aiohttp", "may not import aiohttp"),
        ("simulator.server", "from bot.errors import x", "may not import bot.errors.x"),
        ("views", "from bot.app import x", "may not import bot.app.x"),
        ("cli", "from bot.store import x", "may not import bot.store.x"),
        ("ll2.client", "import asyncio\nasyncio.sleep(1)", "reads the time or waits for it"),
        ("ll2.client", "from asyncio import sleep", "reads the time or waits for it"),
        ("ll2.client", "from time import monotonic", "reads the time or waits for it"),
        (
            "ll2.client",
            "import datetime\ndatetime.datetime.now()",
            "reads the time or waits for it",
        ),
        ("logs", "import os\nx = os.environ", "reads the environment"),
        ("logs", "from os import getenv", "reads the environment"),
        ("services.poller", "print(1)", "prints"),
        ("helpers.text", "import bot.store", "is in no room of the table"),
    ],
)
def test_broken_rule_is_noticed(module: str, line: str, fault: str) -> None:
    """The checks themselves work."""
    assert [*faults_of_module(module, f'"""A module."""\n{line}')] == [f"{module} {fault}"]


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("domain.diff", "from bot.domain.events import Event\nfrom datetime import datetime"),
        ("ll2.client", "from bot import __version__\nimport aiohttp"),
        ("store.engine", "import sqlalchemy as sa\nfrom bot.ports import Outbox"),
        ("adapters.telegram.transport", "import aiohttp\nimport telegram"),
        ("clock", "import asyncio\nasyncio.sleep(1)"),
        ("config.sources", "import os\nos.environ"),
        ("adapters.console", "print(1)"),
        ("app", "import bot.adapters.discord.client\nfrom bot.services import poller"),
    ],
)
def test_kept_rule_is_let_be(module: str, line: str) -> None:
    """What the table allows is no fault."""
    assert [*faults_of_module(module, f'"""A module."""\n{line}')] == []


def test_module_without_docstring_is_noticed() -> None:
    """A reader must be told what a module is."""
    assert [*faults_of_module("clock", "x = 1")] == ["clock does not say what it is"]


def test_tests_use_no_mocks() -> None:
    """Fakes and stand-in servers, which can be wrong in fewer ways."""
    trees = {path: ast.parse(path.read_text()) for path in (HOUSE / "tests").rglob("*.py")}

    mocking = [
        path.name
        for path, tree in trees.items()
        if any(f"{name}.".startswith("unittest.mock.") for name in imported(tree))
    ]

    assert mocking == []
