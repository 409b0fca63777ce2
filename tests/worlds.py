"""What goes on around the program while it lives and dies: a story, signs, and moments for an end.

LL2 is the simulator, whose story goes on by a few saves whenever it is looked at.
"""

import asyncio
import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum, unique
from random import Random

from aiohttp import web

from bot.simulator import Simulator, parse_scenario

EVENTS = range(2001, 2006)
NEAR = 3001
"""The event that reminders are of; nothing else happens to it."""

TYPES = {event: "EVA" if event % 2 else "Docking" for event in EVENTS} | {NEAR: "Flyby"}
"""The type of each event."""

_PACE = timedelta(minutes=1)
"""How far apart the saves of the story are; the world skips ahead whenever it is looked at."""

_PATIENCE_S = 4.0
"""How long a life waits for the sign at which it shall end; then it ends without."""

_HEAD = """
title = "Much goes on"
duration = "400d"

[throttle]
anonymous_limit = 1000000
"""
_EVENT = """
[[event]]
id = {id}
name = "{type} {id}"
type = "{type}"
date = "{date}"
precision = "Minute"
description = "It is invented."
"""


def a_story(saves: int, random: Random) -> str:
    """So many saves over five events, each with its note; one more event is near."""
    told = [_HEAD, _EVENT.format(id=NEAR, type=TYPES[NEAR], date="40m")]
    told += [_EVENT.format(id=event, type=TYPES[event], date="200d") for event in EVENTS]
    live = dict.fromkeys(EVENTS, False)
    for number in range(1, saves + 1):
        event, sort = random.choice(EVENTS), random.random()
        told.append(f'\n[[step]]\nat = "{number}m"\nevent = {event}\ncomment = "Note {number:04}."')
        if sort < 0.25:
            told.append(f'date = "{200 + number}d"')
        elif sort < 0.45:
            live[event] = not live[event]
            told.append(f"webcast_live = {json.dumps(live[event])}")
    return "\n".join(told)


@unique
class Sign(StrEnum):
    """What is seen of the program from outside."""

    BIRTH = "start"
    POLL = "LL2 asked"
    POLLED = "LL2 answered"
    ASKED = "message arrived"
    ANSWERED = "message answered"


_DELAYS = {
    Sign.BIRTH: 0.6,
    Sign.POLL: 0.02,
    Sign.POLLED: 0.12,
    Sign.ASKED: 0.01,
    Sign.ANSWERED: 0.01,
}
"""How many seconds after its sign the end comes at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a life ends: so long after the n-th time of a sign."""

    sign: Sign
    times: int
    delay_s: float

    @classmethod
    def drawn(cls, random: Random) -> "Moment":
        """Any moment, each sign as often as the others."""
        sign = random.choice([*Sign])
        many = sign in {Sign.ASKED, Sign.ANSWERED}
        times = random.randint(1, 60) if many else random.choice((1, 1, 1, 2))
        delay_s = random.uniform(0, _DELAYS[sign])
        return cls(sign=sign, times=1 if sign is Sign.BIRTH else times, delay_s=delay_s)

    def __str__(self) -> str:
        return f"{self.sign} ({self.times}) + {self.delay_s * 1000:.0f} ms"


class Signs:
    """What was seen in this life."""

    def __init__(self) -> None:
        self._seen = Counter[Sign]()
        self._changed = asyncio.Event()

    def note(self, sign: Sign) -> None:
        """It was seen once more."""
        self._seen[sign] += 1
        self._changed.set()

    def begin(self) -> None:
        """A life begins."""
        self._seen.clear()
        self.note(Sign.BIRTH)

    async def until(self, moment: Moment) -> None:
        """Return at a moment, or when it does not come."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                while self._seen[moment.sign] < moment.times:
                    self._changed.clear()
                    await self._changed.wait()
                # The moment itself: whatever the program does meanwhile is what the kill hits.
                await asyncio.sleep(moment.delay_s)


class World(Simulator):
    """LL2 telling a story that goes on by a few saves whenever it is looked at."""

    def __init__(self, saves: int, random: Random, signs: Signs) -> None:
        self._shift = timedelta(0)
        self._left = 0
        self._random = random
        self._signs = signs
        now = datetime.now(UTC)
        self.anchor_minute = now.replace(second=0, microsecond=0)
        super().__init__(
            parse_scenario(a_story(saves, random)),
            lambda: self.anchor_minute + self._shift,
            anchor=self.anchor_minute,
            throttle=False,
        )

    def begin(self, saves: int) -> None:
        """From now on the story goes on, by so many saves in all."""
        self._left = saves

    def go_on(self, saves: int) -> None:
        """Let so many saves happen, or what is left of them."""
        happening = min(saves, self._left)
        self._left -= happening
        self._shift += happening * _PACE

    def end(self) -> None:
        """Let all happen that is left."""
        self.go_on(self._left)

    @property
    def left(self) -> int:
        """How many saves are still to come."""
        return self._left

    async def respond(self, request: web.Request, closing: asyncio.Event) -> web.StreamResponse:
        """Answer, and let it be seen."""
        is_poll = "/events/upcoming" in request.path
        if is_poll:
            self.go_on(self._random.randint(0, 4))
            self._signs.note(Sign.POLL)
        response = await super().respond(request, closing)
        if is_poll:
            self._signs.note(Sign.POLLED)
        return response
