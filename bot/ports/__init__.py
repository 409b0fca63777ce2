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
    Subscriptions,
)
from bot.ports.transactions import Leases, SharedStore, Store, UnitOfWork
from bot.ports.turnstiles import Turnstile, Turnstiles
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
    "Leases",
    "Memory",
    "Meter",
    "Names",
    "Outbox",
    "Pace",
    "Pulse",
    "Purge",
    "RequestLog",
    "SharedStore",
    "Snapshots",
    "Store",
    "Subscriptions",
    "Surroundings",
    "Turnstile",
    "Turnstiles",
    "UnitOfWork",
    "Vitals",
]
