"""What organizers tell people that is not about an incident: announcements and series of rights texts, and each time that one goes out."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.core.database import table_of
from app.records.columns import document, instant, one_of, words
from app.records.states import BroadcastState


class BroadcastKind(StrEnum):
    """What a broadcast says."""

    ANNOUNCEMENT = "announcement"  # the organizers' own words
    SERIES = "series"  # rights texts, one a week, for each person from the first


class Repeats(StrEnum):
    """How often a broadcast goes out."""

    ONCE = "once"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Broadcast(SQLModel, table=True):
    """One message of the organizers. Empty `counties` or `languages` are all of them. `texts` are the words by language; where one is
    missing, people read `fallback` instead, for the reason beside it. `first_on` and `at` ("HH:MM") are what the clock on the wall shows;
    without `first_on` it goes as soon as it may. `next_at` is when it goes next; none when it never will again."""

    __table_args__ = (
        one_of("state", BroadcastState),
        one_of("kind", BroadcastKind),
        one_of("repeats", Repeats),
        CheckConstraint("approver_id IS NULL OR approver_id <> author_id", name="two_people"),
        CheckConstraint("fallback IS NULL OR fallback_reason <> ''", name="fallback_for_a_reason"),
        CheckConstraint("repeats = 'once' OR first_on IS NOT NULL", name="repeats_from_a_day"),
        Index("ix_broadcast_due", "next_at", postgresql_where=text("state = 'scheduled'")),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True, max_length=12)
    kind: str = Field(max_length=16)
    state: str = Field(default=BroadcastState.DRAFT.value, max_length=16)
    title: str = Field(max_length=80)
    topic: str = Field(max_length=16)
    counties: list[str] = words()
    languages: list[str] = words()
    texts: dict[str, str] = document()
    fallback: str | None = Field(default=None, max_length=8)
    fallback_reason: str = Field(default="", max_length=200)
    rights_topics: list[str] = words()
    repeats: str = Field(default=Repeats.ONCE.value, max_length=16)
    first_on: date | None = None
    at: str = Field(max_length=5)
    until: date | None = None
    next_at: datetime | None = instant(nullable=True)
    author_id: UUID = Field(foreign_key="volunteer.id")
    approver_id: UUID | None = Field(default=None, foreign_key="volunteer.id")
    reason: str | None = Field(default=None, max_length=400)
    written_at: datetime = instant()
    proposed_at: datetime | None = instant(nullable=True)
    approved_at: datetime | None = instant(nullable=True)


class BroadcastRun(SQLModel, table=True):
    """One time that a broadcast went out, or was to and did not (`missed`: nothing ran for so long that it was too late). Its texts are
    the outgoing messages about it."""

    __tablename__ = "broadcast_run"
    __table_args__ = (UniqueConstraint("broadcast_id", "due_at"),)

    id: UUID = Field(primary_key=True)
    broadcast_id: UUID = Field(foreign_key="broadcast.id", ondelete="CASCADE")
    due_at: datetime = instant()
    planned_at: datetime = instant()
    missed: bool = False


class SeriesProgress(SQLModel, table=True):
    """A rights text that a series gave to a person. The key is what keeps anyone from getting it twice."""

    __tablename__ = "series_progress"

    contact_id: UUID = Field(primary_key=True, foreign_key="contact.id", ondelete="CASCADE")
    broadcast_id: UUID = Field(primary_key=True, foreign_key="broadcast.id", ondelete="CASCADE")
    rights_topic: str = Field(primary_key=True, max_length=32)
    run_id: UUID = Field(foreign_key="broadcast_run.id", ondelete="CASCADE", index=True)


class AllowedHost(SQLModel, table=True):
    """A host that links in broadcasts may lead to."""

    __tablename__ = "allowed_host"

    host: str = Field(primary_key=True, max_length=120)
    added_by: UUID = Field(foreign_key="volunteer.id")
    added_at: datetime = instant()


broadcast = table_of(Broadcast)
broadcast_run = table_of(BroadcastRun)
series_progress = table_of(SeriesProgress)
allowed_host = table_of(AllowedHost)
