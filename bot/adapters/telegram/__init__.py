"""The door to Telegram: python-telegram-bot over aiohttp. Translates; knows no command."""
