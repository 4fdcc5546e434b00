"""Who asked to be told, of which county, and the ledger that proves it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.core.database import table_of
from app.records.columns import fingerprint, instant, one_of, sealed, words


class Topic(StrEnum):
    """What a subscription is for."""

    ALERTS = "alerts"  # what observers confirmed, now
    RIGHTS = "rights"  # know-your-rights texts
    EVENTS = "events"  # meetings and trainings of the organizers


class ConsentKind(StrEnum):
    """What a person said about being texted."""

    OPT_IN = "opt_in"
    OPT_OUT = "opt_out"
    RESUME = "resume"
    LEAVE = "leave"  # one county or one topic, and nothing else
    PAUSE = "pause"
    HOURS = "hours"  # at any hour, or by day only
    REVOKE = "revoke"  # the organizers ended everyone's at once
    ERASE = "erase"


class Subscription(SQLModel, table=True):
    """One phone's wish to hear of one county. `ended_at` keeps the row when the wish ends: START brings back what ended at the very
    instant of the stop (`contact.stopped_at`), and nothing that the person left or the organizers revoked. `zip_hash` stands for the ZIP
    code that they may have given so as to hear first of what is near (`nearness.py`); it doesn't outlive the wish."""

    __table_args__ = (
        one_of("topic", Topic),
        UniqueConstraint("contact_id", "county", "topic"),
        CheckConstraint("zip_hash IS NULL OR (topic = 'alerts' AND ended_at IS NULL)", name="zip_of_live_alerts"),
        Index("ix_subscription_county", "county", "topic", postgresql_where=text("ended_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    contact_id: UUID = Field(foreign_key="contact.id", ondelete="CASCADE")
    county: str = Field(max_length=5)
    topic: str = Field(default=Topic.ALERTS.value, max_length=16)
    any_hour: bool = True
    created_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)
    zip_hash: bytes | None = fingerprint(nullable=True)


class SignUp(SQLModel, table=True):
    """A wish typed on the web, or of an imported list, that its phone has not confirmed. It is gone when it is confirmed, refused by a
    stop, or at its end."""

    __tablename__ = "sign_up"

    contact_id: UUID = Field(primary_key=True, foreign_key="contact.id", ondelete="CASCADE")
    county: str = Field(max_length=5)
    any_hour: bool = True
    language: str = Field(max_length=8)
    topics: list[str] = words(sa_column_kwargs={"server_default": "{alerts}"})
    source: str = Field(default="web", max_length=16, sa_column_kwargs={"server_default": "web"})
    zip_hash: bytes | None = fingerprint(nullable=True)
    asked_at: datetime = instant(index=True)
    ends_at: datetime = instant(index=True)


class ConsentWording(SQLModel, table=True):
    """A wording of ours, as it was shown, kept once under its version: what a line of the ledger refers to, also when texts change."""

    __tablename__ = "consent_wording"

    version: str = Field(primary_key=True, max_length=16)
    wording: str = Field(max_length=64)
    language: str = Field(max_length=8)
    text: str = Field(sa_type=Text)
    first_shown_at: datetime = instant()


class ConsentEvent(SQLModel, table=True):
    """One line of the consent ledger: who (keyed hash), when, in what words, and which wording of ours they were shown, in which version
    (absent where none was shown). Never changed."""

    __tablename__ = "consent_event"
    __table_args__ = (one_of("kind", ConsentKind),)

    id: UUID = Field(primary_key=True)
    number_hash: bytes = fingerprint(index=True)
    kind: str = Field(max_length=16)
    county: str | None = Field(default=None, max_length=5)
    topic: str | None = Field(default=None, max_length=16)
    words_sealed: bytes | None = sealed()
    wording: str = Field(max_length=64)
    version: str | None = Field(default=None, max_length=16)
    any_hour: bool | None = None
    source: str = Field(max_length=16)
    at: datetime = instant()


subscription = table_of(Subscription)
sign_up = table_of(SignUp)
consent_wording = table_of(ConsentWording)
consent_event = table_of(ConsentEvent)
