"""Say in the log how sending goes: a line at the first failure, a line at the recovery."""

import logging
from collections.abc import Sequence

from bot.domain.fanouts import Result

logger = logging.getLogger(__name__)


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
