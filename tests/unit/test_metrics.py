"""Every metric moves when what it counts happens; none is only a name on a page."""

from collections.abc import Iterable
from datetime import timedelta

from prometheus_client.parser import text_string_to_metric_families

from bot.domain.changes import EventAnnounced, Kind
from bot.domain.channels import Reach
from bot.domain.deliveries import Later, Refused, Sent
from bot.domain.events import EventId
from bot.domain.vitals import Facts, Heartbeat, Queue
from bot.domain.watching import PollOutcome, PollReport
from bot.web.metrics import Metrics

SECOND = timedelta(seconds=1)
CALM, BUSY = (
    Facts(adapters={"console": ""}),
    Facts(
        store_problem="",
        data_age=90 * SECOND,
        requests=4,
        budget=14,
        adapters={"console": "its token is refused"},
        queues={"console": Queue(depth=7, age=60 * SECOND)},
        reaches={("console", Reach.PAUSED): 2},
    ),
)


def samples(metrics: Metrics, facts: Facts, beats: Iterable[Heartbeat] = ()) -> dict[str, float]:
    """What Prometheus reads, by name and labels as they are written."""
    page = metrics.page(facts, [*beats]).decode()
    return {
        sample.name
        + "".join(f" {value}" for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_each_metric_moves_with_what_it_counts() -> None:
    """By exactly as much as happened."""
    metrics = Metrics(["console"])
    before = samples(metrics, CALM)

    report = PollReport(
        outcome=PollOutcome.READ, events=1, changes=(EventAnnounced(event_id=EventId(1)),)
    )
    metrics.polled(report)
    for outcome in (Sent(), Later(reason="busy"), Refused(reason="too long"), None):
        metrics.attempted("console", Kind.DATE, outcome)
    metrics.waited("console", 2 * SECOND)
    metrics.throttled("console")
    metrics.answered("console", "help", 3 * SECOND, crashed=False)
    metrics.answered("console", "help", SECOND, crashed=True)
    beat = Heartbeat(loop="poller", age=5 * SECOND, is_late=True)
    after = samples(metrics, BUSY, [beat])

    moved = {name: value for name, value in after.items() if before.get(name, 0) != value}
    exact = {
        "perigee_polls_total read": 1,
        "perigee_changes_total new": 1,
        "perigee_requests_left": 10,
        "perigee_requests_budget": 14,
        "perigee_data_age_seconds": 90,
        "perigee_queue_depth console": 7,
        "perigee_queue_oldest_seconds console": 60,
        "perigee_pacing_wait_seconds_sum console": 2,
        "perigee_pacing_wait_seconds_count console": 1,
        "perigee_throttled_total console": 1,
        "perigee_destinations console paused": 2,
        "perigee_command_seconds_sum help console": 4,
        "perigee_command_seconds_count help console": 2,
        "perigee_command_crashes_total help console": 1,
        "perigee_loop_age_seconds poller": 5,
        "perigee_loop_late poller": 1,
    }
    assert {name: moved.get(name) for name in exact} == exact
    assert sum(value for name, value in moved.items() if "deliveries_total" in name) == 4
    assert before["perigee_adapter_connected console"] == 1
    assert after["perigee_adapter_connected console"] == 0
    assert samples(metrics, Facts(store_problem="gone"))["perigee_store_readable"] == 0
