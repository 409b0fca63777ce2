"""The stand-in's judge is strict: it notices what Telegram would not take."""

import json
from pathlib import Path
from typing import Any

import pytest
from standins.telegram.markup import Unparsable, parse
from standins.telegram.spec import Judge


@pytest.fixture(scope="module")
def judge(shared: Path) -> Judge:
    """By the official description."""
    return Judge.of(shared)


def sending(**changes: Any) -> dict[str, Any]:
    """A request to send that is right, but for `changes`; None leaves a parameter out."""
    given = {"chat_id": 1, "text": "Hello", "parse_mode": "HTML", **changes}
    return {name: value for name, value in given.items() if value is not None}


def keyboard(**button: Any) -> dict[str, Any]:
    """A keyboard with one button."""
    return {"inline_keyboard": [[{"text": "Mute", **button}]]}


@pytest.mark.parametrize(
    "given",
    [
        sending(),
        sending(chat_id="@news", message_thread_id=7, disable_notification=True),
        sending(reply_markup=keyboard(callback_data="x" * 64)),
        sending(link_preview_options={"url": "https://example.org", "show_above_text": True}),
    ],
)
def test_right_request_passes(judge: Judge, given: dict[str, Any]) -> None:
    """What the description allows is no fault."""
    assert judge.faults("sendMessage", given) == []


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (sending(text=None), "text is missing"),
        (sending(txt="x"), "txt is unknown"),
        (sending(chat_id=True), "chat_id is True"),
        (sending(message_thread_id="7"), "message_thread_id is '7'"),
        (sending(parse_mode="html5"), "parse_mode is 'html5'"),
        (sending(disable_notification=1), "disable_notification is 1"),
        (sending(reply_markup=keyboard(callback_data="ü" * 33)), "has 66 bytes, not 1-64"),
        (sending(reply_markup=keyboard(callback_data="")), "has 0 bytes, not 1-64"),
        (sending(reply_markup=keyboard()), "not exactly one kind of button"),
        (sending(reply_markup=keyboard(callback_data="a", url="https://a.org")), "exactly one"),
        (sending(reply_markup=keyboard(callback_dat="a")), "callback_dat is unknown"),
        (sending(link_preview_options={"url": "file:///x"}), "url is 'file:///x'"),
        (sending(entities="x"), "not an array"),
    ],
)
def test_wrong_message_is_noticed(judge: Judge, given: dict[str, Any], fault: str) -> None:
    """Missing, unknown, of the wrong type, too long or too short."""
    assert fault in "\n".join(judge.faults("sendMessage", given))


@pytest.mark.parametrize(
    ("method", "given", "fault"),
    [
        ("sendMesage", {}, "no method"),
        ("getUpdates", {"limit": 101}, "limit is 101, not 1-100"),
        ("setMyCommands", {"commands": [{"command": "Help", "description": "x"}]}, "'Help'"),
        ("setMyCommands", {"commands": [{"command": "a" * 33, "description": "x"}]}, "33"),
        ("setMyCommands", {"commands": [{"command": "a", "description": "x" * 257}]}, "257"),
        ("setMyCommands", {"commands": [{"command": "a", "description": ""}]}, "0 characters"),
        (
            "setMyCommands",
            {"commands": [{"command": "a", "description": "x"}] * 101},
            "101 values, more than 100",
        ),
        ("setMyCommands", {"commands": [], "scope": {"type": "everybody"}}, "type is 'everybody'"),
        ("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 201}, "201 characters"),
        ("setWebhook", {"url": "https://a.org", "secret_token": ""}, "0 characters"),
    ],
)
def test_wrong_request_is_noticed(
    judge: Judge, method: str, given: dict[str, Any], fault: str
) -> None:
    """In every method that we use."""
    assert fault in "\n".join(judge.faults(method, given))


def test_parameters_are_read_from_their_text(judge: Judge) -> None:
    """Clients send numbers and objects as text; texts that look like numbers stay texts."""
    raw = sending(chat_id="-100", text="7", reply_markup=json.dumps(keyboard(callback_data="1")))

    given = judge.read_parameters("sendMessage", {**raw, "disable_notification": "true"})

    assert (given["chat_id"], given["text"], given["disable_notification"]) == (-100, "7", True)
    assert given["reply_markup"] == keyboard(callback_data="1")
    assert judge.faults("sendMessage", given) == []


def test_markup_is_parsed_as_telegram_does() -> None:
    """Entities are counted in UTF-16 units, as the real parser does."""
    parsed = parse('🚀 <b>Moved</b> <tg-time unix="1800000000" format="r">soon</tg-time>', "HTML")

    assert (parsed.text, parsed.size) == ("🚀 Moved soon", 13)
    assert parsed.entities == (("Bold", "Moved"), ("DateTime", "soon"))


def test_wrong_markup_is_refused_in_telegrams_words() -> None:
    """So the adapter meets the texts that it will meet for real."""
    with pytest.raises(Unparsable, match="Unsupported start tag"):
        parse("<script>alert(1)</script>", "HTML")
