"""Answers about the bot itself: what can be followed, how it stands, help. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.channels import Health, Reach
from bot.domain.events import Agency, EventType
from bot.domain.fanouts import Record
from bot.domain.messages import Link, Message, Section, Stamp
from bot.domain.requests import CommandSpec, Who
from bot.domain.status import Status
from bot.rendering import buttons
from bot.rendering.answers.parts import last_delivery, paragraph, sentence, trouble
from bot.rendering.facts import fact, short
from bot.rendering.words import counted, span

AGENCIES_ON_A_PAGE = 25

_NAME = 80
_STALE = timedelta(hours=1)


def types(known: Iterable[EventType], ahead: Mapping[int, int]) -> Message:
    """All event types by name, with how many events of each are ahead."""
    ordered = sorted(known, key=lambda one: one.name.casefold())
    lines = (_line(one.name, one.id, ahead) for one in ordered)
    return Message(
        kind=None,
        headline=counted(len(ordered), "event type"),
        sections=(
            paragraph("\n".join(lines)),
            paragraph(
                "Follow some with /subscribe type:EVA,Docking; a name or its number will do."
            ),
        ),
    )


def agencies(known: Iterable[Agency], ahead: Mapping[int, int], page: int) -> Message:
    """The agencies by name, a page at a time, with how many events of each are ahead."""
    ordered = sorted(known, key=lambda one: one.name.casefold())
    pages = max(-(-len(ordered) // AGENCIES_ON_A_PAGE), 1)
    at = min(page, pages)
    shown = ordered[(at - 1) * AGENCIES_ON_A_PAGE :][:AGENCIES_ON_A_PAGE]
    place = f", page {at} of {pages}" if pages > 1 else ""
    return Message(
        kind=None,
        headline=counted(len(ordered), "agency", "agencies") + place,
        sections=(
            paragraph("\n".join(_line(_full_name(one), one.id, ahead) for one in shown)),
            paragraph("Follow some with /subscribe agency:NASA,ESA; their numbers will do too."),
        ),
        buttons=buttons.row(
            buttons.button("Previous page", "agencies", page=str(at - 1)) if at > 1 else None,
            buttons.button("Next page", "agencies", page=str(at + 1)) if at < pages else None,
        ),
    )


def _full_name(agency: Agency) -> str:
    known = agency.abbrev and agency.abbrev not in agency.name
    return f"{agency.name}, {agency.abbrev}" if known else agency.name


def _line(name: str, number: int, ahead: Mapping[int, int]) -> str:
    count = ahead.get(number, 0)
    return f"{short(name, _NAME)} ({number})" + (f": {count} ahead" if count else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """How the channel stands where `/status` was asked."""

    subscriptions: int
    health: Health
    last: Record | None


def status(stand: Status, here: Here, *, events: int, now: datetime) -> Message:
    """How fresh the data is, what may be asked of LL2, and whether messages arrive here."""
    return Message(
        kind=None,
        headline=_verdict(stand, here, now),
        sections=(
            _data(stand, events, now),
            _requests(stand),
            *((fact("Last request", sentence(stand.problem)),) if stand.problem else ()),
            *(fact(name.title(), sentence(why)) for name, why in sorted(stand.troubles.items())),
            _here(here),
            fact("Last message", *last_delivery(here.last)),
        ),
    )


def _verdict(stand: Status, here: Here, now: datetime) -> str:
    if here.health.reach is not Reach.ACTIVE:
        do = "may" if here.health.reach is Reach.SUSPECT else "do"
        return f"Messages {do} not arrive here"
    if stand.troubles:
        return f"Out of order: {', '.join(name.title() for name in sorted(stand.troubles))}"
    if stand.read_at is None:
        return "Waiting for the first data"
    return "The data is old" if now - stand.read_at >= _STALE else "All is well"


def _data(stand: Status, events: int, now: datetime) -> Section:
    if stand.read_at is None:
        return fact("Data", f"{counted(events, 'event')} known; no answer of LL2 yet")
    age = span(now - stand.read_at) or "under a minute"
    return fact("Data", f"{counted(events, 'event')}, {age} old: read ", Stamp(at=stand.read_at))


def _requests(stand: Status) -> Section:
    # Those of others behind our address count, too, and at the edges of the hour perhaps twice.
    used = f"{min(stand.requests, stand.budget)} of {stand.budget} used in the last hour"
    if stand.blocked_until is None:
        return fact("Requests", used)
    until = Stamp(at=stand.blocked_until)
    return fact("Requests", f"{used}; LL2 asks us to wait until ", until)


def _here(here: Here) -> Section:
    count = counted(here.subscriptions, "subscription")
    ill = trouble(here.health)
    return fact("Here", f"{count}; ", *(ill or ("no trouble known",)))


def help_page(specs: Sequence[CommandSpec], *, invite: str, is_guided: bool) -> Message:
    """All commands with their options, by who may use them."""
    groups = (("For everybody", Who.ALL), ("For those who manage the channel", Who.MANAGERS))
    return Message(
        kind=None,
        headline="Commands",
        sections=(
            *(_group(heading, [one for one in specs if one.who is who]) for heading, who in groups),
            *((paragraph(_TYPED),) if is_guided else ()),
            paragraph("/help and a command's name tells more about it."),
        ),
        links=(Link(label="Invite this bot", url=invite),) if invite else (),
    )


_TYPED = (
    "Options are typed in any order, several values with commas: "
    '/subscribe type:EVA agency:NASA,ESA search:"space station"'
)


def _group(heading: str, specs: Sequence[CommandSpec]) -> Section:
    return paragraph(
        "\n".join(f"{_usage(one)}: {one.description}" for one in specs), heading=heading
    )


def _usage(spec: CommandSpec) -> str:
    options = (f"<{one.name}>" if one.is_required else f"[{one.name}]" for one in spec.options)
    return " ".join((f"/{spec.name}", *options))


def help_of(spec: CommandSpec) -> Message:
    """One command with its options."""
    managers = "\nFor those who manage the channel." if spec.who is Who.MANAGERS else ""
    return Message(
        kind=None,
        headline=_usage(spec),
        sections=(
            paragraph(f"{spec.description}.{managers}"),
            *(fact(one.name, one.description) for one in spec.options),
        ),
    )


def start(*, is_guided: bool) -> Message:
    """What the bot does, and the first steps."""
    return Message(
        kind=None,
        headline="Perigee tells you what changes in spaceflight",
        sections=(
            paragraph(
                "New events, moved dates, updates, webcasts going live, and reminders: of "
                "dockings, spacewalks, landings and all else that Launch Library 2 lists."
            ),
            paragraph(_STEPS, heading="To begin"),
        ),
        buttons=buttons.row(
            buttons.button("Choose what to follow", "subscribe") if is_guided else None,
            buttons.button("Next event", "next"),
            buttons.button("Schedule", "events"),
        ),
    )


_STEPS = (
    "/subscribe sends news here, of everything or of what you choose\n"
    "/events shows what is ahead, /next what is nearest\n"
    "/settings has the time zone and silent messages\n"
    "/help lists all commands"
)
