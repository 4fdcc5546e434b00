from __future__ import annotations

import asyncio

from redis.asyncio import Redis

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
    changes = board_changes(desk.database, Listener(redis), session, None, look=0.01)
    waiting = asyncio.ensure_future(anext(changes))
    await happens(desk.database, "report.joined")
    await happens(desk.database, "incident.viewed")
    first = await asyncio.wait_for(_any_change(waiting, desk.database), 5)
    await happens(desk.database, "report.joined")
    assert await asyncio.wait_for(anext(changes), 5) > first
    await changes.aclose()  # type: ignore[attr-defined]  # it is an async generator


async def _any_change(waiting: asyncio.Future[int], database: Database) -> int:
    """The first change that the stream tells; it may have begun to look after the one that was there already."""
    while not waiting.done():
        await happens(database, "report.joined")
        await asyncio.wait([waiting], timeout=0.02)
    return waiting.result()


async def test_a_page_that_was_away_hears_at_once_what_it_missed(desk: Desk, redis: Redis) -> None:
    session = (await desk.browser("Ana")).cookies["vigia_session"]
    changes = board_changes(desk.database, Listener(redis), session, 0, look=0.01)
    assert await asyncio.wait_for(anext(changes), 5) > 0
    await changes.aclose()  # type: ignore[attr-defined]  # it is an async generator


async def test_a_word_over_redis_wakes_the_page_when_nothing_is_in_the_log(desk: Desk, redis: Redis) -> None:
    session = (await desk.browser("Ana")).cookies["vigia_session"]
    listener = Listener(redis)
    changes = board_changes(desk.database, listener, session, None, look=60)
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
