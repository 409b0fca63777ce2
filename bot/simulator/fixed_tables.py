"""Read the tables of a scenario that do not move through time: agencies, pictures, faults."""

from datetime import timedelta
from typing import cast, get_args

from bot.simulator.catalogue import AGENCY_TYPES, LICENSES
from bot.simulator.scenario import (
    Agency,
    Fault,
    FaultKind,
    Image,
    Program,
    Related,
    RelatedKind,
    RetryAfter,
    Throttle,
)
from bot.simulator.tables import Table

_STATUSES = {"status": range(500, 600), "cloudflare": (403, 429, 502)}


def read_type(table: Table) -> tuple[int, str]:
    """Return the id and name of an event type that LL2 has not got (yet)."""
    row = (table.number("id"), table.text("name"))
    table.done()
    return row


def read_agency(table: Table) -> Agency:
    """Return the agency of one `[[agency]]` table."""
    agency = Agency(
        id=table.number("id"),
        name=table.text("name"),
        abbrev=table.text("abbrev"),
        type=table.choice("type", AGENCY_TYPES) or "Government",
        featured=table.flag("featured"),
        founded=table.maybe_number("founded"),
        description=table.maybe_text("description"),
    )
    table.done()
    return agency


def read_program(table: Table, agencies: frozenset[str]) -> Program:
    """Return the programme of one `[[program]]` table; its agencies must be known."""
    program = Program(
        id=table.number("id"),
        name=table.text("name"),
        agencies=table.known_texts("agencies", agencies),
        description=table.maybe_text("description"),
    )
    table.done()
    return program


def read_image(table: Table) -> Image:
    """Return the picture of one `[[image]]` table."""
    image = Image(
        id=table.number("id"),
        name=table.text("name"),
        path=table.text("path"),
        credit=table.maybe_text("credit"),
        license=table.choice("license", LICENSES) or "Unknown",
    )
    table.done()
    return image


def read_related(table: Table, kind: RelatedKind, agencies: frozenset[str]) -> Related:
    """Return the launch, station, expedition or astronaut of one table."""
    agency = table.maybe_text("agency")
    if agency is not None and agency not in agencies:
        table.fail("agency", agency, "no [[agency]] has this abbrev; define it")
    related = Related(
        kind=kind,
        id=table.text("id") if kind == "launch" else table.number("id"),
        name=table.text("name"),
        agency=agency,
        station=table.text("station") if kind == "expedition" else None,
        date=table.offset("date"),
    )
    table.done()
    return related


def read_throttle(table: Table) -> Throttle:
    """Return the limits of the `[throttle]` table; what it leaves out is LL2's own."""
    default = Throttle()
    anonymous, token = table.maybe_number("anonymous_limit"), table.maybe_number("token_limit")
    form = table.choice("retry_after", get_args(RetryAfter)) or default.retry_after
    throttle = Throttle(
        anonymous_limit=default.anonymous_limit if anonymous is None else anonymous,
        token_limit=default.token_limit if token is None else token,
        tokens=table.texts("tokens"),
        window=table.maybe_span("window") or default.window,
        retry_after=cast("RetryAfter", form),
    )
    table.done()
    return throttle


def read_fault(table: Table) -> Fault:
    """Return the fault of one `[[fault]]` table, whose span must not be empty."""
    kind = cast("FaultKind", table.choice("kind", get_args(FaultKind)))
    if kind is None:
        table.fail("kind", kind, f"choose one of {', '.join(get_args(FaultKind))}")
    start, end = table.span("from"), table.span("to")
    if end <= start:
        table.fail("to", str(end), "a fault must end after it starts; make it later than from")
    fault = _fault(table, kind, start, end)
    if kind == "malformed" and fault.event is None:
        table.fail("event", None, "a malformed fault spoils one event; name its id")
    table.done()
    return fault


def _fault(table: Table, kind: FaultKind, start: timedelta, end: timedelta) -> Fault:
    keep, by = table.maybe_number("keep"), table.maybe_number("by")
    return Fault(
        kind=kind,
        start=start,
        end=end,
        path=table.maybe_text("path") or "/",
        times=table.maybe_number("times"),
        status=_status(table, kind),
        keep=3 if keep is None else keep,
        by=1 if by is None else by,
        event=table.maybe_number("event"),
        values=table.mapping("values"),
        drop=table.texts("drop"),
    )


def _status(table: Table, kind: FaultKind) -> int:
    allowed = _STATUSES.get(kind, range(0))
    status = table.maybe_number("status")
    if status is not None and status not in allowed:
        table.fail("status", status, "use 500-599 with status, and 403, 429 or 502 with cloudflare")
    if status is None:
        return 403 if kind == "cloudflare" else 503
    return status
