"""How long news takes to its first and its last reader: the fan-out, then each token's own queue.

A fluid in story time: rows are made in chunks at one rate, and whoever sends them does so at
another, the urgent first. Knows counts and rates, no platform and no event; itself it waits for
nothing.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

_NEVER = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A fan-out.

    Attributes:
        at_s: when it was committed, in seconds of story time.
        rows: the deliveries that it becomes, for all tokens together.

    """

    at_s: float
    rows: float
    is_urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Seconds from a batch's commit until a token's first message of it leaves, and the last."""

    first_s: float
    last_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Deliveries that became due together.

    Attributes:
        at_s: when they were committed.
        batch: the place of theirs among all.

    """

    at_s: float
    batch: int
    rows: float


def expanded(
    batches: Sequence[Batch], *, per_s: float, chunk: float, urgent_first: bool = False
) -> Iterator[Chunk]:
    """Make deliveries of what is owed, a chunk a transaction.

    Args:
        batches: in the order of their commits.
        per_s: rows that are made in a second.
        chunk: rows of one transaction at most.
        urgent_first: whether urgent batches overtake; `store.fanout` takes the oldest.

    """
    now, coming = 0.0, deque(enumerate(batches))
    open_: list[_Open] = []
    while coming or open_:
        if not open_:
            now = max(now, coming[0][1].at_s)
        while coming and coming[0][1].at_s <= now:
            place, batch = coming.popleft()
            open_.append(_Open(place=place, left=batch.rows, is_urgent=batch.is_urgent))
        one = next((one for one in open_ if one.is_urgent and urgent_first), open_[0])
        rows = min(one.left, chunk)
        now += rows / per_s
        one.left -= rows
        if one.left <= 0:
            open_.remove(one)
        yield Chunk(at_s=now, batch=one.place, rows=rows)


@dataclass(slots=True, kw_only=True)
class _Open:
    """A batch of which `left` rows are not made yet."""

    place: int
    left: float
    is_urgent: bool


def drained(
    batches: Sequence[Batch], chunks: Iterable[Chunk], *, per_s: float, share: float
) -> tuple[Arrival, ...]:
    """Send a token's share of the chunks, the urgent first, each sort in its order."""
    queue = _Queue()
    for chunk in chunks:
        queue.go_on(chunk.at_s, per_s)
        queue.add(chunk.batch, chunk.rows * share, is_urgent=batches[chunk.batch].is_urgent)
    queue.go_on(_NEVER, per_s)
    return tuple(
        Arrival(first_s=queue.first_s[place] - batch.at_s, last_s=queue.last_s[place] - batch.at_s)
        for place, batch in enumerate(batches)
    )


@dataclass(slots=True)
class _Queue:
    """What one token has to send.

    Attributes:
        now_s: until when it has sent.
        first_s: when each batch's first message left; `last_s` the latest so far.

    """

    now_s: float = 0.0
    first_s: dict[int, float] = field(default_factory=dict)
    last_s: dict[int, float] = field(default_factory=dict)
    _urgent: deque[tuple[int, float]] = field(default_factory=deque)
    _others: deque[tuple[int, float]] = field(default_factory=deque)

    def add(self, batch: int, messages: float, *, is_urgent: bool) -> None:
        """Queue so many messages of a batch."""
        (self._urgent if is_urgent else self._others).append((batch, messages))

    def go_on(self, until_s: float, per_s: float) -> None:
        """Send until then, or until all is sent."""
        while queue := self._urgent or self._others:
            batch, messages = queue.popleft()
            self.first_s.setdefault(batch, self.now_s)
            ends_s = self.now_s + messages / per_s
            if ends_s > until_s:
                queue.appendleft((batch, (ends_s - until_s) * per_s))
                break
            self.now_s = self.last_s[batch] = ends_s
        self.now_s = until_s
