"""The room of Discord: its client, its commands, its errors. The only importer of discord.py.

`client` opens the adapter and `sending` sends; `gateway` listens; `commands` turns slash commands
and presses into requests and `answering` shows the replies; `outcomes` says what an error means.
"""

import warnings

# discord.py imports a module for voice that Python 3.13 dropped; nobody here can mend that.
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    import discord

from bot.adapters.discord.client import Introduction, create, introduce

__all__ = ["Introduction", "create", "discord", "introduce"]
