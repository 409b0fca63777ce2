"""The console adapter: what it prints, and what a stream that fails does to it."""

import errno
import io
import sys
from dataclasses import replace

import pytest

from bot.adapters.console import create
from bot.domain.channels import Channel
from bot.domain.deliveries import Later, Outcome, Refused, Sent
from bot.domain.messages import Section
from bot.domain.subscriptions import Destination
from bot.errors import ConfigError
from bot.testing import a_delivery, a_message, check_adapter
from bot.testing.surroundings import surroundings

ESCAPE = "\x1b"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


class Failing(io.StringIO):
    """A stream whose reader or disk is gone."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def flush(self) -> None:
        """Fail as the system does."""
        raise self.error


class Ascii(io.StringIO):
    """A stream of a machine without a language."""

    encoding = "ascii"


async def printed(stream: io.StringIO, *, to: str = "spacewalks", zone: str = "UTC") -> Outcome:
    """Send one message through an adapter on this stream."""
    place, channel = Destination(adapter="console", address=to), Channel(time_zone=zone)
    delivery = a_delivery(destination=place, channel=channel)
    async with create(surroundings({"stream": stream})) as adapter:
        return await adapter.send(delivery, a_message())


async def test_console_keeps_the_contract_of_adapters() -> None:
    """The same check that plug-in authors have."""
    await check_adapter(create, {"stream": io.StringIO()}, "spacewalks")


async def test_a_message_stands_under_the_name_of_its_channel() -> None:
    """A reader of the demo sees which channel got what."""
    stream = io.StringIO()

    outcome = await printed(stream)

    first, second, *_ = stream.getvalue().split("\n")
    assert outcome == Sent()
    assert first == f"── #spacewalks {'─' * 73}"
    assert second == "Moved later by 1 day 20 h 25 min"


async def test_times_are_those_of_the_channel() -> None:
    """A terminal cannot convert them."""
    stream = io.StringIO()

    await printed(stream, zone="Asia/Tokyo")

    assert "16 Mar 2027, 18:30 JST" in stream.getvalue()


async def test_a_channel_that_has_its_sign_already_gets_no_second() -> None:
    """`console:#iss` is `#iss`."""
    stream = io.StringIO()

    await printed(stream, to="#iss")

    assert stream.getvalue().startswith("── #iss ─")


async def test_standard_output_is_the_usual_stream(capsys: pytest.CaptureFixture[str]) -> None:
    """`console` needs no settings."""
    async with create(surroundings({})) as adapter:
        await adapter.send(a_delivery(), a_message())

    assert "Cygnus NG-27 Berthing" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("stream", "colour", "coloured"),
    [(Terminal, True, True), (Terminal, False, False), (io.StringIO, True, False)],
)
async def test_only_a_terminal_gets_colours_and_may_refuse_them(
    stream: type[io.StringIO], *, colour: bool, coloured: bool
) -> None:
    """Files and pipes stay readable, and so does a terminal whose owner wants no colours."""
    output = stream()

    async with create(surroundings({"stream": output, "colour": colour})) as adapter:
        await adapter.send(a_delivery(), a_message())

    assert (ESCAPE in output.getvalue()) is coloured


@pytest.mark.parametrize(("columns", "width"), [("40", 60), ("72", 72), ("300", 100)])
async def test_a_terminals_width_is_used_within_reason(
    monkeypatch: pytest.MonkeyPatch, columns: str, width: int
) -> None:
    """Lines of 300 columns are no pleasure, nor are those of 40."""
    monkeypatch.setenv("COLUMNS", columns)
    output = Terminal()

    await printed(output)

    header = output.getvalue().split("\n")[0]
    assert len(header.removeprefix("\x1b[2m").removesuffix("\x1b[0m")) == width


async def test_a_reader_that_left_is_a_refusal() -> None:
    """`perigee demo | head` must end, not retry for half a day."""
    assert isinstance(await printed(Failing(BrokenPipeError())), Refused)


async def test_a_full_disk_may_have_room_again_later() -> None:
    """The message is kept and tried again; the reason is the system's own."""
    full = OSError(errno.ENOSPC, "No space left on device")

    outcome = await printed(Failing(full))

    assert outcome == Later(reason="the console cannot be written: No space left on device")


async def test_a_closed_stream_is_a_refusal() -> None:
    """It will not open again."""
    stream = io.StringIO()
    async with create(surroundings({"stream": stream})) as adapter:
        stream.close()

        assert isinstance(await adapter.send(a_delivery(), a_message()), Refused)


async def test_a_stream_that_knows_few_letters_shows_the_others_as_questions() -> None:
    """A message with an arrow must not fail for the arrow."""
    stream = Ascii()

    outcome = await printed(stream)

    assert outcome == Sent()
    assert stream.getvalue().startswith("?? #spacewalks")


async def test_a_message_cannot_paint_the_terminal() -> None:
    """Only our own escape codes reach it, even from a message that was not cleaned."""
    stream = io.StringIO()
    nasty = replace(a_message(), sections=(Section(body=(f"{ESCAPE}[2J",)),))

    async with create(surroundings({"stream": stream})) as adapter:
        await adapter.send(a_delivery(), nasty)

    assert ESCAPE not in stream.getvalue()


async def test_a_stream_that_is_none_is_the_owners_mistake() -> None:
    """The sentence names the setting."""
    with pytest.raises(ConfigError, match=r"console\.stream is 'stdout'"):
        async with create(surroundings({"stream": "stdout"})):
            pytest.fail("opened")


async def test_standard_output_stays_open() -> None:
    """Leaving the adapter closes nothing that is not its own."""
    async with create(surroundings({"stream": sys.stdout})):
        pass

    assert not sys.stdout.closed
