"""How destinations want to be addressed, how well they are reached, and what they silenced."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Apply."""
    _channels()
    _mutes()
    op.create_index("ix_changes_event_id", "changes", ["event_id"])
    op.create_index(
        "ix_deliveries_ended",
        "deliveries",
        ["destination_id", "done_at"],
        sqlite_where=sa.text("done_at IS NOT NULL"),
        postgresql_where=sa.text("done_at IS NOT NULL"),
    )


def _channels() -> None:
    op.create_table(
        "channels",
        sa.Column("destination_id", ID, nullable=False),
        sa.Column("spec", TEXT, nullable=False),
        sa.Column("reach", TEXT, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("missing", TEXT, nullable=False),
        sa.Column("is_told", sa.Boolean(), nullable=False),
        sa.Column("server", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("person", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["destination_id"], ["destinations.id"], name="fk_channels_destination_id"
        ),
        sa.PrimaryKeyConstraint("destination_id", name="pk_channels"),
    )
    op.create_index("ix_channels_server", "channels", ["server"])
    op.create_index(
        "ix_channels_paused",
        "channels",
        ["destination_id", "since"],
        sqlite_where=sa.text("reach = 'paused'"),
        postgresql_where=sa.text("reach = 'paused'"),
    )


def _mutes() -> None:
    op.create_table(
        "mutes",
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("destination_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["destination_id"], ["destinations.id"], name="fk_mutes_destination_id"
        ),
        sa.PrimaryKeyConstraint("event_id", "destination_id", name="pk_mutes"),
    )
    op.create_index("ix_mutes_destination_id", "mutes", ["destination_id"])
