from __future__ import annotations

import asyncio
import re

from redis.asyncio import Redis

from app.console.board_mark import board_mark
from app.console.live import board_changes
from app.core.database import Database
from app.core.live import Listener, Topic
from app.records.events import record
from tests.console.conftest import Desk


async def happens(database: Database, verb: str) -> None:
    async with database.transaction() as work:
        await record(work, verb)


async def test_an_open_page_hears_of_every_change_also_when_redis_says_nothing(desk: Desk, redis: Redis) -> None:
    session = (await desk.browser("Ana")).cookies["vigia_session"]
    changes = board_changes(desk.database, Listener(redis), session, await drawn_with(desk, "Ana"), look=0.01)
    await happens(desk.database, "incident.viewed")
    waiting = asyncio.ensure_future(anext(changes))
    await happens(desk.database, "report.joined")
    first = await asyncio.wait_for(waiting, 30)
    await happens(desk.database, "report.joined")
    assert await asyncio.wait_for(anext(changes), 30) > first
    await changes.aclose()  # type: ignore[attr-defined]  # it is an async generator


async def test_what_happens_between_a_pages_drawing_and_the_beginning_of_its_stream_is_told_at_once(
    desk: Desk, redis: Redis
) -> None:
    session = (await desk.browser("Ana")).cookies["vigia_session"]
    seen = await drawn_with(desk, "Ana")
    await happens(desk.database, "report.joined")
    changes = board_changes(desk.database, Listener(redis), session, seen, look=60)
    assert await asyncio.wait_for(anext(changes), 30) > seen
    await changes.aclose()  # type: ignore[attr-defined]  # it is an async generator


async def test_a_line_with_a_lower_number_that_is_committed_later_makes_the_mark_larger_too(database: Database) -> None:
    async with database.transaction() as slow:
        await record(slow, "report.joined")
        await happens(database, "report.joined")
        async with database.transaction() as work:
            before = await board_mark(work)
    async with database.transaction() as work:
        assert await board_mark(work) > before


async def drawn_with(desk: Desk, alias: str) -> int:
    """The mark that a page says it was drawn with."""
    page = (await (await desk.browser(alias)).get("/console/")).text
    found = re.search(r'hx-sse:connect="/console/live\?seen=(\d+)"', page)
    assert found is not None
    return int(found[1])


async def test_a_page_that_was_away_hears_at_once_what_it_missed(desk: Desk, redis: Redis) -> None:
    session = (await desk.browser("Ana")).cookies["vigia_session"]
    changes = board_changes(desk.database, Listener(redis), session, 0, look=0.01)
    assert await asyncio.wait_for(anext(changes), 5) > 0
    await changes.aclose()  # type: ignore[attr-defined]  # it is an async generator


async def test_a_word_over_redis_wakes_the_page_when_nothing_is_in_the_log(desk: Desk, redis: Redis) -> None:
    session = (await desk.browser("Ana")).cookies["vigia_session"]
    listener = Listener(redis)
    changes = board_changes(desk.database, listener, session, await drawn_with(desk, "Ana"), look=60)
    waiting = asyncio.ensure_future(anext(changes))
    while not waiting.done():
        listener._tell(Topic.BOARD.value)
        await asyncio.wait([waiting], timeout=0.05)
    assert waiting.result() > 0
    await changes.aclose()  # type: ignore[attr-defined]  # it is an async generator


async def test_the_stream_ends_when_its_volunteer_is_suspended(desk: Desk, redis: Redis) -> None:
    session = (await desk.browser("Luz")).cookies["vigia_session"]
    await (await desk.browser("Ada")).post("/console/people/Luz/suspend")
    listener = Listener(redis)
    assert [change async for change in board_changes(desk.database, listener, session, 0, look=0.01)] == []
