"""The dashboard, the alert rules and the page about them speak of metrics that there are."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot.domain.causes import Cause
from bot.domain.changes import Kind
from bot.domain.channels import Reach
from bot.domain.deliveries import Refused
from bot.domain.vitals import Facts, Heartbeat, Queue
from bot.domain.watching import PollOutcome
from bot.web.metrics import Metrics

DOCS = Path(__file__).parents[2] / "docs"

SECOND = timedelta(seconds=1)


def known() -> dict[str, set[str]]:
    """Every metric of which there can be a sample, with the names of its labels."""
    metrics = Metrics(["console"])
    metrics.attempted("console", Kind.DATE, Refused(reason="too long"))
    metrics.waited("console", SECOND)
    metrics.answered("console", "help", SECOND, crashed=True)
    facts = Facts(
        adapters={"console": ""},
        queues={"console": Queue(depth=1)},
        reaches={("console", Reach.ACTIVE): 1},
    )
    page = metrics.page(facts, [Heartbeat(loop="poller", age=SECOND, is_late=False)]).decode()
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def panels() -> list[tuple[str, str]]:
    """The queries of the dashboard, each with its legend."""
    dashboard = json.loads((DOCS / "grafana-dashboard.json").read_text())
    return [
        (target["expr"], target["legendFormat"])
        for panel in dashboard["panels"]
        for target in panel["targets"]
    ]


def rules() -> list[tuple[str, str]]:
    """The expressions of the alerts, each with all that it says."""
    groups = yaml.safe_load((DOCS / "alerts.yml").read_text())["groups"]
    return [
        (rule["expr"], " ".join(rule["annotations"].values()))
        for group in groups
        for rule in group["rules"]
    ]


def names(text: str) -> set[str]:
    """The metrics that a text speaks of."""
    return set(re.findall(r"\bperigee_\w+", text))


def labels(expression: str, said: str) -> Iterator[str]:
    """The labels that a query filters or groups by, or that its legend or its words show."""
    for inside in re.findall(r"\{([^}]*)\}", expression):
        yield from re.findall(r"(\w+)\s*[=!]", inside)
    for inside in re.findall(r"\bby \(([^)]*)\)", expression):
        yield from re.findall(r"\w+", inside)
    yield from re.findall(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}", said)


@pytest.mark.parametrize(("expression", "said"), [*panels(), *rules()])
def test_query_asks_for_what_there_is(expression: str, said: str) -> None:
    """Each metric exists and has the labels that are used of it; `job` is Prometheus' own."""
    metrics = known()
    asked = names(expression)

    assert asked
    assert asked <= {*metrics}
    has = {label for name in asked for label in metrics[name]} | {"job"}
    assert {*labels(expression, said)} <= has


def test_every_metric_is_explained_and_no_other() -> None:
    """A histogram is explained by its own name, without what Prometheus adds to it."""
    page = (DOCS / "monitoring.md").read_text()
    ours = {re.sub(r"_(bucket|sum|count)$", "", name) for name in known()}

    assert names(page) == ours


@pytest.mark.parametrize("word", [*Cause, *PollOutcome, *Reach])
def test_every_word_of_a_label_is_explained(word: str) -> None:
    """Who reads a graph finds what its line is."""
    assert f"`{word}`" in (DOCS / "monitoring.md").read_text()


def test_queries_of_metrics_that_are_not_there_are_noticed() -> None:
    """The check itself works."""
    assert not names("rate(perigee_no_such_total[5m])") <= {*known()}
    assert [*labels('x{kind="a",job!="b"} by (le, platform)', "{{loop}} {{ $labels.state }}")] == [
        *("kind", "job", "le", "platform", "loop", "state")
    ]
