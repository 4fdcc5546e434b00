"""Calls and recordings: what the exchange remembers of a call, what the caller heard, and what the line waits for."""

from __future__ import annotations

import asyncio
import io
import math
import struct
import wave
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from app.simulator.messages import Posts
from app.simulator.twiml import Verb

SAMPLES_PER_S: Final = 8000
"""The rate of a phone line, in 16-bit samples, one channel: what Twilio's WAV recordings have."""

LONGEST_RECORDING_S: Final = 3600


class CallStatus(StrEnum):
    """Where a call is, in Twilio's words."""

    QUEUED = "queued"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    CANCELED = "canceled"


OPEN: Final = frozenset({CallStatus.QUEUED, CallStatus.RINGING, CallStatus.IN_PROGRESS})


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing that the caller heard or did. `language` is a BCP 47 tag where the line spoke."""

    kind: Literal["say", "play", "pause", "beep", "pressed", "said", "left", "silence", "joined", "ended", "error"]
    text: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Gather:
    """The line waits for keys, for speech, or for both. Without `action` the answer goes to the document's own address."""

    keys: bool
    speech: bool
    action: str
    digits_wanted: int | None
    finish_on: str
    language: str
    on_silence_too: bool

    @classmethod
    def of(cls, verb: Verb) -> Gather:
        """The gather that a <Gather> asks for, with Twilio's defaults: keys only, ended by #."""
        wanted = verb.attributes.get("input", "dtmf").split()
        digits = verb.attributes.get("numDigits")
        return cls(
            keys="dtmf" in wanted,
            speech="speech" in wanted,
            action=verb.attributes.get("action", ""),
            digits_wanted=int(digits) if digits else None,
            finish_on=verb.attributes.get("finishOnKey", "#"),
            language=verb.attributes.get("language", "en-US"),
            on_silence_too=verb.attributes.get("actionOnEmptyResult") == "true",
        )


@dataclass(frozen=True, slots=True)
class Record:
    """The line records a message of at most `longest_s` seconds. Without `action` the document is asked for again, as Twilio does."""

    action: str
    longest_s: int
    callback: str

    @classmethod
    def of(cls, verb: Verb) -> Record:
        """The recording that a <Record> asks for."""
        return cls(
            action=verb.attributes.get("action", ""),
            longest_s=int(verb.attributes.get("maxLength", LONGEST_RECORDING_S)),
            callback=verb.attributes.get("recordingStatusCallback", ""),
        )


@dataclass(frozen=True, slots=True)
class Joined:
    """The two talk, or wait for somebody to talk to: `partner` is the other call's SID, empty until there is one."""

    partner: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asked of a call to a phone: the document to play (`url`, or `twiml` itself), and who is told of what."""

    url: str
    twiml: str
    fallback_url: str
    callback: str
    events: frozenset[str]
    ring_s: int


@dataclass(slots=True)
class Call:
    """One call between a phone and a line; from the phone, unless a client `asked` for it."""

    sid: str
    phone: str
    line: str
    status: CallStatus
    created: datetime
    asked: Asked | None = None
    parent_sid: str = ""
    """The call whose <Dial> this one belongs to."""
    shown_as: str = ""
    """The caller id that a <Dial> chose."""
    joins: asyncio.Future[Call] | None = None
    """Of a <Dial>: set to the first of its calls that is ready to talk."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    told: int = 0
    """How many of its events the client was told of."""
    picked_up: asyncio.Future[bool] | None = None
    """While it rings at the phone: whether the person takes it, once that is known."""
    started: datetime | None = None
    ended: datetime | None = None
    heard: list[Heard] = field(default_factory=list)
    waiting: Gather | Record | Joined | None = None
    digits: str = ""
    script: list[Verb] = field(default_factory=list)
    document: str = ""
    """Address that the running script came from; relative addresses in it start there."""
    posts: Posts = field(default_factory=Posts)
    put_away: bool = False
    """Whether the person closed it on the page after it had ended."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def direction(self) -> str:
        """Who began it, in Twilio's words."""
        if self.asked is None:
            return "inbound"
        return "outbound-dial" if self.parent_sid else "outbound-api"

    @property
    def caller(self) -> str:
        """The number that calls."""
        return self.phone if self.asked is None else self.shown_as or self.line

    @property
    def called(self) -> str:
        """The number that is called."""
        return self.line if self.asked is None else self.phone

    @property
    def rings_at_the_phone(self) -> bool:
        """Whether the person may answer or decline it now."""
        return self.status is CallStatus.RINGING and self.picked_up is not None

    @property
    def is_open(self) -> bool:
        """Whether it goes on, or may yet begin."""
        return self.status in OPEN

    @property
    def duration_s(self) -> int:
        """Whole seconds between answer and end, 0 while the call goes on."""
        return math.ceil((self.ended - self.started).total_seconds()) if self.started and self.ended else 0


@dataclass(frozen=True, slots=True)
class Recording:
    """A message that a caller left."""

    sid: str
    call_sid: str
    seconds: int
    created: datetime

    def wav(self) -> bytes:
        """The sound: a quiet tone as long as the message, at a phone's 8 kHz."""
        tone = b"".join(
            struct.pack("<h", round(3000 * math.sin(2 * math.pi * 440 * sample / SAMPLES_PER_S)))
            for sample in range(SAMPLES_PER_S)
        )
        file = io.BytesIO()
        with wave.open(file, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(SAMPLES_PER_S)
            sound.writeframes(tone * self.seconds)
        return file.getvalue()
