"""Who is asking LL2, how much they may, and what `/api-throttle/` tells them."""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime

from bot.simulator.objects import Json
from bot.simulator.scenario import Throttle
from bot.simulator.throttle import RollingThrottle


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One budget: an address, or a token under a name that does not give it away."""

    ident: str
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A 429: its sentence, and the `Retry-After` header where the scenario sends one."""

    sentence: str
    retry_after: str | None


class Callers:
    """Recognises callers and counts what they use."""

    def __init__(self, settings: Throttle) -> None:
        """Start with nobody known."""
        self._settings = settings
        self._throttle = RollingThrottle(settings.window)

    def recognise(self, authorization: str, address: str) -> Caller:
        """Return the token's budget; a token that is not accepted gets its address's, as on LL2."""
        scheme, _, token = authorization.partition(" ")
        accepted = not self._settings.tokens or token in self._settings.tokens
        if scheme != "Token" or not token or not accepted:
            return Caller(ident=address, limit=self._settings.anonymous_limit)
        digest = hashlib.sha256(token.encode()).hexdigest()[:8]
        return Caller(ident=f"user-{digest}", limit=self._settings.token_limit)

    def admit(self, caller: Caller, now: datetime) -> Refusal | None:
        """Count the request, or refuse it without counting."""
        wait = self._throttle.take(caller.ident, limit=caller.limit, now=now)
        return None if wait is None else self._refusal(wait, now)

    def state(self, caller: Caller, now: datetime) -> Json:
        """Return the body of `/api-throttle/`: one object, though the API's schema says a list."""
        wait = self._throttle.wait(caller.ident, limit=caller.limit, now=now)
        return {
            "your_request_limit": caller.limit,
            "limit_frequency_secs": int(self._settings.window.total_seconds()),
            "current_use": self._throttle.used(caller.ident, now=now),
            "next_use_secs": math.ceil(wait.total_seconds()),
            "ident": caller.ident,
        }

    def _refusal(self, wait: timedelta, now: datetime) -> Refusal:
        seconds = math.ceil(wait.total_seconds())
        noun = "second" if seconds == 1 else "seconds"
        header = {
            "seconds": str(seconds),
            "date": format_datetime(now + timedelta(seconds=seconds), usegmt=True),
            "none": None,
        }[self._settings.retry_after]
        return Refusal(
            sentence=f"Request was throttled. Expected available in {seconds} {noun}.",
            retry_after=header,
        )
