"""What the page shows, worked out from the exchange: rows of phones, bubbles of a thread, lines of the log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from app.simulator.calls import Call
from app.simulator.exchange import Exchange
from app.simulator.messages import Channel, Direction, Message
from app.simulator.phones import Phone

TONES: Final = 6
"""Colours of avatars in the style sheet."""

LOG_LINES_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Row:
    """A phone in the list."""

    phone: Phone
    title: str
    initials: str
    tone: int
    last: str
    selected: bool
    rings: bool


@dataclass(frozen=True, slots=True)
class Bubble:
    """A text in a thread. `side` is the phone's own (`mine`), the line's (`theirs`) or the phone company's (`company`)."""

    side: Literal["mine", "theirs", "company"]
    body: str
    time: str
    kept: bool
    """For the phone's own: the hotline has answered its webhook."""
    segments: int
    whatsapp: bool
    pictures: tuple[str, ...]
    """Addresses of the pictures in it, on this page's own host."""
    files: tuple[str, ...]
    """Content types, or addresses elsewhere, of whatever else is in it."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of the log."""

    time: str
    level: str
    kind: str
    what: str
    status: str
    code: str
    duration_ms: int
    attempts: int


def phone_rows(exchange: Exchange, selected: str | None) -> dict[str, list[Row]]:
    """The phones by role, in the order in which roles and phones appeared."""
    rows: dict[str, list[Row]] = {}
    ringing = {call.phone for call in exchange.calls.values() if call.rings_at_the_phone}
    for phone in exchange.phones.values():
        rows.setdefault(phone.role, []).append(_row(exchange, phone, selected, ringing))
    return rows


def thread(exchange: Exchange, phone: Phone, zone: str) -> list[Bubble]:
    """The texts on a phone, oldest first."""
    messages = (exchange.messages[sid] for sid in phone.thread if sid in exchange.messages)
    return [_bubble(message, zone) for message in messages]


def open_call(exchange: Exchange, number: str) -> Call | None:
    """The last call of a phone while the page should show it: until the person makes another or puts it away."""
    for call in reversed(exchange.calls.values()):
        if call.phone == number:
            return None if call.put_away else call
    return None


def log_lines(exchange: Exchange, zone: str) -> list[LogLine]:
    """The newest lines of the log, newest first."""
    newest = list(exchange.entries)[-LOG_LINES_SHOWN:]
    return [
        LogLine(
            time=clock_time(entry.at, zone, seconds=True),
            level=entry.level,
            kind=entry.kind,
            what=entry.what,
            status="" if entry.status is None else str(entry.status),
            code="" if entry.code is None else str(entry.code),
            duration_ms=entry.duration_ms,
            attempts=entry.attempts,
        )
        for entry in reversed(newest)
    ]


def clock_time(instant: datetime, zone: str, *, seconds: bool = False) -> str:
    """The hour on a clock in `zone`, 24-hour, with seconds if wanted."""
    return instant.astimezone(ZoneInfo(zone)).strftime("%H:%M:%S" if seconds else "%H:%M")


def total_unread(phones: Iterable[Phone]) -> int:
    """Texts that no one has looked at, over all phones."""
    return sum(phone.unread for phone in phones)


def _row(exchange: Exchange, phone: Phone, selected: str | None, ringing: set[str]) -> Row:
    title = phone.name or f"…{phone.number[-4:]}"
    last = next((exchange.messages[sid].body for sid in reversed(phone.thread) if sid in exchange.messages), "")
    words = phone.name.split()
    initials = "".join(word[0] for word in words[:2]).upper() or phone.number[-2:]
    return Row(phone, title, initials, sum(map(ord, title)) % TONES, last, phone.number == selected, phone.number in ringing)


def _bubble(message: Message, zone: str) -> Bubble:
    if message.direction is Direction.INBOUND:
        side: Literal["mine", "theirs", "company"] = "mine"
    else:
        side = "company" if message.by_twilio else "theirs"
    shown = [media for media in message.media if media.content and media.content_type.startswith("image/")]
    return Bubble(
        side,
        message.body,
        clock_time(message.updated, zone),
        message.delivered_to_hotline,
        message.segments,
        message.channel is Channel.WHATSAPP,
        tuple(f"/simulator/media/{message.sid}/{media.sid}" for media in shown),
        tuple(media.source or media.content_type for media in message.media if media not in shown),
    )
