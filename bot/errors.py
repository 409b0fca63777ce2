"""Every error that Perigee raises on purpose, in one tree; the name tells whose fault it is.

BotError
├── ConfigError           the owner's: a setting or an argument
├── StoreError            the store cannot be used
│   ├── StoreTooNew       written by a later version of Perigee
│   ├── StoreBusy         another `perigee run` holds it
│   └── LeaseLost         another process does this part of the work now
├── LL2Unavailable        theirs: no usable answer from LL2
│   ├── LL2Throttled      LL2 said 429; carries how long to wait
│   ├── SnapshotTorn      pages that do not fit together
│   └── BudgetSpent       our own hourly budget has no request left
├── ChatUnavailable       theirs: a chat platform cannot be reached, or shuts the bot out
├── HeldBack              a platform's limit lets no request out for too long
├── OutageError           what `run --once` says when its one poll failed
└── InvariantBroken       ours: a bug
"""

from datetime import timedelta


class BotError(Exception):
    """Something that Perigee can name; its text is one sentence for a person."""


class ConfigError(BotError):
    """A setting or an argument is wrong; the text names it and says what to do."""


class StoreError(BotError):
    """The store cannot be opened, read or written."""


class StoreTooNew(StoreError):
    """The store was written by a later version of Perigee than this one."""


class StoreBusy(StoreError):
    """Another `perigee run` is using this store."""


class LeaseLost(StoreError):
    """Another process has taken over a role; nothing of ours was written."""


class LL2Unavailable(BotError):
    """LL2 gave no usable answer: network trouble, an error status, or not JSON."""


class LL2Throttled(LL2Unavailable):
    """LL2 answered 429.

    Attributes:
        wait: how long LL2 asks us to stay away.

    """

    def __init__(self, message: str, *, wait: timedelta) -> None:
        super().__init__(message)
        self.wait = wait


class SnapshotTorn(LL2Unavailable):
    """The pages of one snapshot contradict each other; nothing may be concluded from them."""


class BudgetSpent(LL2Unavailable):
    """The request budget has nothing left for this purpose.

    Attributes:
        wait: how long until a request fits again.

    """

    def __init__(self, message: str, *, wait: timedelta) -> None:
        super().__init__(message)
        self.wait = wait


class ChatUnavailable(BotError):
    """A chat platform cannot be reached, or shuts the bot out for reasons that time may mend."""


class HeldBack(BotError):
    """A platform's limits let this request out only later; nothing was sent.

    Attributes:
        wait: how long until it may be tried again.

    """

    def __init__(self, message: str, *, wait: timedelta) -> None:
        super().__init__(message)
        self.wait = wait


class OutageError(BotError):
    """An outage ended a program that was to do its work once."""


class InvariantBroken(BotError):
    """Something that our own code promises did not hold; a bug to report."""
