"""Messaging Services, the account's numbers and Lookup, by the official client over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient

from tests.simulator.conftest import LINE, SERVICE, Room

ROSA = "+19195550123"

pytestmark = pytest.mark.filterwarnings(
    "ignore:.* deprecated and will be removed in:DeprecationWarning"
)  # twilio 9.13 on aiohttp 3.14


async def number_of(client: Any) -> Any:
    """The account's one number."""
    [number] = await client.incoming_phone_numbers.list_async()
    return number


async def test_a_service_is_made_changed_listed_and_deleted(room: Room) -> None:
    async with AsyncTwilioHttpClient() as http:
        services = room.client(http=http).messaging.v1.services
        made = await services.create_async(friendly_name="Alerts", validity_period=600)
        changed = await services(made.sid).update_async(status_callback=f"{room.hotline.url}/status")
        listed = await services.list_async(page_size=1)
        fetched = await services(made.sid).fetch_async()
        await services(made.sid).delete_async()
        with pytest.raises(TwilioRestException) as gone:
            await services(made.sid).fetch_async()

    assert (made.friendly_name, made.validity_period, made.sticky_sender) == ("Alerts", 600, True)
    assert changed.status_callback == fetched.status_callback == f"{room.hotline.url}/status"
    assert [service.sid for service in listed] == [made.sid, SERVICE]
    assert (gone.value.status, gone.value.code) == (404, 20404)


async def test_a_number_is_in_one_service_at_a_time(room: Room) -> None:
    async with AsyncTwilioHttpClient() as http:
        client = room.client(http=http)
        number, services = await number_of(client), client.messaging.v1.services
        other = await services.create_async(friendly_name="Other")
        with pytest.raises(TwilioRestException) as twice:
            await services(SERVICE).phone_numbers.create_async(phone_number_sid=number.sid)
        with pytest.raises(TwilioRestException) as elsewhere:
            await services(other.sid).phone_numbers.create_async(phone_number_sid=number.sid)
        with pytest.raises(TwilioRestException) as empty:
            await client.messages.create_async(to=ROSA, messaging_service_sid=other.sid, body="x")
        await services(SERVICE).phone_numbers(number.sid).delete_async()
        moved = await services(other.sid).phone_numbers.create_async(phone_number_sid=number.sid)
        listed = await services(other.sid).phone_numbers.list_async()

    assert [refused.value.code for refused in (twice, elsewhere, empty)] == [21710, 21712, 21704]
    assert (moved.phone_number, moved.service_sid, [one.sid for one in listed]) == (LINE, other.sid, [number.sid])


async def test_a_service_gives_its_callback_and_its_address_to_its_texts(room: Room) -> None:
    async with AsyncTwilioHttpClient() as http:
        client = room.client(http=http)
        await client.messaging.v1.services(SERVICE).update_async(
            status_callback=f"{room.hotline.url}/service/status",
            inbound_request_url=f"{room.hotline.url}/service/messages",
            use_inbound_webhook_on_number=False,
        )
        sent = await client.messages.create_async(to=ROSA, from_=LINE, messaging_service_sid=SERVICE, body="x")
        await room.exchange.settled()
    await room.devices(ROSA).texts("hello")

    assert sent.status == "accepted"
    assert {got.form["MessagingServiceSid"] for got in room.hotline.got} == {SERVICE}
    assert [got.path for got in room.hotline.got] == ["/service/status"] * 4 + ["/service/messages"]


async def test_a_number_is_fetched_and_led_elsewhere(room: Room) -> None:
    async with AsyncTwilioHttpClient() as http:
        client = room.client(http=http)
        number = await number_of(client)
        changed = await client.incoming_phone_numbers(number.sid).update_async(
            sms_url=f"{room.hotline.url}/new/messages",
            sms_fallback_url=f"{room.hotline.url}/new/fallback",
            friendly_name="Line 1",
        )
        fetched = await client.incoming_phone_numbers(number.sid).fetch_async()
        named = await client.incoming_phone_numbers.list_async(friendly_name="Line 1")
        with pytest.raises(TwilioRestException) as off_this_machine:
            await client.incoming_phone_numbers(number.sid).update_async(voice_url="https://hotline.example/calls")
        with pytest.raises(TwilioRestException) as not_posted:
            await client.incoming_phone_numbers(number.sid).update_async(sms_method="GET")
    await room.devices(ROSA).texts("hello")

    assert changed.sms_url == fetched.sms_url == f"{room.hotline.url}/new/messages"
    assert (fetched.voice_url, [one.sid for one in named]) == (number.voice_url, [number.sid])
    assert (off_this_machine.value.code, not_posted.value.code) == (21402, 21403)
    assert [got.path for got in room.hotline.got] == ["/new/messages"]


async def test_a_stop_holds_for_every_number_of_the_service(room: Room) -> None:
    await room.devices(ROSA).texts("STOP")
    await room.devices(ROSA).expects("unsubscribed")
    async with AsyncTwilioHttpClient() as http:
        with pytest.raises(TwilioRestException) as refused:
            await room.client(http=http).messages.create_async(to=ROSA, messaging_service_sid=SERVICE, body="x")

    assert refused.value.code == 21610


async def test_lookup_tells_a_landline_from_a_mobile_phone(room: Room) -> None:
    await room.devices(ROSA).is_in_trouble(30006)
    async with AsyncTwilioHttpClient() as http:
        numbers = room.client(http=http).lookups.v2.phone_numbers
        landline = await numbers(ROSA).fetch_async(fields="line_type_intelligence")
        mobile = await numbers("+17045550188").fetch_async(fields="line_type_intelligence")
        plain = await numbers(ROSA).fetch_async()
        wrong = await numbers("nobody").fetch_async()
        with pytest.raises(TwilioRestException) as unknown:
            await numbers(ROSA).fetch_async(fields="horoscope")

    assert (landline.line_type_intelligence["type"], mobile.line_type_intelligence["type"]) == ("landline", "mobile")
    assert (plain.valid, plain.line_type_intelligence, plain.national_format) == (True, None, "(919) 555-0123")
    assert (wrong.valid, wrong.validation_errors) == (False, ["NOT_A_NUMBER"])
    assert unknown.value.code == 60617
