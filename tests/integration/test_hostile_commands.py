"""Every command with arguments of any length and content, through the core and all renderers."""

import logging

import pytest
from desks import HERE, Counter, presses
from golden_cases import CASES
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from standins.telegram.markup import parse

from bot.commands.registry import COMMANDS, commands_for
from bot.domain.events import Event, EventId
from bot.domain.lines import LONGEST_PRESS, read_line, split_line
from bot.domain.messages import Limits
from bot.domain.requests import CommandReply
from bot.rendering.discord_embed import render_embed
from bot.rendering.fit import Measure, length
from bot.rendering.plain import render_plain
from bot.rendering.telegram_html import render_telegram
from bot.testing import an_event

SPECS = {one.spec.name: one.spec for one in COMMANDS}
TELEGRAM, DISCORD = Limits(text=4096), Limits(text=6000, title=256, links=5)
SOME = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

_NASTY = (
    *("", " ", "\x00", "\ud800", "\u202e", "\ufdfa" * 300, "٣", "½", "1e9", "-0", "0x1", "NaN"),
    *("9" * 18, "9" * 19, "9" * 400, "1,1,1", ",,,", "off", "all", "1,all", "x" * 6000, "😀" * 999),
    *("' OR 1=1 --", "%", "_", "\\", '"', "${x}", "{0}", "%s", "../../etc/passwd", "<b>", "@all"),
    *("done", "stop", "t1", "a1", "t", "1h", "999999999999d", "-1h", "Europe/Berlin", "../UTC"),
    *("/etc/localtime", "EVA", "NASA", "new,date", "on", "Cygnus", "1", "2", "\n\n", "a:b", ":"),
)
"""What has broken programs before, beside what is right."""

words = (
    st.sampled_from(_NASTY)
    | st.text(max_size=60)
    | st.text(st.characters(), min_size=1, max_size=20).map(lambda text: text * 200)
)
_names = sorted({one.name for spec in SPECS.values() for one in spec.options} | {"", "x"})
_hidden = sorted({one for spec in SPECS.values() for one in spec.pressed})
options = st.dictionaries(st.sampled_from(_names + _hidden) | words, words, max_size=4)


def a_hostile_event() -> Event:
    """Somebody who wants us harm has named it."""
    named = CASES["hostile"][1].event
    return an_event(id=EventId(2), name=named.name, description=named.description)


@pytest.fixture
async def crowded(counter: Counter) -> Counter:
    """A core that knows an event of ours and a hostile one."""
    await counter.watch(an_event(), a_hostile_event())
    return Counter(counter.store, commands=commands_for(has_roles=True, has_followers=True))


def assert_sound(reply: CommandReply, caplog: pytest.LogCaptureFixture) -> None:
    """No bug was met, every platform can show the answer, every button in it can be pressed."""
    assert reply.messages
    for message in reply.messages:
        assert message.headline != "Sorry"
        shown = parse(render_telegram(message, TELEGRAM), "HTML")
        assert 0 < shown.size <= TELEGRAM.text
        assert length(render_plain(message, TELEGRAM), Measure.UTF16) <= TELEGRAM.text
        assert f"{render_embed(message, DISCORD)}".encode()
    for press in presses(reply):
        assert len(press.encode()) <= LONGEST_PRESS
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


@SOME
@given(name=st.sampled_from(sorted(SPECS)), given_options=options, guided=st.booleans())
@example(name="subscribe", given_options={"search": "\ud800"}, guided=False)
@example(name="subscribe", given_options={"search": "\x00"}, guided=False)
@example(name="events", given_options={"search": "\ud800"}, guided=False)
@example(name="settings", given_options={"time_zone": "../UTC"}, guided=False)
@example(name="settings", given_options={"time_zone": "\x00"}, guided=False)
@example(name="help", given_options={"command": "x" * 6000}, guided=False)
async def test_no_argument_is_a_bug(
    crowded: Counter,
    caplog: pytest.LogCaptureFixture,
    name: str,
    given_options: dict[str, str],
    *,
    guided: bool,
) -> None:
    """As Discord gives options: each by its name, whatever it says."""
    reply = await crowded.ask_with(name, given_options, is_guided=guided)

    assert_sound(reply, caplog)


@SOME
@given(line=st.text(max_size=300) | st.lists(words, min_size=1, max_size=4).map(" ".join))
@example(line="subscribe " + '"' * 4000)
@example(line="subscribe " + "a:" * 2000)
@example(line="subscribe " + "search:" + "x," * 2000)
@example(line="subscribe remind:" + "9" * 300 + "d")
async def test_no_line_is_a_bug(
    crowded: Counter, caplog: pytest.LogCaptureFixture, line: str
) -> None:
    """As Telegram gives them: a line that somebody typed, also with a command's name before it."""
    name, _ = split_line(line)
    typed = line if name in SPECS else f"subscribe {line}"

    assert_sound(await crowded.ask(typed), caplog)
    assert_sound(await crowded.ask(line), caplog)


async def test_no_name_of_a_place_is_a_bug(
    crowded: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    """Servers and people choose their names."""
    for name in ("\ud800", "\x00", "x" * 6000, "\n\u202e", "@everyone"):
        reply = await crowded.ask("subscribe", server="5", server_name=name)

        assert_sound(reply, caplog)


@SOME
@given(name=st.sampled_from(sorted(SPECS)), typed=words)
async def test_no_beginning_is_a_bug_while_it_is_completed(
    crowded: Counter, caplog: pytest.LogCaptureFixture, name: str, typed: str
) -> None:
    """At most 25 suggestions, none empty and none longer than Discord takes."""
    for option in SPECS[name].options:
        found = await crowded.core.complete(name, option, typed, place=HERE)

        assert len(found) <= 25
        assert all(0 < len(one.value) <= 100 and one.label.encode() for one in found)
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


@SOME
@given(text=words, pressed=words)
def test_no_line_is_lost_while_it_is_read(text: str, pressed: str) -> None:
    """Reading ends for any text, and gives no option without a value."""
    for spec in (None, *SPECS.values()):
        for line in (text, pressed, f"{text} {pressed}"):
            assert all(read_line(line, spec).values())
