"""Texts wait for their sender's turn, and what waits too long or finds no room ends as Twilio ends it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient

from app.simulator.terms import SenderQueue, Terms
from tests.simulator.conftest import LINE, SERVICE, Room

ROSA = "+19195550123"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

pytestmark = pytest.mark.filterwarnings(
    "ignore:.* deprecated and will be removed in:DeprecationWarning"
)  # twilio 9.13 on aiohttp 3.14


async def send(room: Room, body: str = "x", **more: Any) -> str:
    """Send one text; gives its SID."""
    sender = {} if "messaging_service_sid" in more else {"from_": LINE}
    async with AsyncTwilioHttpClient() as http:
        return str((await room.client(http=http).messages.create_async(to=ROSA, body=body, **sender, **more)).sid)


def statuses(room: Room, *sids: str) -> list[str]:
    """Where the texts are now."""
    return [room.exchange.message(sid).status.value for sid in sids]


async def test_each_text_waits_for_the_segments_before_it(room: Room) -> None:
    room.exchange.terms = Terms(segments_per_s=1)
    long, second, third = await send(room, "x" * 400), await send(room), await send(room)
    await room.devices(ROSA).expects("xxx")
    await room.clock.asleep(2)
    at_once = statuses(room, long, second, third)
    await room.clock.advance(2.9)
    almost = statuses(room, second, third)
    await room.clock.advance(0.1)
    await room.devices(ROSA).expects("x")
    then = statuses(room, second, third)
    await room.clock.advance(1)
    await room.exchange.settled()

    assert at_once == ["delivered", "queued", "queued"]
    assert (almost, then) == (["queued", "queued"], ["delivered", "queued"])
    assert statuses(room, third) == ["delivered"]


async def test_a_text_expires_in_the_queue_and_takes_no_turn(room: Room) -> None:
    room.exchange.terms = Terms(rates={LINE: 0.1})
    status_url = f"{room.hotline.url}/twilio/messages/status"
    first = await send(room)
    expiring = await send(room, validity_period=5, status_callback=status_url)
    patient = await send(room)
    await room.clock.asleep(2)
    await room.clock.advance(5)
    await room.hotline.has(1, "/twilio/messages/status")
    await room.clock.advance(5)
    await room.exchange.settled()

    [got] = room.hotline.at("/twilio/messages/status")
    assert (got.form["MessageStatus"], got.form["ErrorCode"]) == ("failed", "30036")
    assert statuses(room, first, expiring, patient) == ["delivered", "failed", "delivered"]


async def test_a_full_queue_refuses_a_sender_and_fails_a_service(room: Room) -> None:
    room.exchange.terms = Terms(segments_per_s=0.01, longest_queue_s=150)
    await send(room)
    await send(room)
    with pytest.raises(TwilioRestException) as refused:
        await send(room)
    overflown = await send(room, messaging_service_sid=SERVICE)
    await room.exchange.until(lambda: True if room.exchange.message(overflown).is_final else None, 10)
    ended = room.exchange.message(overflown)
    await room.clock.advance(100)
    await room.exchange.settled()

    assert (refused.value.status, refused.value.code) == (429, 21611)
    assert (ended.status, ended.error_code) == ("failed", 30001)


async def test_terms_are_read_and_set_over_the_api(room: Room) -> None:
    async with httpx2.AsyncClient(base_url=f"{room.url}/simulator/api/", trust_env=False) as api:
        wrong = await api.put("terms", json={"segments_per_s": 0})
        set_now = await api.put("terms", json={"segments_per_s": 3, "opt_out": "advanced"})

        assert (wrong.status_code, (await api.get("terms")).json()) == (422, set_now.json())
    assert room.exchange.terms == Terms(segments_per_s=3, opt_out="advanced")


@given(
    texts=st.lists(st.tuples(st.integers(1, 10), st.floats(0, 5), st.integers(1, 60)), max_size=60), rate=st.floats(0.2, 100)
)
def test_no_sender_is_faster_than_its_rate_and_nothing_leaves_late(texts: list[tuple[int, float, int]], rate: float) -> None:
    queue, now, free = SenderQueue(), NOON, NOON
    for segments, gap, validity in texts:
        now += timedelta(seconds=gap)
        turn = queue.turn(now, segments, rate, validity)
        if turn is None:
            assert free - now >= timedelta(seconds=validity)
            continue
        assert max(free, now) <= turn < now + timedelta(seconds=validity)
        free = turn + timedelta(seconds=segments / rate)
    assert queue.backlog_s(now) == max((free - now).total_seconds(), 0)
