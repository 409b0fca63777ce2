"""Every port: what the services ask of LL2, the store, the clock, the adapters and watchers.

Implementations do not inherit from these; mypy checks them where `app.py` puts them together. The
docstrings are the contract, and the contract tests quote them.
"""

from bot.ports.chat import Adapter, AdapterFactory, Pace, Surroundings
from bot.ports.purge import Purge
from bot.ports.store import (
    Destinations,
    Memory,
    Names,
    Outbox,
    Snapshots,
    Store,
    Subscriptions,
    UnitOfWork,
)
from bot.ports.vitals import UNMETERED, UNWATCHED, Meter, Pulse, Vitals
from bot.ports.world import Clock, EventSource, RequestLog

__all__ = [
    "UNMETERED",
    "UNWATCHED",
    "Adapter",
    "AdapterFactory",
    "Clock",
    "Destinations",
    "EventSource",
    "Memory",
    "Meter",
    "Names",
    "Outbox",
    "Pace",
    "Pulse",
    "Purge",
    "RequestLog",
    "Snapshots",
    "Store",
    "Subscriptions",
    "Surroundings",
    "UnitOfWork",
    "Vitals",
]
