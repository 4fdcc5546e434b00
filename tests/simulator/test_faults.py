"""What goes wrong at a phone company goes wrong here too, when told to."""

from __future__ import annotations

import random

import aiohttp
import pytest
from pydantic import ValidationError
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient

from app.simulator.faults import Fault, Faults, Kind, Point
from tests.simulator.conftest import LINE, Room

ROSA = "+19195550123"

pytestmark = pytest.mark.filterwarnings(
    "ignore:.* deprecated and will be removed in:DeprecationWarning"
)  # twilio 9.13 on aiohttp 3.14


async def send(room: Room, body: str = "x") -> str:
    """Send one text with a status callback; gives its SID."""
    async with AsyncTwilioHttpClient() as http:
        sent = await room.client(http=http).messages.create_async(
            to=ROSA, from_=LINE, body=body, status_callback=f"{room.hotline.url}/twilio/messages/status"
        )
    return str(sent.sid)


def callbacks(room: Room) -> list[str]:
    """The statuses that were called back, in order of arrival."""
    return [got.form["MessageStatus"] for got in room.hotline.at("/twilio/messages/status")]


async def test_an_answer_can_be_lost_after_the_text_was_accepted(room: Room) -> None:
    room.exchange.faults.add(Fault(point=Point.ANSWER, kind=Kind.RESET))
    with pytest.raises(aiohttp.ClientConnectionError):
        await send(room)
    await room.exchange.settled()

    assert len(room.exchange.arrivals(ROSA)) == 1
    assert callbacks(room) == ["sending", "sent", "delivered"]


async def test_a_connection_can_break_before_anything_was_accepted(room: Room) -> None:
    room.exchange.faults.add(Fault(point=Point.ACCEPT, kind=Kind.RESET))
    with pytest.raises(aiohttp.ClientConnectionError):
        await send(room)

    assert not room.exchange.messages


async def test_too_many_requests_say_when_to_come_back(room: Room) -> None:
    room.exchange.faults.add(Fault(point=Point.ACCEPT, kind=Kind.REFUSE, status=429, retry_after=3))
    with pytest.raises(TwilioRestException) as refused:
        await send(room)
    await send(room)

    assert (refused.value.status, refused.value.code) == (429, 20429)
    assert len(room.exchange.messages) == 1


async def test_an_error_answer_may_hide_that_the_text_went_out(room: Room) -> None:
    room.exchange.faults.add(Fault(point=Point.ANSWER, kind=Kind.REFUSE, status=500))
    with pytest.raises(TwilioRestException) as refused:
        await send(room)
    await room.exchange.settled()

    assert refused.value.status == 500
    assert len(room.exchange.arrivals(ROSA)) == 1


async def test_callbacks_come_twice_late_or_never(room: Room) -> None:
    room.exchange.faults.add(Fault(point=Point.CALLBACK, kind=Kind.DROP, only={"status": "sending"}))
    room.exchange.faults.add(Fault(point=Point.CALLBACK, kind=Kind.DELAY, seconds=0.2, only={"status": "sent"}))
    room.exchange.faults.add(Fault(point=Point.CALLBACK, kind=Kind.DUPLICATE, only={"status": "delivered"}))
    await send(room)
    await room.exchange.settled()

    assert callbacks(room) == ["delivered", "delivered", "sent"]


async def test_callbacks_may_overtake_the_answer(room: Room) -> None:
    room.exchange.faults.add(Fault(point=Point.ANSWER, kind=Kind.DELAY, seconds=0.3))
    await send(room)

    assert callbacks(room) == ["sending", "sent", "delivered"]


async def test_a_text_may_never_reach_its_phone_or_be_filtered(room: Room) -> None:
    room.exchange.faults.add(Fault(point=Point.DELIVERY, kind=Kind.DROP))
    room.exchange.faults.add(Fault(point=Point.DELIVERY, kind=Kind.FAIL, code=30007))
    stuck, filtered = await send(room), await send(room)
    await room.exchange.settled()

    assert room.exchange.message(stuck).status == "sent"
    assert (room.exchange.message(filtered).status, room.exchange.message(filtered).error_code) == ("undelivered", 30007)
    assert room.exchange.arrivals(ROSA) == []


async def test_an_inbound_webhook_may_come_twice_or_never(room: Room) -> None:
    rosa = room.devices(ROSA)
    await room.devices.post("reset", {})
    for kind in ("duplicate", "drop"):
        room.exchange.faults.add(Fault(point=Point.WEBHOOK, kind=Kind(kind)))
    twice, never = await rosa.texts("one"), await rosa.texts("two")

    assert [got.form["MessageSid"] for got in room.hotline.at("/twilio/messages")] == [twice["sid"], twice["sid"]]
    assert never["status"] is None
    assert room.exchange.message(never["sid"]).body == "two"


def test_faults_count_skip_and_end() -> None:
    faults = Faults(random.Random(1))  # noqa: S311 - a seed is the point
    faults.add(Fault(point=Point.CALLBACK, kind=Kind.DROP, skip=1, times=2))

    assert [faults.ask(Point.CALLBACK) is not None for _ in range(5)] == [False, True, True, False, False]
    assert faults.ask(Point.WEBHOOK) is None


def test_seeded_faults_happen_in_the_same_way_again() -> None:
    def run() -> list[bool]:
        faults = Faults(random.Random(5))  # noqa: S311 - a seed is the point
        faults.add(Fault(point=Point.CALLBACK, kind=Kind.DROP, times=None, probability=0.5))
        return [faults.ask(Point.CALLBACK) is not None for _ in range(50)]

    assert run() == run()
    assert 10 < sum(run()) < 40


def test_a_fault_that_can_not_happen_there_is_refused() -> None:
    with pytest.raises(ValidationError, match="can't happen at webhook"):
        Fault(point=Point.WEBHOOK, kind=Kind.REFUSE)
