"""Wake loops by what other processes tell; where nothing can be heard, look for them instead.

Wake-ups are a help, never a promise: whoever is woken looks into the store, and would have looked
there by itself a little later.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import chain, count

from bot.ports import UNWATCHED, Clock, Pulse, SharedStore

logger = logging.getLogger(__name__)

_HEARD_WITHIN = timedelta(seconds=2)
"""How long our own call may take to come back to us."""

_CALL_EVERY = timedelta(seconds=30)
_LOOK_EVERY = timedelta(seconds=1)
_TURN = timedelta(minutes=1)
_OURS = "heard"


class Waker:
    """The one that hears what other processes tell, and rings the bells of those who wait."""

    def __init__(
        self,
        store: SharedStore,
        clock: Clock,
        bells: Mapping[str, Iterable[asyncio.Event]],
        *,
        name: str,
    ) -> None:
        """Prepare to listen.

        Args:
            store: through which processes tell each other.
            clock: what the looks go by.
            bells: the events to set, by what is told.
            name: of this process, in what it calls to itself.

        """
        self._store = store
        self._clock = clock
        self._bells = {topic: tuple(events) for topic, events in bells.items()}
        self._name = name
        self._numbers = count(1)
        self._awaited = ""
        self._is_heard = asyncio.Event()
        self._hears = True

    async def run(self, stop: asyncio.Event, pulse: Pulse = UNWATCHED) -> None:
        """Listen until `stop`; a connection that has gone deaf is opened anew."""
        while not stop.is_set():
            async with self._store.listening(self._hear):
                self._ring()  # what was told before, nobody heard
                while await self._hears_itself(stop, pulse):
                    await self._clock.wait(_CALL_EVERY, stop)
            await self._look(stop, pulse)

    def _hear(self, topic: str) -> None:
        if topic == self._awaited:
            self._is_heard.set()
        for bell in self._bells.get(topic, ()):
            bell.set()

    async def _hears_itself(self, stop: asyncio.Event, pulse: Pulse) -> bool:
        """Call, and wait for the echo: only that proves that others would be heard."""
        pulse.beat(_CALL_EVERY + _TURN)
        self._is_heard.clear()
        self._awaited = f"{_OURS} {self._name} {next(self._numbers)}"
        async with self._store.writing() as unit:
            unit.tell(self._awaited)
        await self._clock.wait(_HEARD_WITHIN, self._is_heard, stop)
        self._note(hears=self._is_heard.is_set() or stop.is_set())
        return self._hears and not stop.is_set()

    def _note(self, *, hears: bool) -> None:
        if hears and not self._hears:
            logger.info("Other processes are heard again")
        if self._hears and not hears:
            logger.warning(
                "Other processes are not heard (behind a pooler of transactions nobody is); "
                "looking for their work every second instead"
            )
        self._hears = hears

    async def _look(self, stop: asyncio.Event, pulse: Pulse) -> None:
        """Ring all bells now and then, until it is time to try to listen again."""
        for _ in range(_CALL_EVERY // _LOOK_EVERY):
            if stop.is_set():
                return
            pulse.beat(_TURN)
            self._ring()
            await self._clock.wait(_LOOK_EVERY, stop)

    def _ring(self) -> None:
        for bell in chain.from_iterable(self._bells.values()):
            bell.set()
