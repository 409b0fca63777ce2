"""How a message is laid out for Discord, and its nonce."""

import json
from dataclasses import replace
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.discord import discord
from bot.adapters.discord.buttons import pressed
from bot.adapters.discord.layout import laid_out, laid_out_plainly, presses
from bot.adapters.discord.payloads import (
    Draft,
    Payload,
    Signed,
    addressed,
    drafted,
    embedded,
    mark_of,
    nonce_of,
)
from bot.adapters.discord.sending import LIMITS, invite_link
from bot.domain.changes import Kind
from bot.domain.channels import Channel
from bot.domain.deliveries import Delivery, DeliveryId, FanoutId, Part
from bot.domain.events import EventId
from bot.domain.lines import LONGEST_PRESS
from bot.domain.messages import Button, Link, Message
from bot.domain.subscriptions import Destination
from bot.testing import a_delivery, a_hostile_message, a_message

BOT = 1_300_000_000_000_000_001
NONCE = 2**62 + 1
LINK = Link(label="Watch", url="https://example.org/")
PRESS = Button(label="Mute", press="mute event:1")


def test_repeat_has_the_same_nonce() -> None:
    """However often it is tried: Discord makes one message of it."""
    delivery = a_delivery()

    assert nonce_of(delivery, BOT) == nonce_of(replace(delivery, attempts=7), BOT)


@pytest.mark.parametrize(
    "other",
    [
        a_delivery(id=DeliveryId(2)),
        a_delivery(destination=Destination(adapter="discord", address="2")),
        a_delivery(event_id=EventId(2)),
        a_delivery(parts=(Part(fanout_id=FanoutId(2), kinds=frozenset({Kind.DATE})),)),
    ],
    ids=["id", "destination", "event", "form"],
)
def test_another_message_has_another_nonce(other: Delivery) -> None:
    """Discord keeps nonces by bot, so two that are equal would swallow a message."""
    assert nonce_of(other, BOT) != nonce_of(a_delivery(), BOT)


@given(number=st.integers(min_value=0, max_value=2**63 - 1))
def test_nonce_fits_discords_field(number: int) -> None:
    """64 bits with a sign (discord-openapi.json, MessageCreateRequest)."""
    assert 0 <= nonce_of(a_delivery(id=DeliveryId(number)), BOT) < 2**63


def rows(message: Message) -> list[list[str | None]]:
    """The labels of the buttons, row by row."""
    view = laid_out(message, LIMITS).get("view")
    components = view.to_components() if view else []
    return [[one["label"] for one in row["components"]] for row in components]


def test_links_stand_above_what_can_be_pressed() -> None:
    """One row of links, then the rows of the message."""
    message = a_message(links=(LINK, LINK), buttons=((PRESS,), (PRESS, PRESS)))

    assert rows(message) == [["Watch", "Watch"], ["Mute"], ["Mute", "Mute"]]


def test_rows_beyond_discords_limit_are_left_out() -> None:
    """Five rows of five, links included."""
    message = a_message(links=(LINK,), buttons=((PRESS,) * 6,) * 6)

    assert [len(row) for row in rows(message)] == [1, 5, 5, 5, 5]


def test_message_without_buttons_has_no_view() -> None:
    """Discord refuses an empty row."""
    assert "view" not in laid_out(a_message(links=()), LIMITS)


def test_view_is_not_kept_in_memory() -> None:
    """discord.py keeps a view that is not finished for as long as the program runs."""
    assert laid_out(a_message(), LIMITS)["view"].is_finished()


def test_button_gives_back_its_line() -> None:
    """What stands before the line is ours; the line may hold anything."""
    (custom_id,) = ids(embedded(a_message(links=(), buttons=((PRESS,),)), LIMITS).payload)

    assert pressed(custom_id) == PRESS.press
    assert pressed("0.0|a|b") == "a|b"


def ids(payload: Payload) -> list[str]:
    """The ids of the buttons that can be pressed."""
    rows = payload["components"]
    return [one["custom_id"] for row in rows for one in row["components"] if "custom_id" in one]


def sent(draft: Draft, nonce: int = NONCE) -> Payload:
    """What Discord reads."""
    payload: Payload = json.loads(Signed(draft=draft, nonce=nonce).spelt)
    return payload


@pytest.mark.parametrize("message", [a_message(), a_message(links=()), a_hostile_message()])
def test_message_is_sent_as_it_was_drafted(message: Message) -> None:
    """Spelt once for all; only the nonce and the marks are put in for each."""
    draft = embedded(message, LIMITS)

    for nonce in (NONCE, 1):
        signed = Signed(draft=draft, nonce=nonce)
        assert sent(draft, nonce) == {
            **signed.opening,
            "nonce": f"{nonce}",
            "enforce_nonce": True,
        }


def test_first_message_of_a_post_takes_no_nonce() -> None:
    """Discord refuses it there, but the marks are looked for like any other's."""
    message = a_message(links=(), buttons=((PRESS,),))

    opening = Signed(draft=embedded(message, LIMITS), nonce=NONCE).opening

    assert {"nonce", "enforce_nonce"} & opening.keys() == set()
    assert f".{mark_of(NONCE)}|" in ids(opening)[0]


def test_marked_button_gives_its_line_too() -> None:
    """The mark stands in our part of the id; a link has no id and stays as it is."""
    message = a_message(links=(LINK,), buttons=((PRESS, PRESS),))

    (first, second) = ids(sent(embedded(message, LIMITS)))

    assert [pressed(one) for one in (first, second)] == [PRESS.press] * 2
    assert first != second
    assert f".{mark_of(NONCE)}|" in first


def test_marking_changes_nobody_elses_buttons() -> None:
    """One message goes to thousands of channels, and each of them has a mark of its own."""
    message = a_message(links=(), buttons=((PRESS,),))
    unmarked = ids(embedded(message, LIMITS).payload)

    marked = [ids(sent(embedded(message, LIMITS), nonce)) for nonce in (1, 2)]

    assert marked == [[unmarked[0].replace("|", f".{mark}|")] for mark in "12"]
    assert ids(embedded(message, LIMITS).payload) == unmarked


def test_message_without_buttons_cannot_be_marked() -> None:
    """It is sent all the same."""
    payload = sent(embedded(a_message(links=()), LIMITS))

    assert "components" not in payload
    assert payload["nonce"] == f"{NONCE}"


@given(nonce=st.integers(min_value=0, max_value=2**63 - 1))
def test_mark_tells_nonces_apart(nonce: int) -> None:
    """It is the nonce itself, in other digits."""
    assert int(mark_of(nonce), 16) == nonce


def test_longest_mark_and_line_fit_into_an_id() -> None:
    """Discord takes 100 characters."""
    press = Button(label="Long", press="x" * LONGEST_PRESS)

    buttons = drafted(presses(a_message(buttons=((press,) * 5,) * 5)))
    marked_ids = ids(sent(buttons, 2**63 - 1))

    assert len(marked_ids) == 25
    assert max(map(len, marked_ids)) <= 100


def test_plain_text_fits_and_mentions_nobody() -> None:
    """2,000 characters, and no markup that anybody smuggled in."""
    arguments = laid_out_plainly(a_hostile_message(), zone=UTC)

    assert len(arguments["content"]) <= 2000
    assert arguments["allowed_mentions"].to_dict() == {"parse": []}
    assert "**bold**" not in arguments["content"]


def test_plain_text_tells_the_channels_time() -> None:
    """An embed shows each reader's own; text alone cannot."""
    content = laid_out_plainly(a_message(), zone=ZoneInfo("Asia/Tokyo"))["content"]

    assert "16 Mar 2027, 18:30 JST" in content


def test_only_the_channels_role_may_be_mentioned() -> None:
    """Everything else that looks like a mention stays text."""
    channel = Channel(mention="77", mention_kinds=frozenset({Kind.DATE}))

    payload = addressed(Draft({}), a_delivery(channel=channel), a_message()).payload

    assert payload["content"] == "<@&77>"
    assert payload["allowed_mentions"] == {"parse": [], "roles": ["77"]}


def test_role_is_mentioned_for_whatever_the_message_tells() -> None:
    """A save that moves a date and explains it is one message, for the updates' role as well."""
    channel = Channel(mention="77", mention_kinds=frozenset({Kind.UPDATE}))

    delivery, explaining = a_delivery(channel=channel), (Kind.UPDATE,)
    explained = addressed(Draft({}), delivery, a_message(kind=Kind.DATE, also=explaining))
    moved = addressed(Draft({}), delivery, a_message(kind=Kind.DATE))

    assert explained.payload["content"] == "<@&77>"
    assert "content" not in moved.payload


def test_mention_leaves_the_plain_text_whole() -> None:
    """Both fit into one message."""
    channel = Channel(mention="77", mention_kinds=frozenset({Kind.DATE}))
    plain = drafted(laid_out_plainly(a_hostile_message(), zone=UTC))

    payload = addressed(plain, a_delivery(channel=channel), a_message()).payload

    assert payload["content"].startswith("<@&77>\n")
    assert len(payload["content"]) <= 2000


def test_silence_leaves_the_other_flags() -> None:
    """Plain text shows no previews, in a silent channel either."""
    silent = a_delivery(channel=Channel(is_silent=True))

    loud = drafted(laid_out_plainly(a_message(), zone=UTC))
    quiet = addressed(loud, silent, a_message(kind=Kind.DATE))

    shown = discord.MessageFlags._from_value(quiet.payload["flags"])
    assert (shown.suppress_embeds, shown.suppress_notifications) == (True, True)
    assert loud.payload["flags"] == discord.MessageFlags(suppress_embeds=True).value


def test_invite_link_asks_for_what_is_needed_and_no_more() -> None:
    """View, send, send in threads, embed, read history; bot and commands."""
    link = invite_link(BOT)

    asked = discord.Permissions(int(link.partition("permissions=")[2].partition("&")[0]))
    assert {name for name, value in asked if value} == {
        "embed_links",
        "read_message_history",
        "send_messages",
        "send_messages_in_threads",
        "read_messages",  # discord.py's older name for seeing a channel
    }
    assert "scope=bot+applications.commands" in link
