"""Ask LL2 for events within the request budget. Retries nothing and decides nothing about news."""

import asyncio
import logging
import math
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import aiohttp

from bot.domain.events import EventId
from bot.domain.watching import Catalogue, Headroom, Purpose, Snapshot
from bot.errors import BudgetSpent, InvariantBroken, LL2Throttled, LL2Unavailable
from bot.ll2.budget import PERIOD, REQUEST_TIMEOUT, RequestBudget, latest_answer
from bot.ll2.mapping import agencies, event_types, observe
from bot.ll2.paging import PAGE_LIMIT, Listing
from bot.ll2.throttle import DEFAULT_WAIT, asked_wait, read_report
from bot.ll2.transport import Answer, decoded, get, parsed
from bot.ports import Clock, RequestLog

logger = logging.getLogger(__name__)

_LOOK_BACK = timedelta(days=1) + PERIOD
"""How old a mark may be to be restored; the budget itself knows which still count."""

_SET_BACK = timedelta(minutes=1)
"""How far a moment lies behind another before it says that the clock was set back."""


class LL2Client:
    """LL2 behind its request budget; `load` it before the first use.

    Args:
        session: closed by the caller.
        base_url: up to the version, e.g. `https://ll.thespacedevs.com/2.3.0`.
        api_key: may be empty; it is sent to `base_url` only.
        hourly_budget: requests that the owner allows in an hour.
        timeout: for one whole answer, at most `REQUEST_TIMEOUT`.

    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        base_url: str,
        api_key: str,
        hourly_budget: int,
        log: RequestLog,
        clock: Clock,
        timeout: timedelta = REQUEST_TIMEOUT,
    ) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._api_key = api_key
        self._log = log
        self._clock = clock
        self._timeout = timeout
        self._budget = RequestBudget(hourly_budget=hourly_budget, has_key=bool(api_key))
        self._turn = asyncio.Lock()
        self._loaded = False
        self._report_missing = False
        self._latest: datetime | None = None
        self._has_leapt = False

    async def load(self) -> None:
        """Continue the budget where the last run left it."""
        now = self._now()
        marks = await self._log.marks(now - _LOOK_BACK)
        self._budget.restore(marks, blocked_until=await self._log.blocked_until(), now=now)
        self._loaded = True

    async def snapshot(self) -> Snapshot:
        """Everything upcoming; see `ports.EventSource`."""
        query = {"mode": "detailed"}
        return observe(await self._listing("events/upcoming/", query, Purpose.POLL, "events"))

    async def probe(self, event_ids: Collection[EventId]) -> Snapshot:
        """Ask for these ids in one request; those that are absent in the answer do not exist."""
        asked = frozenset(event_ids)
        if len(asked) > PAGE_LIMIT:
            raise InvariantBroken(f"a probe asks for {len(asked)} events, over {PAGE_LIMIT}")
        if not asked:
            return Snapshot(observations=())
        query = {"id": ",".join(map(str, sorted(asked))), "mode": "detailed"}
        found = observe(await self._listing("events/", query, Purpose.PROBE, "events"))
        return _only(asked, found)

    async def catalogue(self) -> Catalogue:
        """All event types and the featured agencies; their programs come with the events."""
        types = await self._listing("config/event_types/", {}, Purpose.CATALOGUE, "event types")
        query = {"featured": "true", "mode": "normal"}
        featured = await self._listing("agencies/", query, Purpose.CATALOGUE, "agencies")
        return Catalogue(types=event_types(types), agencies=agencies(featured))

    async def seed(self) -> None:
        """Set the budget by `/api-throttle/`, which is free. Without it our own log alone rules.

        Raises:
            LL2Unavailable: LL2 could not be reached at all.

        """
        self._must_be_loaded()
        async with self._turn:
            missing = await self._seed()
        if missing and not self._report_missing:
            logger.warning("LL2's /api-throttle/ cannot be used, our own log rules: %s", missing)
        self._report_missing = bool(missing)

    def headroom(self, now: datetime) -> Headroom:
        """What the budget allows to polls at this moment."""
        self._notice(now)
        return self._budget.headroom(now)

    async def _listing(
        self, path: str, query: Mapping[str, str], purpose: Purpose, what: str
    ) -> tuple[object, ...]:
        listing = Listing(what)
        while (page := listing.wanted) is not None:
            answer = await self._counted(path, {**query, **page, "format": "json"}, purpose)
            listing.add(decoded(answer))
        return listing.results

    async def _counted(self, path: str, query: Mapping[str, str], purpose: Purpose) -> Answer:
        """One request that counts: written down before it leaves, settled by its answer.

        One at a time, so that no two take the same room. Without an answer the mark stays where
        it is, at the latest time at which LL2 can have counted it.
        """
        async with self._turn:
            await self._find_room(purpose)
            now = self._now()
            mark = await self._log.begin(latest_answer(now), purpose)
            self._budget.begin(mark, now)
            answer = await self._get(path, query)
            answered_at = self._now()
            self._budget.settle(mark, answered_at)
            await self._log.settle(mark, answered_at)
            if answer.status == 429:
                raise await self._throttled(answer)
            return answer

    async def _get(self, path: str, query: Mapping[str, str]) -> Answer:
        url = f"{self._base_url}/{path}"
        return await get(
            self._session, url, query=query, api_key=self._api_key, within=self._timeout
        )

    async def _find_room(self, purpose: Purpose) -> None:
        self._must_be_loaded()
        now = self._now()
        is_doubtful = self._has_leapt or self._budget.crowded(purpose, now)
        if is_doubtful and not self._budget.ask_in(now):
            self._has_leapt = False
            await self._seed_if_reachable()
            now = self._now()
        wait = self._budget.wait(purpose, now)
        if wait > timedelta():
            raise self._spent(purpose, wait, now)

    def _now(self) -> datetime:
        now = self._clock.now()
        self._notice(now)
        return now

    def _notice(self, now: datetime) -> None:
        """See whether the clock leapt; where it was set back, what we remember goes with it.

        Only LL2 knows then how many requests its hour holds, and telling costs nothing.
        """
        before = self._latest or now
        if before - now > _SET_BACK:
            self._budget.set_back(before - now)
        self._has_leapt |= before - now > _SET_BACK or now - before > PERIOD
        self._latest = now if before - now > _SET_BACK else max(now, before)

    def _must_be_loaded(self) -> None:
        if not self._loaded:
            raise InvariantBroken("LL2Client was used before load() restored its budget")

    def _spent(self, purpose: Purpose, wait: timedelta, now: datetime) -> BudgetSpent:
        headroom = self._budget.headroom(now)
        if headroom.blocked_until is not None:
            until = f"{headroom.blocked_until:%H:%M:%S} UTC"
            return BudgetSpent(f"LL2 told us to stay away until {until}", wait=wait)
        if self._budget.crowded(purpose, now):
            wait = min(wait, self._budget.ask_in(now))
            why = "others behind our address used LL2's requests of this hour"
        else:
            why = f"this hour's request budget has nothing left for a {purpose}"
        seconds = math.ceil(wait.total_seconds())
        return BudgetSpent(f"{why}; try again in {seconds} seconds", wait=wait)

    async def _throttled(self, answer: Answer) -> LL2Throttled:
        """Learn from a 429 how long to stay away, and remember it across restarts."""
        asked = asked_wait(answer.headers, _body(answer), self._now())
        await self._seed_if_reachable()
        now = self._now()
        if asked is None and self._budget.headroom(now).blocked_until is None:
            asked = DEFAULT_WAIT
        self._budget.throttled(asked or timedelta(), now)
        until = await self._remember_block() or now
        return LL2Throttled(
            f"LL2 answered 429: too many requests; asking again after {until:%H:%M:%S} UTC",
            wait=max(until - now, timedelta()),
        )

    async def _remember_block(self) -> datetime | None:
        until = self._budget.blocked_until
        if until is not None:
            await self._log.block(until)
        return until

    async def _seed_if_reachable(self) -> None:
        # Whoever asked has a line of its own for the log; this is part of the same trouble.
        try:
            missing = await self._seed()
        except LL2Unavailable as exc:
            missing = str(exc)
        if missing:
            logger.debug("LL2's throttle was not read: %s", missing)

    async def _seed(self) -> str:
        """Why there is no report; empty: there is, and it was taken over."""
        self._budget.asking(self._now())
        answer = await self._get("api-throttle/", {"format": "json"})
        try:
            report = read_report(decoded(answer))
        except LL2Unavailable as exc:
            return str(exc)
        if report is None:
            return "LL2's answer has no limit and no use"
        before = self._budget.blocked_until
        self._budget.seeded(report, self._now())
        if self._budget.blocked_until != before:
            await self._remember_block()
        return ""


def _body(answer: Answer) -> object:
    try:
        return parsed(answer.body) if answer.kind == "JSON" else None
    except ValueError:
        return None


def _only(asked: frozenset[EventId], found: Snapshot) -> Snapshot:
    """What was found, unless LL2 ignored the ids: unknown filters are ignored in silence."""
    ids = {seen.event.id for seen in found.observations}
    if ids <= asked:
        return found
    raise LL2Unavailable(
        f"LL2 was asked for {len(asked)} events by id and gave others; nothing was concluded"
    )
