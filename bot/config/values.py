"""What a single setting may be: durations, addresses, tokens. Each refusal ends a sentence."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr

from bot.config.sources import SECRETS_DIR
from bot.domain.spans import read_span


def duration(value: object) -> timedelta:
    """Read "25s", "5m", "1h30m" or "1d"; larger units first, whole numbers only."""
    if isinstance(value, timedelta):
        return value
    span = read_span(value) if isinstance(value, str) else None
    if span is None:
        raise ValueError('is not a duration; write "25s", "5m", "1h30m" or "1d"')
    return span


def _web_address(url: str) -> str:
    parts = _split(url)
    if parts is None or parts.scheme not in {"http", "https"} or parts.query or parts.fragment:
        raise ValueError('is not an http(s) address; write it like "https://example.org/path"')
    return url.rstrip("/")


def _gateway_address(url: str) -> str:
    parts = _split(url)
    if url and (parts is None or parts.scheme not in {"ws", "wss"}):
        raise ValueError('is not a ws(s) address; write it like "wss://example.org", or ""')
    return url


def _webhook_address(url: str) -> str:
    return _web_address(url) if url else url


def _split(url: str) -> SplitResult | None:
    """The parts of an address with a host, a possible port, and no blank, user or password."""
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        return None
    return parts if usable and re.fullmatch(r"[!-~]+", url) else None


def _store_url(url: str) -> str:
    if not re.fullmatch(r"sqlite://(/.*)?|postgresql://\S+", url):
        raise ValueError(
            "is not a store's address; write sqlite:///path/to/file.db, sqlite:// (in memory) "
            "or postgresql://user@host/name"
        )
    return url


def _listen(text: str) -> str:
    match = re.fullmatch(r"([\w.-]+|\[[\da-f:.]+\]):(\d{1,5})", text, re.ASCII | re.IGNORECASE)
    if text and (match is None or int(match[2]) >= 1 << 16):
        raise ValueError('is not host:port; write it like "127.0.0.1:8080", or "" for no page')
    return text


def _token(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value().strip()
    if not re.fullmatch(r"[!-~]*", text):
        raise ValueError("contains a blank or a character that no token has; copy it again")
    return SecretStr(text)


def _service_urls(urls: Mapping[str, SecretStr]) -> Mapping[str, SecretStr]:
    for name, url in urls.items():
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
            raise ValueError(f'has the name "{name}"; write it in a-z, 0-9, "-" and "_"')
        if not re.match(r"[a-zA-Z][\w+.-]*://.", url.get_secret_value()):
            raise ValueError(f'says no address for {name}; write it like "ntfy://host/topic"')
    return urls


def _ids(value: object) -> object:
    """A list; a variable or a secret file holds it in one text, with commas."""
    if not isinstance(value, str):
        return value
    return [one.strip() for one in value.split(",") if one.strip()]


def _guilds(ids: tuple[str, ...]) -> tuple[str, ...]:
    for one in ids:
        if not re.fullmatch(r"[0-9]{1,20}", one):
            raise ValueError('is not a list of ids of servers; write it like ["1234567890"]')
    return ids


def _shards(value: object) -> object:
    return () if value == "all" else _ids(value)


def _shard_ids(ids: tuple[int, ...]) -> tuple[int, ...]:
    if any(one < 0 for one in ids) or len({*ids}) < len(ids):
        raise ValueError('is not a list of different shards; write it like [0, 1], or "all"')
    return ids


def _folder(path: str) -> str:
    if path and path != SECRETS_DIR and not Path(path).is_dir():
        raise ValueError('is not a folder that exists; correct it, or write "" for none')
    return path


def _not_bool(value: object) -> object:
    if isinstance(value, bool):  # which Python counts as 0 and 1
        raise ValueError("is not a whole number")  # noqa: TRY004 - what pydantic collects
    return value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


Duration = Annotated[timedelta, BeforeValidator(duration)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
GatewayAddress = Annotated[str, AfterValidator(_gateway_address)]
WebhookAddress = Annotated[str, AfterValidator(_webhook_address)]
StoreUrl = Annotated[str, AfterValidator(_store_url)]
Listen = Annotated[str, AfterValidator(_listen)]
Count = Annotated[int, BeforeValidator(_not_bool)]
Token = Annotated[SecretStr, AfterValidator(_token)]
ServiceUrls = Annotated[Mapping[str, Token], AfterValidator(_service_urls)]
Guilds = Annotated[tuple[str, ...], BeforeValidator(_ids), AfterValidator(_guilds)]
ShardIds = Annotated[tuple[Count, ...], BeforeValidator(_shards), AfterValidator(_shard_ids)]
Folder = Annotated[str, AfterValidator(_folder)]
AnyCase = BeforeValidator(_lower)
