"""Messages: what a client may ask to be sent, and what the exchange remembers of each text."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from app.simulator.media import Media

LONGEST_BODY: Final = 1600
LONGEST_VALIDITY_S: Final = 36_000


class Channel(StrEnum):
    """What a text travels by. The same line and the same phone can use both."""

    SMS = "sms"
    WHATSAPP = "whatsapp"

    def address(self, number: str) -> str:
        """A number as Twilio writes it on this channel."""
        return f"whatsapp:{number}" if self is Channel.WHATSAPP else number


class Direction(StrEnum):
    """Where a message came from, in Twilio's words."""

    INBOUND = "inbound"
    API = "outbound-api"
    REPLY = "outbound-reply"


class Status(StrEnum):
    """Where a message is, in Twilio's words."""

    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    CANCELED = "canceled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    RECEIVED = "received"


FINAL: Final = frozenset({Status.DELIVERED, Status.UNDELIVERED, Status.FAILED, Status.RECEIVED, Status.CANCELED})


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
    channel: Channel = Channel.SMS
    as_mms: bool = False
    send_at: datetime | None = None


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
    channel: Channel = Channel.SMS
    media: list[Media] = field(default_factory=list)
    callback: str | None = None
    validity_s: int = LONGEST_VALIDITY_S
    send_at: datetime | None = None
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
    def from_address(self) -> str:
        """The sender as Twilio writes it on this channel."""
        return self.channel.address(self.sender)

    @property
    def to_address(self) -> str:
        """The recipient as Twilio writes it on this channel."""
        return self.channel.address(self.to)

    @property
    def person(self) -> str:
        """The number of the phone, whichever way the text goes."""
        return self.sender if self.direction is Direction.INBOUND else self.to

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in FINAL


def split_address(address: str) -> tuple[Channel, str]:
    """The channel and the number of an address such as +19195550123 or whatsapp:+19195550123."""
    prefix, colon, number = address.partition(":")
    if colon and prefix == "whatsapp":
        return Channel.WHATSAPP, number
    return Channel.SMS, address


def digest_of(body: str) -> str:
    """16 hexadecimal digits that stand for a body: the start of its SHA-256 in UTF-8."""
    return sha256(body.encode()).hexdigest()[:16]


def may_be_called(url: str, hosts: frozenset[str]) -> bool:
    """Whether `url` is an HTTP address on one of the `hosts` that the simulator may post to."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and (parts.hostname or "") in hosts
