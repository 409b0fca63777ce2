"""Account for every (change, destination): told once, told again, unknown, or lost. Pure.

One side is what the program says of itself (`perigee changes` and `perigee deliveries`, both
`--json`), the other what the chats got. Every save of the story carries a note with a number, by
which a message is known again wherever it is folded into another.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

Document = Mapping[str, Any]

_NOTE = re.compile(r"Note (\d{4})\.")
_OPEN = {"pending", "held", "leased", "sending"}


def notes_in(text: str) -> tuple[int, ...]:
    """The numbers of the notes in a text, in its order."""
    return tuple(int(one) for one in _NOTE.findall(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A message in a chat, by the chat's own id of it."""

    destination: str
    remote_id: str
    text: str

    @property
    def notes(self) -> tuple[int, ...]:
        """What it tells."""
        return notes_in(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """An attempt to send that was under way, by its mark, when the program was killed."""

    delivery_id: int
    attempt: int
    destination: str
    is_urgent: bool

    @property
    def is_on_telegram(self) -> bool:
        """Whether a repeat would be read twice."""
        return self.destination.startswith("telegram:")


@dataclass(slots=True, kw_only=True)
class Account:
    """What became of all that was owed.

    Attributes:
        owed: how many (change, destination) there were.
        lost: those that nobody got and that nobody says he does not know of.
        unknown: those on Telegram that nobody got, each recorded as `unknown` and in flight at a
            kill: the request never left, and only Telegram could tell.
        open: those that wait for the repeat of an urgent message that was in flight at a kill.
        repeated: the messages that told again what was told, by platform.
        unexcused: those of them that the rules do not allow.
        disordered: messages that told of an event what is older than what was told before.
        strange: messages of which the program has no record.
        doubts: deliveries of changes recorded as `unknown`; of them `doubts_that_arrived` did so.

    """

    owed: int = 0
    lost: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    repeated: Counter[str] = field(default_factory=Counter)
    unexcused: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    doubts: int = 0
    doubts_that_arrived: int = 0

    def __str__(self) -> str:
        repeated = ", ".join(f"{count} on {name}" for name, count in self.repeated.items())
        return (
            f"{self.owed} (change, destination) owed: {len(self.lost)} lost, "
            f"{len(self.unknown)} unknown, {len(self.open)} still open; "
            f"messages: {repeated or 'none'} repeated, {len(self.disordered)} out of order, "
            f"{self.doubts} recorded as unknown, of which {self.doubts_that_arrived} arrived"
        )


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Both sides, and what is owed.

    Attributes:
        changes: `perigee changes --json`.
        deliveries: `perigee deliveries --json`.
        owed: (change id, destination) of all that somebody subscribed to.
        arrived: all messages, in the order in which they came.
        flights: what was in flight at all kills.

    """

    changes: list[Document]
    deliveries: list[Document]
    owed: frozenset[tuple[int, str]]
    arrived: list[Arrived]
    flights: frozenset[Flight]

    def account(self) -> Account:
        """Go through all of it."""
        account = Account(owed=len(self.owed))
        self._find_each(account)
        self._find_reminders(account)
        self._find_repeats(account)
        self._find_strangers(account)
        self._find_disorder(account)
        return account

    def _find_each(self, account: Account) -> None:
        carriers = defaultdict[tuple[int, str], list[Document]](list)
        for one in self.deliveries:
            for change_id in one["change_ids"]:
                carriers[change_id, one["destination"]].append(one)
        for owed in sorted(self.owed):
            self._find(owed, carriers[owed], account)

    @cached_property
    def _there(self) -> set[tuple[str, str]]:
        return {(one.destination, one.remote_id) for one in self.arrived}

    def _is_there(self, delivery: Document) -> bool:
        place = (delivery["destination"], delivery["remote_id"])
        return delivery["state"] == "sent" and place in self._there

    def _find(self, owed: tuple[int, str], carriers: list[Document], account: Account) -> None:
        states = [(one["id"], one["state"]) for one in carriers]
        name = f"change {owed[0]} to {owed[1]}: {states}"
        in_doubt = [one for one in carriers if self._was_in_flight(one)]
        if any(self._is_there(one) or self._came(one) for one in carriers):
            return
        if any(one["state"] == "unknown" for one in in_doubt):
            account.unknown.append(name)
        elif any(one["state"] in _OPEN for one in in_doubt):
            account.open.append(name)
        else:
            account.lost.append(name)

    def _find_reminders(self, account: Account) -> None:
        """Each was told, folded into a later one that was, or is in doubt."""
        reminders = [one for one in self.deliveries if one["kind"] == "reminder"]
        ends = {one["destination"]: one for one in reminders if one["state"] != "superseded"}
        account.owed += len(reminders)
        for one in reminders:
            carrier = ends.get(one["destination"], one)
            end = one if one["state"] != "superseded" else carrier
            in_doubt = end["state"] in {*_OPEN, "unknown"} and self._was_in_flight(end)
            if not (self._is_there(end) or in_doubt):
                account.lost.append(f"reminder {one['id']} to {one['destination']}: {end}")

    def _was_in_flight(self, delivery: Document) -> bool:
        return delivery["id"] in self._flown

    @cached_property
    def _flown(self) -> set[int]:
        return {one.delivery_id for one in self.flights if one.is_on_telegram}

    def _notes_of(self, delivery: Document) -> set[int]:
        return {note for key in delivery["change_ids"] for note in self._notes_by_change[key]}

    @cached_property
    def _notes_by_change(self) -> Mapping[int, list[int]]:
        return {one["id"]: _notes_of_change(one) for one in self.changes}

    @cached_property
    def _read(self) -> Mapping[str, set[int]]:
        """Every note that a place was told."""
        read = defaultdict[str, set[int]](set)
        for one in self.arrived:
            read[one.destination].update(one.notes)
        return read

    def _came(self, delivery: Document) -> bool:
        """Whether the newest of what a delivery tells was read where it belongs."""
        notes = self._notes_of(delivery)
        return bool(notes) and max(notes) in self._read[delivery["destination"]]

    def _find_repeats(self, account: Account) -> None:
        allowed = self._allowed_repeats()
        read = defaultdict[str, set[int]](set)
        for one in self.arrived:
            again = read[one.destination].intersection(one.notes)
            read[one.destination].update(one.notes)
            if again:
                account.repeated[one.destination.partition(":")[0]] += 1
                if not again <= allowed[one.destination]:
                    account.unexcused.append(f"notes {sorted(again)} to {one.destination}")

    def _allowed_repeats(self) -> Mapping[str, set[int]]:
        """What may be read twice, by destination: it was urgent, and in flight at a kill."""
        by_id = {one["id"]: one for one in self.deliveries}
        allowed = defaultdict[str, set[int]](set)
        for flight in self.flights:
            if flight.is_on_telegram and flight.is_urgent:
                notes = self._notes_of(by_id[flight.delivery_id])
                allowed[flight.destination].update(notes)
        return allowed

    def _find_strangers(self, account: Account) -> None:
        """Each message is what a delivery was recorded as sent with, or was in flight at a kill."""
        recorded = {
            (one["destination"], one["remote_id"])
            for one in self.deliveries
            if one["state"] == "sent"
        }
        left = Counter(one.destination for one in self.flights if one.is_on_telegram)
        for one in self.arrived:
            if (one.destination, one.remote_id) in recorded:
                continue
            if not left[one.destination]:
                account.strange.append(f"{one.remote_id} to {one.destination}: {one.text[:60]}")
            left[one.destination] -= 1
        doubts = [one for one in self.deliveries if one["state"] == "unknown"]
        account.doubts = sum(bool(one["change_ids"]) for one in doubts)
        account.doubts_that_arrived = sum(map(self._came, doubts))
        account.strange += [
            f"delivery {one['id']} is unknown and was in flight at no kill"
            for one in doubts
            if not self._was_in_flight(one)
        ]

    def _find_disorder(self, account: Account) -> None:
        events = {note: one["event_id"] for one in self.changes for note in _notes_of_change(one)}
        read = defaultdict[tuple[str, int], set[int]](set)
        for one in self.arrived:
            for note in one.notes:
                told = read[one.destination, events[note]]
                if note not in told and any(older > note for older in told):
                    account.disordered.append(f"note {note} to {one.destination}")
                told.add(note)


def _notes_of_change(change: Document) -> list[int]:
    updates = change["after"] if change["kind"] == "update" else ()
    return [note for one in updates for note in notes_in(one["comment"])]


def unnoticed(changes: Iterable[Document], notes: int) -> list[str]:
    """What the program missed of a story with so many notes, or noticed twice."""
    changes = [*changes]
    seen = Counter(note for one in changes for note in _notes_of_change(one))
    faults = [f"note {note}: {seen[note]} times" for note in range(1, notes + 1) if seen[note] != 1]
    dates = defaultdict[int, list[Document]](list)
    for one in changes:
        if one["kind"] == "date":
            dates[one["event_id"]].append(one)
    for event, moves in dates.items():
        gaps = [a for a, b in pairwise(moves) if a["after"] != b["before"]]
        faults += [f"event {event}: a move is missing after {one['after']}" for one in gaps]
    return faults
