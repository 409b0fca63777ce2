"""The tables of docs/scaling.md that look beyond one token: many tokens, places, paid messages."""

from collections.abc import Iterator, Sequence

from benchmarks import capacity, one_token
from benchmarks.capacity import LATENCY_S, PAID_PER_S, PER_S, PLAIN, SCALES, Deployment
from benchmarks.scaling import LISTED, a_month, in_words
from bot.adapters.discord.publishing import HOURLY
from bot.adapters.telegram.client import FREE

_TYPES = 30
"""Event types that LL2 knows (`/config/event_types/`); a channel for each."""


def table(headings: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    """Rows under their headings, in Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def many_tokens() -> str:
    """The largest number of destinations, with more and more tokens of Discord."""
    most = SCALES[-1]
    headings = (
        "Discord tokens",
        "together",
        f"last reader of {most:,}",
        "servers of each",
        "addresses",
    )
    rows = (
        (
            f"{one.tokens['discord']:,}",
            f"{one.tokens['discord'] * PER_S['discord']:,.0f}/s",
            in_words(max(one.sending_s("discord"), one.making_s)),
            f"{one.servers:,.0f}",
            f"{one.senders('discord'):,}",
        )
        for one in (
            Deployment(
                destinations=most,
                engine=capacity.POSTGRESQL,
                tokens={"discord": count, "telegram": count},
            )
            for count in (1, 10, 93, 333, 1_000)
        )
    )
    return table(headings, rows)


def multipliers() -> str:
    """What it takes to reach a million readers, and what one place takes."""
    reached = 1_000_000
    followed, each = 100, 10_000
    places = [f"-{_CHANNEL}"] * LISTED
    one_channel = one_token.seconds(FREE, places, latency_s=LATENCY_S)
    ways = (
        ("channels of Discord, a message each", reached, "discord", f"{reached:,} channels"),
        (
            f"{followed} announcement channels, each followed by {each:,} servers",
            2 * followed,
            "discord",
            f"{followed * each:,} channels",
        ),
        (
            f"one announcement channel for each of {_TYPES} event types",
            2 * _TYPES,
            "discord",
            "whoever follows",
        ),
        ("chats of Telegram, a message each", reached, "telegram", f"{reached:,} chats"),
        (
            f"one Telegram channel for each of {_TYPES} event types",
            _TYPES,
            "telegram",
            "any number of members",
        ),
    )
    rows = [
        (what, f"{requests:,}", in_words(requests / PER_S[platform]), whom)
        for what, requests, platform, whom in ways
    ]
    rows.append(
        (
            f"{LISTED} pieces of news at once into one Telegram channel",
            f"{LISTED}",
            in_words(one_channel),
            "any number of members",
        )
    )
    rows.append(
        (
            f"{LISTED} pieces of news at once into one announcement channel",
            f"{LISTED + HOURLY}",
            f"{HOURLY} are published, {LISTED - HOURLY} stay in the channel",
            "whoever follows",
        )
    )
    return table(("way", "requests", "last message after", "reaches"), iter(rows))


_CHANNEL = 1_001_234_567_890


def paid() -> str:
    """What Telegram's paid broadcasts bring and cost."""
    headings = (
        "destinations",
        "messages on Telegram",
        "last reader, one paid token",
        "paid tokens to be in time",
        "Stars for a piece of news",
        "Stars a month",
    )
    rows = (
        (
            f"{one.destinations:,}",
            f"{one.messages('telegram'):,.0f}",
            in_words(one.messages("telegram") / PAID_PER_S),
            f"{capacity.in_time(one.destinations, 'telegram', PAID_PER_S)}",
            f"{one.messages('telegram') * capacity.STARS:,.0f}",
            f"{one.messages('telegram') * capacity.STARS * a_month():,.0f}",
        )
        for one in PLAIN
    )
    return table(headings, rows)
