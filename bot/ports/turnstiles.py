"""The ports to turnstiles: what may happen only so often, over all processes of one store."""

from datetime import datetime, timedelta
from typing import Protocol


class Turnstiles(Protocol):
    """The store's part of turnstiles: who passed last, and whether another may."""

    async def take(self, name: str, *, now: datetime, every: timedelta) -> timedelta:
        """Pass now, if nobody has passed under this name for so long; committed on return.

        A moment after `now` that is kept counts as `now`, so a clock that was set back keeps nobody
        out for longer than `every`.

        Returns:
            Nothing (zero): it passed, and whoever asks within `every` will not. Else how long to
            wait before asking again, `every` at the most.

        Raises:
            StoreError: the store cannot be written; it did not pass.

        """


class Turnstile(Protocol):
    """Lets one pass at a time, over all processes that share the store."""

    async def turn(self, name: str, *, every: timedelta) -> None:
        """Wait until nobody has passed under this name for so long, and pass.

        Raises:
            StoreError: the store cannot be written; it did not pass.

        """
