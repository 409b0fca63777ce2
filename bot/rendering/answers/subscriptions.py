"""Answers about what a channel gets: subscriptions, their trouble, muted events. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.asking import Held
from bot.domain.channels import Health
from bot.domain.events import Event
from bot.domain.fanouts import Record
from bot.domain.lines import write_line
from bot.domain.messages import Button, Message, Section, SectionKind
from bot.rendering import buttons
from bot.rendering.answers.parts import last_delivery, paragraph, said, trouble, wish
from bot.rendering.facts import fact, short
from bot.rendering.words import counted, when

_NAME = 100
_MUTED = 5
_WISH = 240
_REMOVABLE = 20
_FINER = "/subscribe takes changes and remind too, /settings has the time zone and more."


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a channel stands.

    Attributes:
        held: its subscriptions, in the order of their numbers.
        muted: the events that are silenced there.

    """

    held: tuple[Held, ...]
    health: Health
    last: Record | None
    muted: tuple[Event, ...] = ()


def subscribed(
    words: Mapping[str, Sequence[str]],
    *,
    number: int,
    is_new: bool,
    following: Event | None,
    health: Health,
) -> Message:
    """A subscription is there, perhaps since long.

    Args:
        words: its filter.
        number: its place in the list.
        is_new: whether it was added just now.
        following: the next event that it will tell of, if one is known.
        health: of the channel, since a paused one hears nothing.

    """
    ill = trouble(health)
    return Message(
        kind=None,
        headline="Subscribed" if is_new else "Already subscribed",
        sections=(
            paragraph(f"{number}. {wish(words)}"),
            *_following(following),
            *((fact("Trouble", *ill),) if ill else ()),
            Section(body=(_FINER,), kind=SectionKind.BACKGROUND),
        ),
        buttons=buttons.row(_all()),
    )


def _all() -> Button | None:
    return buttons.button("All subscriptions", "subscriptions")


def _following(event: Event | None) -> tuple[Section, ...]:
    if event is None:
        return ()
    return (fact("Next", f"{short(event.name, _NAME)}, ", *when(event.stated)),)


def full(most: int) -> Message:
    """A channel holds as many subscriptions as it may."""
    return said(
        "No more subscriptions here",
        f"A channel can hold {most} subscriptions. Remove one with /unsubscribe, or put several "
        f"types and agencies into one, with commas between them.",
    )


def full_server(most: int) -> Message:
    """All channels of a server together hold as many subscriptions as they may."""
    return said(
        "No more subscriptions in this server",
        f"All channels, threads and topics of a server can hold {most} subscriptions together. "
        "Remove some where they are not needed with /unsubscribe, or ask the owner of this bot.",
    )


def listed(standing: Standing, *, may_manage: bool) -> Message:
    """What a channel gets, by number, and whether it arrives."""
    if not standing.held:
        return _none(standing, may_manage=may_manage)
    wishes = (short(wish(one.words), _WISH) for one in standing.held)
    lines = (f"{number}. {one}" for number, one in enumerate(wishes, start=1))
    return Message(
        kind=None,
        headline=f"{counted(len(standing.held), 'subscription')} here",
        sections=(paragraph("\n".join(lines)), *_state(standing)),
        buttons=_removals(standing.held) if may_manage else (),
    )


def _none(standing: Standing, *, may_manage: bool) -> Message:
    ill = _state(standing) if standing.last is not None or standing.muted else ()
    add = "Add one with /subscribe." if may_manage else "Whoever manages it can /subscribe."
    return Message(
        kind=None,
        headline="No subscription here",
        sections=(paragraph(f"This channel gets no news yet. {add}"), *ill),
    )


def _state(standing: Standing) -> tuple[Section, ...]:
    ill = trouble(standing.health)
    names = [short(one.name, _NAME) for one in standing.muted[:_MUTED]]
    more = len(standing.muted) - len(names)
    muted = f"{', '.join(names)}{f' and {more} more' if more else ''}"
    return (
        *((fact("Trouble", *ill),) if ill else ()),
        fact("Last message", *last_delivery(standing.last)),
        *((fact("Muted", muted),) if names else ()),
    )


def _removals(held: Sequence[Held]) -> tuple[buttons.Row, ...]:
    return buttons.rows(_removal(number, one) for number, one in enumerate(held[:_REMOVABLE], 1))


def _removal(number: int, held: Held) -> Button | None:
    """By the number that never changes: the list may be old when it is pressed."""
    return buttons.button(f"Remove {number}", "unsubscribe", id=str(held.subscription.id))


def unsubscribed(removed: Sequence[Held], *, left: int) -> Message:
    """These subscriptions are gone; how each can be had again."""
    lines = "\n".join(wish(one.words) for one in removed)
    again = "\n".join(f"/{_again(one)}" for one in removed)
    return Message(
        kind=None,
        headline=f"{counted(len(removed), 'subscription')} removed",
        sections=(
            paragraph(lines),
            paragraph(_left(left)),
            paragraph(again, heading="To have it again" if len(removed) == 1 else "To undo"),
        ),
        buttons=buttons.row(_all()) if left else (),
    )


def _again(held: Held) -> str:
    return write_line("subscribe", {name: ",".join(words) for name, words in held.words.items()})


def _left(left: int) -> str:
    if not left:
        return "This channel gets no news any more."
    verb = "is" if left == 1 else "are"
    return f"{counted(left, 'subscription')} {verb} left; the numbers may have changed."


def muted(event: Event) -> Message:
    """An event is silenced here."""
    return said(
        "Muted here",
        "No more news of it comes to this channel.",
        title=short(event.name, _NAME) or f"Event {event.id}",
        buttons=buttons.row(buttons.unmute(event.id)),
    )


def too_many_muted(most: int) -> Message:
    """A channel silences as many events as it may."""
    return said(
        "No more events can be muted here",
        f"A channel can mute {most} events that are still to come. Take one back with /unmute, or "
        "remove a subscription with /unsubscribe.",
    )


def unmuted(event: Event) -> Message:
    """An event is not silenced here."""
    return said(
        "Not muted here",
        "News of it comes to this channel if a subscription asks for it.",
        title=short(event.name, _NAME) or f"Event {event.id}",
        buttons=buttons.row(buttons.mute(event.id)),
    )
