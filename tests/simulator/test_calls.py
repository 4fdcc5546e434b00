"""A phone calls the line: what it hears, presses, says and leaves, as Twilio would bring it to the hotline."""

from __future__ import annotations

import io
import wave

import httpx2
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient

from app.simulator.account import SIMULATED_ACCOUNT_SID
from tests.devices import Unexpected
from tests.simulator.conftest import LINE, TOKEN, Room

ROSA = "+19195550123"

pytestmark = pytest.mark.filterwarnings(
    "ignore:.* deprecated and will be removed in:DeprecationWarning"
)  # twilio 9.13 on aiohttp 3.14

MENU = """<Response>
  <Gather input="dtmf speech" numDigits="1" action="calls/menu" language="es-MX" actionOnEmptyResult="true">
    <Say language="en-US">Press 1 to report.</Say>
    <Say language="es-MX" voice="Polly.Mia">Oprima 1 para reportar.</Say>
  </Gather>
</Response>"""

RECORD = """<Response>
  <Say>This is recorded.</Say>
  <Record maxLength="60" action="/twilio/calls/left" recordingStatusCallback="/twilio/recordings"/>
</Response>"""


async def test_a_caller_presses_a_key_leaves_a_message_and_hears_goodbye(room: Room) -> None:
    documents = {
        "/twilio/calls": MENU,
        "/twilio/calls/menu": RECORD,
        "/twilio/calls/left": "<Response><Say>Thank you.</Say><Hangup/></Response>",
    }
    room.hotline.answer = lambda got: (200, documents.get(got.path, ""))
    call = await room.devices(ROSA).calls()
    call.hears("Press 1", "Oprima 1")
    await call.presses("1")
    call.hears("recorded")
    await call.leaves_message(4)
    call.hears("Thank you")
    await room.devices.check()

    forms = {got.path: got.form for got in room.hotline.got}
    assert call.is_over
    assert all(got.signed for got in room.hotline.got)
    assert forms["/twilio/calls"].items() >= {"CallStatus": "ringing", "Direction": "inbound", "From": ROSA, "To": LINE}.items()
    assert forms["/twilio/calls/menu"].items() >= {"Digits": "1", "CallStatus": "in-progress"}.items()
    assert forms["/twilio/calls/left"]["RecordingDuration"] == "4"
    assert forms["/twilio/recordings"]["RecordingStatus"] == "completed"
    assert forms["/twilio/calls/status"]["CallStatus"] == "completed"


async def test_the_recording_is_a_sound_file_that_can_be_deleted(room: Room) -> None:
    room.hotline.answer = lambda got: (200, RECORD if got.path == "/twilio/calls" else "<Response/>")
    call = await room.devices(ROSA).calls()
    await call.leaves_message(2, hanging_up=True)
    [left] = room.hotline.at("/twilio/calls/left")
    async with httpx2.AsyncClient(trust_env=False, auth=(SIMULATED_ACCOUNT_SID, TOKEN)) as http:
        sound = await http.get(f"{left.form['RecordingUrl']}.wav")
    async with AsyncTwilioHttpClient() as twilio_http:
        recording = room.client(http=twilio_http).recordings(left.form["RecordingSid"])
        fetched = await recording.fetch_async()
        await recording.delete_async()
        with pytest.raises(TwilioRestException) as gone:
            await recording.fetch_async()

    with wave.open(io.BytesIO(sound.content)) as file:
        assert (file.getnframes() / file.getframerate(), file.getnchannels()) == (2.0, 1)
    assert (left.form["Digits"], left.form["CallStatus"], fetched.duration, gone.value.code) == (
        "hangup",
        "completed",
        "2",
        20404,
    )


async def test_words_and_silence_reach_the_hotline_too(room: Room) -> None:
    room.hotline.answer = lambda got: (
        200,
        MENU if got.path == "/twilio/calls" else "<Response><Redirect>/twilio/calls</Redirect></Response>",
    )
    call = await room.devices(ROSA).calls()
    await call.says("hay retén en la Roxboro")
    await call.stays_silent()
    await call.hangs_up()

    said, silent = room.hotline.at("/twilio/calls/menu")
    assert (said.form["SpeechResult"], said.form["Language"]) == ("hay retén en la Roxboro", "es-MX")
    assert (silent.form["Digits"], silent.form["SpeechResult"]) == ("", "")
    assert call.state["status"] == "completed"


async def test_an_entry_ends_at_the_pound_key_or_by_waiting(room: Room) -> None:
    gather = '<Response><Gather action="/twilio/calls/zip"><Say>ZIP code?</Say></Gather><Say>Nothing entered.</Say></Response>'
    room.hotline.answer = lambda got: (200, gather)
    call = await room.devices(ROSA).calls()
    await call.presses("27701#")
    await call.presses("27601")
    await call.stays_silent()
    call.hears("Nothing entered")

    assert [got.form["Digits"] for got in room.hotline.at("/twilio/calls/zip")] == ["27701", "27601"]
    assert call.is_over


async def test_a_caller_hears_an_apology_when_the_hotline_fails(room: Room) -> None:
    room.hotline.answer = lambda got: (500, "") if got.path == "/twilio/calls" else (200, "")
    call = await room.devices(ROSA).calls()
    call.hears("application error")

    assert call.state["status"] == "failed"
    await room.devices.check(allowed_errors=("call → /twilio/calls",))


@pytest.mark.parametrize(
    "document", ["<Response><Enqueue>later</Enqueue></Response>", '<Response><Say tone="soft">Hi</Say></Response>', ""]
)
async def test_what_the_line_can_not_play_is_an_error(room: Room, document: str) -> None:
    room.hotline.answer = lambda got: (200, document if got.path == "/twilio/calls" else "")
    call = await room.devices(ROSA).calls()
    call.hears("application error")

    with pytest.raises(Unexpected, match="logged an error: twiml"):
        await room.devices.check()


async def test_a_busy_line_is_heard_as_busy(room: Room) -> None:
    room.hotline.answer = lambda _got: (200, '<Response><Reject reason="busy"/></Response>')
    call = await room.devices(ROSA).calls()

    assert call.state["status"] == "busy"


async def test_keys_do_nothing_while_the_line_records(room: Room) -> None:
    room.hotline.answer = lambda got: (200, RECORD)
    call = await room.devices(ROSA).calls()

    with pytest.raises(Unexpected, match="isn't waiting for keys"):
        await call.presses("1")


async def test_calls_can_be_listed_and_fetched(room: Room) -> None:
    room.hotline.answer = lambda _got: (200, "<Response><Say>Hi.</Say></Response>")
    call = await room.devices(ROSA).calls()
    async with AsyncTwilioHttpClient() as http:
        client = room.client(http=http)
        [listed] = await client.calls.list_async(to=LINE, status="completed")
        fetched = await client.calls(call.sid).fetch_async()

    assert (listed.sid, fetched.to, fetched.direction) == (call.sid, LINE, "inbound")


async def test_the_fallback_answers_a_call_that_the_hotline_can_not(room: Room) -> None:
    room.has_fallbacks()
    documents = {"/twilio/calls": (503, ""), "/fallback/calls": (200, "<Response><Say>Leave a message.</Say></Response>")}
    room.hotline.answer = lambda got: documents.get(got.path, (200, ""))
    line = await room.devices(ROSA).calls()
    line.hears("Leave a message")
    await room.exchange.settled()

    [got] = room.hotline.at("/fallback/calls")
    assert (got.form["ErrorCode"], got.form["ErrorUrl"]) == ("11200", f"{room.hotline.url}/twilio/calls")
