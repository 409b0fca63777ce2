"""`ports.Meter` by the official Prometheus client, in a registry of its own, and its page.

What happens is counted as it happens; how things stand is set anew for each page. Labels take few
values: names of adapters, loops and commands, and words of closed sets; never text from outside.
"""

import math
import platform
from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache
from typing import assert_never

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

from bot import __version__
from bot.domain.causes import Cause, cause_of
from bot.domain.changes import Kind, kind_of
from bot.domain.deliveries import Gone, Later, Outcome, Refused, Sent, Unknown
from bot.domain.retention import Remains
from bot.domain.vitals import Facts, Heartbeat
from bot.domain.watching import PollOutcome, PollReport

_WAITS_S = (0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
"""A request that must wait longer than 10 s for its slot goes back to the outbox."""

_ANSWERS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Discord gives a command 3 s to be answered."""

_MOST_LABELS = 1024


class Metrics:
    """What is counted and measured of one service; each metric says by itself what it is."""

    def __init__(self, adapters: Iterable[str] = ()) -> None:
        """Begin to count.

        Args:
            adapters: shown with zero from the start, so that a first 429 is seen as a rise.

        """
        # A moment of creation beside each counter doubles the page and tells nobody anything.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the vendor's slip
        self._registry = CollectorRegistry()
        self._count()
        self._time()
        self._measure()
        # Each message of a broadcast asks for these two.
        self._delivered = lru_cache(_MOST_LABELS)(self._deliveries.labels)
        self._waited = lru_cache(_MOST_LABELS)(self._waits.labels)
        build = self._gauge("build_info", "The version that runs; always 1.", "version", "python")
        build.labels(__version__, platform.python_version()).set(1)
        for outcome in PollOutcome:
            self._polls.labels(outcome.value)
        for kind in sorted({*Kind} - {Kind.REMINDER}):  # which is no change
            self._changes.labels(kind.value)
        for sort in Remains:
            self._purged.labels(sort.value)
        for adapter in adapters:
            self._throttled.labels(adapter)
            self._waits.labels(adapter)

    def _count(self) -> None:
        self._polls = self._counter("polls", "Polls of LL2.", "outcome")
        self._changes = self._counter("changes", "Changes noticed in events.", "kind")
        self._deliveries = self._counter(
            "deliveries",
            "Attempts to send a message, by what came of them.",
            *("platform", "kind", "outcome", "reason"),
        )
        self._throttled = self._counter("throttled", "Answers 429 of a platform.", "platform")
        self._purged = self._counter("purged", "Rows of the store purged, by what.", "sort")
        self._crashes = self._counter(
            "command_crashes", "Commands that failed by a bug of ours.", "platform", "command"
        )

    def _time(self) -> None:
        self._waits = Histogram(
            "perigee_pacing_wait_seconds",
            "How long requests waited for their slot under a platform's limits.",
            ("platform",),
            buckets=_WAITS_S,
            registry=self._registry,
        )
        self._answers = Histogram(
            "perigee_command_seconds",
            "How long commands took to answer.",
            ("platform", "command"),
            buckets=_ANSWERS_S,
            registry=self._registry,
        )

    def _measure(self) -> None:
        self._store = self._gauge("store_readable", "Whether the store can be read; 1 is yes.")
        self._left = self._gauge("requests_left", "Polls that the budget still allows this hour.")
        self._budget = self._gauge("requests_budget", "Polls that the budget allows in an hour.")
        self._age = self._gauge(
            "data_age_seconds", "Age of the last list of LL2 that was believed; +Inf: none yet."
        )
        self._connected = self._gauge(
            "adapter_connected", "Whether an adapter is connected; 1 is yes.", "platform"
        )
        self._depth = self._gauge(
            "queue_depth", "Deliveries pending; 100000 stands for that and more.", "platform"
        )
        self._oldest = self._gauge(
            "queue_oldest_seconds", "Age of the oldest pending delivery; 0: none.", "platform"
        )
        self._reaches = self._gauge(
            "destinations", "Destinations with subscriptions, by reach.", "platform", "state"
        )
        self._loop_age = self._gauge(
            "loop_age_seconds", "Since a loop's last sign of life.", "loop"
        )
        self._loop_late = self._gauge("loop_late", "Whether a loop is overdue; 1 is yes.", "loop")

    def polled(self, report: PollReport) -> None:
        """A poll came to this; what it noticed is counted, too."""
        self._polls.labels(report.outcome.value).inc()
        for change in report.changes:
            self._changes.labels(kind_of(change).value).inc()

    def attempted(self, adapter: str, kind: Kind | None, outcome: Outcome | None) -> None:
        """An attempt to send came to this; None: the adapter raised an error."""
        cause = Cause.RAISED if outcome is None else cause_of(outcome)
        told = "notice" if kind is None else kind.value
        self._delivered(adapter, told, _word(outcome), cause.value).inc()

    def waited(self, adapter: str, wait: timedelta) -> None:
        """A request of an adapter waited so long for its slot."""
        self._waited(adapter).observe(wait.total_seconds())

    def throttled(self, adapter: str) -> None:
        """A platform answered 429."""
        self._throttled.labels(adapter).inc()

    def answered(self, adapter: str, command: str, took: timedelta, *, crashed: bool) -> None:
        """A command was answered, or crashed."""
        self._answers.labels(adapter, command).observe(took.total_seconds())
        if crashed:
            self._crashes.labels(adapter, command).inc()

    def purged(self, sort: Remains, count: int) -> None:
        """So many of a sort were purged."""
        self._purged.labels(sort.value).inc(count)

    def page(self, facts: Facts, heartbeats: Iterable[Heartbeat]) -> bytes:
        """All of it in Prometheus' text format."""
        self._set(facts)
        self._loop_age.clear()
        self._loop_late.clear()
        for one in heartbeats:
            self._loop_age.labels(one.loop).set(one.age.total_seconds())
            self._loop_late.labels(one.loop).set(one.is_late)
        return generate_latest(self._registry)

    def _set(self, facts: Facts) -> None:
        age = facts.data_age
        self._store.set(not facts.store_problem)
        self._age.set(math.inf if age is None else age.total_seconds())
        self._left.set(max(facts.budget - facts.requests, 0))
        self._budget.set(facts.budget)
        for labelled in (self._connected, self._depth, self._oldest, self._reaches):
            labelled.clear()
        for adapter, trouble in facts.adapters.items():
            self._connected.labels(adapter).set(not trouble)
        for adapter, queue in facts.queues.items():
            self._depth.labels(adapter).set(queue.depth)
            self._oldest.labels(adapter).set(queue.age.total_seconds())
        for (adapter, reach), count in facts.reaches.items():
            self._reaches.labels(adapter, reach.value).set(count)

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"perigee_{name}_total", what, labels, registry=self._registry)

    def _gauge(self, name: str, what: str, *labels: str) -> Gauge:
        return Gauge(f"perigee_{name}", what, labels, registry=self._registry)


def _word(outcome: Outcome | None) -> str:
    match outcome:
        case Sent():
            return "sent"
        case Later():
            return "later"
        case Refused():
            return "refused"
        case Gone():
            return "gone"
        case Unknown() | None:
            return "unknown"
        case _ as never:
            assert_never(never)
