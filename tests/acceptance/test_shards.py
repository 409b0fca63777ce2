"""Two processes hold the shards of one bot: each hears its own servers, and both answer."""

import signal

from clusters import Server
from programs import Program
from standins.discord.server import DiscordStandIn

SHARDS = 2


async def test_two_processes_hold_the_shards_of_one_bot(
    service: Program, postgresql: Server
) -> None:
    """Sessions keep their distance over both; a command is answered by whoever hears its server."""
    with postgresql.database(is_empty=True) as url:
        async with DiscordStandIn() as discord:
            other_half = await discord.join("Server", "alerts", shard=1)
            other_half.members[discord.visitor.id] = []
            channels = [discord.alerts, *other_half.channels.values()]
            bot = {f"discord__{name}": f"{value}" for name, value in discord.options.items()}
            ours = service.given(store__url=url, discord__shard_count=f"{SHARDS}", **bot)
            first, second = (ours.given(discord__shard_ids=f"{one}") for one in range(SHARDS))
            async with (
                first.started("run") as one,
                second.started("run", "--roles", "commands") as other,
            ):
                for running in (one, other):
                    await running.until("Discord: listening")
                replies = [await discord.slash(at, discord.visitor, "help") for at in channels]
                roles = [f"The role commands:discord/{number} is ours" for number in range(SHARDS)]
                held = [[running.count(role) for role in roles] for running in (one, other)]
                for running in (one, other):
                    running.send(signal.SIGTERM)
                ended = [await running.end() for running in (one, other)]

    assert [(done.code, done.err) for done in ended if done.code] == []
    assert held == [[1, 0], [0, 1]]
    assert sorted(wish["shard"] for wish in discord.gateway.identified) == [[0, 2], [1, 2]]
    assert discord.gateway.too_close() == []
    assert all("/subscribe" in reply.content for reply in replies)
    assert discord.violations == []
