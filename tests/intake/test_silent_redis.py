"""Redis that takes connections and never answers costs a text a moment, and not its place in the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app.api.kept import try_database
from app.core.database import Database
from app.core.redis_client import connect_redis
from app.pipeline import Hotline, receive_text
from app.verification.queue import TaskQueue
from tests.intake.test_receive_text import a_text


@pytest.fixture
async def silent(hotline: Hotline) -> AsyncIterator[Hotline]:
    """The hotline with such a Redis."""
    over = asyncio.Event()

    async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1")
    redis = connect_redis(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
    yield replace(hotline, redis=redis, queue=TaskQueue(redis))
    over.set()
    await redis.aclose()
    server.close()
    await server.wait_closed()


async def test_a_report_is_answered_in_its_time_while_redis_says_nothing(database: Database, silent: Hotline) -> None:
    began = asyncio.get_running_loop().time()
    reply = await try_database(
        database, lambda work: receive_text(work, silent, a_text("ICE is at the door of my house in Durham, they are knocking"))
    )

    assert reply is not None and "Durham" in reply
    assert asyncio.get_running_loop().time() - began < 2.0
