"""<Dial>: phones ring for a caller who waits; who answers first, and stays to the end of their own document, is joined with them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from app.simulator import ringing, voice
from app.simulator.calls import Asked, Call, CallStatus, Heard, Joined
from app.simulator.messages import may_be_called
from app.simulator.phones import E164, is_simulated
from app.simulator.twiml import Verb

if TYPE_CHECKING:
    from app.simulator.exchange import Exchange

USUAL_RING_S: Final = 30
"""Seconds that a <Dial> rings unless it says (https://www.twilio.com/docs/voice/twiml/dial)."""


async def dial(exchange: Exchange, parent: Call, verb: Verb) -> None:
    """Ring every number of `verb`, join the first who is ready, and take the parent on when that call or the ringing is over."""
    joins: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
    numbers = verb.inside or (Verb("Number", {}, verb.text),)
    legs = [leg for number in numbers if (leg := _leg(exchange, parent, verb, number, joins)) is not None]
    for leg in legs:
        exchange.calls[leg.sid] = leg
        exchange.spawn(ringing.ring(exchange, leg))
    await _first(joins, _all_over(legs), parent.over.wait())
    winner = joins.result() if joins.done() and parent.is_open else None
    for leg in legs:
        if leg is not winner:
            ringing.take_back(exchange, leg)
    if winner is not None:
        await _talk(exchange, parent, winner)
    if not parent.is_open:
        return
    last = winner or (legs[-1] if legs else None)
    extra = [
        ("DialCallStatus", last.status.value if last else CallStatus.FAILED.value),
        ("DialCallSid", last.sid if last else ""),
        ("DialCallDuration", str(last.duration_s if last else 0)),
        ("DialBridged", "true" if winner else "false"),
    ]
    async with parent.lock:
        parent.waiting = None
        action = verb.attributes.get("action")
        await voice.run(exchange, parent, urljoin(parent.document, action) if action else "", extra if action else [])


def _leg(exchange: Exchange, parent: Call, verb: Verb, number: Verb, joins: asyncio.Future[Call]) -> Call | None:
    """The call to one of the numbers; None, told in the log, for a number or caller id that can't be used."""
    to, shown_as = number.text, verb.attributes.get("callerId", parent.caller)
    url = number.attributes.get("url", "")
    callback = number.attributes.get("statusCallback", "")
    addresses = [urljoin(parent.document, address) if address else "" for address in (url, callback)]
    if not E164.fullmatch(to) or to in exchange.account.lines or not (exchange.any_number or is_simulated(to)):
        exchange.note("twiml", "a number to dial can't be one", level="error", sid=parent.sid, code=13223)
        return None
    if shown_as not in exchange.account.lines and shown_as != parent.caller:
        exchange.note("twiml", "the callerId is no number of the account's", level="error", sid=parent.sid, code=13214)
        return None
    if any(address and not may_be_called(address, exchange.account.hosts) for address in addresses):
        exchange.note("twiml", "a number's address leads off this machine", level="error", sid=parent.sid, code=11100)
        return None
    events = frozenset(number.attributes.get("statusCallbackEvent", "completed").split())
    ring_s = int(verb.attributes.get("timeout", USUAL_RING_S))
    asked = Asked(addresses[0], "", "", addresses[1], events, ring_s)
    leg = Call(exchange.new_sid("CA"), to, parent.line, CallStatus.QUEUED, exchange.now(), asked)
    leg.parent_sid, leg.shown_as, leg.joins = parent.sid, shown_as, joins
    leg.picked_up = asyncio.get_running_loop().create_future()
    return leg


async def _talk(exchange: Exchange, parent: Call, winner: Call) -> None:
    for one, other in ((parent, winner), (winner, parent)):
        one.waiting = Joined(other.sid)
        one.heard.append(Heard("joined"))
        voice.tell(exchange, one)
    await _first(parent.over.wait(), winner.over.wait())
    if winner.is_open:
        voice.end(exchange, winner, CallStatus.COMPLETED)


async def _all_over(legs: list[Call]) -> None:
    for leg in legs:
        await leg.over.wait()


async def _first(*things: Awaitable[object]) -> None:
    """Return once one of them is done. Futures and tasks go on, coroutines are dropped."""
    awaited = [asyncio.ensure_future(thing) for thing in things]
    await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
    for thing, task in zip(things, awaited, strict=True):
        if task is not thing:
            task.cancel()
