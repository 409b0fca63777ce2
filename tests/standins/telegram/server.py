"""A Bot API on loopback for tests: real HTTP, every request judged, trouble on demand.

    async with TelegramStandIn(Judge.of(shared)) as telegram:
        ada = telegram.user("Ada")
        telegram.say(ada, "/help")
        post = await telegram.next_post()
        assert telegram.faults == []

A program in another process is given `base_url` and `token`.
"""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import aiohttp
from aiohttp import web
from standins.telegram.flood import Flood, Limits
from standins.telegram.methods import Methods
from standins.telegram.people import People
from standins.telegram.spec import Judge, is_refused
from standins.telegram.updates import Updates
from standins.telegram.world import BOT, Answer, Post, Refusal

PATIENCE_S = 10.0
"""How long a test waits for something that should happen at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The connection breaks instead of an answer; `is_obeyed`: the request was carried out."""

    is_obeyed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang:
    """The request is carried out; its answer comes only after `let_go`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A proxy's page instead of the Bot API's JSON."""

    code: int = 502


Trouble = Refusal | Cut | Hang | Page


class TelegramStandIn(People):
    """The server, and what people do in its chats (see `People`).

    Attributes:
        token: the one that it knows.
        updates: the queue of updates.
        methods: what was set and answered.
        faults: what the judge found wrong.
        calls: every (method, parameters), but for polls.
        watch: is told "asked" when a message is to be sent, and "answered" when that was answered.

    """

    token = "123456:AA-the_stand_ins_own_token"  # noqa: S105 - opens nothing

    def __init__(
        self,
        judge: Judge | None = None,
        *,
        flood: Limits | None = None,
        latency: Callable[[], float] | None = None,
    ) -> None:
        """Prepare a server.

        Args:
            judge: reads and judges requests; None: only what the methods need is read.
            flood: counts messages strictly; None: lets everything pass.
            latency: seconds on the way here, and again on the way back.

        """
        self.updates = Updates()
        super().__init__(self._push, BOT)
        self.flood = Flood(flood)
        self.methods = Methods(self, BOT, self.flood)
        self.faults: list[str] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._judge = judge
        self._latency = latency
        self._troubles: dict[str, deque[Trouble]] = defaultdict(deque)
        self._happened = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self._tasks = asyncio.TaskGroup()
        self._hanging = asyncio.Event()
        self._hook: aiohttp.ClientSession | None = None
        self._told = 0
        self._obeying: set[asyncio.Future[Any]] = set()
        self.watch: Callable[[str], None] = _look_away
        self.base_url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        for verb in ("GET", "POST"):
            app.router.add_route(verb, "/bot{token}/{method}", self._answer)
        app.router.add_route("*", "/{unknown:.*}", self._unknown)
        self._runner = web.AppRunner(
            app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.base_url = f"http://{host}:{port}"
        self._hook = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_S))
        await self._tasks.__aenter__()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._hanging.set()
        try:
            # Told of no error, as it would wrap the test's own in a group.
            await self._tasks.__aexit__(None, None, None)
        finally:
            if self._hook is not None:
                await self._hook.close()
            if self._runner is not None:
                await self._runner.cleanup()

    @property
    def posts(self) -> list[Post]:
        """Every message that the bot sent, in order."""
        return self.methods.posts

    @property
    def answers(self) -> list[Answer]:
        """Every answer to a press, in order."""
        return self.methods.answers

    def fail(self, method: str, trouble: Trouble, *, times: int = 1) -> None:
        """Let the next calls of a method meet with trouble."""
        self._troubles[method].extend([trouble] * times)

    def let_go(self) -> None:
        """Answer what hangs."""
        self._hanging.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return once something holds; it is looked at after each request.

        Raises:
            AssertionError: it does not come to hold.

        """
        try:
            async with asyncio.timeout(PATIENCE_S), self._happened:
                await self._happened.wait_for(holds)
        except TimeoutError:
            last = [method for method, _ in self.calls[-5:]]
            raise AssertionError(f"It did not happen; the last calls were {last}") from None

    async def next_post(self) -> Post:
        """The next message that no call of this has returned yet."""
        await self.until(lambda: len(self.posts) > self._told)
        self._told += 1
        return self.posts[self._told - 1]

    async def settled(self) -> None:
        """Return once every update was acknowledged."""
        await self.until(lambda: self.updates.unacknowledged == 0)

    def _push(self, kind: str, what: dict[str, Any]) -> None:
        self.updates.push(kind, what)
        self._tasks.create_task(self._tell(), name="tell of an update")

    async def _tell(self) -> None:
        await self.updates.wake()
        webhook = self.methods.webhook
        update = self.updates.take() if webhook and self._hook else None
        if update is not None and self._hook is not None:
            secret = {"X-Telegram-Bot-Api-Secret-Token": webhook.get("secret_token", "")}
            async with self._hook.post(webhook["url"], json=update, headers=secret) as answer:
                answer.raise_for_status()
            await self._note()

    async def _note(self) -> None:
        async with self._happened:
            self._happened.notify_all()

    async def _unknown(self, request: web.Request) -> web.Response:
        self.faults.append(f"the Bot API has no path {request.path} for {request.method}")
        return web.json_response(Refusal(404, "Not Found").as_json(), status=404)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        watch = self.watch if method == "sendMessage" else _look_away
        watch("asked")
        try:
            return await self._obey(request, method)
        except Refusal as refusal:
            return web.json_response(refusal.as_json(), status=refusal.code)
        finally:
            watch("answered")
            await self._note()

    async def _obey(self, request: web.Request, method: str) -> web.StreamResponse:
        if request.match_info["token"] != self.token:
            raise Refusal(401, "Unauthorized")
        given = self._read(method, await self._raw(request))
        trouble = self._troubles[method].popleft() if self._troubles[method] else None
        if isinstance(trouble, Refusal):
            raise trouble
        if isinstance(trouble, Page):
            return web.Response(status=trouble.code, text="<html>Bad Gateway</html>")
        if trouble == Cut(is_obeyed=False):
            return _cut(request)
        result = await self._result(method, given)
        if isinstance(trouble, Hang):
            await self._note()
            await self._hanging.wait()
        if isinstance(trouble, Cut):
            return _cut(request)
        return web.json_response({"ok": True, "result": result})

    async def _result(self, method: str, given: dict[str, Any]) -> Any:
        if method == "getUpdates":
            self.updates.acknowledge(given, has_webhook=bool(self.methods.webhook))
            await self._note()
            return await self.updates.poll(given)
        # What was read is obeyed, whether or not its sender lives to hear of it.
        obeying = asyncio.ensure_future(self._obeyed(method, given))
        self._obeying.add(obeying)
        obeying.add_done_callback(self._forget)
        return await asyncio.shield(obeying)

    def _forget(self, obeyed: asyncio.Future[Any]) -> None:
        self._obeying.discard(obeyed)
        if not obeyed.cancelled():
            obeyed.exception()  # a refusal that nobody waits for any more

    async def _obeyed(self, method: str, given: dict[str, Any]) -> Any:
        if self._latency:
            await asyncio.sleep(self._latency())
        result = self.methods.call(method, given, asyncio.get_running_loop().time())
        # What was kept meanwhile goes to a new webhook at once.
        for _ in range(self.updates.unacknowledged if method == "setWebhook" else 0):
            self._tasks.create_task(self._tell(), name="tell of an update that was kept")
        if self._latency:
            await asyncio.sleep(self._latency())
        return result

    async def _raw(self, request: web.Request) -> Mapping[str, Any]:
        """Parameters come as JSON or as a form, all the same to Telegram."""
        if request.content_type != "application/json":
            return {**request.query, **await request.post()}
        try:
            loaded: dict[str, Any] = json.loads(await request.read() or b"{}")
        except ValueError:
            self.faults.append(f"{request.path} was given no JSON")
            raise Refusal(400, "Bad Request: can't parse JSON object") from None
        return loaded

    def _read(self, method: str, raw: Mapping[str, Any]) -> dict[str, Any]:
        if self._judge is None:
            return {name: _loaded(name, value) for name, value in raw.items()}
        given = self._judge.read_parameters(method, raw)
        faults = self._judge.faults(method, given)
        self.faults += faults
        for fault in filter(is_refused, faults):
            raise Refusal(400, f"Bad Request: {fault}")
        if method != "getUpdates":
            self.calls.append((method, given))
        return given


def _look_away(_sign: str) -> None:
    """Stand for nobody who watches."""


def _loaded(name: str, value: Any) -> Any:
    if name == "text" or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
