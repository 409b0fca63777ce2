"""The door to Telegram: python-telegram-bot over aiohttp. Translates; knows no command."""

from bot.adapters.telegram.client import create

__all__ = ["create"]
