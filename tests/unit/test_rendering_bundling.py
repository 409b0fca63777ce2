"""Messages of one answer put together as one, and what does not go together."""

import json
from dataclasses import replace
from datetime import UTC
from functools import partial

import pytest
import tdjson
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.discord import discord
from bot.adapters.discord.layout import go_together as go_together_on_discord
from bot.adapters.discord.layout import laid_out_plainly, laid_out_together
from bot.adapters.discord.sending import LIMITS as DISCORD
from bot.adapters.telegram.client import FREE as TELEGRAM
from bot.domain.messages import Button, Link, Message, Picture, Section
from bot.rendering.answers.preview import examples
from bot.rendering.bundling import bundled
from bot.rendering.fit import Measure, length
from bot.rendering.telegram_html import go_together, render_bundle, render_telegram
from bot.testing import START, a_hostile_message, a_message

EXAMPLES = examples(START)
PRESS = a_message(buttons=((Button(label="Mute", press="mute event:1"),),))
PICTURE = a_message(picture=Picture(url="https://example.org/a.jpg", credit="ESA"))


def said(text: str) -> Message:
    """An answer of one line."""
    return Message(kind=None, headline=text)


@given(sizes=st.lists(st.integers(min_value=1, max_value=12), max_size=12))
def test_bundles_are_whole_and_in_order(sizes: list[int]) -> None:
    """Nothing is lost, turned round or repeated, and no bundle holds too much or is empty."""
    messages = [said("x" * size) for size in sizes]

    bundles = [*bundled(messages, lambda some: sum(len(one.headline) for one in some) <= 10)]

    assert [one for bundle in bundles for one in bundle] == messages
    assert all(len(bundle) == 1 or sum(len(o.headline) for o in bundle) <= 10 for bundle in bundles)
    assert all(bundles)


def test_examples_are_one_message_on_both_platforms() -> None:
    """A preview costs a chat one message of the few that it may get."""
    assert go_together(EXAMPLES, TELEGRAM)
    assert go_together_on_discord(EXAMPLES, DISCORD)


def test_bundle_shows_each_as_if_alone_in_telegram() -> None:
    """Read by Telegram's own parser, within its limits."""
    html = render_bundle(EXAMPLES, TELEGRAM)
    mode = {"@type": "textParseModeHTML"}
    request = {"@type": "parseTextEntities", "text": html, "parse_mode": mode}
    answer = tdjson.td_execute(json.dumps(request).encode())

    told = json.loads(answer or b"{}")
    assert told["@type"] == "formattedText"
    assert length(told["text"], Measure.UTF16) <= 4096
    assert len(told["entities"]) <= 100
    places = [html.index(render_telegram(one, TELEGRAM)) for one in EXAMPLES]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "bundle",
    [
        (said("a"), PRESS),
        (said("a"), PICTURE),
        (a_hostile_message(), said("a")),
        tuple(a_message() for _ in range(40)),
        tuple(said("a" * 500) for _ in range(9)),
    ],
    ids=["buttons", "picture", "hostile", "many marks", "long"],
)
def test_what_telegram_cannot_show_as_one_is_not_put_together(bundle: tuple[Message, ...]) -> None:
    """One keyboard, one picture, 4,096 characters and 100 marks."""
    assert not go_together(bundle, TELEGRAM)


def linked(number: int) -> Message:
    """A message with a link of its own."""
    return a_message(links=(Link(label="Watch", url=f"https://example.org/{number}"),))


@pytest.mark.parametrize(
    "bundle",
    [
        (said("a"), PRESS),
        tuple(said("a") for _ in range(11)),
        tuple(linked(number) for number in range(6)),
        (said("a"), *(replace(said("b"), sections=(Section(body=("x" * 3500,)),)),) * 2),
    ],
    ids=["buttons", "many", "links", "long"],
)
def test_what_discord_cannot_show_as_one_is_not_put_together(bundle: tuple[Message, ...]) -> None:
    """Buttons belong to one message, whose embeds have 6,000 characters together."""
    assert not go_together_on_discord(bundle, DISCORD)


def test_bundle_is_embeds_with_all_links_on_discord() -> None:
    """Of embeds with one address Discord would show the first alone."""
    arguments = laid_out_together([linked(1), linked(2), linked(1)], DISCORD)

    first, second, third = arguments["embeds"]
    assert (first.url, second.url) == ("https://example.org/1", "https://example.org/2")
    assert third.url is None
    assert third.title == first.title
    shown = [one.url for one in arguments["view"].children]
    assert shown == ["https://example.org/1", "https://example.org/2"]
    assert sum(map(len, arguments["embeds"])) <= 6000


def test_putting_together_changes_no_message_that_is_shown_alone() -> None:
    """Embeds are kept for thousands of channels; what a bundle needs is its own."""
    alone = partial(laid_out_together, [linked(1)], DISCORD)
    before = alone()["embed"].to_dict()

    laid_out_together([linked(1), linked(1)], DISCORD)

    assert alone()["embed"].to_dict() == before
    assert isinstance(alone()["embed"], discord.Embed)


def test_bundle_as_plain_text_fits_discord() -> None:
    """Where Discord finds the embeds invalid."""
    content = laid_out_plainly(*EXAMPLES, zone=UTC)["content"]

    assert content.startswith("Example")
    assert len(content) <= 2000
