"""A text from a phone to a line: Twilio's own keywords, the signed webhook, and the replies that the hotline's TwiML asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urldefrag, urljoin, urlsplit

from app.simulator.account import SimulatedLine
from app.simulator.courier import Delivered, Form
from app.simulator.faults import Kind, Point
from app.simulator.media import LARGEST_MMS, LARGEST_WHATSAPP, Attachment, Media, checked_attachments
from app.simulator.messages import LONGEST_BODY, Channel, Direction, Message, Status, may_be_called
from app.simulator.optout import ANSWERS, Keyword, keyword_of
from app.simulator.outbound import API_VERSION
from app.simulator.refusals import Refusal
from app.simulator.resources import media_path
from app.simulator.segments import count_segments
from app.simulator.twiml import TwimlError, Verb, read_twiml

if TYPE_CHECKING:
    from app.simulator.exchange import Exchange

MOST_REDIRECTS: Final = 10

PLACE_PARTS: Final = ("City", "State", "Zip", "Country")

WEBHOOK_ERRORS: Final = frozenset({11100, 11200, 11205, 11750, 12100, 12200, 12300})
"""After which the fallback address is asked: the webhook failed, or its answer was no TwiML that could be run."""

LONGEST_HELD_S: Final = 2.0
"""How long a text that shall come after the next one waits for a next one, unless the fault says."""


@dataclass(slots=True)
class Handed:
    """What came of a text: the webhook's delivery (None where a fault dropped it), its TwiML, the replies, and Twilio's error if any."""

    message: Message
    delivered: Delivered | None = None
    twiml: str = ""
    replies: list[Message] = field(default_factory=list)
    error_code: int | None = None
    error: str = ""


def take_in(
    exchange: Exchange,
    number: str,
    body: str,
    line: str | None = None,
    attachments: Sequence[Attachment] = (),
    channel: Channel = Channel.SMS,
) -> Message:
    """A person's text to a line, kept in the log and not yet handed over. Raises `UnknownPhone`, or `TooMuchMedia`."""
    to = exchange.line(line)
    phone = exchange.phone(number)
    is_sms = channel is Channel.SMS
    files = checked_attachments(attachments, LARGEST_MMS if is_sms else LARGEST_WHATSAPP)
    now = exchange.now()
    sid = exchange.new_sid("MM" if files else "SM")
    message = Message(
        sid=sid,
        direction=Direction.INBOUND,
        sender=number,
        to=to.number,
        body=body,
        status=Status.RECEIVED,
        segments=1 if files or not is_sms else count_segments(body),
        created=now,
        updated=now,
        sent=now,
        channel=channel,
        media=[Media(exchange.new_sid("ME"), sid, file.content_type, now, file.content) for file in files],
    )
    exchange.keep(message)
    phone.thread.append(sid)
    exchange.feed.publish("message", phone=number, sid=sid)
    return message


async def hand_over(exchange: Exchange, message: Message, line: SimulatedLine, *, again: bool = False) -> Handed:
    """Act on Twilio's keywords, post the webhook within its limits and carry out the answer. With `again`, only the webhook."""
    if not again:
        _act_on_keyword(exchange, message, line)
    handed = Handed(message)
    occurrence = f"{message.sender}/{message.nth}/{sum(message.posts.answers.values())}"
    fault = exchange.faults.ask(Point.WEBHOOK, occurrence, to=message.to, sender=message.sender, what="text")
    kind = None if fault is None else fault.kind
    if fault is not None and kind is Kind.DROP:
        message.posts.left_out += 1
        exchange.note("webhook", "inbound text: left out by a fault", level="warning", sid=message.sid)
        return handed
    if fault is not None and kind is Kind.REORDER:
        following = asyncio.Event()
        exchange.waiting_texts.setdefault(message.to, []).append(following)
        await exchange.first_of(following.wait(), fault.seconds or LONGEST_HELD_S)
    if fault is not None and kind is Kind.DELAY:
        await exchange.pause(fault.seconds)
    if fault is not None and kind is Kind.DUPLICATE:
        await asyncio.gather(_post(exchange, handed, line), _post_twin(exchange, message, line, fault.seconds))
    else:
        await _post(exchange, handed, line)
    for waiting in exchange.waiting_texts.pop(message.to, ()):
        waiting.set()
    return handed


def message_form(exchange: Exchange, message: Message) -> Form:
    """The fields of an inbound message's webhook, as Twilio posts them on its channel."""
    form = [
        ("SmsMessageSid", message.sid),
        ("NumMedia", str(len(message.media))),
        ("SmsSid", message.sid),
        ("SmsStatus", "received"),
        ("Body", message.body),
        ("To", message.to_address),
        ("NumSegments", str(message.segments)),
        ("MessageSid", message.sid),
        ("AccountSid", exchange.account.sid),
        ("From", message.from_address),
        ("ApiVersion", API_VERSION),
    ]
    for place, media in enumerate(message.media):
        address = f"{exchange.public_url}{media_path(exchange.account, media)}"
        form += [(f"MediaUrl{place}", address), (f"MediaContentType{place}", media.content_type)]
    if message.channel is Channel.WHATSAPP:
        kind = message.media[0].content_type.partition("/")[0] if message.media else "text"
        phone = exchange.phone(message.sender)
        return [*form, ("ProfileName", phone.name), ("WaId", message.sender.removeprefix("+")), ("MessageType", kind)]
    if exchange.terms.opt_out == "advanced" and (keyword := keyword_of(message.body)) is not None:
        form.append(("OptOutType", keyword.value))
    places = ((f"{who}{part}", "US" if part == "Country" else "") for who in ("To", "From") for part in PLACE_PARTS)
    return [*form, *places]


def _act_on_keyword(exchange: Exchange, message: Message, line: SimulatedLine) -> None:
    if exchange.terms.opt_out == "off" or message.channel is not Channel.SMS:
        return
    keyword = keyword_of(message.body)
    service = exchange.service_of(line.number)
    pairs = {(number, message.sender) for number in (service.numbers if service else [line.number])}
    was_blocked = (line.number, message.sender) in exchange.blocked
    if keyword is Keyword.STOP:
        exchange.blocked |= pairs
    elif keyword is Keyword.START:
        exchange.blocked -= pairs
    answers = (
        keyword is Keyword.HELP or (keyword is Keyword.STOP and not was_blocked) or (keyword is Keyword.START and was_blocked)
    )
    if keyword is not None and answers:
        exchange.reply(line.number, message.sender, ANSWERS[keyword], by_twilio=True)
        exchange.note("keyword", f"Twilio answered {keyword} by itself", sid=message.sid)


async def _post_twin(exchange: Exchange, message: Message, line: SimulatedLine, after_s: float) -> None:
    if after_s:
        await exchange.pause(after_s)
    await _post(exchange, Handed(message), line)


async def _post(exchange: Exchange, handed: Handed, line: SimulatedLine) -> None:
    form = message_form(exchange, handed.message)
    url, fallback = line.sms_url, line.sms_fallback_url
    service = exchange.service_of(line.number)
    if service is not None:
        form.append(("MessagingServiceSid", service.sid))
        if service.inbound_request_url and not service.uses_numbers_webhook:
            url, fallback = service.inbound_request_url, service.fallback_url
    await _ask(exchange, handed, line, url, form)
    if handed.error_code in WEBHOOK_ERRORS and fallback:
        more = [("ErrorCode", str(handed.error_code)), ("ErrorUrl", urldefrag(url)[0])]
        handed.error_code, handed.error = None, ""
        await _ask(exchange, handed, line, fallback, [*form, *more])


async def _ask(exchange: Exchange, handed: Handed, line: SimulatedLine, url: str, form: Form) -> None:
    message = handed.message
    try:
        for _ in range(MOST_REDIRECTS):
            delivered = await exchange.post(url, form, token=exchange.new_token())
            handed.delivered = delivered
            message.posts.add(delivered.attempts, delivered.ending)
            exchange.note("webhook", f"inbound text → {urlsplit(url).path}", sid=message.sid, delivered=delivered)
            if delivered.failure is not None:
                handed.error_code, handed.error = delivered.error_code, f"the webhook failed: {delivered.failure}"
                return
            message.delivered_to_hotline = True
            handed.twiml = delivered.body.decode("utf-8", "replace")
            onward = _carry_out(exchange, handed, line, read_twiml(delivered.body, delivered.content_type, "messages"))
            if onward is None:
                return
            url = urljoin(url, onward)
            if not may_be_called(url, exchange.account.hosts):
                raise TwimlError(11100, "the redirect leads off this machine")
        raise TwimlError(11200, "too many redirects")
    except TwimlError as error:
        handed.error_code, handed.error = error.code, error.message
        exchange.note("twiml", error.message, level="error", sid=message.sid, code=error.code)


def _carry_out(exchange: Exchange, handed: Handed, line: SimulatedLine, verbs: tuple[Verb, ...]) -> str | None:
    for verb in verbs:
        if verb.name == "Redirect":
            return verb.text
        body = "".join([verb.text, *(part.text for part in verb.inside if part.name == "Body")])
        media = tuple(part.text for part in verb.inside if part.name == "Media")
        if len(body) > LONGEST_BODY:
            raise TwimlError(21617, f"a reply has {len(body)} characters, more than {LONGEST_BODY}")
        callback = verb.attributes.get("statusCallback") or verb.attributes.get("action")
        url = urljoin(line.sms_url.split("#")[0], callback) if callback else None
        try:
            reply = exchange.reply(
                verb.attributes.get("from", line.number),
                verb.attributes.get("to", handed.message.from_address),
                body,
                media,
                url,
            )
        except Refusal as refusal:
            handed.error_code, handed.error = refusal.code, refusal.sentence
            exchange.note(
                "reply", "a reply to a person who said STOP", level="error", sid=handed.message.sid, code=refusal.code
            )
            continue
        handed.replies.append(reply)
    return None
