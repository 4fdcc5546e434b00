"""A client calls a phone: it rings, is answered or not, and the client is told and may interfere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient

from app.simulator.faults import Fault, Kind, Point
from tests.simulator.conftest import LINE, Room

ROSA = "+19195550123"
EVENTS = ["initiated", "ringing", "answered", "completed"]

pytestmark = pytest.mark.filterwarnings(
    "ignore:.* deprecated and will be removed in:DeprecationWarning"
)  # twilio 9.13 on aiohttp 3.14


@pytest.fixture
async def client(room: Room) -> AsyncIterator[Any]:
    """The official client."""
    async with AsyncTwilioHttpClient() as http:
        yield room.client(http=http)


def told(room: Room) -> list[str]:
    """The statuses that the client was told of, in order of arrival."""
    return [got.form["CallStatus"] for got in room.hotline.at("/status")]


async def place(room: Room, client: Any, **more: Any) -> Any:
    """Call Rosa with the document at /out, and be told of everything."""
    given = {"url": f"{room.hotline.url}/out", "status_callback": f"{room.hotline.url}/status", **more}
    return await client.calls.create_async(to=ROSA, from_=LINE, status_callback_event=EVENTS, **given)


async def test_a_person_answers_and_presses_a_key(room: Room, client: Any) -> None:
    documents = {
        "/out": '<Response><Gather numDigits="1" action="/pressed"><Say>Press 1 to take it.</Say></Gather></Response>',
        "/pressed": "<Response><Say>Thank you.</Say></Response>",
    }
    room.hotline.answer = lambda got: (200, documents.get(got.path, ""))
    placed = await place(room, client)
    line = await room.devices(ROSA).answers()
    line.hears("Press 1")
    await line.presses("1")
    line.hears("Thank you")
    await room.exchange.settled()
    ended = await client.calls(placed.sid).fetch_async()
    by_direction = await client.calls.list_async(to=ROSA, from_=LINE, status="completed")

    [asked] = room.hotline.at("/out")
    assert (placed.status, placed.direction, ended.status) == ("queued", "outbound-api", "completed")
    assert (asked.form["From"], asked.form["To"], asked.form["Direction"]) == (LINE, ROSA, "outbound-api")
    assert told(room) == ["queued", "ringing", "in-progress", "completed"]
    assert [got.form["SequenceNumber"] for got in room.hotline.at("/status")] == ["0", "1", "2", "3"]
    assert all(got.signed for got in room.hotline.got)
    assert [call.sid for call in by_direction] == [placed.sid]


async def test_a_call_without_an_address_plays_the_twiml_that_came_with_it(room: Room, client: Any) -> None:
    await client.calls.create_async(to=ROSA, from_=LINE, twiml="<Response><Say>Somebody needs help.</Say></Response>")
    line = await room.devices(ROSA).answers()
    line.hears("Somebody needs help")

    assert line.is_over


async def test_nobody_answers_within_the_time(room: Room, client: Any) -> None:
    placed = await place(room, client, timeout=20)
    await room.clock.asleep()
    await room.clock.advance(20)
    await room.exchange.settled()

    assert told(room) == ["queued", "ringing", "no-answer"]
    assert (await client.calls(placed.sid).fetch_async()).duration == "0"


async def test_a_person_declines(room: Room, client: Any) -> None:
    await place(room, client)
    line = await room.devices(ROSA).declines()
    await room.exchange.settled()

    assert line.state["status"] == "busy"
    assert told(room) == ["queued", "ringing", "busy"]


@pytest.mark.parametrize(("trouble", "end"), [(30003, "no-answer"), (30005, "failed")])
async def test_a_phone_in_trouble_does_not_ring(room: Room, client: Any, trouble: int, end: str) -> None:
    await room.devices(ROSA).is_in_trouble(trouble)
    await place(room, client)
    await room.exchange.settled()

    assert told(room) == ["queued", end]


async def test_a_client_leads_a_call_elsewhere_and_ends_it(room: Room, client: Any) -> None:
    room.hotline.answer = lambda got: (200, f"<Response><Say>This is {got.path}.</Say><Gather/></Response>")
    placed = await place(room, client)
    line = await room.devices(ROSA).answers()
    await client.calls(placed.sid).update_async(url=f"{room.hotline.url}/elsewhere")
    heard = [heard.text for heard in room.exchange.calls[placed.sid].heard]
    ended = await client.calls(placed.sid).update_async(status="completed")
    with pytest.raises(TwilioRestException) as too_late:
        await client.calls(placed.sid).update_async(url=f"{room.hotline.url}/elsewhere")
    deleted = await client.calls(placed.sid).delete_async()

    line.hears("/out")
    assert "This is /elsewhere." in heard
    assert (ended.status, too_late.value.code, deleted) == ("completed", 21220, True)


async def test_a_client_takes_a_call_back_while_it_rings(room: Room, client: Any) -> None:
    placed = await place(room, client)
    await room.hotline.has(2, "/status")
    await client.calls(placed.sid).update_async(status="canceled")
    await room.exchange.settled()

    assert told(room) == ["queued", "ringing", "canceled"]


async def test_callbacks_of_calls_go_astray_as_those_of_texts(room: Room, client: Any) -> None:
    room.exchange.faults.add(Fault(point=Point.CALLBACK, kind=Kind.DROP, only={"status": "queued"}))
    room.exchange.faults.add(Fault(point=Point.CALLBACK, kind=Kind.DUPLICATE, only={"status": "ringing", "what": "call"}))
    await place(room, client)
    await room.devices(ROSA).declines()
    await room.exchange.settled()

    assert sorted(told(room)) == ["busy", "ringing", "ringing"]


async def test_a_phone_is_answered_on_the_page(room: Room, client: Any) -> None:
    room.hotline.answer = lambda _got: (200, "<Response><Say>Hello.</Say></Response>")
    placed = await place(room, client)
    await room.hotline.has(2, "/status")
    async with room.browser() as browser:
        ringing = await browser.get("/simulator/", params={"phone": ROSA})
        await browser.post(f"/simulator/calls/{placed.sid}", data={"act": "answer"})
        await room.exchange.settled()
        over = await browser.get("/simulator/", params={"phone": ROSA})

    assert "The phone rings." in ringing.text
    assert "Hello." in over.text


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"to": ""}, 21201),
        ({"to": "nobody"}, 21217),
        ({"from_": "+19195550177"}, 21210),
        ({"url": "https://hotline.example/out"}, 21205),
        ({"method": "GET"}, 21403),
        ({"timeout": 601}, 20001),
        ({"status_callback_event": ["sneezed"]}, 20001),
        ({"status_callback": "https://hotline.example/status"}, 21609),
    ],
)
async def test_a_bad_call_gets_twilios_code(room: Room, client: Any, given: dict[str, Any], code: int) -> None:
    asked = {"to": ROSA, "from_": LINE, "url": f"{room.hotline.url}/out", **given}
    with pytest.raises(TwilioRestException) as refused:
        await client.calls.create_async(**asked)

    assert refused.value.code == code
    assert not room.exchange.calls
