"""The lease of a role, by which one process at a time does a part of the work. Pure.

No two clocks are ever compared: a holder shows that it lives by counting beats, and whoever wants
the role takes it when the count has stood still for a whole term by its own clock. Should the
holder live after all, the epoch that has gone on is its fence.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.errors import ConfigError, LeaseLost

POLL, FANOUT, SEND, COMMANDS, WEB = "poll", "fanout", "send", "commands", "web"
"""What a process can do: watch LL2; open reminders and expand fan-outs; deliver; hear what people
say; serve watchers. Delivering and hearing are a role for each adapter."""

ROLES = (POLL, FANOUT, SEND, COMMANDS, WEB)

OWED, MOVED, DUE, GIVEN_BACK = "owed", "moved", "due", "given-back"
"""What processes tell each other: a fan-out was opened, an event may have moved, deliveries are
due, a role is free."""


def sending(adapter: str) -> str:
    """The role of whoever delivers through an adapter."""
    return f"{SEND}:{adapter}"


def hearing(adapter: str, shards: Iterable[int] = ()) -> str:
    """The role of whoever hears what people say there; a part of the shards is a role by itself."""
    part = ",".join(map(str, shards))
    return f"{COMMANDS}:{adapter}/{part}" if part else f"{COMMANDS}:{adapter}"


def roles_of(asked: Iterable[str], adapters: Mapping[str, str]) -> frozenset[str]:
    """Each role that these words name; `send` and `commands` alone mean those of all adapters.

    Args:
        asked: what `--roles` says.
        adapters: the role of hearing on each adapter, by its name.

    Raises:
        ConfigError: a word names nothing that there is.

    """
    chosen: set[str] = set()
    for word in asked:
        part, _, name = word.partition(":")
        fits = part in {SEND, COMMANDS} and name in adapters
        if part not in ROLES or (":" in word and not fits):
            there_are = ", ".join([*ROLES, *(f"{SEND}:{one}" for one in adapters)])
            raise ConfigError(f'there is no role "{word}"; there are, e.g.: {there_are}')
        if part in {SEND, COMMANDS}:
            names = [name] if name else [*adapters]
            chosen.update(sending(one) if part == SEND else adapters[one] for one in names)
        else:
            chosen.add(part)
    return frozenset(chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleLease:
    """Who does a part of the work.

    Attributes:
        role: which part: `poll`, `send:discord`.
        holder: the process; empty: nobody does.
        epoch: how often it has changed hands; counts up by one with each.
        beats: how often this holder has shown that it lives.

    """

    role: str
    holder: str
    epoch: int
    beats: int

    @property
    def is_free(self) -> bool:
        """Whether it was given back."""
        return not self.holder

    def must_be(self, current: "RoleLease | None") -> None:
        """Refuse to go on with a lease that somebody else has taken since.

        Args:
            current: as the store has it now.

        Raises:
            LeaseLost: it is not ours any more.

        """
        if current is None or (current.holder, current.epoch) != (self.holder, self.epoch):
            by = "nobody" if current is None or current.is_free else current.holder
            raise LeaseLost(f"the role {self.role} is not ours any more; it is held by {by}")
