"""What a purge needs: the fan-out that a message goes with, and deliveries without references."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_REFERENCES = ("fanout_id", "destination_id", "message_id")
_OPEN, _ENDED = "done_at IS NULL", "done_at IS NOT NULL"
_INDEXES = {
    "claim": (["adapter", "priority", "not_before", "id"], "state = 'pending'"),
    "open_pair": (["destination_id", "event_id"], _OPEN),
    "lease": (["lease_until"], "lease_until IS NOT NULL"),
    "folded": (["folded_into"], "folded_into IS NOT NULL"),
    "ended": (["destination_id", "done_at"], _ENDED),
}


def upgrade() -> None:
    """Apply."""
    _free_deliveries()
    _bind_messages()
    op.create_index("ix_posts_event_id", "posts", ["event_id"])


def _free_deliveries() -> None:
    """SQLite makes the table anew; its indexes are made again when it is full, which is faster."""
    if op.get_bind().dialect.name == "postgresql":
        for column in _REFERENCES:
            op.drop_constraint(f"fk_deliveries_{column}", "deliveries", type_="foreignkey")
        return
    for name in _INDEXES:
        op.drop_index(f"ix_deliveries_{name}", "deliveries")
    with op.batch_alter_table("deliveries") as batch:
        for column in _REFERENCES:
            batch.drop_constraint(f"fk_deliveries_{column}", type_="foreignkey")
    for name, (columns, condition) in _INDEXES.items():
        where = sa.text(condition)
        op.create_index(f"ix_deliveries_{name}", "deliveries", columns, sqlite_where=where)


def _bind_messages() -> None:
    """A message's form begins with the fan-outs that it tells of, oldest first."""
    op.add_column("messages", sa.Column("fanout_id", ID, nullable=True))
    kept = sa.table("messages", sa.column("id"), sa.column("form"), sa.column("fanout_id"))
    forms = op.get_bind().execute(sa.select(kept.c.id, kept.c.form)).all()
    rows = [{"key": key, "newest": _newest(form)} for key, form in forms]
    bound = sa.update(kept).where(kept.c.id == sa.bindparam("key"))
    if rows:
        op.get_bind().execute(bound.values(fanout_id=sa.bindparam("newest")), rows)
    with op.batch_alter_table("messages") as batch:
        batch.alter_column("fanout_id", existing_type=ID, nullable=False)
        batch.create_foreign_key("fk_messages_fanout_id", "fanouts", ["fanout_id"], ["id"])
    op.create_index("ix_messages_fanout_id", "messages", ["fanout_id"])


def _newest(form: str) -> int:
    """Of a form such as `7:date+9:update,webcast 0123456789abcdef`, the nine."""
    return int(form.partition(" ")[0].rpartition("+")[2].partition(":")[0])
