"""`ports.Destinations`: settings, health, mutes, keepers, and moving to another address."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outboxes import (
    HOUR,
    MANY,
    claim,
    expand,
    finish,
    owe,
    reached,
    start,
    states,
    subscribe,
    tell,
    to,
    undone,
)

from bot.domain.changes import Kind
from bot.domain.channels import (
    DEFAULT_CHANNEL,
    KEPT_FOR,
    Channel,
    Health,
    Keeper,
    Reach,
    Trouble,
)
from bot.domain.deliveries import State
from bot.domain.events import EventId
from bot.domain.requests import NOBODY, Person
from bot.domain.subscriptions import Destination, Filter
from bot.ports import Store
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


async def set_health(store: Store, destination: Destination, health: Health) -> None:
    """Set it in a transaction of its own."""
    async with store.writing() as unit:
        await unit.destinations.set_health(destination, health)


async def mute(store: Store, destination: Destination, event_id: EventId) -> None:
    """Mute in a transaction of its own."""
    async with store.writing() as unit:
        await unit.destinations.mute(destination, event_id)


async def move(store: Store, old: Destination, new: Destination) -> None:
    """Move in a transaction of its own."""
    async with store.writing() as unit:
        await unit.destinations.move(old, new)


async def meet(store: Store, destination: Destination, server: str = "s", **known: str) -> None:
    """Learn of a destination's server in a transaction of its own."""
    async with store.writing() as unit:
        person = Person(id=known.get("person", ""))
        await unit.destinations.met(
            destination, server=server, name=known.get("name", ""), person=person
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


async def test_nothing_is_claimed_for_a_paused_destination(store: SqlStore) -> None:
    """Neither what waited when it was paused nor what came since; others are not held up."""
    await subscribe(store, to(), to("other"))
    await tell(store)
    await set_health(store, to(), PAUSED)
    await tell(store, event=an_event(id=OTHER))

    claimed = await claim(store)

    assert {one.destination for one in claimed} == {to("other")}
    assert sorted(await states(store)) == ["held", "held", "leased", "leased"]


async def test_what_was_missed_comes_when_it_is_reached_again(store: SqlStore) -> None:
    """Pause, never delete: in the old order, each once."""
    await subscribe(store, to())
    await set_health(store, to(), PAUSED)
    await tell(store)
    await tell(store, event=an_event(id=OTHER))
    assert await claim(store) == ()

    await set_health(store, to(), WELL)

    assert [one.event_id for one in await claim(store)] == [EventId(1), OTHER]


async def test_suspect_destination_is_still_sent_to(store: SqlStore) -> None:
    """Only the next refusal tells whether it is really lost."""
    await subscribe(store, to())
    await set_health(store, to(), Health(reach=Reach.SUSPECT, since=START))

    await tell(store)

    assert len(await claim(store)) == 1


async def test_news_that_waited_too_long_ends(store: SqlStore) -> None:
    """Once it is not paused any more it gets the news of a week; older news is too late."""
    await subscribe(store, to())
    await set_health(store, to(), PAUSED)
    await tell(store, created_at=START)
    await tell(store, event=an_event(id=OTHER), created_at=START + HOUR)

    await set_health(store, to(), Health(since=START + KEPT_FOR + HOUR))

    assert await states(store) == [State.EXPIRED, State.PENDING]


async def test_long_paused_destination_collects_nothing_more(store: SqlStore) -> None:
    """A channel that is never repaired must not fill the store."""
    await subscribe(store, to(), to("other"))
    await set_health(store, to(), PAUSED)

    await tell(store, created_at=START + KEPT_FOR + HOUR)

    assert await reached(store) == [to("other")]


async def test_held_delivery_is_no_reason_to_wake(store: SqlStore) -> None:
    """Nothing is due for a destination that cannot be reached."""
    await subscribe(store, to())
    await set_health(store, to(), PAUSED)
    await tell(store)

    async with store.reading() as unit:
        assert await unit.outbox.next_due("console", after=START) is None


async def test_delivery_that_found_its_destination_lost_is_held(store: SqlStore) -> None:
    """It is open as before, and goes when the others go."""
    await subscribe(store, to())
    await tell(store)
    claimed = await claim(store)
    await start(store, claimed)
    await finish(store, claimed, state=State.HELD, error="no such channel")
    await set_health(store, to(), PAUSED)

    await set_health(store, to(), WELL)
    (again,) = await claim(store)

    assert again.id == claimed[0].id
    assert again.attempts == 1


@pytest.mark.parametrize("health", [PAUSED, WELL])
async def test_what_is_under_way_is_left_to_who_sends_it(store: SqlStore, health: Health) -> None:
    """Neither held, as it may arrive, nor freed: it would be sent a second time."""
    await subscribe(store, to())
    await tell(store)
    await start(store, await claim(store))

    await set_health(store, to(), health)

    assert await states(store) == [State.SENDING]


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


async def test_keeper_is_whoever_was_met_last(store: SqlStore) -> None:
    """An empty name or person leaves the known one."""
    await meet(store, to(), "1", name="Space: launches", person="7")
    await meet(store, to(), "2")

    async with store.reading() as unit:
        keeper = await unit.destinations.keeper(to())

    assert keeper == Keeper(server="2", name="Space: launches", person="7")


async def test_neighbours_can_be_told_of_trouble(store: SqlStore) -> None:
    """Other destinations of its server that hold subscriptions and are active, oldest first."""
    await subscribe(store, to(), to("b"), to("paused"), to("elsewhere"), to("a"))
    await subscribe(store, to("b", "discord"))
    for destination in (to(), to("a"), to("b"), to("paused"), to("holds nothing")):
        await meet(store, destination)
    await meet(store, to("elsewhere"), "another")
    await meet(store, to("b", "discord"))
    await set_health(store, to("paused"), PAUSED)

    async with store.reading() as unit:
        assert await unit.destinations.neighbours(to()) == (to("b"), to("a"))


async def test_destinations_without_a_server_are_no_neighbours(store: SqlStore) -> None:
    """Private chats have nothing to do with each other."""
    await subscribe(store, to(), to("b"))
    await meet(store, to(), "")
    await meet(store, to("b"), "")

    async with store.reading() as unit:
        assert await unit.destinations.neighbours(to()) == ()


async def _belongings(store: Store, destination: Destination) -> tuple[object, ...]:
    async with store.reading() as unit:
        return (
            {one.filter for one in await unit.subscriptions.held(destination)},
            await unit.destinations.channel(destination),
            await unit.destinations.keeper(destination),
            await unit.destinations.muted(destination),
        )


async def test_move_takes_everything_along(store: SqlStore) -> None:
    """A group became a supergroup: nobody has to set anything up again."""
    await subscribe(store, to("old"))
    await meet(store, to("old"), person="7")
    await mute(store, to("old"), OTHER)
    async with store.writing() as unit:
        await unit.destinations.set_channel(to("old"), Channel(is_silent=True))
    before = await _belongings(store, to("old"))

    await move(store, to("old"), to("new"))

    assert await _belongings(store, to("new")) == before
    assert (await _belongings(store, to("old")))[0] == set()


async def test_move_takes_settings_along_where_there_is_nothing_else(store: SqlStore) -> None:
    """A group may set its time zone before it subscribes to anything."""
    async with store.writing() as unit:
        await unit.destinations.set_channel(to("old"), Channel(is_silent=True))
        await unit.destinations.mute(to("muting"), OTHER)

    await move(store, to("old"), to("new"))
    await move(store, to("muting"), to("mute"))

    async with store.reading() as unit:
        assert await unit.destinations.channel(to("new")) == Channel(is_silent=True)
        assert await unit.destinations.muted(to("mute")) == (OTHER,)


async def test_move_takes_waiting_news_along_where_there_is_nothing_else(store: SqlStore) -> None:
    """Whoever unsubscribes is still told what was owed before."""
    await subscribe(store, to("old"))
    await tell(store)
    async with store.writing() as unit:
        await unit.subscriptions.remove(to("old"), None)

    await move(store, to("old"), to("new"))

    assert [one.destination for one in await claim(store)] == [to("new")]


async def test_move_keeps_what_waits_and_what_is_under_way(store: SqlStore) -> None:
    """Deliveries go to the new address; the end of one under way is still recorded."""
    await subscribe(store, to("old"))
    await tell(store)
    claimed = await claim(store)
    await start(store, claimed)
    await tell(store, event=an_event(id=OTHER))

    await move(store, to("old"), to("new"))
    await finish(store, claimed)

    assert await states(store) == [State.SENT, State.PENDING]
    assert [one.destination for one in await claim(store)] == [to("new")]


async def test_move_resumes_what_the_old_address_had_paused(store: SqlStore) -> None:
    """How well the old address was reached says nothing of the new one."""
    await subscribe(store, to("old"))
    await tell(store)
    await set_health(store, to("old"), PAUSED)

    await move(store, to("old"), to("new"))

    assert len(await claim(store)) == 1
    async with store.reading() as unit:
        assert await unit.destinations.health(to("new")) == Health()


async def test_move_unites_two_destinations(store: SqlStore) -> None:
    """What both hold is held once; settings of the new address count before those of the old."""
    shared, only_old, only_new = (Filter(types=frozenset({one})) for one in (0, 1, 2))
    async with store.writing() as unit:
        await unit.subscriptions.add(to("old"), shared, now=START)
        await unit.subscriptions.add(to("new"), shared, now=START)
        await unit.subscriptions.add(to("old"), only_old, now=START)
        await unit.subscriptions.add(to("new"), only_new, now=START)
        for address, zone, event_id in (("old", "Asia/Tokyo", 1), ("new", "Europe/Berlin", 3)):
            await unit.destinations.set_channel(to(address), Channel(time_zone=zone))
            await unit.destinations.mute(to(address), OTHER)
            await unit.destinations.mute(to(address), EventId(event_id))
    await meet(store, to("old"), person="7")

    await move(store, to("old"), to("new"))

    assert await _belongings(store, to("new")) == (
        {shared, only_old, only_new},
        Channel(time_zone="Europe/Berlin"),
        Keeper(server="s", person="7"),
        (EventId(1), OTHER, EventId(3)),
    )


async def test_move_tells_news_that_waits_for_both_once(store: SqlStore) -> None:
    """One place, one message."""
    await subscribe(store, to("old"), to("new"))
    await tell(store)

    await move(store, to("old"), to("new"))

    assert [one.destination for one in await claim(store)] == [to("new")]
    assert sorted(await states(store)) == [State.LEASED, State.SUPERSEDED]


async def test_move_repeats_no_news_that_was_sent_to_the_old_address(store: SqlStore) -> None:
    """The platform delivered it to where both are now."""
    await subscribe(store, to("old"), to("new"))
    await tell(store)
    at_old = await claim(store, limit=1)
    await start(store, at_old)
    await finish(store, at_old)

    await move(store, to("old"), to("new"))

    assert await claim(store) == ()
    assert await states(store) == [State.SENT, State.SUPERSEDED]


async def test_move_amid_a_fan_out_neither_loses_nor_repeats(chunked: SqlStore) -> None:
    """Wherever the cursor stands, the united destination gets the news once."""
    await subscribe(chunked, to("old"), *(to(f"{number}") for number in range(9)), to("new"))
    await owe(chunked)
    for _ in range(3):
        async with chunked.writing() as unit:
            await unit.outbox.expand()

    await move(chunked, to("new"), to("old"))
    await expand(chunked)

    claimed = [one.destination for one in await claim(chunked)]
    assert len(claimed) == len(set(claimed)) == 10
    assert to("old") in claimed


@pytest.mark.parametrize("known", [False, True])
async def test_move_to_itself_changes_nothing(store: SqlStore, *, known: bool) -> None:
    """A platform may say so twice."""
    if known:
        await subscribe(store, to())
    before = await _belongings(store, to())

    await move(store, to(), to())

    assert await _belongings(store, to()) == before


async def test_move_back_and_forth_ends_where_it_began(store: SqlStore) -> None:
    """No trace is left at the other address."""
    await subscribe(store, to("a"))
    before = await _belongings(store, to("a"))

    await move(store, to("a"), to("b"))
    await move(store, to("b"), to("a"))

    assert await _belongings(store, to("a")) == before
    assert (await _belongings(store, to("b")))[0] == set()


async def test_person_without_an_id_leaves_the_known_one(store: SqlStore) -> None:
    """A channel's own post names nobody."""
    await meet(store, to(), person="7")
    async with store.writing() as unit:
        await unit.destinations.met(to(), server="s", name="", person=NOBODY)

    async with store.reading() as unit:
        assert (await unit.destinations.keeper(to())).person == "7"


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


async def untold(store: Store) -> list[Destination]:
    """Ask in a transaction of its own."""
    async with store.reading() as unit:
        return [one.destination for one in await unit.destinations.untold("console")]


async def set_told(store: Store, *told: Destination, is_told: bool = True) -> None:
    """In a transaction of its own."""
    async with store.writing() as unit:
        await unit.destinations.set_told(told, is_told=is_told)


async def test_trouble_is_told_once(store: SqlStore) -> None:
    """What counts as told is asked for no more; a new pause after a recovery is new trouble."""
    await subscribe(store, to())
    await set_health(store, to(), PAUSED)
    first = await untold(store)
    await set_told(store, to())
    await set_health(store, to(), PAUSED)
    again = await untold(store)
    await set_health(store, to(), WELL)
    well = await untold(store)
    await set_health(store, to(), PAUSED)

    assert (first, again, well, await untold(store)) == ([to()], [], [], [to()])


async def test_trouble_that_was_not_told_after_all_is_still_to_be_told(store: SqlStore) -> None:
    """Counting as told is taken back where telling failed; of others nothing changes."""
    await subscribe(store, to(), to("b"))
    for one in (to(), to("b")):
        await set_health(store, one, PAUSED)
    await set_told(store, to(), to("b"))

    await set_told(store, to(), is_told=False)

    assert await untold(store) == [to()]


@pytest.mark.parametrize("is_told", [True, False])
async def test_destination_that_is_tried_again_in_vain_is_no_new_trouble(
    store: SqlStore, *, is_told: bool
) -> None:
    """Told once stays told, and what is untold stays to be told, until there was a success."""
    await subscribe(store, to())
    await set_health(store, to(), PAUSED)
    await set_told(store, to(), is_told=is_told)
    await set_health(store, to(), Health(reach=Reach.SUSPECT, since=START))
    while_suspect = await untold(store)

    await set_health(store, to(), PAUSED)

    assert while_suspect == []
    assert await untold(store) == ([] if is_told else [to()])


async def test_first_doubt_is_no_word_to_anybody(store: SqlStore) -> None:
    """Who becomes suspect and then paused was never told of."""
    await subscribe(store, to())
    await set_health(store, to(), Health(reach=Reach.SUSPECT, since=START))

    await set_health(store, to(), PAUSED)

    assert await untold(store) == [to()]


async def test_trouble_names_who_can_mend_it(store: SqlStore) -> None:
    """Its keeper, and other destinations of its server."""
    await subscribe(store, to(), to("b"))
    await meet(store, to(), person="7", name="Space: launches")
    await meet(store, to("b"))
    await set_health(store, to(), PAUSED)

    async with store.reading() as unit:
        (trouble,) = await unit.destinations.untold("console")

    assert trouble == Trouble(
        destination=to(),
        health=PAUSED,
        keeper=Keeper(server="s", name="Space: launches", person="7"),
        neighbours=(to("b"),),
    )


async def test_trouble_that_nobody_misses_is_not_told(store: SqlStore) -> None:
    """Of destinations without subscriptions, of other adapters, of mere suspects."""
    await subscribe(store, to("suspect"), to(adapter="discord"))
    await set_health(store, to("holds nothing"), PAUSED)
    await set_health(store, to(adapter="discord"), PAUSED)
    await set_health(store, to("suspect"), Health(reach=Reach.SUSPECT, since=START))

    assert await untold(store) == []


async def test_move_that_is_told_twice_happens_once(store: SqlStore) -> None:
    """Each message under way finds out for itself."""
    await subscribe(store, to("old"))
    await tell(store)
    claimed = await claim(store)
    await move(store, to("old"), to("new"))
    await finish(store, claimed)
    before = await _belongings(store, to("new"))

    await move(store, to("old"), to("new"))

    assert await _belongings(store, to("new")) == before
    async with store.reading() as unit:
        assert await unit.destinations.last_delivery(to("new")) is not None


async def test_move_that_is_told_twice_happens_once_whatever_else_there_is(
    store: SqlStore,
) -> None:
    """What waits elsewhere, or ended long ago at the old address, is no reason to move again."""
    await subscribe(store, to("old"), to("new"), to("elsewhere"))
    await tell(store)
    at_old, at_new, _elsewhere = await claim(store)
    await finish(store, [at_new], state=State.DEAD, error="no such channel")
    await finish(store, [at_old])
    await move(store, to("old"), to("new"))
    before = await _last(store, to("new"))

    await move(store, to("old"), to("new"))

    assert before is not None
    assert await _last(store, to("new")) == before


async def _last(store: Store, destination: Destination) -> object:
    async with store.reading() as unit:
        return await unit.destinations.last_delivery(destination)


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


async def test_what_waits_outlives_a_move_back(store: SqlStore) -> None:
    """`move`: what came to another row by one move and returns by the next is still to be sent."""
    await subscribe(store, to("a"))
    await subscribe(store, to("b"), types=frozenset({99}))
    await tell(store)

    for _ in range(2):
        async with store.writing() as unit:
            await unit.destinations.move(to("b"), to("a"))
        await subscribe(store, to("b"), types=frozenset({98}))

    (waiting,) = await claim(store)
    assert waiting.destination == to("a")
