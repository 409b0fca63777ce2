"""`/subscribe`, `/unsubscribe` and `/subscriptions` keep what a channel gets."""

from datetime import timedelta

import pytest
from desks import HERE, Counter, labels, presses, words
from outboxes import claim, finish, start, tell

from bot.commands.subscribing import MOST
from bot.domain.changes import DEFAULT_KINDS, Kind
from bot.domain.deliveries import State
from bot.domain.requests import Person
from bot.domain.subscriptions import DEFAULT_LEADS, Filter
from bot.testing import an_event

HOUR = timedelta(hours=1)


async def test_without_options_everything_is_subscribed(counter: Counter) -> None:
    """The widest meaning, on platforms whose own menus led through the options."""
    said = await counter.say("subscribe")

    assert await counter.filters() == [Filter()]
    assert "Subscribed" in said
    assert "1. All events" in said


async def test_options_are_read_as_the_contract_has_them(counter: Counter) -> None:
    """Values of one option are alternatives, the options must all hold."""
    line = (
        'subscribe type:EVA,docking agency:NASA,esa program:17 search:"Space  Station",moon '
        "changes:new,date remind:24h,10m"
    )

    said = await counter.say(line)

    assert await counter.filters() == [
        Filter(
            types=frozenset({3, 2}),
            agencies=frozenset({44, 27}),
            programs=frozenset({17}),
            words=frozenset({"space station", "moon"}),
            kinds=frozenset({Kind.NEW, Kind.DATE}),
            leads=frozenset({24 * HOUR, HOUR / 6}),
        )
    ]
    assert "Docking or EVA, with ESA or NASA" in said
    assert "no reminders" in said


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("subscribe EVAA", 'did you mean "EVA"?'),
        ("subscribe agency:NASSA", 'did you mean "NASA"?'),
        ("subscribe changes:dates", 'did you mean "date"?'),
        ("subscribe remind:soon", "write e.g. 24h,1h,10m, or off"),
        ("subscribe agency:space", "fits more than one agency"),
    ],
)
async def test_what_is_not_understood_subscribes_nothing(
    counter: Counter, line: str, sentence: str
) -> None:
    """Half a filter would bring what nobody asked for."""
    reply = await counter.ask(line)

    assert sentence in words(reply.messages[0])
    assert reply.is_private
    assert await counter.filters() == []


async def test_the_same_filter_twice_is_one_subscription(counter: Counter) -> None:
    """It keeps its number, and the answer says that it was there."""
    await counter.ask("subscribe type:EVA")
    await counter.ask("subscribe type:Docking")

    said = await counter.say("subscribe eva")

    assert said.startswith("Already subscribed\n\n1. EVA")
    assert len(await counter.filters()) == 2


async def test_reminders_follow_the_channels_settings_unless_named(counter: Counter) -> None:
    """Default lead times are a setting of the channel."""
    await counter.ask("settings remind:1h")

    await counter.ask("subscribe type:EVA")
    await counter.ask("subscribe type:Docking remind:off")

    leads = [one.leads for one in await counter.filters()]
    assert leads == [frozenset({HOUR}), frozenset()]


async def test_usual_kinds_and_leads_are_the_contracts(counter: Counter) -> None:
    """All kinds of news but details; a day, an hour and ten minutes before."""
    await counter.ask("subscribe type:EVA")

    (held,) = await counter.filters()
    assert held.kinds == DEFAULT_KINDS
    assert held.leads == frozenset(DEFAULT_LEADS)


async def test_the_next_event_that_it_will_tell_of_is_named(counter: Counter) -> None:
    """Whoever subscribes sees at once that the filter catches something."""
    await counter.watch(an_event())

    assert "Next: Cygnus NG-27 Berthing" in await counter.say("subscribe changes:update")
    assert "Next:" not in await counter.say("subscribe type:Flyby")


async def test_a_channel_holds_as_many_as_one_list_shows(counter: Counter) -> None:
    """The one too many is refused in words; one that is held already is not."""
    for number in range(MOST):
        await counter.ask(f"subscribe search:word{number}")

    said = await counter.say("subscribe search:onemore")

    assert "No more subscriptions here" in said
    assert len(await counter.filters()) == MOST
    assert "Already subscribed" in await counter.say("subscribe search:word3")


async def test_who_subscribed_is_remembered(counter: Counter) -> None:
    """Somebody has to be told when messages do not arrive any more."""
    ada = Person(id="7", name="Ada")

    await counter.ask("subscribe", server="55", server_name="Space, news", person=ada)

    async with counter.store.reading() as unit:
        keeper = await unit.destinations.keeper(HERE)
    assert (keeper.server, keeper.name, keeper.person) == ("55", "Space, news", "7")


async def test_one_is_removed_by_its_number(counter: Counter) -> None:
    """Numbers are places in the list of this channel; the answer says how to have it again."""
    for name in ("EVA", "Docking", "Flyby"):
        await counter.ask(f"subscribe type:{name}")

    said = await counter.say("unsubscribe 2")

    assert "/subscribe type:Docking" in said
    assert [one.types for one in await counter.filters()] == [{3}, {23}]


async def test_an_old_button_never_removes_another_subscription(counter: Counter) -> None:
    """Places move up when one goes; the button holds what does not change."""
    for name in ("EVA", "Docking", "Flyby"):
        await counter.ask(f"subscribe type:{name}")
    first, second, _ = presses(await counter.ask("subscriptions"))

    pressed = await counter.ask(first)
    await counter.ask(second)
    again = await counter.ask(second)

    assert pressed.replaces
    assert [one.types for one in await counter.filters()] == [{23}]
    assert "removed before" in words(again.messages[0])


@pytest.mark.parametrize("line", ["unsubscribe", "unsubscribe all"])
async def test_without_a_number_all_are_removed(counter: Counter, line: str) -> None:
    """The answer lists them as they can be typed again."""
    await counter.ask("subscribe type:EVA")
    await counter.ask('subscribe search:"space station" changes:new')

    said = await counter.say(line)

    assert await counter.filters() == []
    assert "/subscribe type:EVA" in said
    assert '/subscribe search:"space station" changes:new' in said


@pytest.mark.parametrize("line", ["unsubscribe 3", "unsubscribe x", "unsubscribe 0"])
async def test_a_number_that_is_none_removes_nothing(counter: Counter, line: str) -> None:
    """A slip must not cost a subscription."""
    await counter.ask("subscribe type:EVA")

    assert (await counter.ask(line)).is_private
    assert len(await counter.filters()) == 1


async def test_list_shows_buttons_to_those_who_may_press_them(counter: Counter) -> None:
    """Everybody may look."""
    await counter.ask("subscribe type:EVA")

    assert labels(await counter.ask("subscriptions")) == ["Remove 1"]
    assert labels(await counter.ask("subscriptions", may_manage=False)) == []
    assert "1. EVA" in await counter.say("subscriptions", may_manage=False)


async def test_list_shows_the_last_delivery(counter: Counter) -> None:
    """When the last message arrived, or why it did not."""
    await counter.ask("subscribe")
    assert "Last message: none lately" in await counter.say("subscriptions")

    await tell(counter.store)
    claimed = await claim(counter.store, adapter=HERE.adapter)
    await start(counter.store, claimed)
    await finish(counter.store, claimed, state=State.DEAD, error="chat not found")

    said = await counter.say("subscriptions")
    assert "Last message: given up" in said
    assert "Chat not found." in said


async def test_list_and_status_show_trouble(counter: Counter) -> None:
    """A paused channel says why, and since when, where somebody may look for it."""
    await counter.ask("subscribe")
    await counter.core.unreachable(HERE.address, "the bot may not write here")

    for line in ("subscriptions", "status", "subscribe type:EVA"):
        said = await counter.say(line)
        assert "paused since 1 Mar 2027, 12:00 UTC: The bot may not write here." in said


async def test_muted_events_are_listed_by_name(counter: Counter) -> None:
    """Who wonders why an event is silent finds it here."""
    await counter.watch(an_event())
    await counter.ask("subscribe")
    await counter.ask("mute cygnus")

    assert "Muted: Cygnus NG-27 Berthing" in await counter.say("subscriptions")
