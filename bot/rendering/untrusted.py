"""Make text and addresses from outside safe to show. Escapes no markup: each renderer does its own.

Anybody's words arrive through LL2, so they may hold control characters, text that turns the
reading direction of all that follows, or addresses that are no web pages.
"""

import re
import unicodedata
from urllib.parse import urlsplit

_LONGEST_URL = 2048
"""Discord's limit for an address (facts-delivery, section 4); browsers agree by and large."""

_LINE_ENDS = re.compile("\\r\\n?|[\\x0b\\x0c\\x85\\u2028\\u2029]")
_DIRECTION = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_BLANKS = re.compile(r" {2,}")
_BLANK_LINES = re.compile(r"\n{3,}")


def printable(text: str) -> str:
    """Text without control characters, lone surrogates and direction overrides; layout stays."""
    # Plain text, as nearly all is, needs no look at each character.
    if text.isascii() and text.isprintable():
        return text
    return "".join(char for char in text if _is_printable(char))


def _is_printable(char: str) -> bool:
    if char == "\n":
        return True
    return unicodedata.category(char) not in {"Cc", "Cs"} and ord(char) not in _DIRECTION


def paragraphs(text: str) -> str:
    """Printable text with plain newlines, and nowhere more blanks or empty lines than one."""
    lines = _LINE_ENDS.sub("\n", text).replace("\t", " ").split("\n")
    tidy = "\n".join(_BLANKS.sub(" ", printable(line)).strip() for line in lines)
    return _BLANK_LINES.sub("\n\n", tidy).strip()


def one_line(text: str) -> str:
    """Printable text on a single line, with single blanks."""
    return " ".join(paragraphs(text).split())


def web_address(url: str) -> str | None:
    """The address, if a reader may be sent there: http or https, with a host, of sane length.

    None for one with a user in it: readers take that for the host.
    """
    address = url.strip()
    unfit = len(address) > _LONGEST_URL or any(char.isspace() for char in address)
    if unfit or printable(address) != address:
        return None
    return address if host(address) and "@" not in urlsplit(address).netloc else None


def host(url: str) -> str:
    """The host of a web address without `www.`; empty when it is not a web address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"}:
        return ""
    return (parts.hostname or "").removeprefix("www.")
