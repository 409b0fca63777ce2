"""All that is printed while something fails, and settings with every secret that there is."""

from collections.abc import Callable
from typing import Any

import pytest
from secrets_search import API_KEY, APPRISE, DISCORD, PASSWORD, TELEGRAM, everything_told

from bot.errors import BotError

CONFIG = f"""
[discord]
token = "{DISCORD}"
[telegram]
token = "{TELEGRAM}"
[ll2]
api_key = "{API_KEY}"
[store]
url = "postgresql://perigee:{PASSWORD.replace("/", "%2F").replace("+", "%2B")}@127.0.0.1:1/perigee"
[apprise.urls]
phone = "json://127.0.0.1:1/{APPRISE}/"
[plugins.matrix]
access_token = "{API_KEY}"
"""


class Told:
    """What was printed.

    Attributes:
        extra: texts that are no logs: errors, objects.

    """

    def __init__(self, capsys: pytest.CaptureFixture[str], configure: Callable[[], None]) -> None:
        self._capsys = capsys
        self._configure = configure
        self.extra: list[str] = []

    def begin(self) -> None:
        """Log as the program does, with every logger at its loudest.

        In the test itself, as pytest captures another stream while fixtures are set up.
        """
        self._configure()
        everything_told()

    def error(self, error: BaseException | None) -> None:
        """Note an error, as a person and as a program would print it, with what caused it."""
        while error is not None:
            self.extra += [str(error), repr(error), repr(error.args)]
            error = error.__cause__

    def all(self) -> str:
        """Everything."""
        captured = self._capsys.readouterr()
        return "\n".join([captured.err, captured.out, *self.extra])


async def failing(told: Told, opening: Any) -> None:
    """Open what cannot be opened."""
    with pytest.raises(BotError) as caught:
        async with opening:
            pass
    told.error(caught.value)
