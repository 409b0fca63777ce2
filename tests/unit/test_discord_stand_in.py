"""The pretended Discord can condemn and does count: otherwise it would prove nothing."""

from typing import Any

import pytest
from standins.discord.faults import Limit, Limits
from standins.discord.judge import Judge
from standins.discord.world import Channel, Guild, Overwrite, Right, Role, World, rights_in

SEND = "/channels/{channel_id}/messages"
SYNC = "/applications/{application_id}/commands"
ROW = {"type": 1, "components": [{"type": 2, "style": 1, "label": "a", "custom_id": "a"}]}


def an_option(name: str, **more: Any) -> dict[str, Any]:
    """An option of a command, of type text."""
    return {"type": 3, "name": name, "description": "d", **more}


def a_command(name: str = "next", **more: Any) -> dict[str, Any]:
    """A command."""
    return {"name": name, "description": "d", "type": 1, **more}


@pytest.mark.parametrize(
    ("method", "path", "body", "fault"),
    [
        ("POST", SEND, {"content": "x" * 2001}, "content is longer"),
        ("POST", SEND, {"content": ""}, "the message is empty"),
        ("POST", SEND, {"embeds": [{"description": "x" * 4000}] * 2}, "6000 together"),
        ("POST", SEND, {"embeds": [{"title": "x" * 257}]}, "is too long"),
        ("POST", SEND, {"embeds": [{"fields": [{"name": " ", "value": "x"}]}]}, "no name"),
        ("POST", SEND, {"embeds": [{"image": {"url": "ftp://x"}}]}, "http or https"),
        ("POST", SEND, {"content": "x", "nonce": "1" * 26}, "nonce"),
        ("POST", SEND, {"content": "x", "components": [ROW] * 6}, "5 rows"),
        ("POST", SEND, {"content": "x", "components": [ROW] * 2}, "not unique"),
        ("PUT", SYNC, [a_command("Next")], "no name of a command"),
        ("PUT", SYNC, [a_command(), a_command()], "names are not unique"),
        ("PUT", SYNC, [a_command(options=[an_option("a"), an_option("a")])], "not unique"),
        (
            "PUT",
            SYNC,
            [a_command(options=[an_option("a"), an_option("b", required=True)])],
            "required options must come first",
        ),
        ("PUT", SYNC, [a_command(description="")], "description"),
        ("POST", "/channels/{channel_id}/nothing", {}, "no such operation"),
        ("POST", SEND, {"content": "x", "text": "x"}, "'text' was unexpected"),
        ("POST", SEND, {"embeds": [{"title": "x", "colour": 1}]}, "'colour' was unexpected"),
        ("POST", SEND, {"content": "x", "tts": "no"}, "is not of type 'boolean'"),
        ("PUT", SYNC, [{"description": "d", "type": 1}], "'name' is a required property"),
        ("POST", "/channels/{channel_id}/threads", {"name": "x", "massage": {}}, "massage"),
        ("POST", "/interactions/{interaction_id}/{interaction_token}/callback", {}, "under any"),
        ("POST", f"{SEND}/{{message_id}}/crosspost", {"content": "x"}, "takes no body"),
    ],
)
def test_judge_finds_the_fault(
    shared: object, method: str, path: str, body: object, fault: str
) -> None:
    """Each rule is really applied."""
    assert shared
    judge = Judge()

    found = judge.judge(method, path, body)

    assert any(fault in one for one in found)
    assert len(judge.violations) == len(found)


def test_judge_lets_good_requests_pass(shared: object) -> None:
    """Otherwise nothing could be told from its silence."""
    assert shared
    judge = Judge()

    judge.judge("POST", SEND, {"content": "x", "nonce": "1", "enforce_nonce": True})
    judge.judge("PUT", SYNC, [a_command(options=[an_option("a", required=True), an_option("b")])])

    assert judge.violations == []


def test_limit_counts_in_a_sliding_window() -> None:
    """Not by the clock's seconds: two bursts around a full second are one."""
    limit = Limit(most=2, per=1.0)
    limit.times.extend([0.9, 1.1])

    assert limit.wait(1.2) == pytest.approx(0.7)
    assert limit.wait(1.95) == 0


def test_request_beyond_the_limit_is_refused_and_counted() -> None:
    """The 51st in a second gets a global 429, in whichever channel."""
    limits = Limits()

    answers = [limits.check(str(number), 0.0) for number in range(51)]

    assert [one is None for one in answers] == [True] * 50 + [False]
    assert answers[-1] is not None
    assert answers[-1].headers["X-RateLimit-Global"] == "true"
    assert limits.refused == 1


def test_sixth_message_in_a_channel_is_refused() -> None:
    """Five in five seconds, and not for the whole bot."""
    limits = Limits()

    answers = [limits.check("1", 0.0) for _ in range(6)]

    assert answers[-1] is not None
    assert "X-RateLimit-Global" not in answers[-1].headers


def test_rights_follow_roles_and_overwrites() -> None:
    """Everybody's role, then the held ones, then the channel's overwrites, members last."""
    world = World(token="t")  # noqa: S106 - a fake
    guild = Guild(name="g")
    guild.roles["9"] = Role(id="9", name="crew", rights=Right.MANAGE_CHANNELS)
    guild.members[world.bot.id] = ["9"]
    channel = Channel(name="c", guild=guild)
    channel.overwrites += [
        Overwrite(id=guild.id, deny=Right.SEND_MESSAGES | Right.EMBED_LINKS),
        Overwrite(id="9", allow=Right.SEND_MESSAGES),
        Overwrite(id=world.bot.id, is_member=True, deny=Right.VIEW_CHANNEL),
    ]

    held = rights_in(channel, world.bot.id)

    assert held & Right.MANAGE_CHANNELS
    assert held & Right.SEND_MESSAGES
    assert not held & (Right.EMBED_LINKS | Right.VIEW_CHANNEL)
