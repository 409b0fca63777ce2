"""The program between a story and both chats, killed and born again, with everything counted.

LL2 and the chats live on in the test's process, so they know the truth whenever the program dies.
"""

import json
import shutil
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Protocol

from accounts import Arrived, Document, Flight, Ledger
from chats import Chats
from clusters import Server
from nursery import Nursery
from programs import Program
from standins.discord.server import DiscordStandIn
from standins.telegram.server import TelegramStandIn
from standins.telegram.spec import Judge
from worlds import TYPES, Moment, Sign, Signs, World

from bot.domain.deliveries import Priority
from bot.simulator import serve

_PLACES = 12
_LAST_LIVES = 8
"""How many lives without a kill it may take until everything is told."""

_LEADS = ",".join(f"{38 - second // 60}m{59 - second % 60}s" for second in range(0, 600, 15))


@dataclass(slots=True, kw_only=True)
class Lives:
    """The program, its world, and what was in flight whenever it was killed."""

    program: Program
    nursery: Nursery
    world: World
    chats: Chats
    signs: Signs
    random: Random
    saves: int
    books: "Books"
    wanted: dict[str, Document] = field(default_factory=dict)
    flights: set[Flight] = field(default_factory=set)
    most_in_flight: int = 0

    async def settle(self) -> None:
        """Learn the world silently, and let everybody subscribe."""
        assert await self._live() == 0
        asked = [{"destination": one, **options} for one, options in self.wanted.items()]
        (self.program.folder / "asked.json").write_text(json.dumps(asked))
        assert await self._live("subscriptions", "import", "asked.json") == 0, self.log()
        self.world.begin(self.saves)

    async def _live(self, *arguments: str) -> int:
        async with self.nursery.life(*(arguments or ("run", "--once"))) as life:
            return await life.end()

    async def _document(self, *arguments: str) -> list[Document]:
        assert await self._live(*arguments, "--json") == 0, self.log()
        document: list[Document] = json.loads((self.program.folder / "out").read_text())
        return document

    async def cut_short(self, number: signal.Signals) -> tuple[Moment, str]:
        """One life and its end: when, and what stood in the store then."""
        moment = Moment.drawn(self.random)
        self.signs.begin()
        self.world.go_on(self.random.randint(0, 3))
        async with self.nursery.life("run") as life:
            await self.signs.until(moment)
            assert not life.ended.is_set(), f"it ended by itself with {life.code}: {self.log()}"
            life.send(number)
            code = await life.end()
        # Before it listens for signals, SIGTERM ends it as it ends any process.
        heeded = {0} if number is signal.SIGTERM else set()
        assert code in {-number, *heeded}, self.log()
        return moment, self._note_flights()

    def log(self) -> str:
        """What it logged last."""
        return (self.program.folder / "log").read_text()[-3000:]

    async def finish(self) -> None:
        """Let the story end, and deliver all of it; nobody waits for a backoff to pass."""
        self.world.end()
        for _ in range(_LAST_LIVES):
            assert await self._live() == 0, self.log()
            if not self.books.mend(_BACKOFFS_OVER):
                return

    def _note_flights(self) -> str:
        """Look into the store, while nobody works on it."""
        rows, fanouts, states = self.books.read(_IN_FLIGHT, _OPEN_FANOUTS, _STATES)
        open_fanouts, counts = fanouts[0][0], Counter(dict(states))
        flights = [
            Flight(
                delivery_id=key,
                attempt=attempt,
                destination=f"{adapter}:{address}",
                is_urgent=priority == Priority.URGENT,
            )
            for key, adapter, address, priority, attempt in rows
        ]
        self.flights.update(flights)
        self.most_in_flight = max(self.most_in_flight, len(flights))
        shown = ", ".join(f"{counts[one]} {one}" for one in ("sending", "leased", "pending"))
        return f"{shown}, {open_fanouts} fan-outs open"

    async def ledger(self) -> Ledger:
        """Both sides of the account."""
        changes, deliveries = [await self._document(one) for one in ("changes", "deliveries")]
        owed = frozenset(
            (change["id"], destination)
            for destination, asked in self.wanted.items()
            for change in changes
            if change["kind"] in asked.get("changes", [change["kind"]])
            and TYPES[change["event_id"]] in asked.get("type", TYPES.values())
        )
        return Ledger(
            changes=changes,
            deliveries=deliveries,
            owed=owed,
            arrived=[*_in_discord(self.chats.discord), *_in_telegram(self.chats.telegram)],
            flights=frozenset(self.flights),
        )


class Books(Protocol):
    """The store, looked at and changed behind the program's back, between two lives."""

    def read(self, *statements: str) -> list[list[Any]]:
        """The rows of each, at one moment."""

    def mend(self, statement: str) -> int:
        """Change something; how many rows it returned."""


@dataclass(frozen=True, slots=True)
class FileBooks:
    """A store on a file; read in a copy, so that the program itself mends what a kill left."""

    folder: Path

    def read(self, *statements: str) -> list[list[Any]]:
        """The rows of each, at one moment."""
        with closing(sqlite3.connect(_copied(self.folder))) as store:
            return [store.execute(one).fetchall() for one in statements]

    def mend(self, statement: str) -> int:
        """Change something; how many rows it returned."""
        with closing(sqlite3.connect(self.folder / "perigee.db")) as store, store:
            return len(store.execute(statement).fetchall())


@dataclass(frozen=True, slots=True)
class ServerBooks:
    """A store in PostgreSQL; read once the server has noticed the end of the killed process."""

    server: Server
    url: str

    def read(self, *statements: str) -> list[list[Any]]:
        """The rows of each, at one moment."""
        self.server.alone(self.url)
        return [[tuple(row) for row in self.server.run(one, on=self.url)] for one in statements]

    def mend(self, statement: str) -> int:
        """Change something; how many rows it returned."""
        return len(self.server.run(statement, on=self.url))


_IN_FLIGHT = """
SELECT deliveries.id, deliveries.adapter, destinations.address, priority, attempts
FROM deliveries JOIN destinations ON destinations.id = deliveries.destination_id
WHERE deliveries.state = 'sending'
"""
_BACKOFFS_OVER = "UPDATE deliveries SET not_before = 0 WHERE state = 'pending' RETURNING id"
_OPEN_FANOUTS = "SELECT count(*) FROM fanouts WHERE stage != 'done'"
_STATES = "SELECT state, count(*) FROM deliveries GROUP BY state"


def _copied(folder: Path) -> Path:
    there = folder / "copy"
    shutil.rmtree(there, ignore_errors=True)
    there.mkdir()
    for name in ("perigee.db", "perigee.db-wal"):
        with suppress(FileNotFoundError):
            shutil.copy(folder / name, there / name)
    return there / "perigee.db"


def _in_discord(discord: DiscordStandIn) -> list[Arrived]:
    return [
        Arrived(
            destination=f"discord:{one['channel_id']}",
            remote_id=one["id"],
            text=json.dumps(one["embeds"]),
        )
        for one in discord.rest.created
    ]


def _in_telegram(telegram: TelegramStandIn) -> list[Arrived]:
    return [
        Arrived(
            destination=f"telegram:{one.chat.id}" + (f"/{one.topic}" if one.topic else ""),
            remote_id=f"{one.id}",
            text=one.text,
        )
        for one in telegram.posts
    ]


_ASKED: tuple[Document, ...] = (
    {"remind": _LEADS.split(",")},
    {"type": ["EVA"], "remind": []},
    {"changes": ["update", "webcast"]},
)
"""What the places ask for, in turn: everything, a type of events, some kinds of news."""


@asynccontextmanager
async def open_lives(
    program: Program, shared: Path, *, saves: int, seed: int, books: Books | None = None
) -> AsyncIterator[Lives]:
    """A world with its chats, and a program that is subscribed to all of it."""
    random, signs = Random(seed), Signs()  # noqa: S311, any moment will do
    world = World(saves, random, signs)
    latency = Random(seed)  # noqa: S311
    telegram_there = TelegramStandIn(Judge.of(shared), latency=lambda: latency.uniform(0, 0.04))
    async with (
        DiscordStandIn() as discord,
        telegram_there as telegram,
        serve(world) as base_url,
    ):
        chats = Chats(discord=discord, telegram=telegram)
        discord.rest.latency = 0.08
        discord.rest.watch = telegram.watch = _noting(signs)
        places = [await _discord_places(discord), _telegram_places(telegram)]
        wanted = {
            place: _ASKED[number % len(_ASKED)]
            for of_platform in places
            for number, place in enumerate(of_platform)
        }
        chats.configure(program.folder, ll2=base_url)
        often = program.given(ll2__hourly_budget="100000")
        async with Nursery.opened(often) as nursery:
            lives = Lives(
                program=often,
                nursery=nursery,
                world=world,
                chats=chats,
                signs=signs,
                random=random,
                saves=saves,
                books=books or FileBooks(program.folder),
                wanted=wanted,
            )
            await lives.settle()
            yield lives
    assert discord.violations == [], discord.violations[:3]
    assert telegram.faults == [], telegram.faults[:3]


def _noting(signs: Signs) -> Callable[[str], None]:
    def watch(sign: str) -> None:
        signs.note(Sign.ASKED if sign == "asked" else Sign.ANSWERED)

    return watch


async def _discord_places(discord: DiscordStandIn) -> list[str]:
    channels = [await discord.add_channel(discord.home, f"c{one}") for one in range(_PLACES)]
    return [f"discord:{one.id}" for one in channels]


def _telegram_places(telegram: TelegramStandIn) -> list[str]:
    forum = telegram.group(is_forum=True)
    topics = [f"{forum.id}/{telegram.topic(forum)}" for _ in range(2)]
    people = [telegram.user().id for _ in range(_PLACES - 4)]
    places = (*topics, telegram.group().id, telegram.channel().id, *people)
    return [f"telegram:{one}" for one in places]


def say(line: str) -> None:
    """Show progress to whoever watches a long run."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
