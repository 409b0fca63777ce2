"""What discord.py must still have inside for what is mended there."""

import asyncio

from bot.adapters.discord import discord
from bot.adapters.discord.transport import refill_emptied, sweep_rarely


async def test_buckets_are_swept_seldom_and_still_swept() -> None:
    """A look through all buckets for each new one costs more than the sending itself."""
    client = discord.Client(intents=discord.Intents.none())
    inside = client.http
    looks = 0
    sweep = inside._try_clear_expired_ratelimits

    def count() -> None:
        nonlocal looks
        looks += 1
        sweep()

    inside._try_clear_expired_ratelimits = count  # type: ignore[method-assign]
    sweep_rarely(client)

    for number in range(5000):
        inside.get_ratelimit(f"bucket {number}")

    assert len(inside._buckets) == 5000
    assert 1 <= looks <= 6


async def test_bucket_that_was_cut_off_as_it_was_refilled_lets_the_next_in() -> None:
    """Else nothing more would reach that channel until the program is started anew."""
    client = discord.Client(intents=discord.Intents.none())
    refill_emptied(client)
    bucket, begun = client.http.get_ratelimit("bucket"), asyncio.Event()

    async def send() -> None:
        async with bucket:
            begun.set()
            await asyncio.Event().wait()

    sending = asyncio.create_task(send())
    await begun.wait()
    sending.cancel()
    await asyncio.sleep(0)
    sending.cancel()
    await asyncio.wait({sending})
    assert (bucket.remaining, bucket.outgoing) == (0, 0)

    async with asyncio.timeout(10), client.http.get_ratelimit("bucket"):
        assert bucket.outgoing == 1


async def test_bucket_that_is_in_use_is_left_as_it_is() -> None:
    """What the platform has told of it, or whoever is under way, decides."""
    client = discord.Client(intents=discord.Intents.none())
    refill_emptied(client)
    bucket = client.http.get_ratelimit("bucket")

    async with bucket:
        assert client.http.get_ratelimit("bucket").remaining == 0
    bucket.remaining, bucket.expires = 0, asyncio.get_running_loop().time() + 60

    assert client.http.get_ratelimit("bucket").remaining == 0
