"""Telling the hotline what has become of a call: the fields of every voice webhook, and status callbacks with their faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from app.simulator.calls import Call
from app.simulator.courier import Form
from app.simulator.faults import Kind, Point
from app.simulator.outbound import API_VERSION

if TYPE_CHECKING:
    from app.simulator.exchange import Exchange

EVENTS: Final = ("initiated", "ringing", "answered", "completed")
"""What a client may be told of; only of the last, unless it asks for more."""

OVERTAKEN_S: Final = 1.0
"""How much later a callback comes that another shall overtake, unless the fault says."""


def call_form(exchange: Exchange, current: Call, extra: Form) -> Form:
    """The fields of a voice webhook, as Twilio posts them, with `extra` ones of the moment."""
    places = [
        (f"{who}{part}", "US" if part == "Country" else "")
        for who in ("From", "To")
        for part in ("City", "State", "Zip", "Country")
    ]
    return [
        ("CallSid", current.sid),
        ("AccountSid", exchange.account.sid),
        ("From", current.caller),
        ("To", current.called),
        ("Caller", current.caller),
        ("Called", current.called),
        ("CallStatus", current.status.value),
        ("Direction", current.direction),
        ("ApiVersion", API_VERSION),
        *([("ParentCallSid", current.parent_sid)] if current.parent_sid else []),
        *places,
        *extra,
    ]


async def tell_client(exchange: Exchange, current: Call, event: str) -> None:
    """Post one of `EVENTS` where the client, or the line, wants to be told of it."""
    if current.asked is None:
        url = exchange.line(current.line).voice_status_url
    else:
        url = current.asked.callback if event in current.asked.events else ""
    if not url:
        return
    extra = [
        ("Timestamp", exchange.now().strftime("%a, %d %b %Y %H:%M:%S +0000")),
        ("SequenceNumber", str(current.told)),
        ("CallbackSource", "call-progress-events"),
    ]
    if event == "completed":
        seconds = current.duration_s
        extra += [("CallDuration", str(seconds)), ("Duration", str(-(-seconds // 60)))]
    occurrence = f"{current.phone}/{current.created.isoformat()}/{current.told}"
    current.told += 1
    form, what = call_form(exchange, current, extra), f"call {current.status} → {urlsplit(url).path}"
    facts = {"to": current.called, "sender": current.caller, "status": current.status.value, "what": "call"}
    fault = exchange.faults.ask(Point.CALLBACK, occurrence, **facts)
    kind = None if fault is None else fault.kind
    if kind is Kind.DROP:
        exchange.note("callback", f"call {current.status}: left out by a fault", level="warning", sid=current.sid)
        return
    if fault is not None and kind in {Kind.DELAY, Kind.REORDER}:
        exchange.spawn(_post(exchange, current.sid, url, form, what, fault.seconds or OVERTAKEN_S))
        return
    await _post(exchange, current.sid, url, form, what)
    if fault is not None and kind is Kind.DUPLICATE:
        exchange.spawn(_post(exchange, current.sid, url, form, what, fault.seconds))


async def _post(exchange: Exchange, sid: str, url: str, form: Form, what: str, after_s: float = 0.0) -> None:
    if after_s:
        await exchange.pause(after_s)
    delivered = await exchange.post(url, form, token=exchange.new_token())
    exchange.note("callback", what, sid=sid, delivered=delivered)
