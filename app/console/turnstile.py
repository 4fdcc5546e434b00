"""The turnstile: so many requests of the console are worked on at once, and no more, so that Twilio's webhooks in the same process are
never behind a crowd of volunteers. The webhooks have connections to PostgreSQL of their own besides.
"""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.console.refusals import busy_page

AT_ONCE: Final = 8
"""Fewer than the connections of the console's pool (10), which live streams use too, a moment every second."""

WAIT_SECONDS: Final = 10.0
"""So long a request waits for its turn before a volunteer is told that it is busy."""

FREE: Final = ("/console/static/", "/console/live", "/console/field/")
"""Files need no turn, a live stream stays open for minutes, mostly asleep, and a photo from the field may come slowly."""


class Turnstile:
    """Lets AT_ONCE requests in at a time; the others wait in line."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(FREE):
            await self.app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            await busy_page(Request(scope))(scope, receive, send)
            return
        try:
            await self.app(scope, receive, send)
        finally:
            self._turns.release()
