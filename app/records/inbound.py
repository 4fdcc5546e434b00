"""What reached us from Twilio, each once: texts, calls and voicemails."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from app.core.database import table_of
from app.core.keys import Keys
from app.records.columns import instant, one_of, sealed
from app.telephony.addresses import Channel

OF_OUR_PAGE: Final = "WEB"
"""What the SID of an answer on our own page begins with; Twilio's begin otherwise."""


class InboundMessage(SQLModel, table=True):
    """A text as Twilio gave it, or an answer on a verifier's page, kept once by its SID, with the answer it got so that a replay gets the
    same. `answered_at` is when the answer was handed to Twilio, or to the outbox; without it nobody knows whether it was."""

    __tablename__ = "inbound_message"
    __table_args__ = (one_of("channel", Channel),)

    id: UUID = Field(primary_key=True)
    sid: str = Field(unique=True, max_length=64)
    channel: str = Field(max_length=16)
    contact_id: UUID = Field(foreign_key="contact.id", index=True)
    line: str = Field(max_length=64)
    body_sealed: bytes | None = sealed()
    media_count: int = 0
    kind: str | None = Field(default=None, max_length=16)
    report_id: UUID | None = Field(default=None, foreign_key="report.id", index=True, ondelete="SET NULL")
    reply_sealed: bytes | None = sealed()
    received_at: datetime = instant(index=True)
    answered_at: datetime | None = instant(nullable=True)


class InboundCall(SQLModel, table=True):
    """A call, kept once by its SID. `answers_sealed` is a JSON object of what was said so far; `heard_step` and `heard_sealed` are the last
    request that was answered and its answer, so that a replay of it gets the same."""

    __tablename__ = "inbound_call"

    id: UUID = Field(primary_key=True)
    sid: str = Field(unique=True, max_length=64)
    contact_id: UUID = Field(foreign_key="contact.id", index=True)
    line: str = Field(max_length=64)
    language: str | None = Field(default=None, max_length=8)
    county: str | None = Field(default=None, max_length=5)
    answers_sealed: bytes | None = sealed()
    heard_step: str | None = Field(default=None, max_length=120)
    heard_sealed: bytes | None = sealed()
    report_id: UUID | None = Field(default=None, foreign_key="report.id", ondelete="SET NULL")
    status: str = Field(default="ringing", max_length=16)
    started_at: datetime = instant(index=True)


class Recording(SQLModel, table=True):
    """A voicemail: fetched once from Twilio, sealed here, deleted there."""

    __table_args__ = (one_of("channel", Channel),)

    id: UUID = Field(primary_key=True)
    sid: str = Field(unique=True, max_length=64)
    call_id: UUID = Field(foreign_key="inbound_call.id", ondelete="CASCADE")
    report_id: UUID | None = Field(default=None, foreign_key="report.id", index=True, ondelete="SET NULL")
    channel: str = Field(default=Channel.VOICE.value, max_length=16)
    seconds: int = 0
    url_sealed: bytes | None = sealed()
    content_type: str | None = Field(default=None, max_length=64)
    audio_sealed: bytes | None = sealed()
    received_at: datetime = instant()
    fetched_at: datetime | None = instant(nullable=True)


class ForgottenSid(SQLModel, table=True):
    """The keyed hash of the SID of something that was purged: a signed request can be replayed for ever, and must not be taken in anew."""

    __tablename__ = "forgotten_sid"

    sid_hash: bytes = Field(sa_type=LargeBinary, primary_key=True)
    forgotten_at: datetime = instant()


class LogSweep(SQLModel, table=True):
    """Until when Twilio's whole log has been read for what never reached us."""

    __tablename__ = "log_sweep"

    name: str = Field(primary_key=True, max_length=32)
    read_until: datetime = instant()


def is_at_twilio(sid: str) -> bool:
    """Whether Twilio knows a message: not one that came by our own page. Pure."""
    return not sid.startswith(OF_OUR_PAGE)


def sid_hash(keys: Keys, sid: str) -> bytes:
    """The keyed hash by which a purged SID is still known."""
    return keys.fingerprint("sid", sid)


inbound_message = table_of(InboundMessage)
inbound_call = table_of(InboundCall)
recording = table_of(Recording)
forgotten_sid = table_of(ForgottenSid)
log_sweep = table_of(LogSweep)
