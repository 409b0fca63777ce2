"""HTTP with Telegram, both ways; nothing else in this room may use aiohttp."""

from bot.adapters.telegram.transport.calls import serve
from bot.adapters.telegram.transport.requests import (
    LEAVING,
    READ_TIMEOUT_S,
    AiohttpRequest,
    Detained,
    Flooded,
    NeverSent,
)

__all__ = [
    "LEAVING",
    "READ_TIMEOUT_S",
    "AiohttpRequest",
    "Detained",
    "Flooded",
    "NeverSent",
    "serve",
]
