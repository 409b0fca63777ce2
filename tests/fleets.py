"""Several processes of the program on one PostgreSQL, hit one after the other, with all counted.

Each is a process of its own, as on a machine of its own; LL2 and the chats live in the test's.
"""

import json
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
from accounts import Document, Flight, Ledger
from lives import BACKOFFS_OVER, IN_FLIGHT, Scene, flight_of, open_scene
from programs import PATIENCE, Finished, Program, Running
from worlds import Moment, Sign

LEASE = "2s"
_OURS = "The role {role} is ours"
_LAST_LIVES = 8
_LOOKS = 10
"""How often the store is looked at after a kill: for longer than a commit takes."""


@dataclass(slots=True, kw_only=True)
class Fleet:
    """Processes that share the work, by their names; the test says who is hit, and how."""

    scene: Scene
    url: str
    program: Program
    stack: AsyncExitStack
    members: dict[str, Running] = field(default_factory=dict)
    flights: set[Flight] = field(default_factory=set)

    async def join(self, name: str, *arguments: str) -> None:
        """A process more, at work or standing by."""
        started = self.program.started("run", *arguments)
        self.members[name] = await self.stack.enter_async_context(started)

    async def has(self, name: str, *roles: str) -> None:
        """Wait until a process has these roles, for the first time in its life."""
        for role in roles:
            await self.members[name].until(_OURS.format(role=role))

    async def relieve(self, old: str, new: str, number: signal.Signals, *roles: str) -> None:
        """Hit one process, and wait until another has taken these roles over."""
        texts = [_OURS.format(role=role) for role in roles]
        before = [self.members[new].count(text) for text in texts]
        await self.hit(old, number)
        for text, times in zip(texts, before, strict=True):
            await self.members[new].until(text, times=times + 1)

    async def wake(self, name: str, role: str) -> None:
        """Let a frozen process go on. It stands by, or ends and is started again as by its manager.

        The server has broken off its transactions meanwhile; where one of no role was among them,
        of what keeps the leases, it ends as it does whenever its store fails.
        """
        self.members[name].send(signal.SIGCONT)
        try:
            await self.members[name].until(f"Standing by for {role}")
        except AssertionError:
            ended = await self.members.pop(name).end()
            assert ended.code == 1, ended.err
            await self.join(name)

    async def until(self, sign: Sign, times: int = 1) -> None:
        """Let LL2 go on, and return in the midst of what follows."""
        self.scene.signs.begin()
        self.scene.world.go_on(self.scene.random.randint(2, 5))
        await self.scene.signs.until(Moment(sign=sign, times=times, delay_s=0.0))

    async def hit(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a process, and note what it was sending then."""
        self.members[name].send(number)
        if number is not signal.SIGSTOP:
            ended = await self.members.pop(name).end()
            assert ended.code == (0 if number is signal.SIGTERM else -number), ended.err
        if number is not signal.SIGTERM:
            await self._note_flights()

    async def _note_flights(self) -> None:
        """What is marked now, and what the server commits yet that it was told before the end."""
        for _ in range(_LOOKS):
            rows = await self._asked(IN_FLIGHT)
            self.flights.update(flight_of(tuple(row)) for row in rows)

    async def finish(self) -> None:
        """Let the story end, stop all, and deliver what is left; nobody waits for a backoff."""
        self.scene.world.end()
        for one in self.members.values():
            one.send(signal.SIGTERM)
        for one in self.members.values():
            ended = await one.end()
            assert ended.code == 0, ended.err
        for _ in range(_LAST_LIVES):
            await self.live("run", "--once")
            if await self._asked(BACKOFFS_OVER + " RETURNING id") == []:
                return

    async def ledger(self) -> Ledger:
        """Both sides of the account."""
        changes, deliveries = [await self._document(one) for one in ("changes", "deliveries")]
        return self.scene.ledger(changes, deliveries, self.flights)

    async def _document(self, *arguments: str) -> list[Document]:
        document: list[Document] = (await self.live(*arguments, "--json")).document()
        return document

    async def live(self, *arguments: str) -> Finished:
        """Run the program to its end, which is a good one."""
        done = await self.program.run(*arguments)
        assert done.code == 0, done.err[-3000:]
        return done

    async def _asked(self, statement: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.url, timeout=PATIENCE.total_seconds())
        try:
            rows: list[asyncpg.Record] = await connection.fetch(statement)
            return rows
        finally:
            await connection.close()


@asynccontextmanager
async def open_fleet(
    program: Program, shared: Path, url: str, *, saves: int, seed: int
) -> AsyncIterator[Fleet]:
    """A world that is learnt and subscribed to, in a store on PostgreSQL; nobody works yet."""
    async with (
        open_scene(program, shared, saves=saves, seed=seed) as scene,
        AsyncExitStack() as stack,
    ):
        ours = scene.program.given(store__url=url, store__lease=LEASE)
        fleet = Fleet(scene=scene, url=url, program=ours, stack=stack)
        await fleet.live("run", "--once")
        asked = [{"destination": one, **options} for one, options in scene.wanted.items()]
        (ours.folder / "asked.json").write_text(json.dumps(asked))
        await fleet.live("subscriptions", "import", "asked.json")
        scene.world.begin(saves)
        yield fleet
