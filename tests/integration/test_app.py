"""The service as it is put together: what it knows before it has done anything."""

from datetime import timedelta
from pathlib import Path

from stores import made_store

from bot.app import open_service
from bot.config import load_settings
from bot.domain.messages import Limits
from bot.domain.requests import CommandRequest
from bot.domain.subscriptions import Destination
from bot.rendering.plain import render_plain
from bot.services.poller import LAST_POLL
from bot.testing import START, FakeClock

PLACE = Destination(adapter="console", address="main")

CONFIG = """
[ll2]
base_url = "http://127.0.0.1:9"
[store]
url = "sqlite:///{folder}/perigee.db"
[console]
enabled = true
"""


async def test_status_is_true_right_after_a_restart(tmp_path: Path) -> None:
    """While LL2 is out of reach it tells how old the data of before is."""
    (tmp_path / "config.toml").write_text(CONFIG.format(folder=tmp_path))
    settings = load_settings(tmp_path / "config.toml")
    async with made_store(settings.store.url) as store, store.writing() as unit:
        await unit.memory.put(LAST_POLL, (START - timedelta(hours=3)).isoformat())

    async with open_service(settings, clock=FakeClock()) as service:
        desk = service.surroundings["console"].desk
        reply = await desk.handle(CommandRequest(command="status", place=PLACE))

    told = render_plain(reply.messages[0], Limits(text=4096))
    assert "3 h old" in told
