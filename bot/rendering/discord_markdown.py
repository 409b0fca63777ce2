"""Plain text into Discord's Markdown: escapes, stamps, masked links. Pure; knows no messages.

Whatever is escaped reads as it was written: no formatting, no mention, no link that hides where it
leads. Plain web addresses stay as they are, since an escape inside one would break it.
"""

import re
from urllib.parse import quote

from bot.domain.messages import Link, Piece, Role, Stamp
from bot.rendering.untrusted import host, printable, web_address
from bot.rendering.words import spelled

_ZERO_WIDTH = "\N{ZERO WIDTH SPACE}"
_ADDRESS = re.compile(r"https?://[\w\-.~:/?#@!$&'(+,;=%]+")
_MARKUP = re.compile(r"([\\*_~`|<\[\]])")
_AT_LINE_START = re.compile(r"^(\s*)([#>\-])", re.MULTILINE)
_NUMBERED = re.compile(r"^(\s*\d+)([.)])", re.MULTILINE)
_MENTION = re.compile(r"@(?=everyone|here|[!&]?\d)", re.IGNORECASE)
_EMOJI = re.compile(r":(?=[A-Za-z_+]\w*:)")
_KEPT_IN_LINKS = "%/:=&?~#+!$,;'@"


def escaped(text: str) -> str:
    """Text that Discord shows as it is; web addresses in it can be followed."""
    text, shown, at = printable(text), "", 0
    for address in _ADDRESS.finditer(text):
        if host(address[0]):
            shown += _without_markup(text[at : address.start()], shown) + address[0]
            at = address.end()
    return shown + _without_markup(text[at:], shown)


def label(text: str) -> str:
    """One line that Discord shows as it is, fit to stand between our own markup.

    An address in it is not followed: it would swallow the markup after it, and Discord refuses to
    hide a link behind it.
    """
    return _without_markup(" ".join(printable(text).split()), "")


def _without_markup(text: str, before: str) -> str:
    text = _EMOJI.sub(r"\\:", _MENTION.sub(f"@{_ZERO_WIDTH}", _MARKUP.sub(r"\\\1", text)))
    # Web addresses to be followed do not come here; others start programs, e.g. steam://.
    text = text.replace("://", "\\://")
    if before and not before.endswith("\n"):
        # The start of this piece is no start of a line.
        first, newline, rest = text.partition("\n")
        return first + newline + _without_blocks(rest)
    return _without_blocks(text)


def _without_blocks(text: str) -> str:
    return _NUMBERED.sub(r"\1\\\2", _AT_LINE_START.sub(r"\1\\\2", text))


def piece(part: Piece) -> str:
    """A piece of text; a moment in the zone of each reader's client; a role by its name."""
    match part:
        case Stamp():
            return moment(part)
        case Role(id=key) if key.isascii() and key.isdecimal():
            return f"<@&{key}>"
        case _:
            return escaped(spelled(part))


def moment(stamp: Stamp) -> str:
    """`<t:…:F>`, and `<t:…:R>` beside it when asked: only descriptions and field values show it."""
    unix = int(stamp.at.timestamp())
    beside = f" (<t:{unix}:R>)" if stamp.relative else ""
    return f"<t:{unix}:F>{beside}"


def masked(link: Link) -> str:
    """A link under its label."""
    address, shown = uri(link.url), label(link.label)
    return f"[{shown}](<{address}>)" if address and shown else shown


def uri(url: str) -> str:
    """A web address in the letters that Discord takes; empty when it cannot be one."""
    address = web_address(url)
    if address is None:
        return ""
    name = host(address)
    if name and not name.isascii():
        return ""
    shown = quote(address, safe=_KEPT_IN_LINKS)
    return shown if len(shown) <= _LONGEST_URL else ""


_LONGEST_URL = 2048
"""For every address in an embed (discord-openapi.json)."""
