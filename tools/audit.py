"""Audit what is locked, without a network: `python -m tools.audit ADVISORIES [OPTION]…`.

pip-audit does the audit and takes the options (`-r requirements.txt`, `--ignore-vuln ID`). It asks
a service that speaks osv.dev's API; here that is a server on loopback which answers from
ADVISORIES: a snapshot made by `tools.snapshot`, or osv.dev's own `all.zip`, packed or not. Ends
with pip-audit's exit code; whatever was not looked up is an error, not a pass.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from aiohttp import web
from packaging.version import InvalidVersion

from tools.advisories import Advisories, read_advisories

STALE = timedelta(days=30)
"""Older advisories are still used, and said to be old."""

_TIME_LIMIT = timedelta(minutes=5)


async def audit(path: Path, options: Sequence[str]) -> int:
    """Let pip-audit look its requirements up in the advisories at `path`; gives its exit code.

    Raises:
        TimeoutError: it did not come to an end.
        ValueError: there is nothing to look anything up in.

    """
    advisories = read_advisories(path)
    for line in told(advisories, path, datetime.now(UTC).date()):
        sys.stderr.write(f"{line}\n")
    async with serving(advisories) as (url, asked):
        code = await _pip_audit(url, options)
    sys.stderr.write(f"Looked up {len(asked)} packages.\n")
    return code or int(not asked)


def told(advisories: Advisories, path: Path, today: date) -> list[str]:
    """What is looked up in, and a warning if that is old."""
    age = today - advisories.as_of
    known = f"{len(advisories.by_package)} packages with advisories, as of {advisories.as_of}"
    lines = [f"Auditing by {path}: {known}."]
    if age > STALE:
        lines.append(
            f"WARNING: that is {age.days} days ago. Younger advisories are not known to this "
            "audit; `make advisories` fetches them, or give osv.dev's all.zip as ADVISORIES."
        )
    return lines


@asynccontextmanager
async def serving(advisories: Advisories) -> AsyncIterator[tuple[str, list[str]]]:
    """Serve osv.dev's query on a free port of loopback; gives its address, and who was asked."""
    asked: list[str] = []

    async def query(request: web.Request) -> web.Response:
        question = await request.json()
        name, version = question["package"]["name"], question.get("version")
        try:
            found = advisories.about(name, version)
        except (InvalidVersion, ValueError) as exc:
            sys.stderr.write(f"The advisories of {name} cannot be judged: {exc}\n")
            raise web.HTTPInternalServerError from exc
        asked.append(name)
        return web.json_response({"vulns": found} if found else {})

    app = web.Application()
    app.router.add_post("/v1/query", query)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1/query", asked
    finally:
        await runner.cleanup()


async def _pip_audit(url: str, options: Sequence[str]) -> int:
    """Run it strictly, on hash-locked files alone, past any proxy."""
    given = ("--strict", "--require-hashes", "--disable-pip", "--progress-spinner=off")
    service = ("--vulnerability-service=osv", f"--osv-url={url}")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pip_audit", *given, *service, *options),
        env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
    )
    try:
        async with asyncio.timeout(_TIME_LIMIT.total_seconds()):
            return await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(audit(Path(sys.argv[1]), sys.argv[2:])))
