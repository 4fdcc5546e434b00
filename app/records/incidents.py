"""Reports and the incidents they describe."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.core.database import table_of
from app.records.columns import instant, one_of, sealed
from app.records.states import IncidentState, ReportState
from app.telephony.addresses import Channel


class Incident(SQLModel, table=True):
    """An event. `place` is a public name from the gazetteer; what people wrote of the place stays sealed in their reports."""

    __table_args__ = (one_of("state", IncidentState),)

    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True, max_length=12)
    state: str = Field(default=IncidentState.OPEN.value, max_length=16)
    kind: str = Field(max_length=16)
    county: str | None = Field(default=None, max_length=5, index=True)
    place: str | None = Field(default=None, max_length=120)
    latitude: float | None = None
    longitude: float | None = None
    urgent: bool = False
    reports: int = 0
    first_report_at: datetime = instant()
    last_report_at: datetime = instant(index=True)
    decided_at: datetime | None = instant(nullable=True)
    decided_by: UUID | None = Field(default=None, foreign_key="volunteer.id")


class Report(SQLModel, table=True):
    """One person's account. `reading_sealed` is the JSON of what triage and places made of it, evidence included."""

    __table_args__ = (
        one_of("state", ReportState),
        one_of("channel", Channel),
        Index("ix_report_county_received_at", "county", "received_at"),
    )

    id: UUID = Field(primary_key=True)
    state: str = Field(max_length=16)
    channel: str = Field(max_length=16)
    contact_id: UUID = Field(foreign_key="contact.id", index=True)
    incident_id: UUID | None = Field(default=None, foreign_key="incident.id", index=True)
    language: str = Field(max_length=8)
    kind: str = Field(max_length=16)
    urgent: bool = False
    county: str | None = Field(default=None, max_length=5)
    place: str | None = Field(default=None, max_length=120)
    latitude: float | None = None
    longitude: float | None = None
    text_sealed: bytes | None = sealed()
    reading_sealed: bytes | None = sealed()
    why_joined: str | None = Field(default=None, max_length=400)
    received_at: datetime = instant(index=True)


incident = table_of(Incident)
report = table_of(Report)
