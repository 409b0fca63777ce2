"""The tables, as the migrations leave them. Moments and texts have column types of our own."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from bot.store.columns import UtcTime, Words

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


# SQLite counts rows by itself only in a column of its own INTEGER type.
_Id = BigInteger().with_variant(Integer(), "sqlite")

settings = Table(
    "settings",
    metadata,
    Column("key", Words, primary_key=True),
    Column("value", Words, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("role", Words, primary_key=True),
    Column("holder", Words, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("beats", BigInteger, nullable=False),
)

turns = Table(
    "turns",
    metadata,
    Column("name", Words, primary_key=True),
    Column("at", UtcTime, nullable=False),
)

requests = Table(
    "requests",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("purpose", Words, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=False),
    Column("name", Words, nullable=False),
    Column("watch", Words, nullable=False, index=True),
    Column("misses", Integer, nullable=False),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

names = Table(
    "names",
    metadata,
    Column("field", Words, primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Words, nullable=False),
    Column("abbrev", Words, nullable=False),
)

fanouts = Table(
    "fanouts",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("event_id", ForeignKey("events.id"), nullable=False),
    Column("kinds", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("reminder_date", UtcTime),
    Column("reminder_lead", BigInteger),
    Column("reminder_late", Boolean),
    Column("stage", Words, nullable=False),
    Column("cursor", BigInteger, nullable=False),
    Column("span", BigInteger, nullable=False),
    UniqueConstraint("event_id", "reminder_date", "reminder_lead"),
    Index(
        "ix_fanouts_open",
        "id",
        sqlite_where=text("stage <> 'done'"),
        postgresql_where=text("stage <> 'done'"),
    ),
)

changes = Table(
    "changes",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("event_id", ForeignKey("events.id"), nullable=False, index=True),
    Column("fanout_id", ForeignKey("fanouts.id"), index=True),
    Column("kind", Words, nullable=False),
    Column("noticed_at", UtcTime, nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
)

destinations = Table(
    "destinations",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("adapter", Words, nullable=False),
    Column("address", Words, nullable=False),
    UniqueConstraint("adapter", "address"),
)

channels = Table(
    "channels",
    metadata,
    Column("destination_id", ForeignKey("destinations.id"), primary_key=True),
    Column("spec", Words, nullable=False),
    Column("reach", Words, nullable=False),
    Column("since", UtcTime),
    Column("reason", Words, nullable=False),
    Column("missing", Words, nullable=False),
    Column("is_told", Boolean, nullable=False),
    Column("server", Words, nullable=False, index=True),
    Column("name", Words, nullable=False),
    Column("person", Words, nullable=False),
    # Small even where there are many channels, so that a fan-out asks it for each destination.
    Index(
        "ix_channels_paused",
        "destination_id",
        "since",
        sqlite_where=text("reach = 'paused'"),
        postgresql_where=text("reach = 'paused'"),
    ),
)

mutes = Table(
    "mutes",
    metadata,
    Column("event_id", BigInteger, primary_key=True, autoincrement=False),
    Column("destination_id", ForeignKey("destinations.id"), primary_key=True, index=True),
)

posts = Table(
    "posts",
    metadata,
    Column("destination_id", ForeignKey("destinations.id"), primary_key=True),
    Column("event_id", BigInteger, primary_key=True, autoincrement=False, index=True),
    Column("post", Words, nullable=False),
)

filters = Table(
    "filters",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("spec", Words, nullable=False, unique=True),
    Column("kinds", Integer, nullable=False),
    Column("has_type", Boolean, nullable=False),
    Column("has_agency", Boolean, nullable=False),
    Column("has_program", Boolean, nullable=False),
    Column("has_word", Boolean, nullable=False),
)

filter_terms = Table(
    "filter_terms",
    metadata,
    Column("filter_id", ForeignKey("filters.id"), primary_key=True),
    Column("field", Words, primary_key=True),
    Column("value", Words, primary_key=True),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("destination_id", ForeignKey("destinations.id"), nullable=False),
    Column("filter_id", ForeignKey("filters.id"), nullable=False),
    # The destination's own; here too, so that a fan-out reads one index and nothing else.
    Column("adapter", Words, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("destination_id", "filter_id"),
    Index("ix_subscriptions_fanout", "filter_id", "destination_id", "adapter"),
)

fanout_filters = Table(
    "fanout_filters",
    metadata,
    Column("fanout_id", ForeignKey("fanouts.id"), primary_key=True),
    Column("filter_id", ForeignKey("filters.id"), primary_key=True),
    Column("kinds", Integer, nullable=False),
)

messages = Table(
    "messages",
    metadata,
    Column("id", _Id, primary_key=True),
    # The newest of those that it tells of; with it, it is purged.
    Column("fanout_id", ForeignKey("fanouts.id"), nullable=False, index=True),
    Column("form", Words, nullable=False, unique=True),
    Column("body", LargeBinary, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    # Fan-out and destination in one number (`delivery_id`): unique per pair by construction,
    # appended in order, and no second index to keep.
    Column("id", _Id, primary_key=True, autoincrement=False),
    # No foreign keys: what makes a row takes them from their tables, a million at once, and what
    # purges a fan-out, a destination or a message would search all deliveries for each.
    Column("fanout_id", _Id, nullable=False),
    Column("destination_id", _Id, nullable=False),
    Column("event_id", BigInteger, nullable=False),
    Column("adapter", Words, nullable=False),
    Column("kinds", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("state", Words, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", UtcTime, nullable=False),
    Column("lease_until", UtcTime),
    Column("folded_into", BigInteger),
    Column("tried_at", UtcTime),
    Column("in_doubt_since", UtcTime),
    Column("message_id", _Id),
    Column("sent_at", UtcTime),
    Column("done_at", UtcTime),
    Column("remote_id", Words),
    Column("error", Words),
    Index(
        "ix_deliveries_claim",
        "adapter",
        "priority",
        "not_before",
        "id",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    Index(
        "ix_deliveries_open_pair",
        "destination_id",
        "event_id",
        sqlite_where=text("done_at IS NULL"),
        postgresql_where=text("done_at IS NULL"),
    ),
    Index(
        "ix_deliveries_lease",
        "lease_until",
        sqlite_where=text("lease_until IS NOT NULL"),
        postgresql_where=text("lease_until IS NOT NULL"),
    ),
    Index(
        "ix_deliveries_folded",
        "folded_into",
        sqlite_where=text("folded_into IS NOT NULL"),
        postgresql_where=text("folded_into IS NOT NULL"),
    ),
    Index(
        "ix_deliveries_ended",
        "destination_id",
        "done_at",
        sqlite_where=text("done_at IS NOT NULL"),
        postgresql_where=text("done_at IS NOT NULL"),
    ),
)

DESTINATION_BITS = 32
"""Width of the destination's share of a delivery's id; with 2**21 fan-outs it stays below 2**53,
which JSON readers everywhere hold exactly."""
