"""Errors on demand, and limits that count strictly: what the pretended Discord refuses, and when.

Codes and statuses: discord-api-docs, topics/opcodes-and-status-codes and topics/rate-limits.
"""

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass, field

from aiohttp import web
from standins.discord.world import JSON

ERRORS = {
    0: (401, "401: Unauthorized"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    20009: (400, "Explicit content cannot be sent to the desired recipient(s)"),
    20016: (400, "This action cannot be performed due to slowmode rate limit"),
    20028: (400, "The channel you are writing has hit the write rate limit"),
    20029: (400, "The write action you are performing on the server has hit the write rate limit"),
    40001: (401, "Unauthorized"),
    40004: (403, "Send messages has been temporarily disabled"),
    40005: (413, "Request entity too large"),
    40006: (400, "This feature has been temporarily disabled server-side"),
    40033: (400, "This message has already been crossposted"),
    40058: (400, "Cannot message this thread until after the post author has sent a message"),
    40060: (400, "Interaction has already been acknowledged"),
    40062: (400, "Service resource is being rate limited"),
    40333: (403, "internal network error"),
    50001: (403, "Missing Access"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50014: (401, "Invalid authentication token provided"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid webhook token provided"),
    50033: (400, "Invalid Recipient(s)"),
    50035: (400, "Invalid Form Body"),
    50045: (400, "File uploaded exceeds the maximum size"),
    50083: (400, "Tried to perform an operation on an archived thread"),
    50278: (403, "Cannot send messages to this user due to having no mutual guilds"),
    130000: (503, "API resource is currently overloaded. Try again a little later"),
    160005: (400, "This thread is locked"),
    200000: (400, "Message was blocked by automatic moderation"),
    200001: (400, "Title was blocked by automatic moderation"),
    240000: (400, "Message blocked by harmful links filter"),
}
"""Status and text by code."""

VIA = {"Via": "1.1 google"}
"""Without it discord.py takes a 429 for a ban (facts-delivery, 1.2)."""


class Refusal(Exception):
    """What a handler raises to answer with an error."""

    def __init__(self, code: int, *, errors: JSON | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.errors = errors


@dataclass(kw_only=True)
class Fault:
    """An error that the next matching requests get.

    Attributes:
        code: Discord's code; its status comes from the table unless `status` says otherwise.
        path: a part of the path that it applies to.
        times: for how many requests it holds.
        retry_after: seconds, for a 429.
        text: a body that is no JSON, as Discord's outer wall sends it.
        hangs: no answer ever comes.
        breaks: the connection ends instead of an answer.
        after: what was asked is done nevertheless; only the answer is lost.
        errors: the tree of faults that goes with 50035.

    """

    code: int = 0
    status: int = 0
    method: str = "POST"
    path: str = "/messages"
    times: int = 1
    retry_after: float = 0.0
    is_global: bool = False
    text: str = ""
    hangs: bool = False
    breaks: bool = False
    after: bool = False
    errors: JSON | None = None

    def fits(self, method: str, path: str) -> bool:
        """Whether a request gets it."""
        return self.times > 0 and method == self.method and self.path in path

    async def response(self, request: web.Request) -> web.Response:
        """The answer, or none at all."""
        if self.hangs:
            await asyncio.Event().wait()
        if self.breaks and request.transport is not None:
            request.transport.abort()
        if self.text:
            return web.Response(status=self.status, text=self.text)
        if self.status == 429:
            return too_many(self.retry_after, is_global=self.is_global)
        return error_response(self.code, status=self.status, errors=self.errors)


@dataclass(kw_only=True)
class Limit:
    """At most `most` requests in any `per` seconds, whoever looks when."""

    most: int
    per: float
    times: deque[float] = field(default_factory=deque)

    def wait(self, now: float) -> float:
        """How long until one more fits; 0: it does."""
        while self.times and self.times[0] <= now - self.per:
            self.times.popleft()
        return 0.0 if len(self.times) < self.most else self.times[0] + self.per - now


@dataclass(kw_only=True)
class Limits:
    """All that is counted: 50 a second for the bot, 5 in 5 s for the messages of a channel.

    Attributes:
        follow_ups: 5 in 5 s for what follows the answer to one interaction, by its token.
        refused: how many requests were answered 429.

    """

    total: Limit = field(default_factory=lambda: Limit(most=50, per=1.0))
    channels: defaultdict[str, Limit] = field(
        default_factory=lambda: defaultdict(lambda: Limit(most=5, per=5.0))
    )
    follow_ups: defaultdict[str, Limit] = field(
        default_factory=lambda: defaultdict(lambda: Limit(most=5, per=5.0))
    )
    refused: int = 0

    def follow(self, token: str, now: float) -> web.Response | None:
        """Count a message after the first answer, or the 429 that it gets."""
        limit = self.follow_ups[token]
        wait = limit.wait(now)
        if wait > 0:
            self.refused += 1
            return too_many(wait, is_global=False)
        limit.times.append(now)
        return None

    def check(self, bucket: str | None, now: float) -> web.Response | None:
        """Count a request, or the 429 that it gets."""
        channel = None if bucket is None else self.channels[bucket]
        for limit in (self.total, channel):
            wait = 0.0 if limit is None else limit.wait(now)
            if wait > 0:
                self.refused += 1
                return too_many(wait, is_global=limit is self.total)
        for limit in (self.total, channel):
            if limit is not None:
                limit.times.append(now)
        return None

    def headers(self, bucket: str | None, now: float) -> dict[str, str]:
        """What tells a client how much is left in a channel."""
        if bucket is None:
            return {}
        limit = self.channels[bucket]
        limit.wait(now)
        reset = limit.times[0] + limit.per - now if limit.times else limit.per
        return {
            "X-RateLimit-Limit": str(limit.most),
            "X-RateLimit-Remaining": str(limit.most - len(limit.times)),
            "X-RateLimit-Reset-After": f"{reset:.3f}",
            "X-RateLimit-Bucket": "messages",
        }


def too_many(wait: float, *, is_global: bool) -> web.Response:
    """A 429 as Discord sends it."""
    headers = {**VIA, "Retry-After": str(round(wait) + 1), "X-RateLimit-Scope": "user"}
    if is_global:
        headers |= {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}
    body = {"message": "You are being rate limited.", "retry_after": wait, "global": is_global}
    return json_response(body, status=429, headers=headers)


def error_response(code: int, *, status: int = 0, errors: JSON | None = None) -> web.Response:
    """An error with its code."""
    usual, text = ERRORS.get(code, (500, "Internal Server Error"))
    body: JSON = {"code": code, "message": text}
    if errors is not None:
        body["errors"] = errors
    return json_response(body, status=status or usual)


def json_response(
    body: object, *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    """JSON with exactly `application/json`: with a charset discord.py reads text instead."""
    response = web.json_response(body, status=status, headers={**VIA, **(headers or {})})
    response.headers["Content-Type"] = "application/json"
    return response
