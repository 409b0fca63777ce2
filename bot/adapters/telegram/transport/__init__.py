"""HTTP with Telegram, both ways; nothing else in this room may use aiohttp."""

from bot.adapters.telegram.transport.calls import serve
from bot.adapters.telegram.transport.requests import (
    READ_TIMEOUT_S,
    AiohttpRequest,
    Flooded,
    NeverSent,
)

__all__ = ["READ_TIMEOUT_S", "AiohttpRequest", "Flooded", "NeverSent", "serve"]
