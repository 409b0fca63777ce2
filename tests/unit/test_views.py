"""What the command line shows: documents that say all, tables that stay tables."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from bot import views
from bot.domain.asking import Held
from bot.domain.changes import (
    Change,
    DateChanged,
    Detail,
    DetailsChanged,
    EventAnnounced,
    EventWithdrawn,
    Kind,
    UpdatePosted,
    VideoAdded,
    WebcastLive,
)
from bot.domain.channels import Health, Reach
from bot.domain.deliveries import DeliveryId, State
from bot.domain.events import Agency, EventId, StatedDate, VidUrl
from bot.domain.fanouts import Record, Tally
from bot.domain.subscriptions import Destination, Filter, Subscription, SubscriptionId
from bot.domain.watching import Noticed, PollReport
from bot.testing import MINUTE, MONTH, START, an_event, an_update

ID = EventId(7)
NOON = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
SLIPPED = StatedDate(date=NOON + timedelta(days=2), precision=MINUTE)
VAGUE = StatedDate(date=datetime(2027, 3, 31, tzinfo=UTC), precision=MONTH)

CHANGES: tuple[tuple[Change, object, object, str], ...] = (
    (EventAnnounced(event_id=ID), None, "listed", ""),
    (EventAnnounced(event_id=ID, returned=True), "withdrawn", "listed", "back on the schedule"),
    (
        DateChanged(event_id=ID, before=VAGUE, after=SLIPPED),
        {"date": "2027-03-31T00:00:00Z", "precision": "Month", "label": "March 2027"},
        {
            "date": "2027-03-03T12:00:00Z",
            "precision": "Minute",
            "label": "3 Mar 2027, 12:00 UTC",
        },
        "March 2027 → 3 Mar 2027, 12:00 UTC",
    ),
    (
        UpdatePosted(event_id=ID, updates=(an_update(id=5, comment="GO", created_by="clerk"),)),
        None,
        [{"id": 5, "comment": "GO", "created_by": "clerk"}],
        "GO",
    ),
    (WebcastLive(event_id=ID), False, True, ""),
    (
        VideoAdded(event_id=ID, videos=(VidUrl(url="https://example.org/v", title="Live"),)),
        None,
        [{"url": "https://example.org/v", "title": "Live"}],
        "Live",
    ),
    (
        DetailsChanged(event_id=ID, details=(Detail(name="Location", before="", after="Moon"),)),
        {"Location": ""},
        {"Location": "Moon"},
        "Location",
    ),
    (
        EventWithdrawn(event_id=ID, last_date=VAGUE),
        {"date": "2027-03-31T00:00:00Z", "precision": "Month", "label": "March 2027"},
        None,
        "was: March 2027",
    ),
)


def a_noticed(change: Change) -> Noticed:
    """A change in the record."""
    return Noticed(id=1, event_id=ID, event_name="EVA-1", change=change, noticed_at=NOON)


@pytest.mark.parametrize(("change", "before", "after", "words"), CHANGES)
def test_every_change_shows_before_and_after(
    change: Change, before: object, after: object, words: str
) -> None:
    """As a document with the values, in a table in a few words."""
    document = json.loads(views.document(views.change_document(a_noticed(change))))
    _, row = views.changes_table([a_noticed(change)], asked=False).splitlines()

    assert (document["before"], document["after"]) == (before, after)
    assert document["noticed_at"] == "2027-03-01T12:00:00Z"
    assert row.removeprefix("2027-03-01 12:00 UTC  ").split("  ", 2)[0].strip() == document["kind"]
    assert row.endswith(f"EVA-1  {words}".rstrip())


def test_hostile_text_cannot_leave_its_line() -> None:
    """Names and comments are anybody's words: no escape sequence, no forged row."""
    name = "EVA\x1b[2J\nDATE  TYPE"
    event = an_event(name=name, agencies=(Agency(id=1, name="A\u202eB", abbrev=""),))
    change = UpdatePosted(event_id=ID, updates=(an_update(comment="a\r\n\tb " + "x" * 200),))

    table = views.events_table([event], asked=False)
    changes = views.changes_table([a_noticed(change)], asked=False)

    assert len(table.splitlines()) == len(changes.splitlines()) == 2
    assert not {"\x1b", "\u202e"} & {*table}
    assert "EVA [2J DATE TYPE" in table or "EVA[2J DATE TYPE" in table
    assert changes.endswith("…")


def test_documents_survive_any_text() -> None:
    """What is shown to machines is whole, and no terminal refuses it."""
    name = 'a\x1b"\n→\ud83d'

    shown = views.document(views.event_document(an_event(name=name)))

    assert shown.isascii()
    assert json.loads(shown)["name"] == name


def test_event_without_date_says_so() -> None:
    """LL2's null is a null."""
    document = json.loads(
        views.document(views.event_document(an_event(date=None, date_precision=None)))
    )

    assert (document["date"], document["date_precision"]) == (None, None)
    assert document["date_label"] == "date not known"


def test_nothing_to_show_is_said_in_words() -> None:
    """An empty table would be a riddle."""
    assert views.events_table([], asked=True) == "No event matches."
    assert views.events_table([], asked=False).startswith("The store knows no events yet")
    assert views.changes_table([], asked=True) == "Nothing was noticed since then."
    assert views.changes_table([], asked=False) == "Nothing was noticed yet."
    assert views.subscriptions_table([]).startswith("No subscriptions yet. Add one: ")
    assert views.subscriptions_table([], "console:x") == "console:x has no subscription."
    assert views.tally_table(Tally(counts={}, last_errors=(), ailing={})) == "The outbox is empty."
    assert views.tally_table(Tally(counts={}, last_errors=(), ailing={}), "dead") == (
        "The outbox holds nothing dead."
    )


def test_subscription_is_told_in_its_own_words() -> None:
    """By what was asked for; with no option it is everything."""
    one = Subscription(
        id=SubscriptionId(3),
        destination=Destination(adapter="console", address="main"),
        filter=Filter(kinds=frozenset({Kind.NEW}), leads=frozenset()),
    )

    asked = Held(subscription=one, words={"type": ["EVA", "Flyby"], "remind": ["off"]})
    anything = Held(subscription=one, words={})

    assert views.subscription_line(asked) == (
        "Subscription 3: console:main gets type: EVA, Flyby; remind: off."
    )
    assert views.subscription_line(anything).endswith(" gets everything.")
    assert json.loads(views.document(views.subscription_document(asked)))["changes"] == ["new"]


def test_delivery_document_has_nulls_for_what_is_not_there() -> None:
    """Empty texts of the store are no values."""
    record = Record(
        id=DeliveryId(9),
        change_ids=(1, 2),
        event_id=ID,
        kind=Kind.DATE,
        destination=Destination(adapter="discord", address="1"),
        state=State.PENDING,
        attempts=0,
        created_at=NOON,
        sent_at=None,
        remote_id="",
        error="",
    )

    assert json.loads(views.document(views.delivery_document(record))) == {
        "id": 9,
        "change_ids": [1, 2],
        "event_id": 7,
        "kind": "date",
        "destination": "discord:1",
        "state": "pending",
        "attempts": 0,
        "created_at": "2027-03-01T12:00:00Z",
        "sent_at": None,
        "remote_id": None,
        "error": None,
    }


@pytest.mark.parametrize(
    ("report", "after", "line"),
    [
        (
            PollReport(events=30, is_first=True),
            {},
            (
                "Polled LL2: 30 events; the first poll learns them and announces none. "
                "Deliveries: none were due."
            ),
        ),
        (
            PollReport(events=30, changes=(EventAnnounced(event_id=ID), WebcastLive(event_id=ID))),
            {("console", State.SENT): 7, ("console", State.PENDING): 1},
            ("Polled LL2: 30 events; noticed 1 new, 1 webcast. Deliveries: 2 sent, 1 waiting."),
        ),
        (
            PollReport(events=1),
            {("console", State.SENT): 5, ("console", State.DEAD): 1},
            "Polled LL2: 1 event; noticed no change. Deliveries: 1 dead.",
        ),
    ],
)
def test_single_turn_is_told_in_a_line(
    report: PollReport, after: dict[tuple[str, State], int], line: str
) -> None:
    """What this turn did, not what the outbox holds from before."""
    assert views.once_line(report, {("console", State.SENT): 5}, after) == line


def test_outbox_is_told_by_state() -> None:
    """In the order of a delivery's life, whatever its adapter."""
    counts = {("a", State.DEAD): 1, ("a", State.SENT): 2, ("b", State.SENT): 3}

    assert views.deliveries_line(counts) == "5 sent, 1 dead"
    assert views.deliveries_line({}) == "none"


def test_tally_names_the_destinations_in_trouble() -> None:
    """Whoever looks learns where messages do not arrive, and why."""
    ill = Health(reach=Reach.PAUSED, since=START, reason="the bot was removed from the group")
    tally = Tally(
        counts={("telegram", State.HELD): 2},
        last_errors=(),
        ailing={Destination(adapter="telegram", address="-1"): ill},
    )

    assert views.tally_table(tally).splitlines()[2:] == [
        "",
        "Destinations in trouble:",
        "telegram:-1 is paused: the bot was removed from the group",
    ]
