"""Who asked to be told, of which county, and the ledger that proves it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.core.database import table_of
from app.records.columns import fingerprint, instant, one_of, sealed


class Topic(StrEnum):
    """What a subscription is for."""

    ALERTS = "alerts"


class ConsentKind(StrEnum):
    """What a person said about being texted."""

    OPT_IN = "opt_in"
    OPT_OUT = "opt_out"
    RESUME = "resume"
    ERASE = "erase"


class Subscription(SQLModel, table=True):
    """One phone's wish to hear of one county. `ended_at` keeps the row when the wish ends, so that START can bring it back."""

    __table_args__ = (
        one_of("topic", Topic),
        UniqueConstraint("contact_id", "county", "topic"),
        Index("ix_subscription_county", "county", "topic", postgresql_where=text("ended_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    contact_id: UUID = Field(foreign_key="contact.id", ondelete="CASCADE")
    county: str = Field(max_length=5)
    topic: str = Field(default=Topic.ALERTS.value, max_length=16)
    any_hour: bool = True
    created_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)


class ConsentEvent(SQLModel, table=True):
    """One line of the consent ledger: who (keyed hash), when, in what words, and which wording of ours they answered. Never changed."""

    __tablename__ = "consent_event"
    __table_args__ = (one_of("kind", ConsentKind),)

    id: UUID = Field(primary_key=True)
    number_hash: bytes = fingerprint(index=True)
    kind: str = Field(max_length=16)
    county: str | None = Field(default=None, max_length=5)
    topic: str | None = Field(default=None, max_length=16)
    words_sealed: bytes | None = sealed()
    wording: str = Field(max_length=64)
    source: str = Field(max_length=16)
    at: datetime = instant()


subscription = table_of(Subscription)
consent_event = table_of(ConsentEvent)
