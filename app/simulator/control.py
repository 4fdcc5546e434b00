"""The JSON that scripts and tests hold the phones with: /simulator/api. Numbers are fictional, so they may stand in a path here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from app.simulator import inbound, ringing, voice
from app.simulator.calls import Call, Gather, Joined, Record
from app.simulator.exchange import Exchange, UnknownPhone
from app.simulator.feed import Entry
from app.simulator.inbound import Handed
from app.simulator.media import Attachment, TooMuchMedia
from app.simulator.messages import LONGEST_BODY, Channel, Message
from app.simulator.phones import Phone
from app.simulator.refusals import Refusal
from app.simulator.terms import Terms

LONGEST_WAIT_S: Final = 30.0
"""How long a request may wait for something to happen."""

MOST_TEXTS: Final = 1000
"""In one request."""


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PhoneGiven(_Given):
    """A phone to make, or what is new about one."""

    number: str | None = None
    name: str = Field(default="", max_length=60)
    county: str = Field(default="", max_length=60)
    language: str = Field(default="en", max_length=12)
    role: str = Field(default="neighbour", max_length=30)


class FileGiven(_Given):
    """A file to attach, its content in base64."""

    content_type: str = Field(pattern=r"^[a-z]+/[A-Za-z0-9.+-]+$")
    content: Base64Bytes


class TextGiven(_Given):
    """A text to send; to the first line, unless one is named."""

    body: str = Field(default="", max_length=LONGEST_BODY)
    line: str | None = None
    channel: Channel = Channel.SMS
    media: list[FileGiven] = Field(default_factory=list)

    def attachments(self) -> list[Attachment]:
        """The files as a phone holds them."""
        return [Attachment(file.content_type, file.content) for file in self.media]


class TextFrom(TextGiven):
    """A text and the phone that sends it."""

    number: str


class TextsGiven(_Given):
    """Many texts to send at once, each from its phone."""

    texts: list[TextFrom] = Field(max_length=MOST_TEXTS)


class CallGiven(_Given):
    """A call to make; to the first line, unless one is named."""

    line: str | None = None


class KeysGiven(_Given):
    """Keys to press; with `wait` the caller then waits, which ends an unfinished entry."""

    keys: str = Field(pattern=r"^[0-9*#]{1,64}$")
    wait: bool = True


class SpeechGiven(_Given):
    """Words to say."""

    words: str = Field(min_length=1, max_length=1000)


class RecordingGiven(_Given):
    """A message to leave, in seconds."""

    seconds: int = Field(ge=1, le=3600)
    hang_up: bool = False


class TroubleGiven(_Given):
    """Twilio's error code that texts to this phone shall end with; null mends it."""

    code: int | None


def control(exchange: Exchange) -> APIRouter:
    """The routes of /simulator/api."""
    router = APIRouter(prefix="/simulator/api")

    def phone_of(number: str) -> Phone:
        try:
            return exchange.phone(number)
        except UnknownPhone as error:
            raise HTTPException(404, str(error)) from error

    def call_of(sid: str) -> Call:
        if sid not in exchange.calls:
            raise HTTPException(404, "no such call")
        return exchange.calls[sid]

    @router.post("/phones", status_code=201)
    async def make_phone(given: PhoneGiven) -> dict[str, Any]:
        try:
            number = given.number or exchange.free_number()
            phone = exchange.make_phone(number, given.name, given.county, given.language, given.role)
        except (UnknownPhone, ValueError) as error:
            raise HTTPException(422, str(error)) from error
        return phone_view(phone)

    @router.get("/phones")
    async def list_phones() -> list[dict[str, Any]]:
        return [phone_view(phone) for phone in exchange.phones.values()]

    @router.post("/phones/{number}/trouble")
    async def trouble(number: str, given: TroubleGiven) -> dict[str, Any]:
        phone = phone_of(number)
        try:
            exchange.trouble(number, given.code)
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
        return phone_view(phone)

    @router.post("/phones/{number}/texts", status_code=201)
    async def text(number: str, given: TextGiven) -> dict[str, Any]:
        phone_of(number)
        try:
            return handed_view(await exchange.text(number, given.body, given.line, given.attachments(), given.channel))
        except (UnknownPhone, TooMuchMedia) as error:
            raise HTTPException(422, str(error)) from error

    @router.post("/texts", status_code=202)
    async def texts(given: TextsGiven) -> dict[str, Any]:
        try:
            taken = [
                inbound.take_in(exchange, each.number, each.body, each.line, each.attachments(), each.channel)
                for each in given.texts
            ]
        except (UnknownPhone, TooMuchMedia) as error:
            raise HTTPException(422, str(error)) from error
        for message in taken:
            exchange.spawn(inbound.hand_over(exchange, message, exchange.line(message.to)))
        return {"sids": [message.sid for message in taken]}

    @router.get("/phones/{number}/messages")
    async def arrivals(
        number: str, after: Annotated[int, Query(ge=0)] = 0, wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT_S)] = 0
    ) -> dict[str, Any]:
        phone = phone_of(number)
        await exchange.until(lambda: True if len(phone.arrived) > after else None, wait)
        return {
            "total": len(phone.arrived),
            "messages": [message_view(message) for message in exchange.arrivals(number, after)],
        }

    @router.post("/phones/{number}/calls", status_code=201)
    async def call(number: str, given: CallGiven) -> dict[str, Any]:
        phone_of(number)
        try:
            return call_view(await voice.call(exchange, number, given.line))
        except (UnknownPhone, ValueError) as error:
            raise HTTPException(422, str(error)) from error

    @router.get("/calls")
    async def calls() -> list[dict[str, Any]]:
        return [call_view(call) for call in exchange.calls.values()]

    @router.get("/calls/{sid}")
    async def one_call(sid: str) -> dict[str, Any]:
        return call_view(call_of(sid))

    @router.post("/calls/{sid}/keys")
    async def keys(sid: str, given: KeysGiven) -> dict[str, Any]:
        call_of(sid)
        return call_view(await _in_time(voice.press(exchange, sid, given.keys, then_wait=given.wait)))

    @router.post("/calls/{sid}/speech")
    async def speech(sid: str, given: SpeechGiven) -> dict[str, Any]:
        call_of(sid)
        return call_view(await _in_time(voice.say(exchange, sid, given.words)))

    @router.post("/calls/{sid}/silence")
    async def silence(sid: str) -> dict[str, Any]:
        call_of(sid)
        return call_view(await _in_time(voice.stay_silent(exchange, sid)))

    @router.post("/calls/{sid}/recording")
    async def recording(sid: str, given: RecordingGiven) -> dict[str, Any]:
        call_of(sid)
        return call_view(await _in_time(voice.leave_message(exchange, sid, given.seconds, then_hang_up=given.hang_up)))

    @router.post("/calls/{sid}/answer")
    async def answer(sid: str) -> dict[str, Any]:
        call_of(sid)
        return call_view(await _in_time(_decided(exchange, sid, ringing.pick_up)))

    @router.post("/calls/{sid}/decline")
    async def decline(sid: str) -> dict[str, Any]:
        call_of(sid)
        return call_view(await _in_time(_decided(exchange, sid, ringing.decline)))

    @router.get("/phones/{number}/ringing")
    async def rings(number: str, wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT_S)] = 0) -> dict[str, Any]:
        phone_of(number)

        def ringing_now() -> Call | None:
            return next((call for call in exchange.calls.values() if call.phone == number and call.rings_at_the_phone), None)

        found = await exchange.until(ringing_now, wait)
        if found is None:
            raise HTTPException(404, "the phone doesn't ring")
        return call_view(found)

    @router.post("/calls/{sid}/hangup")
    async def hangup(sid: str) -> dict[str, Any]:
        call_of(sid)
        return call_view(await voice.hang_up(exchange, sid))

    @router.get("/messages")
    async def messages() -> list[dict[str, Any]]:
        return [message_view(message) for message in exchange.messages.values()]

    @router.post("/messages/{sid}/again", status_code=201)
    async def again(sid: str) -> dict[str, Any]:
        try:
            return handed_view(await exchange.hand_over_again(sid))
        except Refusal as refusal:
            raise HTTPException(refusal.status, refusal.sentence) from refusal

    @router.get("/log")
    async def entries(level: str | None = None) -> list[dict[str, Any]]:
        return [entry_view(entry) for entry in exchange.entries if level is None or entry.level == level]

    @router.get("/terms")
    async def terms() -> Terms:
        return exchange.terms

    @router.put("/terms")
    async def set_terms(given: Terms) -> Terms:
        exchange.terms = given
        return given

    @router.post("/settle")
    async def settle() -> dict[str, Any]:
        await exchange.settled()
        return {"sequence": exchange.feed.sequence}

    @router.post("/reset")
    async def reset() -> dict[str, Any]:
        await exchange.reset()
        return {"sequence": exchange.feed.sequence}

    @router.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[ServerSentEvent]:
        seen = exchange.feed.sequence
        yield ServerSentEvent(comment="listening")
        while True:
            await exchange.feed.wait()
            for event in exchange.feed.after(seen):
                yield ServerSentEvent(data=event.facts, event=event.kind, id=str(event.sequence))
                seen = event.sequence

    return router


def phone_view(phone: Phone) -> dict[str, Any]:
    """A phone as the control API tells it."""
    return {
        "number": phone.number,
        "name": phone.name,
        "county": phone.county,
        "language": phone.language,
        "role": phone.role,
        "trouble": phone.trouble,
        "arrived": len(phone.arrived),
        "unread": phone.unread,
    }


def message_view(message: Message) -> dict[str, Any]:
    """A text as the control API tells it. `by_twilio` marks the exchange's own answers to STOP, START and HELP."""
    return {
        "sid": message.sid,
        "direction": message.direction.value,
        "from": message.sender,
        "to": message.to,
        "channel": message.channel.value,
        "media": [{"sid": media.sid, "content_type": media.content_type, "source": media.source} for media in message.media],
        "body": message.body,
        "status": message.status.value,
        "statuses": [status.value for status in message.statuses],
        "segments": message.segments,
        "error_code": message.error_code,
        "by_twilio": message.by_twilio,
        "delivered_to_hotline": message.delivered_to_hotline,
    }


def handed_view(handed: Handed) -> dict[str, Any]:
    """What came of a text, as the control API tells it."""
    delivered = handed.delivered
    return {
        "sid": handed.message.sid,
        "twiml": handed.twiml,
        "replies": [reply.body for reply in handed.replies],
        "status": delivered.status if delivered else None,
        "attempts": delivered.attempts if delivered else 0,
        "duration_ms": delivered.duration_ms if delivered else 0,
        "error_code": handed.error_code,
        "error": handed.error,
    }


def call_view(call: Call) -> dict[str, Any]:
    """A call as the control API tells it: what was heard and done so far, and what the line waits for."""
    waiting: dict[str, Any] | None = None
    if isinstance(call.waiting, Gather):
        waiting = {"for": "gather", "keys": call.waiting.keys, "speech": call.waiting.speech, "digits": call.digits}
    elif isinstance(call.waiting, Joined):
        waiting = {"for": "joined", "partner": call.waiting.partner}
    elif isinstance(call.waiting, Record):
        waiting = {"for": "record", "longest_s": call.waiting.longest_s}
    return {
        "sid": call.sid,
        "from": call.phone,
        "line": call.line,
        "direction": call.direction,
        "status": call.status.value,
        "heard": [{"kind": heard.kind, "text": heard.text, "language": heard.language} for heard in call.heard],
        "waiting": waiting,
        "duration_s": call.duration_s,
    }


def entry_view(entry: Entry) -> dict[str, Any]:
    """A line of the exchange's log as the control API tells it."""
    return {
        "at": entry.at.isoformat(),
        "level": entry.level,
        "kind": entry.kind,
        "what": entry.what,
        "sid": entry.sid,
        "status": entry.status,
        "code": entry.code,
        "attempts": entry.attempts,
        "duration_ms": entry.duration_ms,
    }


async def _decided(exchange: Exchange, sid: str, decide: Callable[[Exchange, str], None]) -> Call:
    """The call after the person's decision, once the line waits for them or the call is over."""
    current = exchange.calls[sid]
    decide(exchange, sid)
    await exchange.until(
        lambda: True if not current.is_open or (current.started is not None and current.waiting) else None, LONGEST_WAIT_S
    )
    return current


async def _in_time(act: Any) -> Call:
    try:
        done: Call = await act
    except voice.WrongMoment as error:
        raise HTTPException(409, str(error)) from error
    return done
