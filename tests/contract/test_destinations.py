"""`ports.Destinations`: settings, health, and mutes."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from outboxes import HOUR, MANY, claim, finish, reached, subscribe, tell, to, undone
from places import mute, set_health

from bot.domain.changes import Kind
from bot.domain.channels import DEFAULT_CHANNEL, Channel, Health, Keeper, Reach
from bot.domain.deliveries import State
from bot.domain.events import EventId
from bot.domain.requests import Person
from bot.store.unit_of_work import SqlStore
from bot.testing import START, an_event

OTHER = EventId(2)
PAUSED = Health(reach=Reach.PAUSED, since=START, reason="no right to send", missing="Send Messages")
WELL = Health(since=START + HOUR)


channels = st.builds(
    Channel,
    time_zone=st.sampled_from(("UTC", "Europe/Berlin")),
    is_silent=st.booleans(),
    mention=st.sampled_from(("", "123")),
    mention_kinds=st.frozensets(st.sampled_from(Kind)),
    leads=st.frozensets(st.sampled_from((timedelta(minutes=10), timedelta(days=1)))),
    publishes=st.booleans(),
)


async def test_unknown_destination_reads_as_the_defaults(store: SqlStore) -> None:
    """One that nobody told us of reads as the defaults."""
    async with store.reading() as unit:
        assert await unit.destinations.channel(to()) == DEFAULT_CHANNEL
        assert await unit.destinations.health(to()) == Health()
        assert await unit.destinations.keeper(to()) == Keeper()
        assert await unit.destinations.muted(to()) == ()
        assert await unit.destinations.neighbours(to()) == ()
        assert await unit.destinations.last_delivery(to()) is None
        assert await unit.destinations.unwell([to()]) == {}


@MANY
@given(first=channels, second=channels)
async def test_settings_are_kept(store: SqlStore, first: Channel, second: Channel) -> None:
    """Each method that writes makes its row; the last word counts, and only here."""
    async with undone(store) as unit:
        await unit.destinations.set_channel(to(), first)
        await unit.destinations.set_channel(to(), second)

        assert await unit.destinations.channel(to()) == second
        assert await unit.destinations.channel(to("other")) == DEFAULT_CHANNEL


async def test_parts_of_a_destination_do_not_disturb_each_other(store: SqlStore) -> None:
    """Settings, health and keeper are set at different times by different parties."""
    silent = Channel(is_silent=True)
    async with store.writing() as unit:
        await unit.destinations.set_channel(to(), silent)
        await unit.destinations.set_health(to(), PAUSED)
        await unit.destinations.met(to(), server="s", name="Here", person=Person(id="7"))

    async with store.reading() as unit:
        assert await unit.destinations.channel(to()) == silent
        assert await unit.destinations.health(to()) == PAUSED
        assert await unit.destinations.keeper(to()) == Keeper(server="s", name="Here", person="7")


async def test_claimed_deliveries_carry_the_settings(store: SqlStore) -> None:
    """An adapter need not ask the store how to address a channel."""
    await subscribe(store, to(), to("other"))
    silent = Channel(is_silent=True, time_zone="Asia/Tokyo")
    async with store.writing() as unit:
        await unit.destinations.set_channel(to(), silent)

    await tell(store)
    claimed = await claim(store)

    assert {one.destination: one.channel for one in claimed} == {
        to(): silent,
        to("other"): DEFAULT_CHANNEL,
    }


async def test_unwell_are_those_that_are_not_active(store: SqlStore) -> None:
    """One question for a whole batch of outcomes."""
    await set_health(store, to(), PAUSED)
    await set_health(store, to("well"), WELL)
    await set_health(store, to("unasked"), PAUSED)

    async with store.reading() as unit:
        asked = [to(), to("well"), to("unknown"), to(adapter="discord")]
        assert await unit.destinations.unwell(asked) == {to(): PAUSED}


async def test_muted_event_gives_no_delivery_there(store: SqlStore) -> None:
    """Only there, and only of this event."""
    await subscribe(store, to(), to("other"))
    await mute(store, to(), EventId(1))
    await mute(store, to(), EventId(1))

    await tell(store)
    await tell(store, event=an_event(id=OTHER))

    assert await reached(store) == [to("other"), to(), to("other")]
    async with store.reading() as unit:
        assert await unit.destinations.muted(to()) == (EventId(1),)


async def test_mute_ends_what_waits(store: SqlStore) -> None:
    """Whoever mutes an event wants no more of it, whatever was made already."""
    await subscribe(store, to(), to("other"))
    await tell(store)
    await tell(store, event=an_event(id=OTHER))

    await mute(store, to(), EventId(1))

    assert [(one.destination, one.event_id) for one in await claim(store)] == [
        (to("other"), EventId(1)),
        (to(), OTHER),
        (to("other"), OTHER),
    ]


async def test_unmute_lets_news_through_again(store: SqlStore) -> None:
    """From now on; what was muted meanwhile is not made up for."""
    await subscribe(store, to())
    await mute(store, to(), EventId(1))
    await mute(store, to(), OTHER)
    await tell(store)
    async with store.writing() as unit:
        await unit.destinations.unmute(to(), EventId(1))

    await tell(store)

    assert len(await reached(store)) == 1
    async with store.reading() as unit:
        assert await unit.destinations.muted(to()) == (OTHER,)


async def test_last_delivery_is_the_last_that_came_to_an_end(store: SqlStore) -> None:
    """Sent or given up; what waits, or was folded, is none."""
    await subscribe(store, to(), to("other"))
    await tell(store)
    await tell(store)
    mine = [one for one in await claim(store) if one.destination == to()]
    await finish(store, mine, state=State.DEAD, error="too long")
    await tell(store, event=an_event(id=OTHER))

    async with store.reading() as unit:
        last = await unit.destinations.last_delivery(to())
        none = await unit.destinations.last_delivery(to("other"))

    assert last is not None
    assert (last.id, last.error, len(last.change_ids)) == (mine[0].id, "too long", 2)
    assert none is None


async def test_destinations_are_counted_by_reach(store: SqlStore) -> None:
    """How many destinations hold subscriptions, by adapter and reach."""
    await subscribe(store, to(), to("b"), to("c"), to("d", "discord"))
    await subscribe(store, to(), kinds=frozenset({Kind.NEW}))
    await set_health(store, to(), PAUSED)
    await set_health(store, to("holds nothing"), PAUSED)

    async with store.reading() as unit:
        assert await unit.destinations.count() == {
            ("console", Reach.ACTIVE): 2,
            ("console", Reach.PAUSED): 1,
            ("discord", Reach.ACTIVE): 1,
        }


async def test_paused_are_listed_by_address_a_page_at_a_time(store: SqlStore) -> None:
    """Of one adapter, and neither the well nor the suspect."""
    for address in ("c", "a", "b"):
        await set_health(store, to(address), PAUSED)
    await set_health(store, to("aa"), Health(reach=Reach.SUSPECT, since=START))
    await set_health(store, to("bb"), WELL)
    await set_health(store, to("ab", adapter="discord"), PAUSED)

    async with store.reading() as unit:
        first = await unit.destinations.paused("console", after="", limit=2)
        second = await unit.destinations.paused("console", after="b", limit=2)

    assert (first, second) == ((to("a"), to("b")), (to("c"),))


async def test_below_a_chat_are_its_topics(store: SqlStore) -> None:
    """`below`: those inside it, by address; no wildcard in an address means anything."""
    chat, alike, foreign = to("-1%"), to("-12/3"), to("-1%/7", "discord")
    later, topic = to("-1%/9"), to("-1%/7")
    for destination in (chat, alike, foreign, later, topic):
        await subscribe(store, destination)

    async with store.reading() as unit:
        assert await unit.destinations.below(chat) == (topic, later)
        assert await unit.destinations.below(topic) == ()


async def test_ailing_are_those_that_are_not_active(store: SqlStore) -> None:
    """`ailing`: those that have been so the longest first."""
    old = replace(PAUSED, since=START - HOUR)
    for place, health in (("new", PAUSED), ("well", WELL), ("old", old)):
        await set_health(store, to(place), health)

    async with store.reading() as unit:
        assert list((await unit.destinations.ailing(10)).items()) == [
            (to("old"), old),
            (to("new"), PAUSED),
        ]
        assert list(await unit.destinations.ailing(1)) == [to("old")]
