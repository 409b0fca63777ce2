"""`ports.Turnstile` over the store: asks for a turn until it is given one, and waits between."""

from datetime import timedelta

from bot.ports import Clock, Turnstiles


class StoredTurnstile:
    """The turnstiles of one process; those of the others are in the same store."""

    def __init__(self, turnstiles: Turnstiles, clock: Clock) -> None:
        self._turnstiles = turnstiles
        self._clock = clock

    async def turn(self, name: str, *, every: timedelta) -> None:
        """Wait until it may pass, and pass; see `ports.Turnstile`."""
        while wait := await self._turnstiles.take(name, now=self._clock.now(), every=every):
            await self._clock.wait(wait)
