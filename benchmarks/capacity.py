"""What each part can take, each number with its source, and the arithmetic of a deployment.

Nothing is simulated or measured here: `scaling` holds the one against the other. A rate is a
second's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil

from bot.adapters.discord.sending import LIMITS as DISCORD
from bot.adapters.telegram.client import FREE, PAID
from bot.services.slots import MARGIN

LATENCY_S = 0.1
"""The mean of a platform's answers: that of the stand-ins of `python -m benchmarks pacing`."""

HELD_S = 1 + MARGIN.total_seconds()
"""How long a slot stays held after the answer."""


def token_per_s(slots: int) -> float:
    """What one token sends: each slot is away for the hold and for the request itself."""
    return slots / (HELD_S + LATENCY_S)


PER_S = {"discord": token_per_s(DISCORD.slots), "telegram": token_per_s(FREE.slots)}
PAID_PER_S = PAID.rate
"""What is declared of Telegram's paid broadcasts; the platform allows 1,000 (facts-delivery, 1)."""

STARS = 0.1
"""Telegram's price of a message of a paid broadcast (Bot API, `allow_paid_broadcast`)."""

WANT = 0.5
"""The share of all destinations that wants a piece of news: assumed. All figures of messages, rows
and times go with it in proportion."""

PLATFORMS = 2
"""Destinations are halved between Discord and Telegram: assumed."""

DETECTED_S = 150.0
"""From a change to its poll in the mean, at a poll every five minutes (facts-ll2, 10)."""

IN_TIME_S = 600.0
"""The shortest lead time of a reminder by default: who is told later than that is told too late."""

SENDER_PER_S = 1_000
"""What one process sends through a real client, store included: the target of `make bench-full`."""

SERVERS_PER_SHARD = 2_500
"""More are refused; a destination on Discord is taken for a server (facts-delivery, 5)."""

SESSIONS_APART_S = 6.0
"""Between two beginnings of sessions of one token (`adapters.discord.identifying`)."""

SERVER_KIB = 18
"""What discord.py keeps of a server with 20 channels and 15 roles; `python -m benchmarks servers`
measures it."""

PROCESS_MIB = 158
"""A process with four million deliveries pending, without servers (docs/reliability.md, Load)."""

ADDRESS_HOLDS = {"discord": 4}
"""Tokens behind one address. Discord bans one that makes 10,000 refused requests in ten minutes;
each token stops at 2,000 (`services.slots.Breaker`), so more than four could get there together."""

KEPT_DAYS = 30
"""`store.keep_deliveries` by default."""

PURGED_PER_S = 5_000
"""The housekeeper removes 500 rows a transaction and rests 50 ms; half of that at best is taken."""

DAY_S = 86_400.0
MONTH_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A database.

    Attributes:
        made_per_s: deliveries that fan-outs make: the slowest bare `INSERT ... SELECT` that was
            measured (facts-delivery, 6), over the promised ratio of 2 to it.
        marked_per_s: deliveries that are claimed and marked: `python -m benchmarks outbox` on
            SQLite, facts-delivery, 6 (one connection, batches of 100) on PostgreSQL.
        row_bytes: of a delivery that was sent, indexes included: a test measures SQLite's;
            PostgreSQL's is of facts-delivery, 5.
        processes: how many can share it; 0: any number.

    """

    name: str
    made_per_s: float
    marked_per_s: float
    row_bytes: int
    processes: int = 0


SQLITE = Engine(name="SQLite", made_per_s=200_000, marked_per_s=6_981, row_bytes=132, processes=1)
POSTGRESQL = Engine(name="PostgreSQL", made_per_s=30_000, marked_per_s=17_000, row_bytes=252)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """So many destinations, and what serves them.

    Attributes:
        tokens: of each platform; each has an equal part of its destinations.

    """

    destinations: int
    engine: Engine
    tokens: Mapping[str, int] = field(default_factory=lambda: {"discord": 1, "telegram": 1})

    @property
    def rows(self) -> float:
        """Deliveries of one piece of news."""
        return self.destinations * WANT

    def messages(self, platform: str) -> float:
        """Messages of one piece of news that each token of a platform sends."""
        return self.rows / PLATFORMS / self.tokens[platform]

    def sending_s(self, platform: str) -> float:
        """How long each token of a platform sends one piece of news."""
        return self.messages(platform) / PER_S[platform]

    @property
    def making_s(self) -> float:
        """How long its deliveries are made."""
        return self.rows / self.engine.made_per_s

    def senders(self, platform: str) -> int:
        """Processes that send to a platform, each from an address of its own."""
        count = self.tokens[platform]
        most = ADDRESS_HOLDS.get(platform, count)
        return max(ceil(PER_S[platform] * count / SENDER_PER_S), ceil(count / most))

    @property
    def shards(self) -> int:
        """Connections of each Discord token to the gateway."""
        return ceil(self.servers / SERVERS_PER_SHARD)

    @property
    def servers(self) -> float:
        """Servers of each Discord token."""
        return self.destinations / PLATFORMS / self.tokens["discord"]

    @property
    def memory_mib(self) -> float:
        """Of the largest process: one that hears Discord, with its tokens' servers."""
        tokens = ceil(self.tokens["discord"] / self.senders("discord"))
        return PROCESS_MIB + tokens * self.servers * SERVER_KIB / 1024

    def kept_bytes(self, a_month: float) -> float:
        """What deliveries take in the store, at so many pieces of news a month."""
        return a_month * self.rows * KEPT_DAYS / MONTH_DAYS * self.engine.row_bytes

    def stages_s(self) -> Mapping[str, float]:
        """How long each part takes over one piece of news, were it alone."""
        return {
            "LL2's rhythm": DETECTED_S,
            "Discord's rate": self.sending_s("discord"),
            "Telegram's rate": self.sending_s("telegram"),
            "the fan-out": self.making_s,
            "claims and marks": self.rows / self.engine.marked_per_s,
        }

    def busy(self, a_month: float) -> Mapping[str, float]:
        """Which share of its time each part works, at so many pieces of news a month."""
        month_s = MONTH_DAYS * DAY_S
        purging_s = self.rows / PURGED_PER_S
        stages = {**self.stages_s(), "the housekeeper": purging_s}
        del stages["LL2's rhythm"]
        return {part: a_month * took_s / month_s for part, took_s in stages.items()}


def in_time(destinations: int, platform: str, per_s: float | None = None) -> int:
    """Tokens of a platform so that its last reader is told within `IN_TIME_S`."""
    messages = destinations * WANT / PLATFORMS
    return ceil(messages / (IN_TIME_S * (per_s or PER_S[platform])))


SCALES = (1_000, 100_000, 1_000_000, 10_000_000)

PLAIN = tuple(Deployment(destinations=count, engine=SQLITE) for count in SCALES)
"""One process, one file and one token of each platform, as one begins."""

ADVISED = tuple(
    Deployment(
        destinations=count,
        engine=SQLITE if count <= SCALES[1] else POSTGRESQL,
        tokens={platform: in_time(count, platform) for platform in PER_S},
    )
    for count in SCALES
)
"""As many tokens as tell everybody in time."""
