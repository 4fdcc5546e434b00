"""Decisions of incidents: each is kept with what stood before it, so that it can be undone while it is fresh."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from app.core.database import table_of
from app.records.columns import instant, one_of
from app.records.states import IncidentState


class Decision(SQLModel, table=True):
    """One decision by a person: the `state` that it led to, and what stood before it: the state `before`, and where that was decided too,
    since when (`before_at`) and by whom (`before_by`)."""

    __table_args__ = (
        one_of("state", IncidentState),
        one_of("before", IncidentState),
        CheckConstraint("state <> before", name="changes"),
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undone_by_somebody"),
        Index("ix_decision_standing", "incident_id", "at", postgresql_where=text("undone_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    incident_id: UUID = Field(foreign_key="incident.id")
    state: str = Field(max_length=16)
    before: str = Field(max_length=16)
    before_at: datetime | None = instant(nullable=True)
    before_by: UUID | None = Field(default=None, foreign_key="volunteer.id")
    decided_by: UUID = Field(foreign_key="volunteer.id")
    at: datetime = instant()
    undone_at: datetime | None = instant(nullable=True)
    undone_by: UUID | None = Field(default=None, foreign_key="volunteer.id")


decision = table_of(Decision)
