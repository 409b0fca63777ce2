"""The door to Telegram: python-telegram-bot over aiohttp. Translates; knows no command."""

from bot.adapters.telegram.client import Introduction, create, introduce

__all__ = ["Introduction", "create", "introduce"]
