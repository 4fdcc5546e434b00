"""Calls that a client asks for: checked, rung at the phone, answered or not, led elsewhere or ended by the client."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from app.simulator import voice
from app.simulator.call_events import EVENTS, tell_client
from app.simulator.calls import Asked, Call, CallStatus
from app.simulator.messages import may_be_called
from app.simulator.phones import E164, is_simulated
from app.simulator.refusals import Refusal
from app.simulator.twiml import TwimlError, read_twiml

if TYPE_CHECKING:
    from app.simulator.exchange import Exchange

LONGEST_TWIML: Final = 4000
LONGEST_RING_S: Final = 600
USUAL_RING_S: Final = 60
"""Limits and defaults of https://www.twilio.com/docs/voice/api/call-resource#create-a-call-resource."""

NO_SUCH_NUMBER: Final = 30005
"""The trouble of a phone whose number is not in use: a call to it fails; one in any other trouble is not answered."""

CARRIED_OUT: Final = frozenset(
    {
        *("To", "From", "Url", "Twiml", "FallbackUrl", "StatusCallback", "StatusCallbackEvent", "Timeout"),
        *("Method", "FallbackMethod", "StatusCallbackMethod"),
    }
)
"""Parameters that change what happens; any other is told in the log and changes nothing here."""


def place(exchange: Exchange, parameters: Mapping[str, Sequence[str]]) -> Call:
    """Begin a call to a phone. Raises `Refusal` with Twilio's code for what it can't be asked."""
    to, line, asked = _checked(exchange, parameters)
    new = Call(exchange.new_sid("CA"), to, line, CallStatus.QUEUED, exchange.now(), asked)
    new.picked_up = asyncio.get_running_loop().create_future()
    exchange.calls[new.sid] = new
    exchange.spawn(ring(exchange, new))
    return new


def pick_up(exchange: Exchange, sid: str) -> None:
    """The person answers. Raises `WrongMoment` where nothing rings."""
    _decide(exchange.calls[sid], takes_it=True)


def decline(exchange: Exchange, sid: str) -> None:
    """The person declines, which the caller hears as busy. Raises `WrongMoment` where nothing rings."""
    _decide(exchange.calls[sid], takes_it=False)


def take_back(exchange: Exchange, current: Call) -> None:
    """End a call, also while it still rings."""
    if not current.is_open:
        return
    talking = current.status is CallStatus.IN_PROGRESS
    voice.end(exchange, current, CallStatus.COMPLETED if talking else CallStatus.CANCELED)
    if current.picked_up is not None:
        current.picked_up.cancel()


async def change(exchange: Exchange, current: Call, parameters: Mapping[str, Sequence[str]]) -> None:
    """End a call or lead it to another document, as a client asks. Raises `Refusal` 21220 where it is too late, 21205 on a bad address."""
    status, url, twiml = (_one(parameters, name) for name in ("Status", "Url", "Twiml"))
    if status not in {"", "completed", "canceled"}:
        raise Refusal(20001)
    if url and not may_be_called(url, exchange.account.hosts):
        raise Refusal(21205)
    if not status and not url and not twiml:
        raise Refusal(20001)
    async with current.lock:
        if not current.is_open or (status == "canceled" and current.status is CallStatus.IN_PROGRESS):
            raise Refusal(21220)
        if status:
            take_back(exchange, current)
            return
        if current.status is not CallStatus.IN_PROGRESS:
            raise Refusal(21220)
        current.waiting, current.digits = None, ""
        await _play(exchange, current, url, twiml)


async def ring(exchange: Exchange, current: Call) -> None:
    """Ring the phone until the person decides or the time is over, and play the document to whoever answers."""
    asked = current.asked
    assert asked is not None, "only a call that was asked for rings at a phone"
    await tell_client(exchange, current, "initiated")
    phone = exchange.phone(current.phone)
    if current.status is not CallStatus.QUEUED or current.picked_up is None:
        return
    if phone.trouble is not None:
        voice.end(exchange, current, CallStatus.FAILED if phone.trouble == NO_SUCH_NUMBER else CallStatus.NO_ANSWER)
        return
    current.status = CallStatus.RINGING
    voice.tell(exchange, current)
    await tell_client(exchange, current, "ringing")
    await exchange.first_of(current.picked_up, asked.ring_s)
    async with current.lock:
        if current.status is not CallStatus.RINGING:
            return
        taken = current.picked_up.result() if current.picked_up.done() else None
        current.picked_up = None
        if not taken:
            voice.end(exchange, current, CallStatus.NO_ANSWER if taken is None else CallStatus.BUSY)
            return
        current.status, current.started = CallStatus.IN_PROGRESS, exchange.now()
        exchange.spawn(tell_client(exchange, current, "answered"))
        await _play(exchange, current, asked.url, asked.twiml)


async def _play(exchange: Exchange, current: Call, url: str, twiml: str) -> None:
    if not twiml:
        await voice.run(exchange, current, url, [])
        return
    try:
        current.script = list(read_twiml(twiml.encode(), "text/xml", "voice"))
    except TwimlError as error:
        exchange.note("twiml", error.message, level="error", sid=current.sid, code=error.code)
        await voice.fail(exchange, current)
        return
    await voice.run(exchange, current, "", [])


def _decide(current: Call, *, takes_it: bool) -> None:
    if not current.rings_at_the_phone or current.picked_up is None or current.picked_up.done():
        message = "the phone doesn't ring"
        raise voice.WrongMoment(message)
    current.picked_up.set_result(takes_it)


def _checked(exchange: Exchange, parameters: Mapping[str, Sequence[str]]) -> tuple[str, str, Asked]:
    to, line, url, twiml, fallback, callback, ring = (
        _one(parameters, name) for name in ("To", "From", "Url", "Twiml", "FallbackUrl", "StatusCallback", "Timeout")
    )
    hosts = exchange.account.hosts
    events = frozenset(event for value in parameters.get("StatusCallbackEvent", ("completed",)) for event in value.split())
    if not to:
        raise Refusal(21201)
    if not line:
        raise Refusal(21213)
    if line not in exchange.account.lines:
        raise Refusal(21210)
    if not E164.fullmatch(to) or not (exchange.any_number or is_simulated(to)) or to == line:
        raise Refusal(21217)
    if not url and not twiml:
        raise Refusal(21205)
    if any(address and not may_be_called(address, hosts) for address in (url, fallback)):
        raise Refusal(21205)
    if callback and not may_be_called(callback, hosts):
        raise Refusal(21609)
    if any(_one(parameters, name).upper() not in {"", "POST"} for name in ("Method", "FallbackMethod", "StatusCallbackMethod")):
        raise Refusal(21403)
    if len(twiml) > LONGEST_TWIML or not events <= set(EVENTS):
        raise Refusal(20001)
    if ring and not (ring.isdecimal() and 1 <= int(ring) <= LONGEST_RING_S):
        raise Refusal(20001)
    # Where both are given Twilio takes the address and leaves the document (call resource, "Twiml").
    return to, line, Asked(url, "" if url else twiml, fallback, callback, events, int(ring or USUAL_RING_S))


def _one(parameters: Mapping[str, Sequence[str]], name: str) -> str:
    values = parameters.get(name, ())
    return values[-1] if values else ""
