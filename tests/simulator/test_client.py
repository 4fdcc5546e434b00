"""The official `twilio` client against the simulator, over real HTTP: the same calls that the hotline makes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.request_validator import RequestValidator

from app.simulator.account import SIMULATED_ACCOUNT_SID, Account, SimulatedLine, UnsafeSimulator, checked_account
from tests.simulator.conftest import KEY, LINE, SERVICE, Room

ROSA = "+19195550123"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)

pytestmark = pytest.mark.filterwarnings(
    "ignore:.* deprecated and will be removed in:DeprecationWarning"
)  # twilio 9.13 on aiohttp 3.14


async def test_a_text_is_accepted_carried_and_called_back_in_order(room: Room) -> None:
    async with AsyncTwilioHttpClient() as http:
        sent = await room.client(http=http).messages.create_async(
            to=ROSA,
            from_=LINE,
            body="Hola, ¿dónde?",
            status_callback=f"{room.hotline.url}/twilio/messages/status?d=42#rc=5&rp=all",
        )
    await room.exchange.settled()

    callbacks = room.hotline.at("/twilio/messages/status")
    assert (sent.status, sent.direction, sent.num_segments, sent.from_, sent.to) == ("queued", "outbound-api", "1", LINE, ROSA)
    assert [got.form["MessageStatus"] for got in callbacks] == ["sending", "sent", "delivered"]
    assert all(got.signed and got.query == "d=42" and got.form["MessageSid"] == sent.sid for got in callbacks)
    assert [message.body for message in room.exchange.arrivals(ROSA)] == ["Hola, ¿dónde?"]


async def test_the_synchronous_client_works_too(room: Room) -> None:
    client = room.client()
    sent = await asyncio.to_thread(client.messages.create, to=ROSA, from_=LINE, body="One")
    await room.exchange.settled()
    fetched = await asyncio.to_thread(client.messages(sent.sid).fetch)

    assert (fetched.status, fetched.error_code, fetched.price) == ("delivered", None, "-0.00830")
    assert isinstance(fetched.date_sent, datetime)


async def test_an_api_key_is_as_good_as_the_token(room: Room) -> None:
    async with AsyncTwilioHttpClient() as http:
        numbers = await room.client(*KEY, http=http).incoming_phone_numbers.list_async()

    assert [number.phone_number for number in numbers] == [LINE]


async def test_wrong_credentials_are_refused(room: Room) -> None:
    async with AsyncTwilioHttpClient() as http:
        with pytest.raises(TwilioRestException) as refused:
            await room.client(password="another token", http=http).messages.create_async(to=ROSA, from_=LINE, body="x")

    assert (refused.value.status, refused.value.code) == (401, 20003)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"to": "", "from_": LINE, "body": "x"}, 21604),
        ({"to": ROSA, "from_": LINE, "body": ""}, 21602),
        ({"to": ROSA, "from_": "+19195550177", "body": "x"}, 21606),
        ({"to": "919555", "from_": LINE, "body": "x"}, 21211),
        ({"to": "+12025551234", "from_": LINE, "body": "x"}, 21211),
        ({"to": ROSA, "from_": LINE, "body": "x" * 1601}, 21617),
        ({"to": ROSA, "body": "x"}, 21603),
        ({"to": LINE, "from_": LINE, "body": "x"}, 21266),
        ({"to": ROSA, "from_": LINE, "body": "x", "status_callback": "https://hotline.example/status"}, 21609),
        ({"to": ROSA, "from_": LINE, "body": "x", "validity_period": 36001}, 90007),
        ({"to": ROSA, "messaging_service_sid": "MGunknown", "body": "x"}, 21701),
        ({"to": ROSA, "from_": LINE, "body": "x", "risk_check": "perhaps"}, 20001),
        ({"to": ROSA, "from_": LINE, "body": "x", "attempt": 0}, 20001),
        ({"to": ROSA, "from_": LINE, "body": "x", "content_retention": "burn"}, 30029),
        ({"to": ROSA, "from_": LINE, "body": "x", "persistent_action": ["geo:35.99,-78.9"]}, 20001),
        ({"to": ROSA, "from_": LINE, "content_sid": "HX" + "0" * 32}, 21655),
        ({"to": ROSA, "from_": LINE, "body": "x", "content_variables": "[1]"}, 21656),
        ({"to": ROSA, "from_": LINE, "media_url": ["ftp://127.0.0.1/map.png"]}, 21620),
        ({"to": ROSA, "from_": LINE, "media_url": ["http://127.0.0.1/map.png"] * 11}, 21623),
        ({"to": ROSA, "messaging_service_sid": SERVICE, "body": "x", "schedule_type": "fixed"}, 35111),
        (
            {"to": ROSA, "messaging_service_sid": SERVICE, "body": "x", "schedule_type": "fixed", "send_at": LONG_AGO},
            35114,
        ),
    ],
)
async def test_a_bad_request_gets_twilios_code(room: Room, asked: dict[str, Any], code: int) -> None:
    async with AsyncTwilioHttpClient() as http:
        with pytest.raises(TwilioRestException) as refused:
            await room.client(http=http).messages.create_async(**asked)

    assert refused.value.code == code
    assert not room.exchange.messages


async def test_who_said_stop_is_not_texted_until_start(room: Room) -> None:
    rosa = room.devices(ROSA)
    await rosa.texts(" Stop ")
    await rosa.expects("unsubscribed")
    async with AsyncTwilioHttpClient() as http:
        client = room.client(http=http)
        with pytest.raises(TwilioRestException) as refused:
            await client.messages.create_async(to=ROSA, from_=LINE, body="x")
        await rosa.texts("START")
        await rosa.expects("re-subscribed")
        await client.messages.create_async(to=ROSA, from_=LINE, body="welcome back")
    await rosa.expects("welcome back")

    assert refused.value.code == 21610
    assert [got.form["Body"] for got in room.hotline.at("/twilio/messages")] == [" Stop ", "START"]
    await room.devices.check()


async def test_a_list_is_filtered_and_paged_newest_first(room: Room) -> None:
    async with AsyncTwilioHttpClient() as http:
        client = room.client(http=http)
        for count in range(7):
            await client.messages.create_async(to=ROSA if count % 2 else "+17045550188", from_=LINE, body=str(count))
        await room.exchange.settled()
        now = datetime.now(UTC)
        everything = await client.messages.list_async(page_size=3)
        hers = await client.messages.list_async(to=ROSA, date_sent_after=now - timedelta(minutes=1))
        later = await client.messages.list_async(date_sent_after=now + timedelta(minutes=1))
        earlier = await client.messages.list_async(date_sent_before=now - timedelta(minutes=1))
        today = await client.messages.list_async(from_=LINE, date_sent=now, limit=2)

    assert [message.body for message in everything] == ["6", "5", "4", "3", "2", "1", "0"]
    assert [message.body for message in hers] == ["5", "3", "1"]
    assert [len(later), len(earlier), len(today)] == [0, 0, 2]


async def test_a_page_that_is_being_read_is_not_moved_by_new_texts(room: Room) -> None:
    async with AsyncTwilioHttpClient() as http:
        client = room.client(http=http)
        for count in range(4):
            await client.messages.create_async(to=ROSA, from_=LINE, body=str(count))
        page = await client.messages.page_async(page_size=2)
        await client.messages.create_async(to=ROSA, from_=LINE, body="new")
        following = await page.next_page_async()

    assert [message.body for message in page] == ["3", "2"]
    assert [message.body for message in following] == ["1", "0"]


async def test_a_text_is_redacted_and_deleted_once_it_has_ended(room: Room) -> None:
    async with AsyncTwilioHttpClient() as http:
        client = room.client(http=http)
        sent = await client.messages.create_async(to=ROSA, from_=LINE, body="a secret")
        await room.exchange.settled()
        redacted = await client.messages(sent.sid).update_async(body="")
        deleted = await client.messages(sent.sid).delete_async()
        with pytest.raises(TwilioRestException) as gone:
            await client.messages(sent.sid).fetch_async()

    assert (redacted.body, deleted, gone.value.code) == ("", True, 20404)


async def test_a_messaging_service_picks_the_line_that_the_person_knows(room: Room) -> None:
    async with AsyncTwilioHttpClient() as http:
        client = room.client(http=http)
        accepted = await client.messages.create_async(
            to=ROSA, messaging_service_sid="MGsimulator0000000000000000000000a", body="x"
        )
        await room.exchange.settled()
        ended = await client.messages(accepted.sid).fetch_async()

    assert (accepted.status, accepted.from_, accepted.num_segments) == ("accepted", None, "0")
    assert (ended.status, ended.from_, ended.num_segments) == ("delivered", LINE, "1")


async def test_a_scheduled_text_waits_for_its_time_or_is_canceled(room: Room) -> None:
    status_url = f"{room.hotline.url}/twilio/messages/status"
    asked = {
        "to": ROSA,
        "messaging_service_sid": SERVICE,
        "schedule_type": "fixed",
        "send_at": room.clock.now() + timedelta(minutes=10),
    }
    async with AsyncTwilioHttpClient() as http:
        client = room.client(http=http)
        sent = await client.messages.create_async(body="later", **asked)
        canceled = await client.messages.create_async(body="never", status_callback=status_url, **asked)
        await room.clock.asleep(2)
        await client.messages(canceled.sid).update_async(status="canceled")
        await room.clock.advance(599)
        waiting = await client.messages(sent.sid).fetch_async()
        await room.clock.advance(1)
        await room.exchange.settled()
        ended = await client.messages(sent.sid).fetch_async()
        with pytest.raises(TwilioRestException) as too_late:
            await client.messages(sent.sid).update_async(status="canceled")

    assert (sent.status, waiting.status, ended.status) == ("scheduled", "scheduled", "delivered")
    assert [message.body for message in room.exchange.arrivals(ROSA)] == ["later"]
    assert [got.form["MessageStatus"] for got in room.hotline.at("/twilio/messages/status")] == ["canceled"]
    assert too_late.value.code == 30409


@pytest.mark.parametrize(("code", "end"), [(30003, "undelivered"), (30007, "undelivered"), (30036, "failed")])
async def test_a_phone_in_trouble_ends_a_text_with_its_code(room: Room, code: int, end: str) -> None:
    await room.devices(ROSA).is_in_trouble(code)
    async with AsyncTwilioHttpClient() as http:
        client = room.client(http=http)
        sent = await client.messages.create_async(
            to=ROSA, from_=LINE, body="x", status_callback=f"{room.hotline.url}/twilio/messages/status"
        )
        await room.exchange.settled()
        ended = await client.messages(sent.sid).fetch_async()

    last = room.hotline.got[-1].form
    assert (ended.status, ended.error_code) == (end, code)
    assert (last["MessageStatus"], last["ErrorCode"]) == (end, str(code))
    assert room.exchange.arrivals(ROSA) == []


async def test_inbound_texts_can_be_fetched_even_if_their_webhook_failed(room: Room) -> None:
    room.hotline.answer = lambda _got: (500, "")
    handed = await room.devices(ROSA).texts("¿hay alguien?")
    async with AsyncTwilioHttpClient() as http:
        [listed] = await room.client(http=http).messages.list_async(
            to=LINE, date_sent_after=datetime.now(UTC) - timedelta(minutes=10)
        )

    assert (handed["status"], handed["attempts"], handed["error_code"]) == (500, 3, 11200)
    assert (listed.sid, listed.direction, listed.status, listed.body) == (handed["sid"], "inbound", "received", "¿hay alguien?")
    await room.devices.check(allowed_errors=("inbound text",))


def test_signatures_agree_with_the_golden_vectors() -> None:
    validator = RequestValidator("12345")
    parameters = {
        "CallSid": "CA1234567890ABCDE",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
        "Caller": "+14158675309",
    }

    assert (
        validator.compute_signature("https://mycompany.com/myapp.php?foo=1&bar=2", parameters) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    )


@pytest.mark.parametrize(
    ("sid", "number", "url"),
    [
        ("AC" + "0" * 32, LINE, "http://127.0.0.1:8000/twilio/messages"),
        ("ACsimulat", LINE, "http://127.0.0.1:8000/twilio/messages"),
        (SIMULATED_ACCOUNT_SID, "+12025551234", "http://127.0.0.1:8000/twilio/messages"),
        (SIMULATED_ACCOUNT_SID, LINE, "https://hotline.example/twilio/messages"),
        (SIMULATED_ACCOUNT_SID, LINE, "http://127.0.0.1:8000/twilio/messages#rc=9"),
    ],
)
def test_the_simulator_refuses_to_stand_beside_anything_real(sid: str, number: str, url: str) -> None:
    account = Account(sid, "token", "", "", {number: SimulatedLine(number, url)}, frozenset())

    with pytest.raises(UnsafeSimulator):
        checked_account(account, allow_real=False, any_number=False)
