"""The program between a story and both chats, killed and born again, with everything counted.

LL2 and the chats live on in the test's process, so they know the truth whenever the program dies.
"""

import json
import shutil
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from accounts import Arrived, Document, Flight, Ledger
from chats import Chats
from programs import Finished, Program
from standins.discord.server import DiscordStandIn
from standins.telegram.server import TelegramStandIn
from standins.telegram.spec import Judge
from worlds import TYPES, Moment, Sign, Signs, World

from bot.domain.deliveries import Priority
from bot.simulator import serve

_PLACES = 12
_LAST_LIVES = 8
"""How many lives without a kill it may take until everything is told."""

_SHOWN = 3000
"""How much of a log is shown where something is wrong."""

_LEADS = ",".join(f"{38 - second // 60}m{59 - second % 60}s" for second in range(0, 600, 15))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A world with its chats, the settings to live in it, and who wants what."""

    program: Program
    world: World
    chats: Chats
    signs: Signs
    random: Random
    wanted: dict[str, Document]

    def ledger(
        self, changes: list[Document], deliveries: list[Document], flights: Collection[Flight]
    ) -> Ledger:
        """What the program says of itself, beside what the chats got."""
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
            flights=frozenset(flights),
        )


@dataclass(slots=True, kw_only=True)
class Lives:
    """The program, its world, and what was in flight whenever it was killed."""

    scene: Scene
    saves: int
    flights: set[Flight] = field(default_factory=set)
    most_in_flight: int = 0

    async def settle(self) -> None:
        """Learn the world silently, and let everybody subscribe."""
        await self._live("run", "--once")
        asked = [{"destination": one, **options} for one, options in self.scene.wanted.items()]
        (self.scene.program.folder / "asked.json").write_text(json.dumps(asked))
        await self._live("subscriptions", "import", "asked.json")
        self.scene.world.begin(self.saves)

    async def _live(self, *arguments: str) -> Finished:
        done = await self.scene.program.run(*arguments)
        assert done.code == 0, done.err[-_SHOWN:]
        return done

    async def _document(self, *arguments: str) -> list[Document]:
        document: list[Document] = (await self._live(*arguments, "--json")).document()
        return document

    async def cut_short(self, number: signal.Signals) -> tuple[Moment, str]:
        """One life and its end: when, and what stood in the store then."""
        moment = Moment.drawn(self.scene.random)
        self.scene.signs.begin()
        self.scene.world.go_on(self.scene.random.randint(0, 3))
        async with self.scene.program.started("run") as running:
            await self.scene.signs.until(moment)
            assert not running.is_mute, f"it ended by itself: {running.err[-_SHOWN:].decode()}"
            running.send(number)
            done = await running.end()
        # Before it listens for signals, SIGTERM ends it as it ends any process.
        heeded = {0} if number is signal.SIGTERM else set()
        assert done.code in {-number, *heeded}, done.err[-_SHOWN:]
        return moment, self._note_flights()

    async def finish(self) -> None:
        """Let the story end, and deliver all of it; nobody waits for a backoff to pass."""
        self.scene.world.end()
        for _ in range(_LAST_LIVES):
            await self._live("run", "--once")
            with closing(sqlite3.connect(self.scene.program.folder / "perigee.db")) as store:
                left = store.execute(BACKOFFS_OVER).rowcount
                store.commit()
            if not left:
                return

    def _note_flights(self) -> str:
        """Look at a copy of the store, so that the program itself mends what the kill left."""
        with closing(sqlite3.connect(_copied(self.scene.program.folder))) as store:
            rows = store.execute(IN_FLIGHT).fetchall()
            open_fanouts = store.execute(_OPEN_FANOUTS).fetchone()[0]
            counts = Counter(dict(store.execute(_STATES).fetchall()))
        flights = [flight_of(row) for row in rows]
        self.flights.update(flights)
        self.most_in_flight = max(self.most_in_flight, len(flights))
        states = ("sending", "leased", "pending")
        shown = ", ".join(f"{counts[state]} {state}" for state in states)
        return f"{shown}, {open_fanouts} fan-outs open"

    async def ledger(self) -> Ledger:
        """Both sides of the account."""
        changes, deliveries = [await self._document(one) for one in ("changes", "deliveries")]
        return self.scene.ledger(changes, deliveries, self.flights)


def flight_of(row: tuple[int, str, str, int, int]) -> Flight:
    """A row of `IN_FLIGHT`."""
    key, adapter, address, priority, attempt = row
    return Flight(
        delivery_id=key,
        attempt=attempt,
        destination=f"{adapter}:{address}",
        is_urgent=priority == Priority.URGENT,
    )


IN_FLIGHT = """
SELECT deliveries.id, deliveries.adapter, destinations.address, priority, attempts
FROM deliveries JOIN destinations ON destinations.id = deliveries.destination_id
WHERE deliveries.state = 'sending'
"""
BACKOFFS_OVER = "UPDATE deliveries SET not_before = 0 WHERE state = 'pending'"
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
async def open_scene(
    program: Program, shared: Path, *, saves: int, seed: int
) -> AsyncIterator[Scene]:
    """Serve a world of so many saves, and both chats; in the end they have no complaint."""
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
        yield Scene(
            program=program.given(ll2__hourly_budget="100000"),
            world=world,
            chats=chats,
            signs=signs,
            random=random,
            wanted=wanted,
        )
    assert discord.violations == [], discord.violations[:3]
    assert telegram.faults == [], telegram.faults[:3]


@asynccontextmanager
async def open_lives(
    program: Program, shared: Path, *, saves: int, seed: int
) -> AsyncIterator[Lives]:
    """A world with its chats, and a program that is subscribed to all of it."""
    async with open_scene(program, shared, saves=saves, seed=seed) as scene:
        lives = Lives(scene=scene, saves=saves)
        await lives.settle()
        yield lives


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
