"""Turn answers and faults into HTTP responses: JSON, the browser's page, error pages."""

import html
import json
from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web

from bot.simulator.api import Answer
from bot.simulator.objects import BASE_MARK, FORMAT_MARK

VERSION = "/2.3.0"
"""The part of every path before the endpoint."""

_CLOUDFLARE_TITLES = {
    403: "Just a moment...",
    429: "Access denied | You are being rate limited",
    502: "502: Bad gateway",
}


def wants_html(request: web.Request) -> bool:
    """Tell whether LL2 would show its browser page: asked by format, else by a browser's Accept."""
    chosen = request.query.get("format")
    if chosen is not None:
        return chosen == "api"
    accept = request.headers.get("Accept", "")
    return "text/html" in accept and "application/json" not in accept


def reply(
    request: web.Request, answer: Answer, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return the answer with the request's host and format in its addresses."""
    chosen = request.query.get("format")
    base = json.dumps(f"{request.scheme}://{request.host}{VERSION}", ensure_ascii=False)[1:-1]
    suffix = f"?{urlencode({'format': chosen})}" if chosen else ""
    text = answer.body.replace(BASE_MARK, base).replace(FORMAT_MARK, suffix)
    if wants_html(request):
        return _page("Launch Library 2", f"<pre>{html.escape(text)}</pre>", answer.status, headers)
    return web.Response(
        status=answer.status, text=text, content_type="application/json", headers=headers
    )


def truncated(response: web.Response) -> web.Response:
    """Return the response cut in the middle, as a proxy that lost its origin leaves it."""
    text = response.text or ""
    return web.Response(text=text[: len(text) // 2], content_type=response.content_type)


def server_error(status: int) -> web.Response:
    """Return the bare HTML page of a Django server that failed."""
    return _page(f"Server Error ({status})", f"<h1>Server Error ({status})</h1>", status)


def cloudflare_page(status: int) -> web.Response:
    """Return the page of the proxy in front of LL2; only its challenge (403) is marked as such."""
    headers = {"Server": "cloudflare"}
    if status == 403:
        headers["cf-mitigated"] = "challenge"
    title = _CLOUDFLARE_TITLES[status]
    return _page(
        title, f"<h1>{title}</h1><p>Cloudflare Ray ID: 0000000000000000</p>", status, headers
    )


def redirect(request: web.Request) -> web.Response:
    """Return the 301 to the same address with its trailing slash."""
    query = f"?{request.query_string}" if request.query_string else ""
    return web.Response(status=301, headers={"Location": f"{request.rel_url.raw_path}/{query}"})


def _page(
    title: str, body: str, status: int, headers: Mapping[str, str] | None = None
) -> web.Response:
    text = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>"
    return web.Response(status=status, text=text, content_type="text/html", headers=headers)
