"""Masked contact: a dispatcher and somebody of an incident write to each other through the hotline, and neither sees a number.

What we wrote stands in the outbox (purpose `contact`, about the talk), what they wrote among the inbound texts; here is only what belongs
together.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from app.core.database import table_of
from app.records.columns import instant, one_of

CONTACT: Final = "contact"
"""The purpose of a text that a dispatcher typed."""


class MaskedTalk(SQLModel, table=True):
    """A conversation with one phone, about the report that came from it or the offer that went to it. What they text until `closes_at`
    belongs to it; `ended_at` when it was over before."""

    __tablename__ = "masked_talk"
    __table_args__ = (
        CheckConstraint("(report_id IS NULL) <> (offer_id IS NULL)", name="about_one"),
        Index("uq_masked_talk_open", "contact_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    contact_id: UUID = Field(foreign_key="contact.id", index=True)
    report_id: UUID | None = Field(default=None, foreign_key="report.id", index=True, ondelete="CASCADE")
    offer_id: UUID | None = Field(default=None, foreign_key="offer.id", index=True, ondelete="CASCADE")
    opened_by: UUID = Field(foreign_key="volunteer.id")
    opened_at: datetime = instant()
    closes_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)


class MaskedAnswer(SQLModel, table=True):
    """A text that came back into a talk."""

    __tablename__ = "masked_answer"

    message_id: UUID = Field(primary_key=True, foreign_key="inbound_message.id", ondelete="CASCADE")
    talk_id: UUID = Field(foreign_key="masked_talk.id", index=True, ondelete="CASCADE")


class MaskedWords(SQLModel, table=True):
    """Which of ours wrote a text of a talk."""

    __tablename__ = "masked_words"

    message_id: UUID = Field(primary_key=True, foreign_key="outgoing_message.id", ondelete="CASCADE")
    talk_id: UUID = Field(foreign_key="masked_talk.id", index=True, ondelete="CASCADE")
    written_by: UUID = Field(foreign_key="volunteer.id")


class CallState(StrEnum):
    """A call that joins a dispatcher with somebody: asked for, being placed, their own phone rings, joined, over; or never placed."""

    WAITING = "waiting"
    PLACING = "placing"
    RINGING = "ringing"
    JOINED = "joined"
    OVER = "over"
    FAILED = "failed"


class MaskedCall(SQLModel, table=True):
    """The hotline rings a dispatcher's phone, then the other's, and joins them. It is placed once: what became of it nobody need find out,
    as the dispatcher sees whether their phone rings. `ended_with`: Twilio's word for how the second call ended."""

    __tablename__ = "masked_call"
    __table_args__ = (
        one_of("state", CallState),
        CheckConstraint("(report_id IS NULL) <> (offer_id IS NULL)", name="about_one"),
        Index("ix_masked_call_waiting", "asked_at", postgresql_where=text("state = 'waiting'")),
    )

    id: UUID = Field(primary_key=True)
    contact_id: UUID = Field(foreign_key="contact.id")
    report_id: UUID | None = Field(default=None, foreign_key="report.id", index=True, ondelete="CASCADE")
    offer_id: UUID | None = Field(default=None, foreign_key="offer.id", index=True, ondelete="CASCADE")
    asked_by: UUID = Field(foreign_key="volunteer.id")
    state: str = Field(default=CallState.WAITING.value, max_length=16)
    asked_at: datetime = instant()
    ended_with: str | None = Field(default=None, max_length=32)


masked_call = table_of(MaskedCall)
masked_talk = table_of(MaskedTalk)
masked_answer = table_of(MaskedAnswer)
masked_words = table_of(MaskedWords)
