"""The answers that golden files show, for every renderer."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from golden_cases import CASES
from help_cases import FAMILY, NASTY, about_cases, guide_cases, refusals_cases

from bot.domain.asking import Held, spell_filter
from bot.domain.catalogue import KNOWN_FROM_THE_START as NAMES
from bot.domain.changes import Kind
from bot.domain.channels import Channel, Health, Keeper, Reach, Trouble
from bot.domain.deliveries import DeliveryId, State
from bot.domain.events import Event, EventId, Image, UpdateId, VidUrl
from bot.domain.fanouts import Record
from bot.domain.messages import Message
from bot.domain.status import Status
from bot.domain.subscriptions import Destination, Filter, Subscription, SubscriptionId
from bot.domain.watching import Watch
from bot.rendering import notices
from bot.rendering.answers import about, events, preview, settings, subscriptions
from bot.testing import START, an_event, an_update

HERE = Destination(adapter="telegram", address="-100")

_HOUR = timedelta(hours=1)
_FULL = an_event(
    updates=tuple(
        an_update(id=UpdateId(one), comment=f"Comment number {one}.") for one in range(1, 6)
    ),
    vid_urls=(VidUrl(url="https://example.org/live", title="Berthing", publisher="NASA"),),
    image=Image(id=7, url="https://example.org/cygnus.jpg", credit="NASA"),
    duration=timedelta(hours=6, minutes=30),
)
_STATED = tuple((case.title, case.event) for case in CASES["new"])
_HOSTILE = tuple((case.title, case.event) for case in CASES["hostile"])


def _held(number: int, **asked: Any) -> Held:
    wanted = Filter(**asked)
    subscription = Subscription(id=SubscriptionId(40 + number), destination=HERE, filter=wanted)
    return Held(subscription=subscription, words=spell_filter(wanted, NAMES))


_EVERYTHING = _held(1)
_CHOSEN = _held(
    2,
    types=frozenset({3, 2}),
    agencies=frozenset({44, 27}),
    words=frozenset({"space station"}),
    leads=frozenset({_HOUR}),
)
_NARROW = _held(3, programs=frozenset({17}), kinds=frozenset({Kind.NEW, Kind.DATE}))


def _record(**changes: Any) -> Record:
    usual = Record(
        id=DeliveryId(1),
        change_ids=(1,),
        event_id=EventId(1),
        kind=Kind.DATE,
        destination=HERE,
        state=State.SENT,
        attempts=1,
        created_at=START,
        sent_at=START,
        remote_id="9",
        error="",
    )
    return replace(usual, **changes)


_PAUSED = Health(
    reach=Reach.PAUSED,
    since=START,
    reason="the bot may not write in this channel",
    missing="Send Messages",
)
_SUSPECT = Health(reach=Reach.SUSPECT, since=START, reason="chat not found")
_GIVEN_UP = _record(state=State.DEAD, sent_at=None, error="Missing Access")
_WELL = Status(read_at=START - timedelta(minutes=3), requests=7, budget=15)
_NOW = START
_AT_HOME = about.Here(subscriptions=2, health=Health(), last=_record())


def _numbered(cases: tuple[tuple[str, Event], ...]) -> tuple[Event, ...]:
    """The events of some cases, each with an id of its own."""
    return tuple(replace(one, id=EventId(number)) for number, (_, one) in enumerate(cases))


def _page(*found: Event, page: int = 1, pages: int = 1, **asked: str) -> events.Page:
    first = (page - 1) * 8 + 1
    total = len(found) if pages == 1 else pages * 8
    return events.Page(events=found, first=first, total=total, page=page, pages=pages, asked=asked)


def _schedules() -> dict[str, Message]:
    live = an_event(webcast_live=True)
    shown = {"nothing given": an_event(name="", location="", agencies=(), date=None)}
    return {
        "one page": events.schedule(_page(live, an_event(id=EventId(2), name="ISS EVA 95"))),
        "in the middle": events.schedule(
            _page(an_event(), page=2, pages=3, type="3,4", search="space station")
        ),
        "a search too long for buttons": events.schedule(
            _page(an_event(), page=2, pages=3, search="a word " * 10)
        ),
        **{title: events.schedule(_page(event)) for title, event in shown.items()},
        "at every precision, 1": events.schedule(_page(*_numbered(_STATED[:8]))),
        "at every precision, 2": events.schedule(_page(*_numbered(_STATED[8:16]))),
        "at every precision, 3": events.schedule(_page(*_numbered(_STATED[16:]))),
        "hostile": events.schedule(_page(*_numbered(_HOSTILE[1:9]))),
        "nothing matches": events.nothing_ahead(is_choosy=True, knows_any=True),
        "nothing at all": events.nothing_ahead(is_choosy=False, knows_any=True),
        "before the first answer": events.nothing_ahead(is_choosy=False, knows_any=False),
    }


def _questions() -> dict[str, Message]:
    many = [an_event(id=EventId(one), name=f"Cygnus NG-{one} Berthing") for one in range(7)]
    return {
        "which of two": events.which("cygnus", many[:2], "event"),
        "which of seven": events.which("cygnus", many, "mute"),
        "perhaps this": events.not_found("cignus", many[:1], "event"),
        "nothing like it": events.not_found(NASTY, (), "event"),
    }


def _in_full() -> dict[str, Message]:
    return {
        "on the schedule": events.in_full(_FULL),
        "next, in Berlin": events.in_full(_FULL, is_next=True),
        "live": events.in_full(replace(_FULL, webcast_live=True), is_next=True),
        "muted": events.in_full(_FULL, is_muted=True),
        "passed": events.in_full(_FULL, has_passed=True),
        "over": events.in_full(_FULL, watch=Watch.FINISHED),
        "removed": events.in_full(_FULL, watch=Watch.WITHDRAWN),
        "nothing given": events.in_full(
            an_event(name="", location="", description="", agencies=(), programs=(), date=None)
        ),
    }


def _subscribed(held: Held, **changes: Any) -> Message:
    usual: dict[str, Any] = {
        "number": 1,
        "is_new": True,
        "following": an_event(),
        "health": Health(),
    }
    return subscriptions.subscribed(held.words, **(usual | changes))


def _standing(*held: Held, **changes: Any) -> subscriptions.Standing:
    usual: dict[str, Any] = {"held": held, "health": Health(), "last": None}
    return subscriptions.Standing(**(usual | changes))


def _subscriptions() -> dict[str, Message]:
    every = (_EVERYTHING, _CHOSEN, _NARROW)
    muted = tuple(an_event(id=EventId(one), name=f"Event {one}") for one in range(7))
    nasty = frozenset({NASTY.casefold()})
    hostile = [_held(number, words=nasty) for number in range(25)]
    listed = subscriptions.listed
    return {
        "subscribed to all": _subscribed(_EVERYTHING),
        "chosen, nothing ahead": _subscribed(_CHOSEN, number=2, following=None),
        "held before": _subscribed(_NARROW, number=3, is_new=False),
        "while paused": _subscribed(_EVERYTHING, health=_PAUSED),
        "full": subscriptions.full(25),
        "server full": subscriptions.full_server(500),
        "too many muted": subscriptions.too_many_muted(100),
        "listed": listed(_standing(*every, last=_record()), may_manage=True),
        "listed for others": listed(_standing(*every, last=_record()), may_manage=False),
        "paused": listed(_standing(_EVERYTHING, health=_PAUSED, last=_GIVEN_UP), may_manage=True),
        "suspect": listed(
            _standing(_EVERYTHING, health=_SUSPECT, last=_record(state=State.UNKNOWN)),
            may_manage=True,
        ),
        "muted": listed(_standing(_EVERYTHING, muted=muted), may_manage=True),
        "none": listed(_standing(), may_manage=True),
        "none for others": listed(_standing(), may_manage=False),
        "none any more": listed(_standing(last=_record()), may_manage=True),
        "25 hostile ones": listed(_standing(*hostile), may_manage=True),
        "one removed": subscriptions.unsubscribed((_CHOSEN,), left=1),
        "all removed": subscriptions.unsubscribed(every, left=0),
        "event muted": subscriptions.muted(an_event()),
        "event not muted": subscriptions.unmuted(an_event(name="")),
    }


def _notices() -> dict[str, Message]:
    def trouble(number: int, name: str, health: Health = _PAUSED) -> Trouble:
        place = Destination(adapter="discord", address=f"{number}")
        return Trouble(destination=place, health=health, keeper=Keeper(name=name))

    nasty = Health(reach=Reach.PAUSED, reason=NASTY, missing=NASTY)
    return {
        "one channel": notices.paused([trouble(1, "Space Club, #launches")]),
        "no name": notices.paused([trouble(1, "")]),
        "hostile": notices.paused([trouble(1, NASTY, nasty), trouble(2, FAMILY * 99)]),
        "twelve channels": notices.paused([trouble(one, f"Channel {one}") for one in range(12)]),
    }


def _settings() -> dict[str, Message]:
    told = Channel(
        time_zone="Europe/Berlin",
        is_silent=True,
        mention="123456",
        mention_kinds=frozenset({Kind.WEBCAST, Kind.REMINDER}),
        leads=frozenset(),
        publishes=True,
    )
    plain = replace(
        told,
        time_zone="UTC",
        is_silent=False,
        mention="",
        leads=frozenset({_HOUR}),
        publishes=False,
    )

    def shown(channel: Channel, **changes: Any) -> Message:
        usual: dict[str, Any] = {"is_changed": False}
        usual |= {"has_roles": True, "has_followers": True}
        return settings.shown(channel, now=_NOW, **(usual | changes))

    return {
        "changed": shown(told, is_changed=True),
        "as they are": shown(plain),
        "without roles": shown(told, has_roles=False, has_followers=False),
    }


def _status() -> dict[str, Message]:
    def status(stand: Status = _WELL, here: about.Here = _AT_HOME, **changes: Any) -> Message:
        return about.status(stand, here, events=212, now=_NOW, **changes)

    blocked = replace(
        _WELL,
        read_at=_NOW - timedelta(hours=5),
        requests=15,
        blocked_until=_NOW + _HOUR,
        problem="LL2 answered 429",
    )
    return {
        "well": status(),
        "just read": status(replace(_WELL, read_at=_NOW)),
        "before the first answer": status(replace(_WELL, read_at=None)),
        "old data": status(blocked),
        "paused here": status(here=replace(_AT_HOME, health=_PAUSED, last=_GIVEN_UP)),
        "suspect here": status(here=replace(_AT_HOME, health=_SUSPECT, last=None)),
    }


ANSWERS: dict[str, dict[str, Message]] = {
    "schedule": _schedules(),
    "questions": _questions(),
    "event": _in_full(),
    "event_precisions": {title: events.in_full(event) for title, event in _STATED},
    "event_hostile": {title: events.in_full(event) for title, event in _HOSTILE},
    "subscriptions": _subscriptions(),
    "subscribed_precisions": {
        title: _subscribed(_EVERYTHING, following=event) for title, event in _STATED
    },
    "notices": _notices(),
    "guide": guide_cases(),
    "settings": _settings(),
    "status": _status(),
    "about": about_cases(),
    "preview": {f"{one.kind}": one for one in preview.examples(START)},
    "refusals": refusals_cases(),
}
"""The cases of each golden file, by title."""

IN_BERLIN = {"in the middle", "next, in Berlin", "while paused", "paused", "well"}
"""The titles of those that are shown in a channel of that zone; the others are shown in UTC."""
