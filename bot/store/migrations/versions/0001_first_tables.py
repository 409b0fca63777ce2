"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Apply."""
    _watching()
    _asking()
    _telling()


def _watching() -> None:
    op.create_table(
        "settings",
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_settings"),
    )
    op.create_table(
        "requests",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("purpose", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
    )
    op.create_index("ix_requests_at", "requests", ["at"])
    op.create_table(
        "events",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("watch", TEXT, nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
    )
    op.create_index("ix_events_watch", "events", ["watch"])
    op.create_table(
        "names",
        sa.Column("field", TEXT, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("abbrev", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("field", "id", name="pk_names"),
    )


def _asking() -> None:
    op.create_table(
        "destinations",
        sa.Column("id", ID, nullable=False),
        sa.Column("adapter", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_destinations"),
        sa.UniqueConstraint("adapter", "address", name="uq_destinations_adapter_address"),
    )
    op.create_table(
        "filters",
        sa.Column("id", ID, nullable=False),
        sa.Column("spec", TEXT, nullable=False),
        sa.Column("kinds", sa.Integer(), nullable=False),
        sa.Column("has_type", sa.Boolean(), nullable=False),
        sa.Column("has_agency", sa.Boolean(), nullable=False),
        sa.Column("has_program", sa.Boolean(), nullable=False),
        sa.Column("has_word", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_filters"),
        sa.UniqueConstraint("spec", name="uq_filters_spec"),
    )
    op.create_table(
        "filter_terms",
        sa.Column("filter_id", ID, nullable=False),
        sa.Column("field", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["filter_id"], ["filters.id"], name="fk_filter_terms_filter_id"),
        sa.PrimaryKeyConstraint("filter_id", "field", "value", name="pk_filter_terms"),
    )
    op.create_table(
        "subscriptions",
        sa.Column("id", ID, nullable=False),
        sa.Column("destination_id", ID, nullable=False),
        sa.Column("filter_id", ID, nullable=False),
        sa.Column("adapter", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["destination_id"], ["destinations.id"], name="fk_subscriptions_destination_id"
        ),
        sa.ForeignKeyConstraint(["filter_id"], ["filters.id"], name="fk_subscriptions_filter_id"),
        sa.PrimaryKeyConstraint("id", name="pk_subscriptions"),
        sa.UniqueConstraint(
            "destination_id", "filter_id", name="uq_subscriptions_destination_id_filter_id"
        ),
    )
    op.create_index(
        "ix_subscriptions_fanout", "subscriptions", ["filter_id", "destination_id", "adapter"]
    )


def _telling() -> None:
    op.create_table(
        "fanouts",
        sa.Column("id", ID, nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("kinds", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("reminder_date", sa.BigInteger(), nullable=True),
        sa.Column("reminder_lead", sa.BigInteger(), nullable=True),
        sa.Column("reminder_late", sa.Boolean(), nullable=True),
        sa.Column("stage", TEXT, nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("span", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_fanouts_event_id"),
        sa.PrimaryKeyConstraint("id", name="pk_fanouts"),
        sa.UniqueConstraint(
            "event_id",
            "reminder_date",
            "reminder_lead",
            name="uq_fanouts_event_id_reminder_date_reminder_lead",
        ),
    )
    op.create_index(
        "ix_fanouts_open",
        "fanouts",
        ["id"],
        sqlite_where=sa.text("stage <> 'done'"),
        postgresql_where=sa.text("stage <> 'done'"),
    )
    op.create_table(
        "changes",
        sa.Column("id", ID, nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("fanout_id", ID, nullable=True),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("noticed_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_changes_event_id"),
        sa.ForeignKeyConstraint(["fanout_id"], ["fanouts.id"], name="fk_changes_fanout_id"),
        sa.PrimaryKeyConstraint("id", name="pk_changes"),
    )
    op.create_index("ix_changes_fanout_id", "changes", ["fanout_id"])
    op.create_index("ix_changes_noticed_at", "changes", ["noticed_at"])
    op.create_table(
        "fanout_filters",
        sa.Column("fanout_id", ID, nullable=False),
        sa.Column("filter_id", ID, nullable=False),
        sa.Column("kinds", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["fanout_id"], ["fanouts.id"], name="fk_fanout_filters_fanout_id"),
        sa.ForeignKeyConstraint(["filter_id"], ["filters.id"], name="fk_fanout_filters_filter_id"),
        sa.PrimaryKeyConstraint("fanout_id", "filter_id", name="pk_fanout_filters"),
    )
    op.create_table(
        "messages",
        sa.Column("id", ID, nullable=False),
        sa.Column("form", TEXT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("form", name="uq_messages_form"),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("fanout_id", ID, nullable=False),
        sa.Column("destination_id", ID, nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("adapter", TEXT, nullable=False),
        sa.Column("kinds", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("folded_into", sa.BigInteger(), nullable=True),
        sa.Column("may_have_arrived", sa.Boolean(), nullable=True),
        sa.Column("message_id", ID, nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("remote_id", TEXT, nullable=True),
        sa.Column("error", TEXT, nullable=True),
        sa.ForeignKeyConstraint(
            ["destination_id"], ["destinations.id"], name="fk_deliveries_destination_id"
        ),
        sa.ForeignKeyConstraint(["fanout_id"], ["fanouts.id"], name="fk_deliveries_fanout_id"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_deliveries_message_id"),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
    )
    op.create_index(
        "ix_deliveries_claim",
        "deliveries",
        ["adapter", "priority", "id"],
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_deliveries_folded",
        "deliveries",
        ["folded_into"],
        sqlite_where=sa.text("folded_into IS NOT NULL"),
        postgresql_where=sa.text("folded_into IS NOT NULL"),
    )
    op.create_index(
        "ix_deliveries_lease",
        "deliveries",
        ["lease_until"],
        sqlite_where=sa.text("lease_until IS NOT NULL"),
        postgresql_where=sa.text("lease_until IS NOT NULL"),
    )
    op.create_index(
        "ix_deliveries_open_pair",
        "deliveries",
        ["destination_id", "event_id"],
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
