"""The official client over a pooled session of our own: no warning, a time limit that holds, errors that say what is unknown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from twilio.rest import Client

from app.simulator.account import SIMULATED_ACCOUNT_SID
from app.simulator.faults import Fault, Kind, Point
from tests.simulator.conftest import KEY, LINE, Room
from tests.simulator.pooled import PooledHttp, TooManyRequests

ROSA = "+19195550123"


async def test_many_texts_go_through_one_pool_and_are_found_again(room: Room) -> None:
    async with aiohttp.ClientSession() as session:
        client = Client(*KEY, SIMULATED_ACCOUNT_SID, http_client=PooledHttp(session, room.url))
        sent = [await client.messages.create_async(to=ROSA, from_=LINE, body=str(count)) for count in range(5)]
        await room.exchange.settled()
        found = await client.messages.list_async(to=ROSA, date_sent_after=datetime.now(UTC) - timedelta(minutes=5), page_size=2)

    assert [message.sid for message in reversed(found)] == [message.sid for message in sent]


async def test_a_time_limit_holds_although_the_text_went_out(room: Room) -> None:
    room.exchange.faults.add(Fault(point=Point.ANSWER, kind=Kind.DELAY, seconds=1))
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.2)) as session:
        client = Client(*KEY, SIMULATED_ACCOUNT_SID, http_client=PooledHttp(session, room.url))
        with pytest.raises(TimeoutError):
            await client.messages.create_async(to=ROSA, from_=LINE, body="x")
    await room.exchange.settled()

    assert len(room.exchange.arrivals(ROSA)) == 1


async def test_the_wait_that_a_429_asks_for_can_be_read(room: Room) -> None:
    room.exchange.faults.add(Fault(point=Point.ACCEPT, kind=Kind.REFUSE, status=429, retry_after=2))
    async with aiohttp.ClientSession() as session:
        client = Client(*KEY, SIMULATED_ACCOUNT_SID, http_client=PooledHttp(session, room.url))
        with pytest.raises(TooManyRequests) as refused:
            await client.messages.create_async(to=ROSA, from_=LINE, body="x")

    assert refused.value.retry_after_s == 2
    assert not room.exchange.messages
