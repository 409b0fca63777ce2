"""Cutting: nothing that a reader sees as one is split, and what matters most stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.messages import Limits, Link, Message, Section, SectionKind, Stamp
from bot.rendering.fit import Measure, cut, cut_pieces, fit, length
from bot.testing import START, a_message

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FRANCE = "\U0001f1eb\U0001f1f7"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
WAVE = "\U0001f44b\U0001f3fd"
KEYCAP = "1\ufe0f\u20e3"
ACCENTED = "e\u0301\u0323"
HANGUL = "\u1112\u1161\u11ab"
CLUSTERS = (FAMILY, FRANCE, ENGLAND, WAVE, KEYCAP, ACCENTED, HANGUL, "a", "語", "\U0001f680")

measures = st.sampled_from(Measure)
clusters = st.lists(st.sampled_from(CLUSTERS), max_size=30)


@pytest.mark.parametrize("text", ["", "plain", "naïve", FAMILY])
def test_utf16_length_is_what_telegram_counts(text: str) -> None:
    """A character beyond the basic plane counts twice, as in an encoded UTF-16 text."""
    assert length(text, Measure.UTF16) == len(text.encode("utf-16-le")) // 2
    assert length(text, Measure.CODE_POINTS) == len(text)


@given(text=st.text(), limit=st.integers(-1, 60), measure=measures)
def test_a_cut_text_is_never_longer_than_the_limit(text: str, limit: int, measure: Measure) -> None:
    """Whatever the text, the result fits; what fits already stays as it is."""
    result = cut(text, limit, measure)

    assert length(result, measure) <= max(limit, 0)
    assert (result == text) or length(text, measure) > limit


@given(text=st.text(), limit=st.integers(1, 60), measure=measures)
def test_a_cut_text_starts_as_the_whole_and_says_that_there_is_more(
    text: str, limit: int, measure: Measure
) -> None:
    """Nothing is invented or rearranged; an ellipsis stands for the rest."""
    result = cut(text, limit, measure)

    assert result == text or (result.endswith("…") and text.startswith(result[:-1]))


@given(parts=clusters, limit=st.integers(1, 80), measure=measures)
def test_no_emoji_flag_or_accented_letter_is_split(
    parts: list[str], limit: int, measure: Measure
) -> None:
    """What is left consists of whole clusters."""
    result = cut("".join(parts), limit, measure).removesuffix("…")

    whole = {"".join(parts[:count]) for count in range(len(parts) + 1)}
    assert result in whole


@given(limit=st.integers(1, 60))
def test_an_address_is_kept_whole_or_left_out(limit: int) -> None:
    """Half an address leads to somewhere else, or nowhere."""
    address = "https://example.org/a?b=c"

    result = cut(f"see {address} for more", limit, Measure.UTF16)

    assert address in result or "http" not in result


def test_a_cut_prefers_the_end_of_a_word() -> None:
    """A word that is near is not cut in two."""
    assert cut("the berthing was postponed", 20, Measure.UTF16) == "the berthing was…"


def test_a_text_without_blanks_is_cut_all_the_same() -> None:
    """Where no end of a word is near, length decides."""
    assert cut("x" * 100, 10, Measure.UTF16) == "x" * 9 + "…"


def test_one_endless_cluster_leaves_only_the_ellipsis() -> None:
    """A letter under a thousand accents cannot be shown in part."""
    assert cut("e" + "\u0301" * 1000, 20, Measure.UTF16) == "…"


def test_a_stamp_among_pieces_stays_whole_or_goes() -> None:
    """Half a date would be a wrong date."""
    stamp = Stamp(at=START)

    assert cut_pieces(("at ", stamp), 24) == ("at ", stamp)
    assert cut_pieces(("at ", stamp), 23) == ("at ", "…")


def size(message: Message) -> int:
    """A renderer so simple that tests can count: all texts in a row."""
    bodies = [str(piece) for section in message.sections for piece in section.body]
    return sum(map(len, [message.headline, message.title, *bodies])) + 10 * len(message.links)


def a_long_message() -> Message:
    """A change, a short and a long comment, a fact, a description, three links: 1,555 long."""
    return a_message(
        headline="h" * 10,
        title="t" * 15,
        sections=(
            Section(body=("c" * 50,), kind=SectionKind.CHANGE),
            Section(body=("s" * 100,), kind=SectionKind.TEXT),
            Section(body=("l" * 800,), kind=SectionKind.TEXT),
            Section(body=("f" * 50,), kind=SectionKind.FACT),
            Section(body=("b" * 500,), kind=SectionKind.BACKGROUND),
        ),
        links=tuple(Link(label="l", url=f"https://example.org/{one}") for one in range(3)),
    )


def shown(text: int) -> tuple[dict[str, int], int]:
    """How long each section is after fitting, by its letter, and how many links are left."""
    message = fit(a_long_message(), Limits(text=text), size)
    bodies = ["".join(str(piece) for piece in one.body) for one in message.sections]
    return {body[0]: len(body) for body in bodies}, len(message.links)


def test_a_message_that_fits_is_left_alone() -> None:
    """Nothing is cut without need."""
    message = a_long_message()

    assert fit(message, Limits(text=1555), size) == message


def test_the_description_is_cut_first() -> None:
    """Background is what a reader can do without."""
    assert shown(1255) == ({"c": 50, "s": 100, "l": 800, "f": 50, "b": 200}, 3)


def test_a_description_too_short_to_say_anything_goes() -> None:
    """A stump of a few words is left out."""
    assert shown(1100) == ({"c": 50, "s": 100, "l": 800, "f": 50}, 3)


def test_then_the_tail_of_the_longest_text_is_cut() -> None:
    """A short comment does not pay for a long one."""
    assert shown(600) == ({"c": 50, "s": 100, "l": 345, "f": 50}, 3)


def test_then_texts_go_from_the_end() -> None:
    """Where even stumps of all texts are too much, the first is kept."""
    assert shown(290) == ({"c": 50, "s": 80, "f": 50}, 3)


def test_then_links_go_from_the_end() -> None:
    """Changes and facts outlive links."""
    assert shown(136) == ({"c": 50, "f": 50}, 1)


def test_headline_title_changes_and_facts_stay_whatever_the_limit() -> None:
    """A message without them would say nothing."""
    message = fit(a_long_message(), Limits(text=1), size)

    assert (message.headline, message.title) == ("h" * 10, "t" * 15)
    assert [one.kind for one in message.sections] == [SectionKind.CHANGE, SectionKind.FACT]
    assert message.links == ()


def test_links_beyond_the_platforms_number_are_left_out() -> None:
    """The first links are the most useful ones."""
    message = fit(a_long_message(), Limits(text=9999, links=2), size)

    assert message.links == a_long_message().links[:2]


def test_a_title_is_cut_to_its_own_limit() -> None:
    """Platforms limit titles apart from the text."""
    message = fit(a_message(title="word " * 20), Limits(text=9999, title=21), size)

    assert message.title == "word word word word…"
