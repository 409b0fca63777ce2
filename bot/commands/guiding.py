"""Lead to a subscription by buttons alone; the choices so far stand in each button's own line."""

from dataclasses import replace

from bot.commands.kit import Kit, answer
from bot.commands.looking import catalogue
from bot.domain.messages import Message
from bot.domain.requests import CommandReply, CommandRequest
from bot.domain.watching import Catalogue
from bot.errors import ConfigError
from bot.rendering.answers import guide

_LONGEST_ID = 9
_STRANGE = "this button is not one of ours; /subscribe begins again"


def is_asking(request: CommandRequest) -> bool:
    """Whether there is something left to ask."""
    if "pick" in request.options:
        return request.options["pick"] != guide.DONE
    return request.is_guided and not request.options


async def ask(kit: Kit, request: CommandRequest) -> CommandReply:
    """The next question, in place of the last."""
    async with kit.store.reading(urgent=True) as unit:
        known = await catalogue(unit)
    return answer(_question(request, known), replaces=True)


def _question(request: CommandRequest, known: Catalogue) -> Message:
    if "pick" not in request.options:
        return guide.begin()
    pick = request.options["pick"]
    if pick == guide.STOP:
        return guide.stopped()
    what, page = pick[:1], _ids(pick[1:])
    if what not in {guide.TYPES, guide.AGENCIES} or not page:
        raise ConfigError(_STRANGE)
    if what == guide.TYPES:
        return guide.types(known.types, _picked(request), page[0])
    return guide.agencies(known.agencies, _picked(request), page[0])


def _picked(request: CommandRequest) -> guide.Picked:
    options = request.options
    return guide.Picked(types=_ids(options.get("t", "")), agencies=_ids(options.get("a", "")))


def _ids(text: str) -> tuple[int, ...]:
    ids = text.split(",") if text else []
    if not all(one.isascii() and one.isdecimal() and len(one) <= _LONGEST_ID for one in ids):
        raise ConfigError(_STRANGE)
    return tuple(map(int, ids))


def chosen(request: CommandRequest) -> CommandRequest:
    """The request with what was picked as its options."""
    if "pick" not in request.options:
        return request
    picked = {"type": request.options.get("t", ""), "agency": request.options.get("a", "")}
    return replace(request, options={name: ids for name, ids in picked.items() if ids})
