"""What the command line shows: `tables` for people, `documents` for machines. Pure."""

from bot.views.documents import (
    change_document,
    delivery_document,
    document,
    event_document,
    subscription_document,
)
from bot.views.tables import (
    changes_table,
    counted,
    deliveries_line,
    events_table,
    once_line,
    subscription_line,
    subscriptions_table,
    tally_table,
)

__all__ = [
    "change_document",
    "changes_table",
    "counted",
    "deliveries_line",
    "delivery_document",
    "document",
    "event_document",
    "events_table",
    "once_line",
    "subscription_document",
    "subscription_line",
    "subscriptions_table",
    "tally_table",
]
