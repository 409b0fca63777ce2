"""The limiter against a server that counts strictly: never a request too many, never one lost."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.messages import Lane, Limits, Rate
from bot.services.limiter import PATIENCE, Limiter, Ticket
from bot.services.slots import LaneState
from bot.testing import START

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
FREE = Limits(text=4096, slots=30)
GROUP = (Rate(count=18, per=MINUTE), Rate(count=1, per=SECOND))


def lane_of(address: str) -> Lane:
    """A chat's lane: a group's addresses start with a minus, its topics follow a slash."""
    chat = address.partition("/")[0]
    rates = GROUP if chat.startswith("-") else (Rate(count=1, per=SECOND),)
    return Lane(key=chat, rates=rates)


@dataclass
class World:
    """A limiter, senders that ask it, and a server that counts what reaches it.

    Attributes:
        counted: when the server counted each request, by lane.
        ends: when each request was answered, in order.

    """

    limiter: Limiter
    latency: Iterator[tuple[float, float]]
    now: datetime = START
    counted: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    ends: list[datetime] = field(default_factory=list)
    asking: dict[Ticket, str] = field(default_factory=dict)
    under_way: list[tuple[datetime, int, Ticket]] = field(default_factory=list)

    def ask(self, address: str, *, is_urgent: bool = False) -> None:
        """Let a sender send at once if it can, and queue if not, as the pace does."""
        ticket = None if is_urgent else self.limiter.at_once(address, self.now)
        if ticket is None:
            self.asking[self.limiter.ask(address, self.now, is_urgent=is_urgent)] = address
        else:
            self._go(ticket, address)

    def send(self) -> None:
        """Let whoever may go send."""
        for ticket in self.limiter.grant(self.now):
            self._go(ticket, self.asking.pop(ticket))

    def _go(self, ticket: Ticket, address: str) -> None:
        """The server counts it on its way, and the answer comes later."""
        there, back = (timedelta(seconds=one) for one in next(self.latency))
        self.counted[lane_of(address).key].append(self.now + there)
        end = self.now + there + back
        heapq.heappush(self.under_way, (end, len(self.ends) + len(self.under_way), ticket))

    def step(self) -> None:
        """Go on to the next answer or opening."""
        moments = [self.under_way[0][0]] if self.under_way else []
        opening = self.limiter.next_moment(self.now)
        moments += [opening] if opening else []
        self.now = max(min(moments), self.now + timedelta(microseconds=1))
        while self.under_way and self.under_way[0][0] <= self.now:
            end, _, ticket = heapq.heappop(self.under_way)
            self.ends.append(end)
            self.limiter.give_back(ticket, end, answered=True)


def latencies(seed: int, longest: float) -> Iterator[tuple[float, float]]:
    """The way there and the way back, in seconds, anyhow."""
    random = Random(seed)  # noqa: S311, a simulation guards no secret
    while True:
        total = random.uniform(0, longest)
        there = random.uniform(0, total)
        yield there, total - there


def a_limiter(limits: Limits = FREE) -> Limiter:
    """A limiter by these limits."""
    limiter = Limiter()
    limiter.declare(limits)
    return limiter


def most_within(times: list[datetime], span: timedelta) -> int:
    """The most requests that the server counted in any window, wherever it begins."""
    times = sorted(times)
    first, most = 0, 0
    for last, time in enumerate(times):
        while time - times[first] >= span:
            first += 1
        most = max(most, last - first + 1)
    return most


def broadcast(world: World, addresses: list[str], *, senders: int) -> None:
    """Send one request to each address, with so many senders asking at a time."""
    waiting = iter(addresses)
    for address in (next(waiting, None) for _ in range(senders)):
        if address:
            world.ask(address)
    while world.asking or world.under_way:
        world.send()
        world.step()
        while len(world.asking) + len(world.under_way) < senders:
            address = next(waiting, None)
            if address is None:
                break
            world.ask(address)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 1_000_000),
    longest=st.sampled_from([0.0, 0.05, 0.2, 1.0, 3.0]),
    slots=st.sampled_from([1, 5, 30]),
)
def test_no_window_holds_more_than_the_limit(seed: int, longest: float, slots: int) -> None:
    """Whatever the network does, a strict sliding second never counts a request too many."""
    limiter = a_limiter(Limits(text=4096, slots=slots))
    world = World(limiter=limiter, latency=latencies(seed, longest))

    broadcast(world, [f"{number}" for number in range(slots * 6)], senders=slots * 2)

    counted = [time for times in world.counted.values() for time in times]
    assert len(counted) == slots * 6
    assert most_within(counted, SECOND) <= slots


@settings(max_examples=30)
@given(
    seed=st.integers(0, 1_000_000),
    addresses=st.lists(st.sampled_from(["1", "2", "-3", "-3/7", "-4"]), min_size=1, max_size=60),
)
def test_no_lane_is_sent_more_than_it_takes(seed: int, addresses: list[str]) -> None:
    """A private chat gets one a second, a group 18 a minute with all its topics together."""
    limiter = a_limiter(Limits(text=4096, slots=30, lane=lane_of))
    world = World(limiter=limiter, latency=latencies(seed, 0.2))

    broadcast(world, addresses, senders=8)

    sent = Counter({lane: len(times) for lane, times in world.counted.items()})
    assert sent == Counter(lane_of(one).key for one in addresses)
    for lane, times in world.counted.items():
        assert most_within(times, SECOND) == 1
        assert most_within(times, MINUTE) <= (18 if lane.startswith("-") else 60)


@pytest.mark.parametrize("slots", [30, 50])
def test_limit_is_used_to_the_full(slots: int) -> None:
    """With 0 to 200 ms of latency nine tenths of the limit get through, as 1 / (1.01 + 0.1)."""
    limiter = a_limiter(Limits(text=4096, slots=slots))
    world = World(limiter=limiter, latency=latencies(1, 0.2))

    broadcast(world, [f"{number}" for number in range(2000)], senders=slots)

    assert 2000 / (world.ends[-1] - START).total_seconds() > slots * 0.88


def test_who_has_nobody_before_it_goes_at_once() -> None:
    """Until the slots are taken, and again when they have come back."""
    limiter = a_limiter(Limits(text=4096, slots=2))
    first, second = (limiter.at_once(one, START) for one in "12")
    assert first is not None
    assert second is not None

    assert limiter.at_once("3", START) is None
    limiter.give_back(first, START, answered=True)
    assert limiter.at_once("3", START + SECOND) is None
    assert limiter.at_once("3", START + 2 * SECOND) is not None


@pytest.mark.parametrize("waiting", [{"is_urgent": True}, {"is_urgent": False}, {"is_alert": True}])
def test_nobody_goes_at_once_before_who_waits(waiting: dict[str, bool]) -> None:
    """Whatever they wait for; slots are free, but those before are asked first."""
    limiter = a_limiter(Limits(text=4096, slots=0))
    ticket = limiter.ask("1", START, **{"is_urgent": False} | waiting)
    assert limiter.at_once("2", START) is None

    limiter.leave(ticket)

    assert limiter.at_once("2", START) is not None


def test_nobody_goes_at_once_through_a_closed_gate() -> None:
    """The platform's word holds for all, with slots of ours and without; a lane's for its own."""
    for slots in (0, 5):
        limiter = a_limiter(Limits(text=4096, slots=slots))
        limiter.throttled(START, SECOND, "1")
        assert limiter.at_once("1", START) is None
        assert limiter.at_once("2", START) is not None

        limiter.throttled(START, SECOND, "")
        assert limiter.at_once("2", START) is None


def test_nobody_goes_at_once_into_a_full_lane() -> None:
    """A chat takes one a second; the next chat has its own."""
    limiter = a_limiter(Limits(text=4096, slots=30, lane=lane_of))

    assert limiter.at_once("1", START) is not None
    assert limiter.at_once("1", START) is None
    assert limiter.at_once("2", START) is not None


def test_news_goes_evenly_after_somebody_was_answered() -> None:
    """Then it queues, for were all slots taken at once, the next who asks would wait a second."""
    limiter = a_limiter()
    assert limiter.at_once("1", START) is not None

    limiter.leave(limiter.ask("2", START, is_urgent=True))

    assert limiter.at_once("3", START) is None
    assert limiter.at_once("3", START + 2 * MINUTE) is not None


def test_urgent_overtakes() -> None:
    """A person who waits for an answer goes before what is broadcast."""
    limiter = a_limiter(Limits(text=4096, slots=1))
    ordinary = limiter.ask("1", START, is_urgent=False)
    urgent = limiter.ask("2", START, is_urgent=True)

    assert limiter.grant(START) == [urgent]
    assert not ordinary.may_go


def test_alert_overtakes_other_news_but_no_answer() -> None:
    """Whoever sends claims a second's worth ahead; an alert does not stand behind that."""
    limiter = a_limiter(Limits(text=4096, slots=2))
    news = limiter.ask("1", START, is_urgent=False)
    alert = limiter.ask("2", START, is_urgent=False, is_alert=True)
    answer = limiter.ask("3", START, is_urgent=True)

    granted = limiter.grant(START)

    assert granted == [answer, alert]
    assert not news.may_go


@pytest.mark.parametrize("longest", [0.0, 0.05, 0.2])
def test_nobody_waits_a_whole_second_in_a_broadcast(longest: float) -> None:
    """Slots come back as evenly as they went, though the network is so steady that none mixes them.

    Were all taken in one moment, all would come back in one, and who asks between waited a second.
    """
    limiter = a_limiter()
    world = World(limiter=limiter, latency=latencies(1, longest))
    world.ask("0", is_urgent=True)

    broadcast(world, [f"{number}" for number in range(600)], senders=30)

    ends = [one for one in world.ends if one > START + 2 * SECOND]
    gaps = [later - sooner for sooner, later in pairwise(ends)]
    assert max(gaps) < 0.5 * SECOND


def test_news_goes_at_full_speed_where_nobody_asks() -> None:
    """Evenness costs a hundredth of the speed; requests of the adapter itself are no people."""
    limiter = a_limiter()
    limiter.leave(limiter.ask("", START, is_urgent=True))
    news = [limiter.ask(f"{number}", START, is_urgent=False) for number in range(40)]
    assert limiter.grant(START) == news[:30]

    for ticket in news[:30]:
        limiter.give_back(ticket, START, answered=True)
    limiter.leave(limiter.ask("0", START, is_urgent=True))
    assert limiter.grant(START + 2 * SECOND) == news[30:35]
    assert limiter.grant(START + 2 * MINUTE) == news[35:]


def test_group_full_of_news_is_still_answered() -> None:
    """Some of a group's requests are kept for people; beyond them its own limit holds for all."""
    rates = (Rate(count=18, per=MINUTE, reserved=3),)
    limiter = a_limiter(Limits(text=4096, slots=0, lane=lambda key: Lane(key=key, rates=rates)))
    news = [limiter.ask("-1", START, is_urgent=False) for _ in range(18)]
    asked = [limiter.ask("-1", START, is_urgent=True) for _ in range(4)]

    assert limiter.grant(START) == [*asked, *news[:11]]

    late = [limiter.ask("-1", START, is_urgent=True) for _ in range(4)]
    assert limiter.grant(START) == late[:3]


def test_answer_does_not_queue_behind_news_of_its_chat() -> None:
    """Where news must wait a minute for its chat's limit, an answer goes at once."""
    rates = (Rate(count=18, per=MINUTE, reserved=3),)
    limiter = a_limiter(Limits(text=4096, slots=0, lane=lambda key: Lane(key=key, rates=rates)))
    for _ in range(15):
        limiter.give_back(_admitted(limiter, "-1"), START, answered=True)
    limiter.ask("-1", START, is_urgent=False)

    assert limiter.delay("-1", START) >= MINUTE
    assert limiter.delay("-1", START, is_urgent=True) == timedelta(0)
    assert _admitted(limiter, "-1", is_urgent=True).may_go


def _admitted(limiter: Limiter, address: str, *, is_urgent: bool = False) -> Ticket:
    """A request that goes at once."""
    ticket = limiter.ask(address, START, is_urgent=is_urgent)
    assert limiter.grant(START) == [ticket]
    return ticket


def test_blocked_destination_holds_up_nobody_else() -> None:
    """A flood wait of one chat is its own."""
    limiter = a_limiter()
    limiter.throttled(START, 5 * SECOND, "1")
    blocked = limiter.ask("1", START, is_urgent=False)
    other = limiter.ask("2", START, is_urgent=False)

    assert limiter.grant(START) == [other]
    assert limiter.next_moment(START) == START + 5 * SECOND
    assert limiter.grant(START + 5 * SECOND) == [blocked]


def test_block_is_shared_by_a_lane() -> None:
    """All topics of a group wait when the group must."""
    limiter = a_limiter(Limits(text=4096, slots=30, lane=lane_of))

    limiter.throttled(START, 5 * SECOND, "-3/7")

    assert limiter.delay("-3/9", START) == 5 * SECOND
    assert limiter.delay("-4", START) == timedelta(0)


def test_global_429_closes_one_gate_for_all() -> None:
    """Nobody sends until its end, which a shorter word does not bring nearer."""
    limiter = a_limiter()
    waiting = limiter.ask("1", START, is_urgent=True)
    limiter.throttled(START, 3 * SECOND, "")
    limiter.throttled(START, SECOND, "")

    assert limiter.grant(START + 2 * SECOND) == []
    assert limiter.next_moment(START) == START + 3 * SECOND
    assert limiter.grant(START + 3 * SECOND) == [waiting]


def granted(limiter: Limiter, now: datetime) -> int:
    """How many may go at once; only the urgent may all take theirs in the same moment."""
    tickets = [limiter.ask(f"{number}", now, is_urgent=True) for number in range(100)]
    may_go = limiter.grant(now)
    for ticket in tickets:
        limiter.leave(ticket)
    for ticket in may_go:
        limiter.put_back(ticket)
    return len(may_go)


def test_gate_reopens_with_half_the_slots_and_recovers() -> None:
    """One slot more for each ten seconds; several 429s of one burst halve once."""
    limiter = a_limiter()
    for _ in range(7):
        limiter.throttled(START, SECOND, "")
    reopened = START + SECOND

    assert granted(limiter, reopened) == 15
    assert granted(limiter, reopened + timedelta(seconds=35)) == 18
    assert granted(limiter, reopened + timedelta(minutes=10)) == 30


def test_second_429_halves_what_is_left() -> None:
    """A limit that is lower than we think is found step by step."""
    limiter = a_limiter()
    limiter.throttled(START, SECOND, "")
    limiter.throttled(START + SECOND, SECOND, "")

    assert granted(limiter, START + 2 * SECOND) == 7


def test_gate_halves_down_to_a_single_slot() -> None:
    """A small limit is halved too, and something always goes."""
    for slots in (1, 2, 3):
        limiter = a_limiter(Limits(text=4096, slots=slots))
        limiter.throttled(START, SECOND, "")

        assert granted(limiter, START + SECOND) == 1


def test_unanswered_request_holds_its_slot_longer() -> None:
    """The platform may count it late."""
    limiter = a_limiter(Limits(text=4096, slots=1))
    ticket = limiter.ask("1", START, is_urgent=False)
    limiter.grant(START)
    limiter.give_back(ticket, START, answered=False)

    assert granted(limiter, START + timedelta(seconds=4.9)) == 0
    assert granted(limiter, START + timedelta(seconds=5)) == 1


def test_many_refusals_slow_it_down_and_more_stop_it() -> None:
    """Far from the 10,000 in ten minutes at which Discord bans an address."""
    limiter = a_limiter()
    limiter.refused(START)
    for _ in range(498):
        limiter.refused(START + SECOND)
    assert granted(limiter, START + SECOND) == 30

    limiter.refused(START + SECOND)
    assert granted(limiter, START + SECOND) == 3

    for _ in range(1500):
        limiter.refused(START + MINUTE)
    assert granted(limiter, START + MINUTE) == 0
    assert limiter.delay("1", START + MINUTE) == 9 * MINUTE
    assert granted(limiter, START + 11 * MINUTE) == 30


def test_whoever_would_wait_too_long_is_sent_away() -> None:
    """What must wait longer waits in the outbox, where it survives a restart."""
    limiter = a_limiter()
    limiter.throttled(START, PATIENCE / 2, "1")
    patient = limiter.ask("1", START, is_urgent=False)
    assert limiter.late(START) == []

    limiter.throttled(START, timedelta(hours=12), "")

    assert limiter.late(START) == [patient]
    assert limiter.next_moment(START) is None


def test_delay_counts_those_who_go_before() -> None:
    """The 20th message to a group waits a minute, the 37th two."""
    limiter = a_limiter(Limits(text=4096, slots=30, lane=lane_of))

    delays = [limiter.delay("-1", START, behind=number) for number in (0, 1, 17, 18, 36)]

    assert delays[0] == timedelta(0)
    assert SECOND <= delays[1] < 2 * SECOND
    assert timedelta(seconds=17) <= delays[2] < timedelta(seconds=20)
    assert MINUTE <= delays[3] < MINUTE + 20 * SECOND
    assert 2 * MINUTE <= delays[4] < 2 * MINUTE + 40 * SECOND


def test_delay_lasts_until_a_held_slot_comes_back() -> None:
    """A second and its margin after the last answer, not a second from now."""
    limiter = a_limiter(Limits(text=4096, slots=30, lane=lane_of))
    limiter.give_back(_admitted(limiter, "1"), START, answered=True)

    assert limiter.delay("1", START + 0.6 * SECOND) == 0.41 * SECOND


@pytest.mark.parametrize("is_urgent", [True, False])
def test_delay_counts_those_who_wait_already(*, is_urgent: bool) -> None:
    """Each of them takes its second; whoever leaves takes it along."""
    limiter = a_limiter(Limits(text=4096, slots=30, lane=lane_of))
    waiting = [limiter.ask("1", START, is_urgent=is_urgent) for _ in range(4)]

    many = limiter.delay("1", START, is_urgent=is_urgent)
    for ticket in waiting[:2]:
        limiter.leave(ticket)
    few = limiter.delay("1", START, is_urgent=is_urgent)

    assert 4 * SECOND <= many < 5 * SECOND
    assert 2 * SECOND <= few < 3 * SECOND


def test_delay_of_the_urgent_counts_no_news() -> None:
    """A person's answer goes before all news that waits for the same chat."""
    limiter = a_limiter(Limits(text=4096, slots=30, lane=lane_of))
    for _ in range(4):
        limiter.ask("1", START, is_urgent=False)

    assert limiter.delay("1", START, is_urgent=True) == timedelta(0)


def test_question_how_long_makes_no_lane() -> None:
    """Of all whom news is owed most are only asked about; lanes are for those who are sent to."""
    limiter = a_limiter()

    limiter.delay("1", START)
    assert not limiter._lanes

    limiter.ask("1", START, is_urgent=False)
    assert list(limiter._lanes) == ["1"]


def test_last_free_slot_waits_for_a_lane_and_not_for_another_slot() -> None:
    """While one slot is free an answer to somebody else changes nothing for those who wait."""
    limiter = a_limiter(Limits(text=4096, slots=2))
    limiter.throttled(START, 5 * SECOND, "1")
    _admitted(limiter, "2")
    limiter.ask("1", START, is_urgent=False)

    assert limiter.next_moment(START) == START + 5 * SECOND


def test_wait_for_one_rate_of_a_lane_is_not_for_another() -> None:
    """The last message of a group's minute waits for its second, not for the minute's end."""
    limiter = a_limiter(Limits(text=4096, slots=30, lane=lane_of))
    at = START
    for _ in range(17):
        at += 2 * SECOND
        ticket = limiter.ask("-1", at, is_urgent=False)
        assert limiter.grant(at) == [ticket]
        limiter.give_back(ticket, at, answered=True)

    limiter.ask("-1", at, is_urgent=False)

    assert limiter.next_moment(at) == at + 1.01 * SECOND


@pytest.mark.parametrize("is_urgent", [True, False])
def test_end_of_a_block_is_minded_for_all_who_wait(*, is_urgent: bool) -> None:
    """A person's answer is not left to wait until somebody else wakes it."""
    limiter = a_limiter()
    limiter.throttled(START, 5 * SECOND, "1")
    limiter.ask("1", START, is_urgent=is_urgent)

    assert limiter.next_moment(START) == START + 5 * SECOND


def test_request_to_nobody_has_no_lane() -> None:
    """What an adapter asks for itself is no message to a chat, and not paced like one."""
    limiter = a_limiter(Limits(text=4096, slots=30, lane=lane_of))
    own = [limiter.ask("", START, is_urgent=False) for _ in range(3)]

    assert limiter.grant(START) == own


def test_slow_means_one_at_least_and_no_more() -> None:
    """A tenth of a small limit is less than one slot; something always goes."""
    limiter = a_limiter(Limits(text=4096, slots=5))
    for _ in range(500):
        limiter.refused(START)

    assert granted(limiter, START) == 1


def test_block_outlives_thousands_of_other_lanes() -> None:
    """What is forgotten to save memory is what rests, never what must stay away."""
    limiter = a_limiter(Limits(text=4096, slots=0, lane=lane_of))
    limiter.throttled(START, MINUTE, "blocked")

    for number in range(3000):
        limiter.put_back(_admitted(limiter, f"{number}"))

    assert limiter.delay("blocked", START) == MINUTE
    assert len(limiter._lanes) < 3000


def test_lane_that_is_blocked_or_awaited_does_not_rest() -> None:
    """Were it forgotten, a flood wait would be broken and those who wait be counted no more."""
    resting, blocked, awaited, asked = (LaneState(slots=()) for _ in range(4))
    blocked.block(START + SECOND)
    awaited.count(1, is_urgent=False)
    asked.count(1, is_urgent=True)

    assert [one.is_idle(START) for one in (resting, blocked, awaited, asked)] == [
        True,
        False,
        False,
        False,
    ]
    assert blocked.is_idle(START + SECOND)


def test_resting_lanes_are_forgotten() -> None:
    """A million chats do not fill the memory."""
    limiter = a_limiter(Limits(text=4096, slots=0, lane=lane_of))
    now = START

    for number in range(20_000):
        ticket = limiter.ask(f"{number}", now, is_urgent=False)
        assert limiter.grant(now) == [ticket]
        limiter.give_back(ticket, now, answered=True)
        now += timedelta(milliseconds=10)

    assert len(limiter._lanes) < 3000
    assert len(limiter._slots._returns) < 200


def test_absurd_wait_does_not_run_off_the_calendar() -> None:
    """A platform may say anything."""
    limiter = a_limiter()

    limiter.throttled(START, timedelta(days=999_999_999), "")

    assert limiter.delay("", START) == timedelta(days=7)


def test_few_requests_go_before_limits_are_declared() -> None:
    """An adapter that logs in has not said yet what its platform takes."""
    assert granted(Limiter(), START) == 5
