"""The stand-in as a program: says where it is, and runs until its standard input ends.

PYTHONPATH=tests python -m standins.telegram
"""

import asyncio
import sys

from standins.telegram.server import TelegramStandIn


async def main() -> None:
    """Serve, with a person who has started the bot."""
    async with TelegramStandIn() as telegram:
        sys.stdout.write(f"{telegram.base_url} {telegram.token} {telegram.user().id}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


asyncio.run(main())
