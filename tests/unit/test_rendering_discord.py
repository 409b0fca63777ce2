"""A message as a Discord embed: golden files, limits, hostile text, Discord's own document."""

import json
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import goldens
import pytest
from golden_cases import CASES
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from strategies import changes, events

from bot.domain.changes import Change, Kind
from bot.domain.events import Event
from bot.domain.folding import fold
from bot.domain.messages import Limits, Link, Message, Picture, Section, SectionKind, Stamp
from bot.rendering.compose import compose
from bot.rendering.discord_embed import button_links, render_embed
from bot.rendering.discord_markdown import escaped, label, masked, uri
from bot.rendering.fit import Measure, length
from bot.rendering.untrusted import printable
from bot.testing import START, a_hostile_message, a_message

LIMITS = Limits(text=6000)
SPEC = Path(__file__).parents[3] / "shared" / "specs" / "discord-openapi.json"
ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")
ADDRESS = re.compile(r"https?://\S+")
ZERO_WIDTH = "\u200b"

texts = st.text(
    st.one_of(st.sampled_from("\\*_~`|<>[]()@#-+.:1 \nehrxy/"), st.characters()), max_size=60
)


def embed(message: Message) -> dict[str, Any]:
    """As the adapter sends it."""
    return render_embed(message, LIMITS)


def shown_length(one: dict[str, Any]) -> int:
    """What Discord counts towards 6,000."""
    return sum(length(text, Measure.UTF16) for text in shown_texts(one))


def shown_texts(one: dict[str, Any]) -> list[str]:
    """Every text of an embed that a reader sees."""
    fields = [field[key] for field in one.get("fields", ()) for key in ("name", "value")]
    beside = (one.get("author", {}).get("name", ""), one.get("footer", {}).get("text", ""))
    return [one.get("title", ""), one.get("description", ""), *beside, *fields]


def assert_within_limits(one: dict[str, Any]) -> None:
    """Discord's limits that its own document leaves out, or counts in another measure."""
    assert shown_length(one) <= 6000
    assert length(one.get("title", ""), Measure.UTF16) <= 256
    assert length(one.get("description", ""), Measure.UTF16) <= 4096
    for field in one.get("fields", ()):
        assert 0 < length(field["name"], Measure.UTF16) <= 256
        assert 0 < length(field["value"], Measure.UTF16) <= 1024


@cache
def official() -> Draft202012Validator:
    """Discord's own description of an embed."""
    if not SPEC.exists():
        pytest.skip("needs ../shared/specs/discord-openapi.json beside the repository")
    document = json.loads(SPEC.read_text(encoding="utf-8"))
    schema = {"$ref": "#/components/schemas/RichEmbed", "components": document["components"]}
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.mark.parametrize("name", sorted(CASES))
def test_embeds_look_as_their_golden_file_shows(name: str) -> None:
    """What a reader sees changes only when somebody looked at it."""
    shown = {case.title: embed(case.message()) for case in CASES[name]}

    goldens.compare(
        "discord", f"{name}.json", json.dumps(shown, indent=1, ensure_ascii=False) + "\n"
    )


def test_every_golden_file_has_its_cases() -> None:
    """A golden file that nothing makes any more would only seem to test something."""
    assert goldens.stale("discord", CASES, "json") == set()


@pytest.mark.parametrize("name", sorted(CASES))
def test_embeds_are_what_discord_accepts(name: str) -> None:
    """Every case passes Discord's own document and the limits that are not in it."""
    for case in CASES[name]:
        shown = embed(case.message())
        assert [*official().iter_errors(shown)] == []
        assert_within_limits(shown)


@given(happened=st.lists(changes, min_size=1, max_size=4), event=events())
def test_whatever_happens_fits(happened: list[Change], event: Event) -> None:
    """No text of LL2 may exceed Discord's limits."""
    news = fold(happened, event)

    if news:
        assert_within_limits(embed(compose(news, event)))


@pytest.mark.parametrize("text", [600, 2000, 6000])
def test_even_a_plug_ins_message_is_cut_to_the_limit(text: int) -> None:
    """A message that no care was taken with is cut in the end rather than refused."""
    facts = tuple(
        Section(heading=f"{number} *", body=("_" * 3000,), kind=SectionKind.FACT)
        for number in range(3)
    )
    message = a_hostile_message()

    shown = render_embed(message, Limits(text=text))
    crowded = embed(a_message(sections=(*facts, *message.sections)))

    assert_within_limits(shown)
    assert shown_length(shown) <= text
    assert_within_limits(crowded)
    assert [*official().iter_errors(crowded)] == []


@given(texts)
def test_text_reads_as_it_was_written(text: str) -> None:
    """Taking Discord's escapes away gives the text back, so that nothing was lost or added."""
    assert ESCAPE.sub(r"\1", escaped(text)).replace(ZERO_WIDTH, "") == printable(text).replace(
        ZERO_WIDTH, ""
    )


@given(texts)
def test_text_is_never_markup(text: str) -> None:
    """Outside web addresses no letter that Discord takes for markup stays unescaped."""
    left = ADDRESS.sub("", ESCAPE.sub("", escaped(text)))

    assert not set(left) & set("*_~`|<[")
    assert not re.search(r"@(everyone|here)", left, re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**bold** __x__ ~~y~~ ||z|| `c`", r"\*\*bold\*\* \_\_x\_\_ \~\~y\~\~ \|\|z\|\| \`c\`"),
        ("# Title\n- item\n> quote\n1. one", "\\# Title\n\\- item\n\\> quote\n1\\. one"),
        ("-# small", r"\-# small"),
        ("a - b # c > d", "a - b # c > d"),
        ("[x](https://evil.example)", r"\[x\](https://evil.example)"),
        ("@everyone @here", f"@{ZERO_WIDTH}everyone @{ZERO_WIDTH}here"),
        ("<@&123> <#5> <t:1:R>", rf"\<@{ZERO_WIDTH}&123> \<#5> \<t:1:R>"),
        ("mail ada@example.org", "mail ada@example.org"),
        (":smile: at 10:30", r"\:smile: at 10:30"),
        ("see https://example.org/a_b_c*d", r"see https://example.org/a_b_c\*d"),
        ("https://example.org/ - x", "https://example.org/ - x"),
        ("https://example.org/\n- x", "https://example.org/\n\\- x"),
        ("https://[broken*", r"https\://\[broken\*"),
        ("run steam://x or discord://-/y", r"run steam\://x or discord\://-/y"),
        (r"back\slash", r"back\\slash"),
    ],
)
def test_hostile_text_is_shown_as_text(text: str, shown: str) -> None:
    """Anybody's words arrive through LL2; none of them may format, mention or hide."""
    assert escaped(text) == shown


def test_label_swallows_nothing() -> None:
    """An address in a heading would take the stars after it along."""
    assert label("By https://x.example\nand *") == r"By https\://x.example and \*"


def test_link_cannot_break_out_of_its_mask() -> None:
    """Neither label nor address ends the link before its end."""
    link = Link(label="a](https://b.example) [c", url="https://example.org/x)y>z")

    assert masked(link) == r"[a\](https\://b.example) \[c](<https://example.org/x%29y%3Ez>)"


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        (
            "https://example.org/Grüße?a=1&b=%20#x",
            "https://example.org/Gr%C3%BC%C3%9Fe?a=1&b=%20#x",
        ),
        ("javascript:alert(1)", ""),
        ("https://exämple.org/", ""),
        (f"https://example.org/{'ü' * 600}", ""),
    ],
)
def test_addresses_are_sent_in_letters_that_discord_takes(url: str, sent: str) -> None:
    """One bad address would cost the whole message."""
    assert uri(url) == sent


def test_moments_are_shown_in_the_readers_zone() -> None:
    """The clock time, and beside it the countdown where it was asked for."""
    stamp = Stamp(at=START, relative=True)
    fact = Section(heading="When", body=(stamp,), kind=SectionKind.FACT)

    shown = embed(a_message(sections=(fact,)))

    assert shown["fields"] == [
        {"name": "When", "value": "<t:1803902400:F> (<t:1803902400:R>)", "inline": False}
    ]
    assert shown["timestamp"] == "2027-03-01T12:00:00+00:00"


def test_vague_hour_is_no_timestamp() -> None:
    """Discord shows a timestamp to the minute, which nobody stated."""
    stamp = Stamp(at=datetime(2027, 3, 1, 12, tzinfo=UTC))
    fact = Section(heading="When", body=("around ", stamp), kind=SectionKind.FACT)

    assert "timestamp" not in embed(a_message(sections=(fact,)))


def test_links_are_buttons_or_listed_but_never_both() -> None:
    """Five buttons fit a row; an address too long for a button is listed."""
    long = Link(label="Long", url=f"https://example.org/{'a' * 512}")
    many = tuple(Link(label=f"No. {one}", url=f"https://example.org/{one}") for one in range(7))
    message = a_message(links=(long, *many))

    buttons = button_links(message, LIMITS)
    shown = embed(message)

    assert [link.label for link in buttons] == ["No. 0", "No. 1", "No. 2", "No. 3", "No. 4"]
    assert re.findall(r"\[(.*?)\]\(", shown["description"]) == ["Long", r"No. 5", "No. 6"]


@pytest.mark.parametrize(
    ("kind", "place"), [(Kind.NEW, "image"), (None, "image"), (Kind.UPDATE, "thumbnail")]
)
def test_picture_comes_with_its_credit(kind: Kind | None, place: str) -> None:
    """Large where somebody meets the event, small beside mere news of it."""
    picture = Picture(
        url="https://example.org/1.jpg",
        thumbnail_url="https://example.org/1s.jpg",
        credit="Picture: NASA",
    )

    shown = embed(a_message(kind=kind, picture=picture))

    large = place == "image"
    assert shown[place] == {"url": f"https://example.org/1{'' if large else 's'}.jpg"}
    assert shown["footer"] == {"text": "Picture: NASA"}


def test_bad_picture_costs_only_the_picture() -> None:
    """Neither the message nor a credit for nothing."""
    shown = embed(a_message(picture=Picture(url="javascript:alert(1)", credit="Picture: X")))

    assert shown["title"] == "Cygnus NG-27 Berthing"
    assert not shown.keys() & {"image", "thumbnail", "footer"}


def test_answer_without_a_title_has_its_headline_there() -> None:
    """An answer to a command tells of no single event."""
    shown = embed(Message(kind=None, headline="12 events"))

    assert shown == {"title": "12 events", "color": 0x5865F2}
