"""What of a trouble is for the log: a line at the first failure, a line at the recovery."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.fanouts import Result

logger = logging.getLogger(__name__)

_RELAPSE = timedelta(hours=1)
"""What comes again so soon is the same trouble, unless it then lasts for as long."""


class Spell:
    """A trouble that may come and go: whether to tell of its beginning and of its end."""

    def __init__(self) -> None:
        self._since: datetime | None = None
        self._ended_at: datetime | None = None
        self._is_told = False

    def begins(self, now: datetime) -> bool:
        """It is there now; whether to tell of it."""
        if self._is_told:
            return False
        self._since = self._since or now
        ended = self._ended_at
        is_relapse = ended is not None and self._since - ended < _RELAPSE
        self._is_told = not is_relapse or now - self._since >= _RELAPSE
        return self._is_told

    def ends(self, now: datetime) -> bool:
        """It is not there now; whether to tell of its end."""
        was_told, self._is_told = self._is_told, False
        if self._since is not None:
            self._since, self._ended_at = None, now
        return was_told


class Diary:
    """What is said of one adapter's sends; the record of deliveries has the rest."""

    def __init__(self, adapter: str) -> None:
        self._adapter = adapter
        self._failing = False

    def note(self, results: Sequence[Result], cause: Exception | None) -> None:
        """Say what these results change; `cause` is what the adapter raised, if it did."""
        failed = [one for one in results if one.verdict.error]
        if failed and not self._failing:
            place, problem = failed[0].delivery.destination, failed[0].verdict.error
            logger.warning("Sending to %s fails: %s", place, problem, exc_info=cause)
        elif self._failing and not failed:
            logger.info("Sending through %s works again", self._adapter)
        self._failing = bool(failed)
