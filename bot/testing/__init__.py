"""For tests of Perigee and of its plug-ins: a fake clock, a recording adapter, builders, a check.

Shipped, because whoever writes an adapter shall be able to prove it without a network.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self, get_args

from bot.domain.changes import Kind
from bot.domain.channels import Channel
from bot.domain.deliveries import Delivery, DeliveryId, FanoutId, Outcome, Part, Priority, Sent
from bot.domain.events import (
    Agency,
    DatePrecision,
    Event,
    EventId,
    EventType,
    Program,
    Update,
    UpdateId,
)
from bot.domain.messages import Limits, Link, LinkKind, Message, Picture, Section, Stamp
from bot.domain.subscriptions import Destination
from bot.ports import Adapter, AdapterFactory
from bot.testing.surroundings import surroundings

START = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
"""When a fake clock starts, unless the test says otherwise; the events below come after it."""

PRECISIONS = tuple(
    DatePrecision(id=number, name=name)
    for number, name in enumerate(
        (
            *("Second", "Minute", "Hour", "Morning", "Afternoon", "Day", "Week", "Month"),
            *("Quarter 1", "Quarter 2", "Quarter 3", "Quarter 4", "Year Half 1", "Year Half 2"),
            *("Year", "Fiscal Year", "Decade"),
        )
    )
)
"""All that LL2 has; the index is the id."""

SECOND, MINUTE, HOUR, MORNING, AFTERNOON, DAY, WEEK, MONTH = PRECISIONS[:8]

_PATIENCE_S = 30.0
_LET_OTHERS_RUN = 50

Script = Callable[[Delivery, Message], Outcome | Awaitable[Outcome]] | Iterable[Outcome]
"""What a recording adapter answers: a function of what is sent, or answers in order, then Sent."""


class FakeClock:
    """A clock that stands still until a test moves it; waits end at once when it does."""

    def __init__(self, start: datetime = START) -> None:
        self._start = self._now = start
        self._sleepers: dict[asyncio.Event, datetime | None] = {}
        self._arrived = asyncio.Condition()

    def now(self) -> datetime:
        """The present, as the test has set it."""
        return self._now

    def elapsed(self) -> timedelta:
        """How far the test has moved it."""
        return self._now - self._start

    async def wait(self, pause: timedelta | None, *wakes: asyncio.Event) -> None:
        """Return once time was advanced by `pause` (None: never), or when a wake is set."""
        due = None if pause is None else self._now + pause
        # Even a wait that is over lets the others run, so that no loop can starve a test.
        await asyncio.sleep(0)
        if (due is None or due > self._now) and not any(wake.is_set() for wake in wakes):
            await self._sleep(due, wakes)

    async def _sleep(self, due: datetime | None, wakes: tuple[asyncio.Event, ...]) -> None:
        alarm = asyncio.Event()
        self._sleepers[alarm] = due
        waiters = [asyncio.ensure_future(one.wait()) for one in (alarm, *wakes)]
        try:
            async with self._arrived:
                self._arrived.notify_all()
            await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._sleepers[alarm]
            for waiter in waiters:
                waiter.cancel()

    def advance(self, span: timedelta) -> None:
        """Move time on in one leap and wake who waited for it; they run at the next `await`."""
        self._now += span
        for alarm, due in self._sleepers.items():
            if due is not None and due <= self._now:
                alarm.set()

    def jump(self, span: timedelta) -> None:
        """Set the clock, forwards or back, as a machine's may be: no wait ends sooner or later."""
        self._now += span
        for alarm, due in self._sleepers.items():
            self._sleepers[alarm] = None if due is None else due + span

    async def settle(self) -> None:
        """Let all tasks run that can run now. Work in threads and sockets is not awaited."""
        for _ in range(_LET_OTHERS_RUN):
            await asyncio.sleep(0)

    async def until_waiting(self, count: int = 1) -> None:
        """Return when at least `count` tasks wait for this clock, whatever they do meanwhile."""
        async with asyncio.timeout(_PATIENCE_S), self._arrived:
            await self._arrived.wait_for(lambda: len(self._sleepers) >= count)


class RecordingAdapter:
    """An adapter that keeps what it is given and answers by a script.

    Attributes:
        sent: every (delivery, message) handed to it, in order, whatever it answered.
        is_open: whether it is between entering and leaving.

    """

    def __init__(
        self, name: str = "recording", *, limits: Limits | None = None, outcomes: Script = ()
    ) -> None:
        self.name = name
        self.limits = limits or Limits(text=4096, rate=1000.0, concurrency=4)
        self.sent: list[tuple[Delivery, Message]] = []
        self.is_open = False
        self._answer = outcomes if callable(outcomes) else _in_order(outcomes)

    async def __aenter__(self) -> Self:
        self.is_open = True
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self.is_open = False

    async def send(self, delivery: Delivery, message: Message) -> Outcome:
        """Record it and answer the next outcome of the script."""
        self.sent.append((delivery, message))
        answer = self._answer(delivery, message)
        return await answer if isinstance(answer, Awaitable) else answer


def _in_order(outcomes: Iterable[Outcome]) -> Callable[[Delivery, Message], Outcome]:
    script, count = iter(outcomes), iter(range(1, 1_000_000_000))
    return lambda _delivery, _message: next(script, None) or Sent(remote_id=f"{next(count)}")


def an_event(**changes: Any) -> Event:
    """A berthing on 14 March 2027, 13:05 UTC, to the minute; `changes` are `Event`'s fields."""
    event = Event(
        id=EventId(1),
        name="Cygnus NG-27 Berthing",
        type=EventType(id=4, name="Spacecraft Berthing"),
        date=datetime(2027, 3, 14, 13, 5, tzinfo=UTC),
        date_precision=MINUTE,
        description="A cargo ship is caught by the station's arm and berthed to it.",
        location="International Space Station",
        agencies=(
            Agency(id=44, name="National Aeronautics and Space Administration", abbrev="NASA"),
        ),
        programs=(Program(id=17, name="International Space Station"),),
    )
    return replace(event, **changes)


def an_update(**changes: Any) -> Update:
    """A librarian's comment; `changes` are `Update`'s fields."""
    update = Update(
        id=UpdateId(1),
        comment="Berthing moved because of the weather at the launch site.",
        info_url="https://example.org/updates/1",
        created_by="Ada",
        created_on=START,
    )
    return replace(update, **changes)


def a_delivery(**changes: Any) -> Delivery:
    """A delivery of date news to `recording:main`, at its first attempt."""
    delivery = Delivery(
        id=DeliveryId(1),
        destination=Destination(adapter="recording", address="main"),
        event_id=EventId(1),
        priority=Priority.NEWS,
        parts=(Part(fanout_id=FanoutId(1), kinds=frozenset({Kind.DATE})),),
        attempts=1,
    )
    return replace(delivery, **changes)


def a_message(**changes: Any) -> Message:
    """A message of date news with a stamp, a link and no picture."""
    stamp = Stamp(at=datetime(2027, 3, 16, 9, 30, tzinfo=UTC))
    message = Message(
        kind=Kind.DATE,
        headline="Moved later by 1 day 20 h 25 min",
        title="Cygnus NG-27 Berthing",
        sections=(Section(heading="When", body=(stamp,)),),
        links=(Link(label="Watch: NASA+", url="https://example.org/live", kind=LinkKind.VIDEO),),
    )
    return replace(message, **changes)


def a_hostile_message() -> Message:
    """Too long, too many links, and text that must reach the reader as text, not as markup."""
    nasty = '@everyone <script>alert(1)</script> **bold** [a](javascript:1) _x_ `y` &amp; "q" '
    family = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"
    return a_message(
        headline="@here " + family * 40,
        title=nasty * 10,
        sections=(
            Section(body=(nasty * 60, Stamp(at=START, relative=True))),
            Section(heading="Details", body=(family * 600,)),
            Section(heading="Empty", body=()),
        ),
        links=tuple(
            Link(label=f"{nasty} {number}", url=f"https://example.org/{number}?a=1&b=<2>")
            for number in range(40)
        ),
        picture=Picture(url="https://example.org/not-there.jpg", credit=nasty),
        urgent=True,
    )


async def check_adapter(
    factory: AdapterFactory, options: Mapping[str, object], address: str
) -> None:
    """Prove that an adapter keeps the contract of `bot.ports.Adapter`; takes seconds at most.

    It really sends: give it the options of a stand-in, or an address where messages do no harm.

    Raises:
        AssertionError: it does not; the text is one sentence that says how.

    """
    async with factory(surroundings(options)) as adapter:
        _check_name(adapter.name)
        _check_limits(adapter.limits)
        to = Destination(adapter=adapter.name, address=address)
        delivery = a_delivery(destination=to)
        await _check_send(adapter, delivery, a_message(), "a plain message")
        repeat = replace(delivery, attempts=2)
        await _check_send(adapter, repeat, a_message(), "a repeat of the same delivery")
        nowhere = Channel(time_zone="Mars/Olympus_Mons")
        other = a_delivery(destination=to, id=DeliveryId(2), channel=nowhere)
        await _check_send(
            adapter,
            other,
            a_hostile_message(),
            "a long and hostile message in an unknown time zone",
        )


def _check_name(name: str) -> None:
    fits = bool(name) and name == name.lower() and not {":", " "} & {*name}
    _require(
        f"name is {name!r}; it must be lower-case, not empty, without colon or blank", holds=fits
    )


def _check_limits(limits: Limits) -> None:
    for field, least in (("text", 200), ("title", 20), ("links", 0), ("concurrency", 1)):
        value = getattr(limits, field)
        _require(f"limits.{field} is {value}; it must be {least} or more", holds=value >= least)
    sane = math.isfinite(limits.rate) and limits.rate > 0
    _require(
        f"limits.rate is {limits.rate}; it must be a number of messages per second", holds=sane
    )


async def _check_send(adapter: Adapter, delivery: Delivery, message: Message, what: str) -> None:
    sending: Coroutine[Any, Any, Outcome] = adapter.send(delivery, message)
    task = asyncio.ensure_future(sending)
    done, _ = await asyncio.wait({task}, timeout=_PATIENCE_S)
    if not done:
        task.cancel()
    _require(f"send() took longer than {_PATIENCE_S:.0f} seconds for {what}", holds=bool(done))
    error = task.exception()
    if error is not None:
        raise AssertionError(f"send() raised {error!r} for {what}; return an Outcome") from error
    answer = task.result()
    good = isinstance(answer, get_args(Outcome))
    _require(f"send() returned {answer!r} for {what}; it must be an Outcome", holds=good)


def _require(sentence: str, *, holds: bool) -> None:
    if not holds:
        raise AssertionError(sentence)
