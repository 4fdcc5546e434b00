"""Calls, run: the line's TwiML is fetched and played until it waits for the caller; the caller's keys and words take it on.

Nothing happens by the clock: a caller who says nothing does so by `stay_silent`, which is what the line's timeout would see.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import urldefrag, urljoin, urlsplit

from app.simulator.call_events import call_form, tell_client
from app.simulator.calls import Call, CallStatus, Gather, Heard, Joined, Record, Recording
from app.simulator.courier import Form
from app.simulator.faults import Kind, Point
from app.simulator.messages import may_be_called
from app.simulator.outbound import API_VERSION
from app.simulator.twiml import TwimlError, Verb, read_twiml

if TYPE_CHECKING:
    from app.simulator.exchange import Exchange

MOST_DOCUMENTS: Final = 50
"""Documents played without the caller doing anything: more is a loop."""

APPLICATION_ERROR: Final = "We're sorry, an application error has occurred. Goodbye."
"""What Twilio says to a caller when the application fails."""


class WrongMoment(RuntimeError):
    """The line isn't waiting for what the caller just did, or the call is over."""


async def call(exchange: Exchange, number: str, line: str | None = None) -> Call:
    """A person calls a line. Returns once the line waits for the caller or the call is over. ValueError: the line takes no calls."""
    to = exchange.line(line)
    exchange.phone(number)
    if not to.voice_url:
        message = "this line takes no calls"
        raise ValueError(message)
    new = Call(exchange.new_sid("CA"), number, to.number, CallStatus.RINGING, exchange.now())
    exchange.calls[new.sid] = new
    tell(exchange, new)
    async with new.lock:
        occurrence = f"{new.phone}/call/{sum(known.phone == number for known in exchange.calls.values())}"
        fault = exchange.faults.ask(Point.WEBHOOK, occurrence, to=new.line, sender=new.phone, what="call")
        if fault is not None and fault.kind is Kind.DELAY:
            await exchange.pause(fault.seconds)
        if fault is not None and fault.kind is Kind.DUPLICATE:
            exchange.spawn(_post_twin(exchange, new, to.voice_url, fault.seconds))
        if fault is not None and fault.kind is Kind.DROP:
            new.posts.left_out += 1
            exchange.note("webhook", "call: left out by a fault", level="warning", sid=new.sid)
            await fail(exchange, new)
        else:
            await run(exchange, new, to.voice_url, [])
    return new


async def press(exchange: Exchange, sid: str, keys: str, *, then_wait: bool = True) -> Call:
    """The caller presses `keys`. With `then_wait` the line's timeout ends an entry that isn't complete. Raises `WrongMoment`."""
    current = exchange.calls[sid]
    async with current.lock:
        gather = current.waiting
        if not current.is_open or not isinstance(gather, Gather) or not gather.keys:
            raise WrongMoment("the line isn't waiting for keys")
        for key in keys:
            if key in gather.finish_on:
                await _entered(exchange, current, gather)
                return current
            current.digits += key
            if len(current.digits) == gather.digits_wanted:
                await _entered(exchange, current, gather)
                return current
        if then_wait:
            await _entered(exchange, current, gather)
        else:
            tell(exchange, current)
    return current


async def say(exchange: Exchange, sid: str, words: str) -> Call:
    """The caller says `words`, which are understood perfectly. Raises `WrongMoment`."""
    current = exchange.calls[sid]
    async with current.lock:
        gather = current.waiting
        if not current.is_open or not isinstance(gather, Gather) or not gather.speech:
            raise WrongMoment("the line isn't listening for words")
        current.waiting, current.digits = None, ""
        current.heard.append(Heard("said", words, gather.language))
        extra = [("SpeechResult", words), ("Confidence", "0.95"), ("Language", gather.language), ("msg", "Gather End")]
        await run(exchange, current, urljoin(current.document, gather.action), extra)
    return current


async def stay_silent(exchange: Exchange, sid: str) -> Call:
    """The caller does nothing until the line gives up waiting. Raises `WrongMoment`."""
    current = exchange.calls[sid]
    async with current.lock:
        waiting = current.waiting
        if not current.is_open or waiting is None or isinstance(waiting, Joined):
            raise WrongMoment("the line isn't waiting for anything")
        if isinstance(waiting, Gather) and current.digits:
            await _entered(exchange, current, waiting)
            return current
        current.waiting = None
        current.heard.append(Heard("silence"))
        if isinstance(waiting, Gather) and waiting.on_silence_too:
            extra = [("Digits", "")] if waiting.keys else []
            extra += [("SpeechResult", "")] if waiting.speech else []
            await run(exchange, current, urljoin(current.document, waiting.action), [*extra, ("msg", "Gather End")])
        else:
            await run(exchange, current, "", [])
    return current


async def leave_message(exchange: Exchange, sid: str, seconds: int, *, then_hang_up: bool = False) -> Call:
    """The caller speaks for `seconds` after the beep, then presses # or hangs up. Raises `WrongMoment`, or ValueError below one second."""
    current = exchange.calls[sid]
    if seconds < 1:
        message = "a message lasts at least one second"
        raise ValueError(message)
    async with current.lock:
        record = current.waiting
        if not current.is_open or not isinstance(record, Record):
            raise WrongMoment("the line isn't recording")
        current.waiting = None
        kept = Recording(exchange.new_sid("RE"), sid, min(seconds, record.longest_s), exchange.now())
        exchange.recordings[kept.sid] = kept
        current.heard.append(Heard("left", str(kept.seconds)))
        extra = [
            ("RecordingSid", kept.sid),
            ("RecordingUrl", recording_url(exchange, kept)),
            ("RecordingDuration", str(kept.seconds)),
        ]
        if record.callback:
            exchange.spawn(_tell_of_recording(exchange, current, kept, urljoin(current.document, record.callback)))
        action = urljoin(current.document, record.action)
        if then_hang_up:
            end(exchange, current, CallStatus.COMPLETED)
            await _post(exchange, current, action, [*extra, ("Digits", "hangup")])
        else:
            await run(exchange, current, action, [*extra, ("Digits", "#")])
    return current


async def hang_up(exchange: Exchange, sid: str) -> Call:
    """The caller hangs up; on a call that is over nothing happens."""
    current = exchange.calls[sid]
    async with current.lock:
        if current.is_open:
            end(exchange, current, CallStatus.COMPLETED)
    return current


async def put_away(exchange: Exchange, sid: str) -> Call:
    """The person closes a call that is over. Raises `WrongMoment` while it goes on."""
    current = exchange.calls[sid]
    if current.is_open:
        raise WrongMoment("the call goes on")
    current.put_away = True
    tell(exchange, current)
    return current


def recording_url(exchange: Exchange, recording: Recording) -> str:
    """The recording's address, to which .wav may be added."""
    return f"{exchange.public_url}/{API_VERSION}/Accounts/{exchange.account.sid}/Recordings/{recording.sid}"


async def _entered(exchange: Exchange, current: Call, gather: Gather) -> None:
    digits, current.digits, current.waiting = current.digits, "", None
    current.heard.append(Heard("pressed", digits))
    await run(exchange, current, urljoin(current.document, gather.action), [("Digits", digits), ("msg", "Gather End")])


async def run(exchange: Exchange, current: Call, url: str, extra: Form) -> None:
    """Fetch the document at `url` (none: go on with the running one) and play until the line waits or the call is over."""
    for _ in range(MOST_DOCUMENTS):
        if url and not await _fetch(exchange, current, url, extra):
            return
        url, extra = _play(exchange, current), []
        if not url:
            tell(exchange, current)
            return
    exchange.note("twiml", "the documents lead round in a circle", level="error", sid=current.sid, code=11200)
    await fail(exchange, current)


async def _fetch(exchange: Exchange, current: Call, url: str, extra: Form, *, is_fallback: bool = False) -> bool:
    try:
        if not may_be_called(url, exchange.account.hosts):
            raise TwimlError(11100, "the address leads off this machine")
        body, content_type = await _post(exchange, current, url, extra)
        current.script = list(read_twiml(body, content_type, "voice"))
    except TwimlError as error:
        if error.message:
            exchange.note("twiml", error.message, level="error", sid=current.sid, code=error.code)
        fallback = exchange.line(current.line).voice_fallback_url if current.asked is None else current.asked.fallback_url
        if fallback and not is_fallback:
            more = [("ErrorCode", str(error.code)), ("ErrorUrl", urldefrag(url)[0])]
            return await _fetch(exchange, current, fallback, [*extra, *more], is_fallback=True)
        await fail(exchange, current)
        return False
    current.document = urldefrag(url)[0]
    return True


async def _post(exchange: Exchange, current: Call, url: str, extra: Form) -> tuple[bytes, str]:
    delivered = await exchange.post(url, call_form(exchange, current, extra), token=exchange.new_token())
    current.posts.add(delivered.attempts, delivered.ending)
    exchange.note("webhook", f"call → {urlsplit(url).path}", sid=current.sid, delivered=delivered)
    if delivered.failure is not None:
        raise TwimlError(delivered.error_code or 11200, "")
    return delivered.body, delivered.content_type


async def _post_twin(exchange: Exchange, current: Call, url: str, after_s: float) -> None:
    """The call's first webhook once more; nobody hears what comes of it."""
    if after_s:
        await exchange.pause(after_s)
    with suppress(TwimlError):
        await _post(exchange, current, url, [])


def _play(exchange: Exchange, current: Call) -> str:
    """Play verbs until one leads to another document (its address is returned), waits, or ends the call ("" is returned)."""
    while current.script:
        verb = current.script.pop(0)
        if verb.name == "Reject" and current.status is CallStatus.RINGING:
            busy = verb.attributes.get("reason") == "busy"
            end(exchange, current, CallStatus.BUSY if busy else CallStatus.NO_ANSWER)
            return ""
        if current.status is CallStatus.RINGING:
            current.status, current.started = CallStatus.IN_PROGRESS, exchange.now()
        if verb.name == "Redirect":
            return urljoin(current.document, verb.text)
        if verb.name == "Gather":
            current.heard.extend(_heard(part) for part in verb.inside)
            current.waiting = Gather.of(verb)
            return ""
        if verb.name == "Record":
            if verb.attributes.get("playBeep") != "false":
                current.heard.append(Heard("beep"))
            current.waiting = Record.of(verb)
            return ""
        if verb.name == "Dial":
            current.waiting = Joined("")
            exchange.dial(current, verb)
            return ""
        if verb.name in {"Hangup", "Reject"}:
            break
        current.heard.append(_heard(verb))
    else:
        if current.joins is not None and not current.joins.done():
            current.waiting = Joined("")
            current.joins.set_result(current)
            return ""
    end(exchange, current, CallStatus.COMPLETED)
    return ""


def _heard(verb: Verb) -> Heard:
    if verb.name == "Say":
        return Heard("say", verb.text, verb.attributes.get("language", "en-US"))
    if verb.name == "Play":
        return Heard("play", verb.text or verb.attributes.get("digits", ""))
    return Heard("pause", verb.attributes.get("length", "1"))


async def fail(exchange: Exchange, current: Call) -> None:
    current.heard.append(Heard("error", APPLICATION_ERROR, "en-US"))
    end(exchange, current, CallStatus.COMPLETED if current.started else CallStatus.FAILED)


def end(exchange: Exchange, current: Call, status: CallStatus) -> None:
    current.status, current.ended = status, exchange.now()
    current.waiting, current.script, current.digits = None, [], ""
    current.heard.append(Heard("ended"))
    current.over.set()
    tell(exchange, current)
    exchange.spawn(tell_client(exchange, current, "completed"))


async def _tell_of_recording(exchange: Exchange, current: Call, recording: Recording, url: str) -> None:
    form = [
        ("AccountSid", exchange.account.sid),
        ("CallSid", current.sid),
        ("RecordingSid", recording.sid),
        ("RecordingUrl", recording_url(exchange, recording)),
        ("RecordingStatus", "completed"),
        ("RecordingDuration", str(recording.seconds)),
        ("RecordingChannels", "1"),
        ("RecordingStartTime", recording.created.strftime("%a, %d %b %Y %H:%M:%S +0000")),
        ("RecordingSource", "RecordVerb"),
    ]
    delivered = await exchange.post(url, form, token=exchange.new_token())
    exchange.note("callback", f"recording completed → {urlsplit(url).path}", sid=current.sid, delivered=delivered)


def tell(exchange: Exchange, current: Call) -> None:
    exchange.feed.publish("call", phone=current.phone, sid=current.sid)
