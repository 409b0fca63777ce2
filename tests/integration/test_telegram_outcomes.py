"""Every row of the table of Telegram's refusals, through the real client over real HTTP."""

from datetime import timedelta
from pathlib import Path

import pytest
from standins.telegram.opening import connected, to
from standins.telegram.server import Cut, Page, TelegramStandIn, Trouble
from standins.telegram.spec import Judge
from standins.telegram.world import Refusal

from bot.domain.deliveries import Gone, Later, Outcome, Refused, Sent, Unknown
from bot.domain.messages import Picture
from bot.errors import ConfigError
from bot.testing import a_message
from bot.testing.surroundings import OpenPace

FORBIDDEN = [
    "bot was blocked by the user",
    "user is deactivated",
    "bot can't initiate conversation with a user",
    "bot was kicked from the group chat",
    "bot was kicked from the supergroup chat",
    "bot was kicked from the channel chat",
    "bot is not a member of the supergroup chat",
    "bot is not a member of the channel chat",
    "the group chat was deleted",
]
DOUBTFUL = {
    "chat not found": "",
    "PEER_ID_INVALID": "",
    "private chat not found": "",
    "need administrator rights in the channel chat": "Post Messages",
    "not enough rights to send text messages to the chat": "Send Messages",
    "have no rights to send a message": "Send Messages",
    "CHAT_WRITE_FORBIDDEN": "Send Messages",
    "CHAT_RESTRICTED": "Send Messages",
}
OF_THE_PICTURE = [
    "wrong file identifier/HTTP URL specified",
    "failed to get HTTP URL content",
    "wrong type of the web page content",
    "IMAGE_PROCESS_FAILED",
    "PHOTO_INVALID_DIMENSIONS",
    "WEBPAGE_CURL_FAILED",
    "not enough rights to send photos to the chat",
]
OF_OUR_MAKING = [
    "can't parse entities: unsupported start tag",
    "message is too long",
    "caption is too long",
    "BUTTON_DATA_INVALID",
    "reply markup is too long",
]


async def outcome_of(
    shared: Path, *troubles: Trouble, pace: OpenPace | None = None
) -> tuple[Outcome, TelegramStandIn]:
    """What becomes of a message with a picture whose requests meet these troubles in turn."""
    message = a_message(picture=Picture(url="https://example.org/a.jpg"))
    async with TelegramStandIn(Judge.of(shared)) as telegram:
        ada = telegram.user("Ada")
        async with connected(telegram, pace=pace) as adapter:
            for trouble in troubles:
                telegram.fail("sendMessage", trouble)
            outcome = await adapter.send(to(ada), message)
        assert telegram.faults == []
    return outcome, telegram


@pytest.mark.parametrize("words", FORBIDDEN)
async def test_place_that_shuts_us_out_is_gone(shared: Path, words: str) -> None:
    """One refusal is enough to pause what will not come right by itself."""
    outcome, _ = await outcome_of(shared, Refusal(403, f"Forbidden: {words}"))

    assert isinstance(outcome, Gone)
    assert outcome.is_certain


async def test_unknown_refusal_is_only_suspect(shared: Path) -> None:
    """What we do not know is not held against the destination at once, and is told as it came."""
    outcome, _ = await outcome_of(shared, Refusal(403, "Forbidden: the moon is full"))

    assert isinstance(outcome, Gone)
    assert not outcome.is_certain
    assert "the moon is full" in outcome.reason


@pytest.mark.parametrize(("words", "missing"), DOUBTFUL.items())
async def test_place_that_may_come_right_is_suspect(shared: Path, words: str, missing: str) -> None:
    """A right that is missing is named; twice in ten minutes pauses the place."""
    outcome, _ = await outcome_of(shared, Refusal(400, f"Bad Request: {words}"))

    assert isinstance(outcome, Gone)
    assert (outcome.is_certain, outcome.missing) == (False, missing)


async def test_closed_topic_is_gone(shared: Path) -> None:
    """A topic is closed on purpose; only who manages topics may write there."""
    outcome, _ = await outcome_of(shared, Refusal(400, "Bad Request: TOPIC_CLOSED"))

    assert isinstance(outcome, Gone)
    assert (outcome.is_certain, outcome.missing) == (True, "Manage Topics")


@pytest.mark.parametrize("words", OF_THE_PICTURE)
async def test_picture_that_is_refused_costs_the_picture_only(shared: Path, words: str) -> None:
    """The same message goes again without its picture."""
    outcome, telegram = await outcome_of(shared, Refusal(400, f"Bad Request: {words}"))

    assert isinstance(outcome, Sent)
    assert [post.preview for post in telegram.posts] == [{"is_disabled": True}]


@pytest.mark.parametrize("words", OF_OUR_MAKING)
async def test_markup_that_is_refused_becomes_plain_text(
    shared: Path, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Our own fault is logged, and the reader gets the words all the same."""
    outcome, telegram = await outcome_of(shared, Refusal(400, f"Bad Request: {words}"))

    assert isinstance(outcome, Sent)
    assert [post.marks for post in telegram.posts] == [()]
    assert "Cygnus NG-27 Berthing" in telegram.posts[0].text
    assert [record.levelname for record in caplog.records if "markup" in record.message] == [
        "ERROR"
    ]


async def test_each_mend_is_tried_once(shared: Path) -> None:
    """What even plain text does not mend is refused, and the destination is not blamed."""
    refusal = Refusal(400, "Bad Request: message is too long")

    outcome, telegram = await outcome_of(shared, refusal, refusal)

    assert isinstance(outcome, Refused)
    assert telegram.posts == []


async def test_other_bad_request_is_refused(shared: Path) -> None:
    """A bad request is never repeated, although python-telegram-bot calls it a network error."""
    outcome, _ = await outcome_of(shared, Refusal(400, "Bad Request: RANDOM_FAULT"))

    assert outcome == Refused(reason="Telegram refuses it: Random_fault")


async def test_flood_wait_is_obeyed_to_the_second(shared: Path) -> None:
    """The outbox waits exactly as long as Telegram asks, and the pace is told."""
    pace = OpenPace()
    asked = Refusal(429, "Too Many Requests: retry after 43838", {"retry_after": 43838})

    outcome, _ = await outcome_of(shared, asked, pace=pace)

    assert isinstance(outcome, Later)
    assert outcome.wait == timedelta(seconds=43838)
    assert pace.told == [(timedelta(seconds=43838), "1001")]


async def test_second_chat_that_floods_means_the_bot(shared: Path) -> None:
    """Telegram does not say whose limit it was; two chats at once share only the bot's."""
    pace = OpenPace()
    asked = Refusal(429, "Too Many Requests: retry after 7", {"retry_after": 7})

    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram, pace=pace) as a:
        telegram.fail("sendMessage", asked, times=2)
        for name in ("Ada", "Bea"):
            await a.send(to(telegram.user(name)), a_message())

    assert [address for _, address in pace.told] == ["1001", ""]


@pytest.mark.parametrize(
    "trouble",
    [
        Cut(is_obeyed=True),
        Cut(is_obeyed=False),
        Page(code=502),
        Refusal(500, "Internal Server Error"),
    ],
)
async def test_lost_answer_is_unknown(shared: Path, trouble: Trouble) -> None:
    """The request may have been obeyed, and nobody can ask; repeating could say it twice."""
    outcome, _ = await outcome_of(shared, trouble)

    assert isinstance(outcome, Unknown)


async def test_flood_without_a_wait_comes_later(shared: Path) -> None:
    """A 429 is no answer to wait for; nothing was sent."""
    outcome, _ = await outcome_of(shared, Refusal(429, "Too Many Requests"))

    assert isinstance(outcome, Later)


async def test_refused_token_ends_the_adapter(shared: Path) -> None:
    """Nothing can be sent with it, so the platform stops and its owner is told which setting."""
    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram) as adapter:
        telegram.fail("sendMessage", Refusal(401, "Unauthorized"))
        with pytest.raises(ConfigError, match=r"telegram\.token"):
            await adapter.send(to(telegram.user()), a_message())


async def test_address_of_another_kind_is_gone(shared: Path) -> None:
    """What can never be an address in Telegram is not asked of Telegram."""
    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram) as adapter:
        outcome = await adapter.send(to("general"), a_message())

    assert isinstance(outcome, Gone)
    assert '"general"' in outcome.reason
    assert [method for method, _ in telegram.calls if method == "sendMessage"] == []


async def test_group_that_became_a_supergroup_gets_the_message_at_once(shared: Path) -> None:
    """The message goes to the new number, and the outcome tells it."""
    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram) as adapter:
        old = telegram.group(basic=True)
        new = telegram.migrate(old, tell=False)
        outcome = await adapter.send(to(old), a_message())

    assert outcome == Sent(remote_id="1", moved_to=f"{new.id}")
    assert [post.chat for post in telegram.posts] == [new]


async def test_deleted_topic_falls_back_to_the_general_one(shared: Path) -> None:
    """The message goes to the general topic and says why it comes there."""
    async with TelegramStandIn(Judge.of(shared)) as telegram, connected(telegram) as adapter:
        forum = telegram.group(is_forum=True)
        outcome = await adapter.send(to(forum, 77), a_message())

    assert outcome == Sent(remote_id="1", moved_to=f"{forum.id}")
    assert telegram.posts[0].topic is None
    assert "topic that got these messages was deleted" in telegram.posts[0].text
    assert telegram.faults == []
