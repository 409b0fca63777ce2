"""Since when a delivery is in doubt, what was opened for an event, and a look past what waits."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Apply."""
    _posts()
    op.add_column("deliveries", sa.Column("tried_at", sa.BigInteger(), nullable=True))
    op.add_column("deliveries", sa.Column("in_doubt_since", sa.BigInteger(), nullable=True))
    _keep_doubts()
    op.drop_column("deliveries", "may_have_arrived")
    _order_by_time()


def _keep_doubts() -> None:
    """When an attempt began was not kept; that it was owed before is all that is known."""
    op.execute("""
        UPDATE deliveries SET in_doubt_since =
            (SELECT created_at FROM fanouts WHERE fanouts.id = deliveries.fanout_id)
        WHERE done_at IS NULL AND may_have_arrived
    """)
    op.execute("""
        UPDATE deliveries SET tried_at =
            (SELECT created_at FROM fanouts WHERE fanouts.id = deliveries.fanout_id)
        WHERE done_at IS NULL AND state = 'sending'
    """)


def _order_by_time() -> None:
    """Whoever looks for what is due need not read what waits for a retry."""
    op.drop_index("ix_deliveries_claim", "deliveries")
    op.create_index(
        "ix_deliveries_claim",
        "deliveries",
        ["adapter", "priority", "not_before", "id"],
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )


def _posts() -> None:
    op.create_table(
        "posts",
        sa.Column("destination_id", ID, nullable=False),
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("post", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["destination_id"], ["destinations.id"], name="fk_posts_destination_id"
        ),
        sa.PrimaryKeyConstraint("destination_id", "event_id", name="pk_posts"),
    )
