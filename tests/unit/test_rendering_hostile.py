"""Words and addresses of LL2 that want to be more: what Telegram and Discord make of our text."""

import json
import re
from dataclasses import replace

import pytest
from standins.telegram.markup import found_by_itself, parse

from bot.domain.changes import Change, EventAnnounced, EventWithdrawn, UpdatePosted, VideoAdded
from bot.domain.events import Agency, Event, EventId, Image, InfoUrl, UpdateId, VidUrl
from bot.domain.messages import Limits
from bot.rendering.answers import events as answers
from bot.rendering.compose import compose
from bot.rendering.discord_embed import render_embed
from bot.rendering.telegram_html import render_telegram
from bot.testing import an_event, an_update

TELEGRAM, DISCORD = Limits(text=4096), Limits(text=6000)

WORDS = (
    "@everyone @here @durov <@&1> <@1> <#1> </mute:1> <id:home> <t:1:R> <:x:1> "
    "/unsubscribe /start@evil_bot (/mute) tg://resolve?domain=evil TON://transfer "
    "discord://-/channels/1 steam://run/1 javascript:alert(1) data:text/html,x file:///etc/passwd "
    "[NASA](https://evil.example) ![x](http://evil.example) <a href='tg://x'>x</a> </b></i> "
    "||spoiler|| **b** __u__ ~~s~~ `c` # h \n# h\n-# s\n> q\n- l\n1. n\nhttps://nasa.gov\u202e"
)
ADDRESSES = (
    *("javascript:alert(1)", "tg://resolve?domain=evil", "discord://x", "steam://run/1"),
    *("data:text/html,x", "file:///etc/passwd", "ftp://host/x", "//host/x", "https:host"),
    *("https://nasa.gov@evil.example/", "https://u:p@evil.example/", "https://host/\x00"),
    *("https://host/\r\nX: y", " java\nscript:x", "HtTpS://[::1", "https://\u202egpj.example"),
    *('https://host/"><a href="tg://x">', "https://host/>](tg://x)", "https://host/?<b>&amp;"),
)

HOSTILE = an_event(
    id=EventId(1),
    name=WORDS,
    description=WORDS,
    location=WORDS,
    agencies=(Agency(id=1, name=WORDS, abbrev=WORDS), Agency(id=2, name="/mute", abbrev="/x")),
    updates=(an_update(id=UpdateId(9), comment=WORDS, created_by=WORDS, info_url=ADDRESSES[0]),),
    vid_urls=tuple(
        VidUrl(url=one, priority=n, title=WORDS, publisher=WORDS, language=WORDS)
        for n, one in enumerate(ADDRESSES)
    ),
    info_urls=tuple(InfoUrl(url=one, title=WORDS, source=WORDS) for one in ADDRESSES),
    image=Image(id=1, url=ADDRESSES[0], thumbnail_url=ADDRESSES[1], credit=WORDS, license=WORDS),
)


def _news(event: Event) -> tuple[Change, ...]:
    updates = tuple(
        replace(event.updates[0], id=UpdateId(n), info_url=one) for n, one in enumerate(ADDRESSES)
    )
    return (
        EventAnnounced(event_id=event.id),
        UpdatePosted(event_id=event.id, updates=updates),
        VideoAdded(event_id=event.id, videos=event.vid_urls),
        EventWithdrawn(event_id=event.id, last_date=event.stated),
    )


NEWS = {type(one).__name__: compose((one,), HOSTILE) for one in _news(HOSTILE)}
EVERY = NEWS | {"answer": answers.in_full(HOSTILE, is_next=True)}


@pytest.mark.parametrize("name", NEWS)
def test_telegram_makes_nothing_of_words_in_news(name: str) -> None:
    """By Telegram's own parser: no mention, no command, no address of an app."""
    text = parse(render_telegram(NEWS[name], TELEGRAM), "HTML").text

    found = found_by_itself(text)
    assert "BotCommand" not in {kind for kind, _ in found}
    assert "Mention" not in {kind for kind, _ in found}
    assert not [
        words
        for kind, words in found
        if kind == "Url" and re.match(r"(tg|ton)", words, re.IGNORECASE)
    ]


def test_telegrams_parser_would_find_them() -> None:
    """What the other test asks is answered at all."""
    found = {kind for kind, _ in found_by_itself(WORDS)}

    assert {"BotCommand", "Mention", "Url"} <= found


@pytest.mark.parametrize("name", EVERY)
def test_telegram_is_sent_links_to_web_pages_only(name: str) -> None:
    """Whatever an attribute is made of, it ends where it should, and leads to a page."""
    html = render_telegram(EVERY[name], TELEGRAM)
    parse(html, "HTML")

    addresses = re.findall(r'href="([^"]*)"', html)
    tags = set(re.findall(r"</?([\w-]+)", html))
    assert tags <= {"a", "b", "i", "tg-time"}
    assert [one for one in addresses if not re.match(r"https?://[^@/]+(/|$)", one)] == []


@pytest.mark.parametrize("name", EVERY)
def test_discord_is_sent_links_to_web_pages_only(name: str) -> None:
    """Neither an address of the embed nor one behind a label starts a program."""
    shown = render_embed(EVERY[name], DISCORD)
    text = json.dumps(shown, ensure_ascii=False)

    listed = re.findall(r"\]\(<([^>]*)>\)", text)
    own = [value for key, value in _texts(shown) if key == "url" and value]
    assert [one for one in (*listed, *own) if not re.match(r"https?://[^@/]+(/|$)", one)] == []


def _texts(value: object, key: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [pair for name, one in value.items() for pair in _texts(one, name)]
    if isinstance(value, list):
        return [pair for one in value for pair in _texts(one, key)]
    return [(key, value)] if isinstance(value, str) else []


@pytest.mark.parametrize("name", EVERY)
def test_discord_makes_nothing_of_words(name: str) -> None:
    """In the parts where Discord reads Markdown, no letter of it is left unescaped."""
    shown = render_embed(EVERY[name], DISCORD)
    read = [value for key, value in _texts(shown) if key in {"title", "description", "value"}]

    for text in read:
        ours = re.sub(r"<t:\d+:[FR]>|\*\*|\[(?:\\.|[^\]\\])*\]\(<[^>]*>\)", "", text)
        left = re.sub(r"\\[^0-9A-Za-z\s]", "", re.sub(r"https?://[^\s<]+", "", ours))
        assert not re.search(r"[*_~`|<\[]|@(?:everyone|here|[!&]?\d)|(?<!\\)\w://", left), left


def test_label_names_no_host_that_it_does_not_lead_to() -> None:
    """A source may be a name; one that looks like a host is only believed where it is true."""
    pages = (
        InfoUrl(url="https://evil.example/1", title="A", source="nasa.gov"),
        InfoUrl(url="https://go.nasa.gov/2", title="B", source="www.nasa.gov"),
        InfoUrl(url="https://evilnasa.gov/3", title="C", source="nasa.gov"),
        InfoUrl(url="https://example.org/4", title="D", source="NASA Blogs"),
    )
    message = compose((EventAnnounced(event_id=EventId(1)),), an_event(info_urls=pages))

    assert [link.label for link in message.links if link.label.startswith("Read")] == [
        "Read: A (evil.example)",
        "Read: B (nasa.gov)",
        "Read: C (evilnasa.gov)",
        "Read: D (NASA Blogs)",
    ]
