"""A message as Telegram's HTML: golden files, limits, hostile text, judged by Telegram's parser."""

import json
from collections.abc import Collection
from typing import Any
from zoneinfo import ZoneInfo

import goldens
import pytest
import tdjson
from golden_cases import CASES, ELSEWHERE, TOLD_ELSEWHERE
from hypothesis import given
from hypothesis import strategies as st
from strategies import changes, events

from bot.domain.changes import Change
from bot.domain.events import Event
from bot.domain.folding import fold
from bot.domain.messages import Limits, Link, Message, Picture, Section, SectionKind, Stamp
from bot.rendering.compose import compose
from bot.rendering.fit import Measure, length
from bot.rendering.telegram_html import render_telegram
from bot.rendering.untrusted import printable
from bot.testing import START, a_hostile_message, a_message

LIMITS = Limits(text=4096)
BOLD, LINK, MOMENT = "textEntityTypeBold", "textEntityTypeTextUrl", "textEntityTypeDateTime"

tdjson.td_execute(b'{"@type": "setLogVerbosityLevel", "new_verbosity_level": 0}')


def html(message: Message) -> str:
    """As the adapter sends it."""
    return render_telegram(message, LIMITS)


def parsed(text: str) -> dict[str, Any]:
    """What Telegram's own parser makes of HTML, or its error."""
    mode = {"@type": "textParseModeHTML"}
    request = {"@type": "parseTextEntities", "text": text, "parse_mode": mode}
    answer = tdjson.td_execute(json.dumps(request).encode())
    assert answer is not None
    found: dict[str, Any] = json.loads(answer)
    return found


def entities(text: str) -> list[tuple[str, str]]:
    """The kinds of entities in HTML, each with the text that it covers."""
    shown = parsed(text)
    units = shown["text"].encode("utf-16-le")
    return [
        (
            one["type"]["@type"],
            units[one["offset"] * 2 : (one["offset"] + one["length"]) * 2].decode("utf-16-le"),
        )
        for one in shown["entities"]
    ]


def assert_telegram_takes(text: str, limit: int = 4096) -> None:
    """It parses, and what is left fits."""
    shown = parsed(text)
    assert shown["@type"] == "formattedText", shown
    assert 0 < length(shown["text"], Measure.UTF16) <= limit
    assert len(shown["entities"]) <= 100


@pytest.mark.parametrize("name", sorted(CASES))
def test_messages_look_as_their_golden_file_shows(name: str) -> None:
    """What a reader sees changes only when somebody looked at it."""
    shown = "".join(f"<!-- {case.title} -->\n{html(case.message())}\n\n" for case in CASES[name])

    goldens.compare("telegram", f"{name}.html", shown)


@pytest.mark.parametrize("name", TOLD_ELSEWHERE)
def test_messages_in_another_zone_look_as_their_golden_file_shows(name: str) -> None:
    """Clock times are those of the channel; a day and all that is vaguer stay as they are."""
    shown = "".join(
        f"<!-- {case.title} -->\n{render_telegram(case.message(), LIMITS, ELSEWHERE)}\n\n"
        for case in CASES[name]
    )

    goldens.compare("telegram_elsewhere", f"{name}.html", shown)


@pytest.mark.parametrize(
    ("kind", "names"), [("telegram", CASES), ("telegram_elsewhere", TOLD_ELSEWHERE)]
)
def test_every_golden_file_has_its_cases(kind: str, names: Collection[str]) -> None:
    """A golden file that nothing makes any more would only seem to test something."""
    assert goldens.stale(kind, names, "html") == set()


@pytest.mark.parametrize("name", sorted(CASES))
def test_messages_are_what_telegram_accepts(name: str) -> None:
    """Telegram's own parser understands every case, and the limits hold after it."""
    for case in CASES[name]:
        assert_telegram_takes(html(case.message()))


@given(happened=st.lists(changes, min_size=1, max_size=4), event=events())
def test_whatever_happens_fits(happened: list[Change], event: Event) -> None:
    """No text of LL2 may exceed Telegram's limits or break its markup."""
    news = fold(happened, event)

    if news:
        assert_telegram_takes(html(compose(news, event)))


@pytest.mark.parametrize("text", [200, 1024, 4096])
def test_even_a_plug_ins_message_is_cut_to_the_limit(text: int) -> None:
    """A message that no care was taken with is cut in the end rather than refused."""
    assert_telegram_takes(render_telegram(a_hostile_message(), Limits(text=text)), text)


def test_more_entities_than_telegram_takes_lose_their_markup() -> None:
    """The words stay."""
    facts = tuple(
        Section(heading=f"No. {number}", body=("x",), kind=SectionKind.FACT)
        for number in range(120)
    )

    shown = html(a_message(sections=facts))

    assert len(entities(shown)) == 100
    assert "No. 119: x" in shown


@given(st.text(st.one_of(st.sampled_from("<>&;\"'@a/ \n"), st.characters()), max_size=80))
def test_text_reads_as_it_was_written(text: str) -> None:
    """Telegram shows anybody's words as they are, and takes none for markup."""
    shown = html(a_message(headline="", title="", sections=(Section(body=(text,)),), links=()))
    # Telegram trims, and has its own view of blanks and of letters without a shape.
    seen = parsed(shown)["text"] if shown else ""

    assert parsed(shown)["@type"] == "formattedText" if shown else True
    assert _bare(seen) == _bare(printable(text))
    assert shown == "" or parsed(shown)["entities"] == []


def _bare(text: str) -> str:
    return "".join(char for char in text if char.isprintable() and not char.isspace())


def test_nobody_is_mentioned() -> None:
    """A name after an @ would call whoever bears it."""
    shown = html(a_message(sections=(Section(body=("@durov and ada@example.org",)),)))

    assert "@\N{WORD JOINER}durov and ada@example.org" in shown


def test_moments_are_shown_in_the_readers_zone() -> None:
    """New clients show local time and a countdown; old ones the words inside."""
    stamp = Stamp(at=START, relative=True)

    shown = html(a_message(sections=(Section(body=(stamp,)),), links=()))

    assert [one for one in entities(shown) if one[0] == MOMENT] == [
        (MOMENT, "1 Mar 2027, 12:00 UTC"),
        (MOMENT, "⏳"),
    ]


def test_words_of_a_moment_are_in_the_channels_zone() -> None:
    """Old clients show them to all readers of a channel alike."""
    message = a_message(sections=(Section(body=(Stamp(at=START),)),), links=())

    shown = render_telegram(message, LIMITS, ZoneInfo("Asia/Kolkata"))

    assert entities(shown)[-1] == (MOMENT, "1 Mar 2027, 17:30 IST")
    assert "12:00 UTC" in render_telegram(message, LIMITS)


def test_moment_beyond_telegrams_calendar_is_words() -> None:
    """Telegram's moments are 32 bits wide."""
    stamp = Stamp(at=START.replace(year=2040), relative=True)

    shown = html(a_message(sections=(Section(body=(stamp,)),), links=()))

    assert "tg-time" not in shown
    assert "1 Mar 2040, 12:00 UTC" in shown


def test_links_and_credit_end_the_message() -> None:
    """A link is its label; an address that is none leaves only the label."""
    links = (
        Link(label="Watch <it>", url='https://example.org/?a="1"&b=2'),
        Link(label="Bad", url="tg://user?id=5"),
    )
    picture = Picture(url="https://example.org/1.jpg", credit="Picture: NASA & ESA")

    shown = html(a_message(links=links, picture=picture))

    assert shown.endswith(
        '<a href="https://example.org/?a=&quot;1&quot;&amp;b=2">Watch &lt;it&gt;</a>\n'
        "Bad\n<i>Picture: NASA &amp; ESA</i>"
    )
    assert [text for kind, text in entities(shown) if kind == LINK] == ["Watch <it>"]


def test_message_begins_with_a_sign_of_its_kind() -> None:
    """Telegram has no colours to tell kinds apart by."""
    assert html(a_message()).startswith("🗓️ <b>Moved later by 1 day 20 h 25 min</b>\n<b>Cygnus")
    assert html(Message(kind=None, headline="12 events")) == "<b>12 events</b>"
