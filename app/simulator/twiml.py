"""TwiML read strictly: what the hotline answers, as verbs. An unknown verb, attribute or value is an error, not a guess.

Which verbs and attributes exist follows https://www.twilio.com/docs/messaging/twiml and https://www.twilio.com/docs/voice/twiml;
verbs that exist at Twilio but that the simulator can't play are absent here and refused with a sentence that says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from xml.etree import ElementTree

Channel = Literal["messages", "voice"]

MOST_BYTES: Final = 64 * 1024
"""Twilio refuses a longer answer with 11750."""

XML_TYPES: Final = frozenset({"text/xml", "application/xml", "text/html"})
"""Content types that Twilio reads as TwiML; text/plain is a message for SMS, which the hotline has no use for."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb with its attributes as written, its text, and the verbs inside it."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    inside: tuple[Verb, ...] = ()


class TwimlError(Exception):
    """The answer is not TwiML that Twilio would run. `code` is Twilio's error code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class _Rule:
    attributes: Mapping[str, str] = field(default_factory=dict)
    inside: Mapping[str, _Rule] = field(default_factory=dict)
    text: bool = False


_METHOD: Final = "POST|GET"
_URL: Final = r"\S+"
_SECONDS: Final = r"\d+"
_YES_NO: Final = "true|false"
_TAG: Final = r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*"

_SAY: Final = _Rule({"voice": r"[A-Za-z0-9._-]+", "language": _TAG, "loop": _SECONDS}, text=True)
_PLAY: Final = _Rule({"loop": _SECONDS, "digits": r"[0-9wW*#]+"}, text=True)
_PAUSE: Final = _Rule({"length": _SECONDS})
_REDIRECT: Final = _Rule({"method": _METHOD}, text=True)

_GATHER: Final = _Rule(
    {
        "input": r"dtmf|speech|dtmf speech|speech dtmf",
        "action": _URL,
        "method": _METHOD,
        "timeout": r"\d+|auto",
        "speechTimeout": r"\d+|auto",
        "maxSpeechTime": _SECONDS,
        "speechModel": r"[A-Za-z0-9_-]+",
        "enhanced": _YES_NO,
        "finishOnKey": r"[0-9*#]?",
        "numDigits": r"[1-9]\d*",
        "language": _TAG,
        "hints": r"[\s\S]*",
        "profanityFilter": _YES_NO,
        "actionOnEmptyResult": _YES_NO,
        "bargeIn": _YES_NO,
    },
    {"Say": _SAY, "Play": _PLAY, "Pause": _PAUSE},
)

_RECORD: Final = _Rule(
    {
        "action": _URL,
        "method": _METHOD,
        "timeout": _SECONDS,
        "finishOnKey": r"[0-9*#]+",
        "maxLength": r"[1-9]\d*",
        "playBeep": _YES_NO,
        "trim": "trim-silence|do-not-trim",
        "recordingStatusCallback": _URL,
        "recordingStatusCallbackMethod": _METHOD,
        "recordingStatusCallbackEvent": r"(in-progress|completed|absent)( (in-progress|completed|absent))*",
        "transcribe": _YES_NO,
        "transcribeCallback": _URL,
    }
)

_DIAL: Final = _Rule(
    {
        "action": _URL,
        "method": "POST",
        "timeout": _SECONDS,
        "callerId": r"\+\d+",
        "answerOnBridge": _YES_NO,
        "hangupOnStar": "false",
        "ringTone": r"[a-z]{2}(-old)?",
    },
    {
        "Number": _Rule(
            {
                "url": _URL,
                "method": "POST",
                "statusCallback": _URL,
                "statusCallbackMethod": "POST",
                "statusCallbackEvent": r"(initiated|ringing|answered|completed)( (initiated|ringing|answered|completed))*",
            },
            text=True,
        )
    },
    text=True,
)

_RULES: Final[Mapping[Channel, Mapping[str, _Rule]]] = {
    "messages": {
        "Message": _Rule(
            {"to": r"(whatsapp:)?\+\d+", "from": r"\S+", "action": _URL, "method": _METHOD, "statusCallback": _URL},
            {"Body": _Rule(text=True), "Media": _Rule(text=True)},
            text=True,
        ),
        "Redirect": _REDIRECT,
    },
    "voice": {
        "Say": _SAY,
        "Play": _PLAY,
        "Pause": _PAUSE,
        "Gather": _GATHER,
        "Record": _RECORD,
        "Redirect": _REDIRECT,
        "Dial": _DIAL,
        "Hangup": _Rule(),
        "Reject": _Rule({"reason": "rejected|busy"}),
    },
}


def read_twiml(body: bytes, content_type: str, channel: Channel) -> tuple[Verb, ...]:
    """The verbs of an answer. Raises `TwimlError` where Twilio would log an error, and for what the simulator can't play.

    An empty body is no verbs, as Twilio takes it for messages; for voice it is an error, as the caller would hear one.
    """
    if not body.strip():
        if channel == "voice":
            raise TwimlError(11200, "the answer to a call is empty")
        return ()
    if len(body) > MOST_BYTES:
        raise TwimlError(11750, f"the answer has {len(body)} bytes, more than {MOST_BYTES}")
    media_type = content_type.split(";")[0].strip().lower()
    if media_type not in XML_TYPES:
        raise TwimlError(12300, f"the content type is {media_type or 'missing'}, not text/xml")
    if b"<!" in re.sub(rb"<!--.*?-->", b"", body, flags=re.DOTALL):
        raise TwimlError(12100, "the answer holds a document type or CDATA section")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - no document type gets here, so no entity can expand
    except ElementTree.ParseError as error:
        raise TwimlError(12100, f"the answer is not XML: {error}") from error
    if root.tag != "Response":
        raise TwimlError(12200, f"the root is <{root.tag}>, not <Response>")
    if root.attrib:
        raise TwimlError(12200, "<Response> takes no attributes")
    if (root.text or "").strip():
        raise TwimlError(12200, "<Response> takes no text")
    return tuple(_verb(element, _RULES[channel], "Response") for element in root)


def _verb(element: ElementTree.Element, rules: Mapping[str, _Rule], parent: str) -> Verb:
    rule = rules.get(element.tag)
    if rule is None:
        raise TwimlError(
            12200, f"<{parent}> can't hold <{element.tag}> here; it may hold {', '.join(sorted(rules)) or 'nothing'}"
        )
    for name, value in element.attrib.items():
        shape = rule.attributes.get(name)
        if shape is None:
            raise TwimlError(12200, f"<{element.tag}> has no attribute {name}")
        if not re.fullmatch(shape, value):
            raise TwimlError(12200, f"<{element.tag}> can't have {name}={value!r}")
    if (element.tail or "").strip():
        raise TwimlError(12200, f"text stands between the verbs of <{parent}>")
    inside = tuple(_verb(child, rule.inside, element.tag) for child in element)
    text = element.text or ""
    if text.strip() and not rule.text:
        raise TwimlError(12200, f"<{element.tag}> takes no text")
    if rule.text and not text.strip() and not inside and element.tag != "Play":
        raise TwimlError(12200, f"<{element.tag}> is empty")
    return Verb(element.tag, dict(element.attrib), text.strip(), inside)
