"""Messages: what a client may ask to be sent, and what the exchange remembers of each text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from app.simulator.phones import E164, is_simulated
from app.simulator.refusals import Refusal

LONGEST_BODY: Final = 1600
LONGEST_VALIDITY_S: Final = 36_000
MOST_MEDIA: Final = 10

KNOWN_PARAMETERS: Final = frozenset(
    {
        "To",
        "From",
        "MessagingServiceSid",
        "Body",
        "MediaUrl",
        "StatusCallback",
        "ValidityPeriod",
        "ApplicationSid",
        "MaxPrice",
        "ProvideFeedback",
        "Attempt",
        "ForceDelivery",
        "ContentRetention",
        "AddressRetention",
        "SmartEncoded",
        "PersistentAction",
        "TrafficType",
        "ShortenUrls",
        "ScheduleType",
        "SendAt",
        "SendAsMms",
        "ContentVariables",
        "RiskCheck",
        "ContentSid",
    }
)
"""Parameters of Messages.json. Twilio ignores any other; the simulator does too, and writes an error in its log."""


class Direction(StrEnum):
    """Where a message came from, in Twilio's words."""

    INBOUND = "inbound"
    API = "outbound-api"
    REPLY = "outbound-reply"


class Status(StrEnum):
    """Where a message is, in Twilio's words."""

    ACCEPTED = "accepted"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    RECEIVED = "received"


FINAL: Final = frozenset({Status.DELIVERED, Status.UNDELIVERED, Status.FAILED, Status.RECEIVED})


@dataclass(frozen=True, slots=True)
class MessageRequest:
    """What a client asks to be sent, once it has been checked. `sender` is a line's number, or None where a service picks one."""

    to: str
    body: str
    sender: str | None = None
    service_sid: str | None = None
    callback: str | None = None
    media: tuple[str, ...] = ()
    validity_s: int = LONGEST_VALIDITY_S


@dataclass(slots=True)
class Posts:
    """What was posted to the hotline about one text or call, and how it answered: counts, so that they stay small.

    `tries` are HTTP requests, `left_out` what a fault dropped. `answers` counts the last answer of each post by status or failure.
    """

    tries: int = 0
    left_out: int = 0
    answers: dict[str, int] = field(default_factory=dict)

    def add(self, tries: int, answer: str) -> None:
        """Count a post that took `tries` requests and ended with `answer`, a status such as 200 or a failure such as timeout."""
        self.tries += tries
        self.answers[answer] = self.answers.get(answer, 0) + 1


@dataclass(slots=True)
class Message:
    """One text, either way. Instants are aware, in UTC."""

    sid: str
    direction: Direction
    sender: str
    to: str
    body: str
    status: Status
    segments: int
    created: datetime
    updated: datetime
    sent: datetime | None = None
    service_sid: str | None = None
    media: tuple[str, ...] = ()
    callback: str | None = None
    validity_s: int = LONGEST_VALIDITY_S
    error_code: int | None = None
    nth: int = 0
    """The how manyeth text between the account and this phone it is, from 0: names it in the same way in every run."""
    digest: str = ""
    """Stands for the body as it was, also after it has been redacted."""
    by_twilio: bool = False
    """Whether the exchange wrote it itself (the answers to STOP, START and HELP)."""
    delivered_to_hotline: bool = False
    """For inbound texts: whether a webhook with it was answered with 2xx."""
    statuses: list[Status] = field(default_factory=list)
    held_callbacks: list[Status] = field(default_factory=list)
    """Callbacks that a fault made wait for the one after them."""
    posts: Posts = field(default_factory=Posts)

    @property
    def person(self) -> str:
        """The number of the phone, whichever way the text goes."""
        return self.sender if self.direction is Direction.INBOUND else self.to

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in FINAL


def digest_of(body: str) -> str:
    """16 hexadecimal digits that stand for a body: the start of its SHA-256 in UTF-8."""
    return sha256(body.encode()).hexdigest()[:16]


def checked_request(
    parameters: Mapping[str, Sequence[str]],
    *,
    lines: frozenset[str],
    services: frozenset[str],
    hosts: frozenset[str],
    any_number: bool,
) -> MessageRequest:
    """Read the form of a POST to Messages.json as strictly as Twilio.

    `parameters` maps each name to its values. `lines` and `services` are the account's senders, `hosts` the host names that
    callbacks may go to. With `any_number`, numbers beyond the fictional ones are taken. Raises `Refusal` with Twilio's code.
    """

    def one(name: str) -> str:
        values = parameters.get(name, ())
        return values[-1] if values else ""

    to, sender, service, body, callback = (
        one(name) for name in ("To", "From", "MessagingServiceSid", "Body", "StatusCallback")
    )
    media = tuple(url for url in parameters.get("MediaUrl", ()) if url)
    if not to:
        raise Refusal(21604)
    if not sender and not service:
        raise Refusal(21603)
    if sender and sender not in lines:
        raise Refusal(21606)
    if not sender and service not in services:
        raise Refusal(21701)
    if not E164.fullmatch(to) or not (any_number or is_simulated(to)):
        raise Refusal(21211)
    if to == sender:
        raise Refusal(21266)
    if not body and not media:
        raise Refusal(21602)
    if len(body) > LONGEST_BODY:
        raise Refusal(21617)
    if len(media) > MOST_MEDIA:
        raise Refusal(21623)
    if any(urlsplit(url).scheme not in {"http", "https"} for url in media):
        raise Refusal(21620)
    if callback and not may_be_called(callback, hosts):
        raise Refusal(21609)
    return MessageRequest(
        to=to,
        body=body,
        sender=sender or None,
        service_sid=service or None,
        callback=callback or None,
        media=media,
        validity_s=_validity(one("ValidityPeriod")),
    )


def may_be_called(url: str, hosts: frozenset[str]) -> bool:
    """Whether `url` is an HTTP address on one of the `hosts` that the simulator may post to."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and (parts.hostname or "") in hosts


def _validity(text: str) -> int:
    if not text:
        return LONGEST_VALIDITY_S
    if not text.isdecimal() or not 1 <= int(text) <= LONGEST_VALIDITY_S:
        raise Refusal(90007)
    return int(text)
