"""A phone that wrote or called, or asked to be told. The number stands here, sealed, and nowhere else."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from app.core.database import table_of
from app.records.columns import fingerprint, instant, sealed, words


class Contact(SQLModel, table=True):
    """One phone. `number_sealed` goes at erasure; `number_hash` stays while a stop must be remembered."""

    id: UUID = Field(primary_key=True)
    number_hash: bytes = fingerprint(unique=True)
    number_sealed: bytes | None = sealed()
    language: str | None = Field(default=None, max_length=8)
    language_chosen: bool = False  # a choice by the person; otherwise what the texts so far looked like
    stopped_at: datetime | None = instant(nullable=True)
    unreachable_at: datetime | None = instant(nullable=True)
    unreachable_until: datetime | None = instant(nullable=True)  # None: until they write to us or subscribe again
    whatsapp_at: datetime | None = instant(nullable=True)  # when they last wrote, if that was by WhatsApp
    paused_until: datetime | None = instant(nullable=True)
    created_at: datetime = instant()


class Conversation(SQLModel, table=True):
    """What the hotline last asked a phone, if the answer is still open. One row a contact; its lock orders that phone's texts.

    The last six columns are what `intake/restraint.py` needs so as not to talk to a machine for ever: keyed hashes of the last words and of
    the last reply, how often those words came and since when, how many answers nobody asked for and since when.
    """

    contact_id: UUID = Field(primary_key=True, foreign_key="contact.id", ondelete="CASCADE")
    awaiting: str | None = Field(default=None, max_length=16)
    report_id: UUID | None = Field(default=None, foreign_key="report.id", ondelete="SET NULL")
    asked_at: datetime | None = instant(nullable=True)
    questions: int = 0
    last_report_id: UUID | None = Field(default=None, foreign_key="report.id", ondelete="SET NULL")
    last_report_at: datetime | None = instant(nullable=True)
    home_counties: list[str] = words()
    last_words: bytes | None = fingerprint(nullable=True)
    last_reply: bytes | None = fingerprint(nullable=True)
    same_words: int | None = None
    same_since: datetime | None = instant(nullable=True)
    unasked: int | None = None
    unasked_since: datetime | None = instant(nullable=True)


contact = table_of(Contact)
conversation = table_of(Conversation)
