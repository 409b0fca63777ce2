"""The questions that lead to a subscription by buttons alone: types, then agencies. Pure.

All that was chosen so far stands in the line of each button, so that a press works after a restart
and two people can answer two questions at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.domain.events import Agency, EventType
from bot.domain.messages import Button, Message
from bot.rendering import buttons
from bot.rendering.answers.parts import one_of, paragraph, said
from bot.rendering.facts import agency_name, short

_ON_A_PAGE = 6
_IN_A_ROW = 2
_LABEL = 28

DONE, STOP, TYPES, AGENCIES = "done", "stop", "t", "a"
"""What `pick` says: subscribe, give up, or which page of which question ("t2")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """What was chosen so far, by ids in the order of choosing."""

    types: tuple[int, ...] = ()
    agencies: tuple[int, ...] = ()


def begin() -> Message:
    """The first question."""
    return said(
        "What do you want to follow here?",
        "Everything, or only some types of events and some agencies.",
        buttons=(
            *buttons.row(_step("Everything", DONE, Picked())),
            *buttons.row(_step("Choose types", f"{TYPES}1", Picked())),
            *buttons.row(_step("Choose agencies", f"{AGENCIES}1", Picked())),
            *buttons.row(_step("Cancel", STOP, Picked())),
        ),
    )


def stopped() -> Message:
    """Whoever asked thought better of it."""
    return said("Nothing was changed", "/subscribe begins again.")


def types(known: Sequence[EventType], picked: Picked, page: int) -> Message:
    """Which types; each is a switch."""
    choices = _by_name((one.id, short(one.name, _LABEL)) for one in known)
    other = _step("Agencies", f"{AGENCIES}1", picked)
    return _question("Which types of events?", TYPES, choices, picked, page, other=other)


def agencies(known: Sequence[Agency], picked: Picked, page: int) -> Message:
    """Which agencies; each is a switch."""
    choices = _by_name((one.id, short(agency_name(one), _LABEL)) for one in known)
    other = _step("Types", f"{TYPES}1", picked)
    return _question("Which agencies?", AGENCIES, choices, picked, page, other=other)


def _by_name(choices: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    return sorted(choices, key=lambda one: one[1].casefold())


def _question(
    headline: str,
    what: str,
    choices: Sequence[tuple[int, str]],
    picked: Picked,
    page: int,
    *,
    other: Button | None,
) -> Message:
    pages = max(-(-len(choices) // _ON_A_PAGE), 1)
    at = max(min(page, pages), 1)
    shown = choices[(at - 1) * _ON_A_PAGE :][:_ON_A_PAGE]
    switches = [_switch(key, name, f"{what}{at}", picked) for key, name in shown]
    return Message(
        kind=None,
        headline=headline,
        sections=(
            paragraph(_so_far(what, choices, picked)),
            *((paragraph(_NO_ROOM),) if None in switches else ()),
        ),
        buttons=(
            *buttons.rows(switches, width=_IN_A_ROW),
            *buttons.row(
                _step("Previous page", f"{what}{at - 1}", picked) if at > 1 else None,
                _step("Next page", f"{what}{at + 1}", picked) if at < pages else None,
            ),
            *buttons.row(other, _step("Subscribe", DONE, picked), _step("Cancel", STOP, Picked())),
        ),
    )


_NO_ROOM = (
    "That is as much as buttons can hold. Subscribe now, then begin again for more; or type it "
    "all, e.g. /subscribe type:EVA,Docking agency:NASA"
)


def _so_far(what: str, choices: Sequence[tuple[int, str]], picked: Picked) -> str:
    chosen = picked.types if what == TYPES else picked.agencies
    names = dict(choices)
    if not chosen:
        return "Any, as long as you choose none. Press to choose."
    return f"Chosen: {one_of(names.get(key, str(key)) for key in chosen)}"


def _switch(key: int, name: str, pick: str, picked: Picked) -> Button | None:
    """Turns one choice on or off and stays on its page."""
    is_type = pick.startswith(TYPES)
    chosen = picked.types if is_type else picked.agencies
    is_on = key in chosen
    after = tuple(one for one in chosen if one != key) if is_on else (*chosen, key)
    then = replace(picked, types=after) if is_type else replace(picked, agencies=after)
    if _step("", DONE, then) is None:
        return None
    return _step(f"✓ {name}" if is_on else name, pick, then)


def _step(label: str, pick: str, picked: Picked) -> Button | None:
    return buttons.button(
        label,
        "subscribe",
        pick=pick,
        t=",".join(map(str, picked.types)),
        a=",".join(map(str, picked.agencies)),
    )
