"""What stands around every answer of the console: no forged forms, no foreign content, no page that a stranger's computer keeps."""

from __future__ import annotations

import traceback
from typing import Final
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.console.refusals import forged_page, unforeseen_page

log = structlog.get_logger(__name__)

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

STATIC: Final = "/console/static/"
"""Our scripts and styles may be kept, if asked about each time; pages may not be kept at all."""

SECURITY_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",  # the address of a sign-in link is a secret
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def is_forged(method: str, headers: Headers) -> bool:
    """Whether a request would act for a volunteer without them having asked for it: a form of another site (Sec-Fetch-Site, else Origin).

    A client that sends neither header is no browser, so nobody's cookie rides along unasked.
    """
    if method in SAFE_METHODS:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host", "")


class Guard:
    """Refuses forged forms, adds the headers, and turns what nobody foresaw into a page that tells nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def send_guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                added = SECURITY_HEADERS | ({"cache-control": "no-cache"} if scope["path"].startswith(STATIC) else {})
                held = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((name.encode(), value.encode()) for name, value in added.items() if name.encode() not in held),
                ]
            await send(message)

        if is_forged(scope["method"], Headers(scope=scope)):
            log.warning("forged_form", method=scope["method"])
            await forged_page(Request(scope))(scope, receive, send_guarded)
            return
        try:
            await self.app(scope, receive, send_guarded)
        except Exception as error:  # whatever it was, a volunteer must see a page and not a broken connection
            if begun:
                raise
            log.error("unforeseen", error=type(error).__name__, where=_where(error), route=_route(scope))
            await unforeseen_page(Request(scope))(scope, receive, send_guarded)


def _where(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "unknown"


def _route(scope: Scope) -> str:
    """The pattern of the route, as a path itself may hold a token."""
    return str(getattr(scope.get("route"), "path", "unknown"))
