"""The live stream: a word to every open page that something changed. It carries no facts; the page then asks for its own part anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from app.console.access import SESSION_COOKIE, Watching
from app.console.board_mark import board_mark
from app.core.database import Database
from app.core.live import Listener, Topic
from app.volunteers.access import who_is

router = APIRouter()

LOOK_SECONDS: Final = 2.0
"""So often a stream looks into the event log by itself, since a word over Redis may be lost."""

CALM_SECONDS: Final = 0.3
"""Least time between two words, so that a flood of texts does not redraw pages faster than eyes read."""

LONGEST_SECONDS: Final = 600.0
"""After this a stream ends; the page opens a new one."""


@router.get("/live", response_class=EventSourceResponse)
async def stream(
    request: Request, _viewer: Watching, seen: Annotated[int, Query(ge=0)] = 0, last_event_id: Annotated[str, Header()] = ""
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events named `board`, each with the mark of the event log that a page knows once it has asked anew. `seen` is the mark
    that the page was drawn with: what happened between then and now is told at once."""
    known = int(last_event_id) if last_event_id.isdecimal() else seen
    changes = board_changes(request.state.database, request.state.listener, request.cookies.get(SESSION_COOKIE), known)
    async for mark in changes:
        yield ServerSentEvent(raw_data=str(mark), event="board", id=str(mark))


async def board_changes(
    database: Database, listener: Listener, session: str | None, seen: int, *, look: float = LOOK_SECONDS
) -> AsyncIterator[int]:
    """The mark of the event log, each time it has changed, until the session or the time is over. `seen` is the last that the page
    knows. No transaction stays open between two looks."""
    loop = asyncio.get_running_loop()
    until = loop.time() + LONGEST_SECONDS
    woken, told = listener.on(Topic.BOARD), False
    try:
        while loop.time() < until:
            woken.clear()
            async with database.transaction() as work:
                if await who_is(work, session) is None:
                    return
                mark = await board_mark(work)
            if mark != seen or told:
                yield mark
            seen = mark
            await asyncio.sleep(min(CALM_SECONDS, look))
            with suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), look)
            told = woken.is_set()
    finally:
        listener.off(Topic.BOARD, woken)
