"""Secrets that a test gives to the program, and every form in which they could leak."""

import base64
import json
import logging
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

DISCORD = "MTIzNDU2Nzg5MDEyMzQ1Njc4.G7x-Zy.d1sc0rd/t0k3n+5ecret~_w1th-marks"
TELEGRAM = "123456:AA-te1egram_t0k3n-5ecret"
API_KEY = "11-ap1/k3y+5ecret"
PASSWORD = "p0stgres/pa55+w0rd"  # noqa: S105 - opens nothing
APPRISE = "appr1se-t0k3n-5ecret"
ALL = (DISCORD, TELEGRAM, API_KEY, PASSWORD, APPRISE)


def forms(secret: str) -> set[str]:
    """A secret as it is, quoted for addresses, in `repr`, in JSON, and inside of any base64."""
    quoted = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    shown = {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], secret.lower(), secret.upper()}
    lower = {
        one.replace("%2F", "%2f").replace("%3A", "%3a").replace("%2B", "%2b") for one in quoted
    }
    return shown | quoted | lower | set(_base64(secret)) | {secret.encode().hex()}


def _base64(secret: str) -> Iterable[str]:
    """What is left of it in base64, wherever in a longer text it began."""
    for before in range(3):
        raw = b"\x00" * before + secret.encode()
        whole = raw[: len(raw) - len(raw) % 3]
        for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
            yield encode(whole).decode()[4 if before else 0 :]


def leaks(text: str, secrets: Iterable[str] = ALL) -> list[str]:
    """Every form of a secret that stands in a text, with what stands around it."""
    found = ((form, text.find(form)) for one in secrets for form in forms(one))
    return [text[max(at - 80, 0) : at + len(form)] for form, at in found if at >= 0]


def everything_told() -> None:
    """Let every logger say all that it can, also those that begin quiet."""
    for name in logging.root.manager.loggerDict:
        logging.getLogger(name).setLevel(logging.DEBUG)
        logging.getLogger(name).propagate = True
    logging.getLogger().setLevel(logging.DEBUG)
