"""Say in plain sentences what the program will do with these settings. Never a secret."""

from urllib.parse import urlsplit

from bot.config.settings import Settings
from bot.domain.spans import spell_span


def describe(settings: Settings) -> list[str]:
    """What `perigee check` prints, one sentence each."""
    return [
        _asking(settings),
        _keeping(settings.store.url),
        _purging(settings),
        _sending(settings),
        _first_run(settings),
        _serving(settings.web.listen),
        f"Logs from level {settings.log.level} on, as {settings.log.format}.",
        f"Stops within {spell_span(settings.shutdown_grace)} of a signal to do so.",
    ]


def _asking(settings: Settings) -> str:
    ll2 = settings.ll2
    key = "with an API key" if ll2.api_key else "without an API key"
    return (
        f"Asks {ll2.base_url} every {spell_span(ll2.poll_interval)}, more often near an event, "
        f"with at most {ll2.hourly_budget} requests in any hour, {key}."
    )


def _keeping(url: str) -> str:
    if url.startswith("postgresql"):
        parts = urlsplit(url)
        return f"Keeps everything in PostgreSQL, database {parts.hostname or ''}{parts.path}."
    path = url.removeprefix("sqlite://").removeprefix("/")
    if path in {"", ":memory:"}:
        return "Keeps everything in memory, and forgets it when it stops."
    return f"Keeps everything in the SQLite file {path}."


def _purging(settings: Settings) -> str:
    store = settings.store
    return (
        f"Purges deliveries {spell_span(store.keep_deliveries)} after their end, and changes "
        f"after {spell_span(store.keep_changes)} unless their event is still watched."
    )


def _sending(settings: Settings) -> str:
    adapters = settings.adapters()
    if adapters:
        return f"Sends to: {', '.join(adapters)}."
    return (
        "Sends to nobody: set discord.token or telegram.token, console.enabled = true, "
        "or add a plug-in's table."
    )


def _first_run(settings: Settings) -> str:
    if settings.announce.first_run == "announce":
        return "On the very first poll, announces every event that it finds."
    return "On the very first poll, learns the events that it finds and announces none of them."


def _serving(listen: str) -> str:
    if listen:
        return f"Serves /healthz, /readyz and /metrics at {listen}."
    return "Serves no health checks and no metrics, as web.listen is empty."
