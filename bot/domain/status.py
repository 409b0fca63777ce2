"""How the service stands at a moment, for whoever asks in a chat. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How fresh the data is, and what may be asked of LL2.

    Attributes:
        read_at: when LL2 last gave a complete answer; None: not yet.
        requests: how many requests count against the budget now.
        budget: how many are allowed in an hour.
        blocked_until: LL2 told us to stay away until then; None: it did not.
        problem: why the last answer could not be used; empty: it could.
        troubles: why an adapter is out of order, by its name; those in order are left out.

    """

    read_at: datetime | None = None
    requests: int = 0
    budget: int = 0
    blocked_until: datetime | None = None
    problem: str = ""
    troubles: Mapping[str, str] = field(default_factory=dict)
