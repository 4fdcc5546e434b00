"""The same phones and lines talk by WhatsApp too, by Twilio's rules for it."""

from __future__ import annotations

from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient

from tests.simulator.conftest import LINE, Room

ROSA = "+19195550123"

pytestmark = pytest.mark.filterwarnings(
    "ignore:.* deprecated and will be removed in:DeprecationWarning"
)  # twilio 9.13 on aiohttp 3.14


async def send(room: Room, **given: Any) -> Any:
    """Send one WhatsApp message; gives it as it was accepted."""
    asked = {"to": f"whatsapp:{ROSA}", "from_": f"whatsapp:{LINE}", "body": "x", **given}
    async with AsyncTwilioHttpClient() as http:
        return await room.client(http=http).messages.create_async(**asked)


async def test_a_person_is_told_with_their_profile_and_answered_on_whatsapp(room: Room) -> None:
    room.hotline.answer = lambda _got: (200, "<Response><Message>¿Dónde?</Message></Response>")
    rosa = room.devices(ROSA, name="Rosa")
    await rosa.texts("hay una camioneta", whatsapp=True)
    await rosa.expects("¿Dónde?")

    [got] = room.hotline.got
    reply = next(message for message in room.exchange.messages.values() if message.direction == "outbound-reply")
    assert got.signed
    assert (got.form["From"], got.form["To"]) == (f"whatsapp:{ROSA}", f"whatsapp:{LINE}")
    assert (got.form["ProfileName"], got.form["WaId"], got.form["MessageType"]) == ("Rosa", "19195550123", "text")
    assert "FromCity" not in got.form
    assert reply.to_address == f"whatsapp:{ROSA}"


async def test_a_message_goes_out_and_is_called_back_with_whatsapp_addresses(room: Room) -> None:
    await room.devices(ROSA).texts("hi", whatsapp=True)
    sent = await send(room, status_callback=f"{room.hotline.url}/twilio/messages/status")
    await room.exchange.settled()
    async with AsyncTwilioHttpClient() as http:
        [listed] = await room.client(http=http).messages.list_async(to=f"whatsapp:{ROSA}")

    callbacks = room.hotline.at("/twilio/messages/status")
    assert (sent.from_, sent.to, listed.sid, listed.status) == (
        f"whatsapp:{LINE}",
        f"whatsapp:{ROSA}",
        sent.sid,
        "delivered",
    )
    assert [got.form["MessageStatus"] for got in callbacks] == ["sending", "sent", "delivered"]
    assert callbacks[0].form["ChannelToAddress"] == f"whatsapp:{ROSA}"


async def test_who_has_not_written_for_a_day_is_not_written_to_freely(room: Room) -> None:
    never = await send(room)
    await room.devices(ROSA).texts("hi", whatsapp=True)
    await room.clock.advance(23 * 3600)
    within = await send(room)
    await room.exchange.settled()
    await room.clock.advance(3600)
    late = await send(room)
    await room.exchange.settled()

    ends = [room.exchange.message(message.sid) for message in (never, within, late)]
    assert [(message.status.value, message.error_code) for message in ends] == [
        ("undelivered", 63016),
        ("delivered", None),
        ("undelivered", 63016),
    ]


async def test_stop_on_whatsapp_is_a_text_as_any_other(room: Room) -> None:
    rosa = room.devices(ROSA)
    await rosa.texts("STOP", whatsapp=True)
    await rosa.expects_nothing_more()

    assert not room.exchange.blocked


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"from_": LINE}, 21910),
        ({"to": ROSA}, 21910),
        ({"from_": "whatsapp:+19195550177"}, 63007),
        ({"to": "whatsapp:nobody"}, 21211),
    ],
)
async def test_addresses_of_two_channels_do_not_go_together(room: Room, given: dict[str, str], code: int) -> None:
    with pytest.raises(TwilioRestException) as refused:
        await send(room, **given)

    assert refused.value.code == code
