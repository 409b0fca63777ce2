"""The parts that answers are made of, and words that several of them need. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from bot.domain.asking import NO_REMINDERS
from bot.domain.channels import Health, Reach
from bot.domain.deliveries import State
from bot.domain.fanouts import Record
from bot.domain.messages import Message, Piece, Section, SectionKind, Stamp
from bot.rendering.buttons import Row
from bot.rendering.facts import short

_REASON = 300


def said(headline: str, *body: Piece, title: str = "", buttons: Sequence[Row] = ()) -> Message:
    """A short answer: what it comes to, and a sentence or two about it."""
    sections = (paragraph(*body),) if any(body) else ()
    return Message(
        kind=None, headline=headline, title=title, sections=sections, buttons=tuple(buttons)
    )


def paragraph(*body: Piece, heading: str = "") -> Section:
    """A paragraph under an optional heading."""
    return Section(heading=heading, body=body, kind=SectionKind.TEXT)


def sentence(text: str) -> str:
    """A text as a sentence: it begins with a capital and ends with a mark."""
    line = short(text, _REASON)
    whole = line[:1].upper() + line[1:]
    return whole if whole.endswith((".", "!", "?", "…")) else f"{whole}."


def one_of(names: Iterable[str]) -> str:
    """Names of which any will do: "EVA, Docking or Flyby"."""
    every = [short(name, 80) for name in names]
    return " or ".join([", ".join(every[:-1]), every[-1]] if every[1:] else every)


def wish(words: Mapping[str, Sequence[str]]) -> str:
    """A filter as people say it: "EVA or Docking, with NASA; reminders: 24h".

    Args:
        words: as `asking.spell_filter` gives them.

    """
    quoted = (f'"{one}"' for one in words.get("search", ()))
    parts = (
        one_of(words.get("type", ("All events",))),
        *(f"with {one_of(names)}" for names in [words.get("agency")] if names),
        *(f"program {one_of(names)}" for names in [words.get("program")] if names),
        *(f"about {one_of(quoted)}" for _ in [words.get("search")] if _),
    )
    extra = (*_news(words), *_reminders(words))
    return "; ".join((", ".join(parts), *extra))


def _news(words: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    kinds = words.get("changes")
    return (f"news: {', '.join(kinds)}",) if kinds else ()


def _reminders(words: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Who leaves reminders out of the kinds of news gets none, whatever the lead times."""
    kinds, leads = words.get("changes"), words.get("remind")
    if leads == [NO_REMINDERS] or (kinds and "reminder" not in kinds):
        return ("no reminders",)
    return (f"reminders: {', '.join(leads)}",) if leads else ()


def trouble(health: Health) -> tuple[Piece, ...]:
    """Why messages do not arrive, and what to do; empty when they do."""
    if health.reach is Reach.ACTIVE:
        return ()
    reason = sentence(health.reason or "the platform refused the last message")
    mend = f" Missing permission: {short(health.missing, 80)}." if health.missing else ""
    if health.reach is Reach.SUSPECT:
        return (f"messages may not arrive: {reason}{mend}",)
    since = () if health.since is None else (" since ", Stamp(at=health.since))
    return ("paused", *since, f": {reason}{mend} It resumes by itself once messages get through.")


def last_delivery(record: Record | None) -> tuple[Piece, ...]:
    """What became of the last message that was owed here."""
    if record is None:
        return ("none lately",)  # older ones are purged
    at = Stamp(at=record.sent_at or record.created_at, relative=True)
    if record.state is State.SENT:
        return ("arrived ", at)
    if record.state is State.UNKNOWN:
        return ("perhaps arrived ", at)
    reason = sentence(record.error or "the platform gave no reason")
    return ("given up, from ", at, f": {reason}")
