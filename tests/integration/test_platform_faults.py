"""Discord and Telegram fall ill in every way, through the real clients: nothing is lost or doubled.

And one platform's illness never delays the other: while the clock stands still, all of the other's
messages arrive.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from platforms import Platforms, open_platforms
from standins.telegram.server import Cut, Hang, Page
from standins.telegram.world import Refusal

from bot.domain.deliveries import State

pytestmark = pytest.mark.filterwarnings(
    # discord.py runs a task for each event. One that is cancelled before its first step, because
    # the adapter closes in that moment, calls itself "never awaited"; it has nothing to lose.
    "ignore:.*Client._run_event:pytest.PytestUnraisableExceptionWarning"
)

STILL = timedelta(0)
OTHER = {"discord": "telegram", "telegram": "discord"}
ALWAYS = 10_000
HTML = "<html><head><title>502 Bad Gateway</title></head><body>cloudflare</body></html>"

Ill = Callable[[Platforms], None]


def _discord(times: int = 1, **fault: Any) -> Ill:
    """Discord answers the next messages so."""
    return lambda both: both.discord.fail(times=times, **fault)


def _telegram(trouble: Refusal | Cut | Hang | Page, times: int = 1) -> Ill:
    """Telegram answers the next messages so."""
    return lambda both: both.telegram.fail("sendMessage", trouble, times=times)


def _flood(seconds: int) -> Refusal:
    words = f"Too Many Requests: retry after {seconds}"
    return Refusal(429, words, {"retry_after": seconds})


PASSING: dict[str, tuple[str, Ill]] = {
    "discord breaks the connection before it obeys": ("discord", _discord(breaks=True)),
    "discord breaks it after it obeyed": ("discord", _discord(breaks=True, after=True)),
    "discord has an error": ("discord", _discord(status=500)),
    "discord is overloaded": ("discord", _discord(status=503)),
    "discord is overloaded after it obeyed": ("discord", _discord(status=503, after=True)),
    "cloudflare has no discord": ("discord", _discord(status=520, text=HTML)),
    "discord limits a channel": ("discord", _discord(status=429, retry_after=90.0)),
    "discord limits the bot": (
        "discord",
        _discord(status=429, retry_after=300.0, is_global=True),
    ),
    "cloudflare shuts discord": ("discord", _discord(status=429, text="error code: 1015")),
    "discord refuses the token once": ("discord", _discord(code=50014)),
    "telegram limits a chat": ("telegram", _telegram(_flood(90))),
    "telegram limits for long": ("telegram", _telegram(_flood(300))),
    "telegram limits the bot": ("telegram", _telegram(_flood(300), times=3)),
    "telegram refuses the token once": ("telegram", _telegram(Refusal(401, "Unauthorized"))),
    "telegram knows no such bot once": ("telegram", _telegram(Refusal(404, "Not Found"))),
}


@pytest.mark.parametrize(("name", "ill"), PASSING.values(), ids=PASSING)
async def test_passing_trouble_costs_no_message_and_doubles_none(
    tmp_path: Path, name: str, ill: Ill
) -> None:
    """Whatever it was, in the end each place has the message once, and the record says so."""
    async with open_platforms(tmp_path) as both:
        ill(both)
        await both.tell()
        await both.until_ended(name)
        await both.until_ended(OTHER[name])

        for platform in OTHER:
            assert both.arrived(platform) == both.all_of(platform)


LOST_ANSWERS: dict[str, tuple[Ill, int]] = {
    "broken before it obeyed": (_telegram(Cut(is_obeyed=False)), 2),
    "broken after it obeyed": (_telegram(Cut(is_obeyed=True)), 3),
    "an error": (_telegram(Refusal(500, "Internal Server Error")), 2),
    "cloudflare's page": (_telegram(Page(code=503)), 2),
}


@pytest.mark.parametrize(("ill", "arrived"), LOST_ANSWERS.values(), ids=LOST_ANSWERS)
async def test_lost_answer_of_telegram_is_unknown_and_never_doubled(
    tmp_path: Path, ill: Ill, arrived: int
) -> None:
    """Nobody can ask whether it arrived; what is not urgent is left, and the record says so."""
    async with open_platforms(tmp_path) as both:
        ill(both)
        await both.tell()
        await both.until_ended("telegram", State.UNKNOWN)

        assert await both.states("telegram") == {State.UNKNOWN: 1, State.SENT: 2}
        assert both.arrived("telegram").total() == arrived


LASTING: dict[str, tuple[str, Ill]] = {
    "discord hangs": ("discord", _discord(ALWAYS, hangs=True)),
    "discord breaks connections": ("discord", _discord(ALWAYS, breaks=True)),
    "discord is overloaded": ("discord", _discord(ALWAYS, status=503)),
    "discord limits the bot": (
        "discord",
        _discord(ALWAYS, status=429, retry_after=300.0, is_global=True),
    ),
    "cloudflare shuts discord": ("discord", _discord(ALWAYS, status=429, text="1015")),
    "discord refuses the token": ("discord", _discord(ALWAYS, code=50014)),
    "telegram hangs": ("telegram", _telegram(Hang(), ALWAYS)),
    "telegram limits": ("telegram", _telegram(_flood(300), ALWAYS)),
    "telegram refuses the token": ("telegram", _telegram(Refusal(401, "Unauthorized"), ALWAYS)),
    "telegram breaks connections": ("telegram", _telegram(Cut(is_obeyed=False), ALWAYS)),
}


@pytest.mark.parametrize(("sick", "ill"), LASTING.values(), ids=LASTING)
async def test_illness_of_one_never_delays_the_other(tmp_path: Path, sick: str, ill: Ill) -> None:
    """The clock stands still: nobody can wait, and all of the other's messages arrive."""
    sound = OTHER[sick]
    async with open_platforms(tmp_path, places=20) as both:
        ill(both)
        await both.tell()
        await both.until(lambda: both.arrived(sound) == both.all_of(sound), step=STILL)

        assert State.SENT not in await both.states(sick)


async def test_gateway_that_is_lost_is_told_until_it_is_back(tmp_path: Path) -> None:
    """Commands are not heard, so the service is not ready; messages arrive all the same."""
    async with open_platforms(tmp_path) as both:
        troubles, gateway = both.service.troubles, both.discord.gateway
        await both.until(lambda: not troubles)
        gateway.is_down = True
        await gateway.drop()
        await both.until(lambda: "discord" in troubles)
        said = troubles["discord"]
        await both.tell()
        await both.until_ended("discord")
        gateway.is_down = False
        await both.until(lambda: not troubles)

        assert said.startswith("the gateway is not connected")
        assert both.arrived("discord") == both.all_of("discord")


def _forget(both: Platforms, sick: str) -> Callable[[], None]:
    """The platform does not know the token any more; what undoes it."""
    where = both.discord.world if sick == "discord" else both.telegram
    known, where.token = where.token, "another"

    def recall() -> None:
        where.token = known

    return recall


@pytest.mark.parametrize("sick", OTHER)
async def test_token_that_expires_stops_its_platform_until_it_is_accepted_again(
    tmp_path: Path, sick: str
) -> None:
    """The trouble is said, the other goes on, and afterwards nothing is missing."""
    sound = OTHER[sick]
    async with open_platforms(tmp_path) as both:
        troubles = both.service.troubles
        await both.until(lambda: not troubles)
        recall = _forget(both, sick)
        await both.tell()
        await both.until(lambda: sick in troubles)
        told = dict(troubles)
        await both.until(lambda: both.arrived(sound) == both.all_of(sound), step=STILL)
        meanwhile = await both.states(sick)
        recall()
        await both.until(lambda: sick not in troubles)
        await both.until_ended(sick)

        assert [*told] == [sick]
        assert f"{sick}.token" in told[sick]
        assert {*meanwhile} <= {State.PENDING, State.LEASED}
        assert both.arrived(sick) == both.all_of(sick)
