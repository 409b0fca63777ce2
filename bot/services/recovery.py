"""What follows from an attempt, known or interrupted: take over from a sender that died."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from bot.domain.deliveries import Delivery, Later, Outcome, Unknown, advance, doubt_of
from bot.domain.fanouts import Result
from bot.ports import Adapter, Outbox

logger = logging.getLogger(__name__)

_LOST = "it was interrupted while it was being sent"


def resulting(
    delivery: Delivery, outcome: Outcome, *, adapter: Adapter, now: datetime, random: Random
) -> Result:
    """What is to be recorded of one attempt."""
    harmless = adapter.limits.repeat_is_harmless
    verdict = advance(delivery, outcome, now=now, repeat_is_harmless=harmless, random=random)
    return Result(delivery=delivery, verdict=verdict, at=now)


async def take_over(outbox: Outbox, adapter: Adapter, *, now: datetime, random: Random) -> None:
    """Free the leases of an adapter's last sender, and decide about what it was sending."""
    await outbox.reclaim(adapter.name, now=None)
    await outbox.hasten(adapter.name, now=now, is_set_back=False)
    interrupted = await outbox.interrupted(adapter.name)
    outcomes = [_interrupted(one, adapter) for one in interrupted]
    results = [resulting(*one, adapter=adapter, now=now, random=random) for one in outcomes]
    await outbox.finish(results)
    if interrupted:
        logger.info("Took over %d interrupted deliveries", len(interrupted))


def _interrupted(delivery: Delivery, adapter: Adapter) -> tuple[Delivery, Outcome]:
    """At once again where a repeat is harmless, which then knows since when it is in doubt."""
    if not adapter.limits.repeat_is_harmless:
        return delivery, Unknown(reason=_LOST)
    doubted = replace(delivery, in_doubt_since=doubt_of(delivery))
    return doubted, Later(reason=_LOST, wait=timedelta(0))
