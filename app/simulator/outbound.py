"""The life of a text to a phone: queued, sending, sent, delivered or not, with a signed callback for each status but the first."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from app.simulator.courier import Form
from app.simulator.failures import failure_of
from app.simulator.faults import Kind, Point
from app.simulator.messages import Channel, Message, Status
from app.simulator.refusals import Refusal

if TYPE_CHECKING:
    from app.simulator.exchange import Exchange

API_VERSION: Final = "2010-04-01"

WHATSAPP_WINDOW: Final = timedelta(hours=24)
"""So long after a person's last message they may be written to freely (https://www.twilio.com/docs/whatsapp/key-concepts)."""


async def carry(exchange: Exchange, message: Message) -> None:
    """Take `message` to its phone, or to the error that stands in its way; post each status to its callback, in order."""
    try:
        if message.send_at is not None:
            await exchange.pause((message.send_at - exchange.now()).total_seconds())
        if message.status in {Status.ACCEPTED, Status.SCHEDULED}:
            await _move(exchange, message, Status.QUEUED)
        if await _wait_in_queue(exchange, message):
            await _carry(exchange, message)
        await _post_held(exchange, message)
    finally:
        del exchange.carrying[message.sid]


def cancel(exchange: Exchange, message: Message) -> None:
    """Never send a scheduled text. Raises `Refusal` 30409 where it is not waiting for its time any more."""
    if message.status is not Status.SCHEDULED:
        raise Refusal(30409)
    exchange.carrying[message.sid].cancel()
    message.send_at = None
    exchange.spawn(_move(exchange, message, Status.CANCELED))


def callback_form(exchange: Exchange, message: Message, status: Status) -> Form:
    """The fields of a status callback, as Twilio posts them."""
    form = [
        ("SmsSid", message.sid),
        ("SmsStatus", status.value),
        ("MessageStatus", status.value),
        ("To", message.to_address),
        ("MessageSid", message.sid),
        ("AccountSid", exchange.account.sid),
        ("From", message.from_address),
        ("ApiVersion", API_VERSION),
    ]
    if message.channel is Channel.WHATSAPP:
        form += [("ChannelPrefix", "whatsapp"), ("ChannelToAddress", message.to_address)]
    if message.service_sid:
        form.append(("MessagingServiceSid", message.service_sid))
    if message.error_code is not None and status in {Status.UNDELIVERED, Status.FAILED}:
        form.append(("ErrorCode", str(message.error_code)))
    if status is Status.DELIVERED:
        form.append(("RawDlrDoneDate", exchange.now().strftime("%y%m%d%H%M")))
    return form


async def _wait_in_queue(exchange: Exchange, message: Message) -> bool:
    """Wait for the sender's turn; False where the text has failed instead, because the queue is full or its validity ended."""
    if message.by_twilio:
        return True
    if message.service_sid and exchange.overflows(message.sender):
        await _fail(exchange, message, 30001)
        return False
    now, rate = exchange.now(), exchange.terms.rate_of(message.sender)
    turn = exchange.queues[message.sender].turn(now, message.segments, rate, message.validity_s)
    if turn is None:
        await exchange.pause(message.validity_s)
        await _fail(exchange, message, 30036)
        return False
    if turn > now:
        await exchange.pause((turn - now).total_seconds())
    return True


async def _carry(exchange: Exchange, message: Message) -> None:
    await _move(exchange, message, Status.SENDING)
    fault = exchange.faults.ask(Point.DELIVERY, _occurrence(message), to=message.to, sender=message.sender)
    if fault is not None and fault.seconds:
        await exchange.pause(fault.seconds)
    code = fault.code if fault is not None and fault.kind is Kind.FAIL else exchange.phone(message.to).trouble
    if message.channel is Channel.WHATSAPP:
        code = code or (None if _wrote_lately(exchange, message) else 63016)
    elif (message.sender, message.to) in exchange.blocked and not message.by_twilio:
        code = 21610
    if code is not None:
        await _fail(exchange, message, code)
        return
    await _move(exchange, message, Status.SENT)
    if fault is not None and fault.kind is Kind.DROP:
        return
    await _move(exchange, message, Status.DELIVERED)


def _wrote_lately(exchange: Exchange, message: Message) -> bool:
    """Whether the person wrote to this line on WhatsApp in the last 24 hours, without which only templates may be sent."""
    texts = (exchange.ledger[sid] for sid in reversed(exchange.texts_of[message.to]))
    theirs = (text for text in texts if text.channel is Channel.WHATSAPP and text.sender == message.to)
    last = next((text for text in theirs if text.to == message.sender), None)
    return last is not None and exchange.now() - last.created < WHATSAPP_WINDOW


async def _fail(exchange: Exchange, message: Message, code: int) -> None:
    end = Status(failure_of(code).end)
    if end is Status.UNDELIVERED:
        await _move(exchange, message, Status.SENT)
    message.error_code = code
    await _move(exchange, message, end)


async def _move(exchange: Exchange, message: Message, status: Status) -> None:
    if exchange.pace.step_s:
        await exchange.pause(exchange.pace.step_s)
    message.status = status
    message.statuses.append(status)
    message.updated = exchange.now()
    if status is Status.SENT or (status is Status.FAILED and message.sent is None):
        message.sent = message.updated
    phone = exchange.phone(message.to)
    if status is Status.DELIVERED:
        phone.arrived.append(message.sid)
        phone.thread.append(message.sid)
        exchange.feed.publish("message", phone=message.to, sid=message.sid)
    exchange.feed.publish("status", phone=message.to, sid=message.sid, status=status.value)
    if message.callback:
        await _call_back(exchange, message, status)


async def _call_back(exchange: Exchange, message: Message, status: Status) -> None:
    occurrence = f"{_occurrence(message)}/{status}"
    fault = exchange.faults.ask(
        Point.CALLBACK, occurrence, to=message.to, sender=message.sender, status=status.value, what="text"
    )
    kind = None if fault is None else fault.kind
    later_s = 0.0 if fault is None else fault.seconds
    if kind is Kind.DROP:
        message.posts.left_out += 1
        exchange.note("callback", f"{status}: left out by a fault", level="warning", sid=message.sid)
        return
    if kind is Kind.REORDER:
        message.held_callbacks.append(status)
        return
    form = callback_form(exchange, message, status)
    if kind is Kind.DELAY:
        exchange.spawn(_post(exchange, message, form, status, after_s=later_s))
    else:
        await _post(exchange, message, form, status)
        if kind is Kind.DUPLICATE:
            exchange.spawn(_post(exchange, message, form, status, after_s=later_s))
    await _post_held(exchange, message)


async def _post_held(exchange: Exchange, message: Message) -> None:
    while message.held_callbacks:
        status = message.held_callbacks.pop(0)
        await _post(exchange, message, callback_form(exchange, message, status), status)


async def _post(exchange: Exchange, message: Message, form: Form, status: Status, *, after_s: float = 0.0) -> None:
    assert message.callback is not None
    if after_s:
        await exchange.pause(after_s)
    delivered = await exchange.post(message.callback, form, token=exchange.new_token())
    message.posts.add(delivered.attempts, delivered.ending)
    exchange.note("callback", f"{status} → {urlsplit(message.callback).path}", sid=message.sid, delivered=delivered)


def _occurrence(message: Message) -> str:
    return f"{message.to}/{message.nth}"
