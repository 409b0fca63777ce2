"""What the log says of polls: each trouble once, with its end. Decides nothing."""

import logging
from collections.abc import Sequence
from datetime import datetime

from bot.domain.changes import Change, kind_of
from bot.domain.watching import Malformed
from bot.services.diary import Spell

logger = logging.getLogger(__name__)

_MALFORMED_EACH = 3
"""So many malformed events have a line of the log each; more share one."""


class PollDiary:
    """What was said already of LL2's troubles."""

    def __init__(self) -> None:
        self._failures = 0
        self._outage = Spell()
        self._shortage = Spell()
        self._malformed: frozenset[Malformed] = frozenset()
        self._asked_in_vain = False

    def failed(self, error: Exception, now: datetime) -> None:
        """LL2 gave no usable answer."""
        self._failures += 1
        if self._outage.begins(now):
            logger.warning("Polling LL2 failed: %s", error)

    def answered(self, malformed: Sequence[Malformed], now: datetime) -> None:
        """LL2 gave a list, of which these events could not be read."""
        failures, self._failures = self._failures, 0
        if self._outage.ends(now):
            polls = "1 failed poll" if failures == 1 else f"{failures} failed polls"
            logger.info("LL2 answers again, after %s", polls)
        self._report(frozenset(malformed))

    def _report(self, malformed: frozenset[Malformed]) -> None:
        new = malformed - self._malformed
        self._malformed |= malformed
        if len(new) > _MALFORMED_EACH:
            example = min(one.reason for one in new)
            told = "LL2 sent %d events that cannot be read, e.g. %s; skipped them"
            logger.warning(told, len(new), example)
            return
        for one in new:
            name = "an event without an id" if one.event_id is None else f"event {one.event_id}"
            logger.warning("LL2 sent %s that cannot be read: %s; skipped it", name, one.reason)

    def doubted(self, lacks: str, now: datetime) -> None:
        """The list lacks so much that it is not believed."""
        if self._shortage.begins(now):
            logger.warning("LL2 lists too little: %s; kept everything", lacks)

    def agreed(self, lacks: str) -> None:
        """The same for long, and a probe agrees."""
        logger.warning("LL2 lists too little for long and a probe agrees: %s", lacks)

    def believed(self, malformed: Sequence[Malformed], now: datetime) -> None:
        """The list is believed; what was malformed before and is not now may be told anew."""
        self._malformed = frozenset(malformed)
        if self._shortage.ends(now):
            logger.info("LL2 lists enough again")

    def probed(self, missing: int, error: Exception | None) -> None:
        """Missing events were asked for by id, in vain or not."""
        if error is not None and not self._asked_in_vain:
            logger.info("Asked for %d missing events in vain: %s", missing, error)
        self._asked_in_vain = error is not None

    def noticed(self, events: int, changes: Sequence[Change], *, is_first: bool) -> None:
        """A list of so many events was taken, and these changes noticed in it."""
        kinds = ", ".join(sorted({kind_of(change) for change in changes})) or "no change"
        logger.log(
            logging.INFO if changes or is_first else logging.DEBUG,
            "Polled LL2: %d events, %s%s",
            events,
            kinds,
            " (first run: learnt, not announced)" if is_first and not changes else "",
        )
