"""`/settings`, `/preview`, `/mute` and `/unmute`: how a channel gets its messages."""

from datetime import timedelta

import pytest
from desks import Counter, labels, presses, words

from bot.commands.registry import commands_for
from bot.domain.changes import Kind
from bot.domain.channels import DEFAULT_CHANNEL, Channel
from bot.domain.watching import Watch
from bot.testing import an_event


@pytest.fixture
def with_roles(counter: Counter) -> Counter:
    """A platform whose messages can mention a role."""
    return Counter(counter.store, commands=commands_for(has_roles=True, has_followers=False))


async def test_settings_are_shown_and_stay(counter: Counter) -> None:
    """Looking changes nothing."""
    reply = await counter.ask("settings")

    assert reply.is_private
    assert reply.messages[0].headline == "Settings of this channel"
    assert await counter.channel() == DEFAULT_CHANNEL


async def test_settings_change_what_is_named(with_roles: Counter) -> None:
    """Several at once; what is not named stays."""
    await with_roles.ask("settings mention:123 mention_for:date,webcast")

    said = await with_roles.say("settings berlin silent:on remind:2h,off-topic")
    again = await with_roles.say("settings berlin silent:on remind:2h")

    assert "not a lead time" in said
    assert again.startswith("Settings changed")
    assert await with_roles.channel() == Channel(
        time_zone="Europe/Berlin",
        is_silent=True,
        mention="123",
        mention_kinds=frozenset({Kind.DATE, Kind.WEBCAST}),
        leads=frozenset({timedelta(hours=2)}),
    )


async def test_half_a_mistake_changes_nothing(counter: Counter) -> None:
    """A line with one wrong value is refused whole."""
    await counter.ask("settings silent:on time_zone:Nowhere")

    assert await counter.channel() == DEFAULT_CHANNEL


@pytest.mark.parametrize("pasted", ["123", "<@&123>"])
async def test_a_role_is_taken_as_the_platform_gives_it(with_roles: Counter, pasted: str) -> None:
    """By its id, or as it is pasted from a message; `off` mentions nobody."""
    await with_roles.ask(f"settings mention:{pasted}")
    mentioned = (await with_roles.channel()).mention
    await with_roles.ask("settings mention:off")

    assert mentioned == "123"
    assert (await with_roles.channel()).mention == ""


@pytest.mark.parametrize("role", ["@everyone", "<@!5>", "55"])
async def test_everyone_is_never_mentioned(with_roles: Counter, role: str) -> None:
    """On Discord the role of everybody has the server's id; a person is no role."""
    reply = await with_roles.ask(f"settings mention:{role}", server="55")

    assert "hoose a role" in words(reply.messages[0])
    assert (await with_roles.channel()).mention == ""


async def test_a_platform_without_roles_has_no_such_option(counter: Counter) -> None:
    """What cannot be done is not accepted in silence."""
    said = await counter.say("settings mention:123")

    assert 'has no option "mention"' in said
    assert await counter.channel() == DEFAULT_CHANNEL


async def test_a_channel_publishes_where_others_can_follow(counter: Counter) -> None:
    """On and off; what else is set stays."""
    followed = Counter(counter.store, commands=commands_for(has_roles=False, has_followers=True))

    said = await followed.say("settings silent:on publish:on")
    on = await followed.channel()
    await followed.ask("settings publish:off")

    assert "Publishing: on" in said
    assert on == Channel(is_silent=True, publishes=True)
    assert await followed.channel() == Channel(is_silent=True)


async def test_a_platform_without_followers_publishes_nothing(counter: Counter) -> None:
    """It has no such option, and does not speak of it."""
    said = await counter.say("settings publish:on")

    assert 'has no option "publish"' in said
    assert "Publishing" not in await counter.say("settings")


async def test_a_press_turns_the_sound_off_and_on(counter: Counter) -> None:
    """The button under the settings edits them in place."""
    (off,) = presses(await counter.ask("settings"))
    pressed = await counter.ask(off)
    silent = (await counter.channel()).is_silent
    await counter.ask(presses(pressed)[0])

    assert pressed.replaces
    assert silent
    assert not (await counter.channel()).is_silent


async def test_preview_shows_each_kind_once(counter: Counter) -> None:
    """An example of each kind of message, only for whoever asked."""
    reply = await counter.ask("preview")

    assert [one.kind for one in reply.messages] == list(Kind)
    assert reply.is_private


async def test_preview_tells_times_as_alerts_here_do(counter: Counter) -> None:
    """In the zone of the channel."""
    await counter.ask("settings tokyo")

    said = await counter.say("preview")

    assert "3 Mar 2027, 21:30 JST" in said
    assert "UTC" not in said


async def test_an_event_is_muted_by_the_button_under_its_alert(counter: Counter) -> None:
    """The answer is for whoever pressed, the alert stays, and one button takes it back."""
    await counter.watch(an_event())

    reply = await counter.ask("mute event:1")
    muted = await counter.muted()
    await counter.ask(presses(reply)[0])

    assert reply.is_private
    assert not reply.replaces
    assert labels(reply) == ["Unmute"]
    assert muted == (1,)
    assert await counter.muted() == ()


async def test_a_muted_event_that_is_over_is_found_by_name(counter: Counter) -> None:
    """It left the schedule, but not the list of what is muted here."""
    await counter.watch(an_event())
    await counter.ask("mute cygnus")
    await counter.watch(an_event(), watch=Watch.FINISHED)

    await counter.ask("unmute cygnus ng-27")

    assert await counter.muted() == ()


async def test_muting_what_is_not_known_mutes_nothing(counter: Counter) -> None:
    """The nearest is offered; choosing it mutes it."""
    await counter.watch(an_event())

    reply = await counter.ask("mute cignus")

    assert presses(reply) == ["mute event:1"]
    assert await counter.muted() == ()
