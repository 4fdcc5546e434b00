"""What a county is told."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from app.core.database import table_of
from app.records.columns import document, instant, one_of
from app.records.states import AlertState


class AlertType(StrEnum):
    """CAP 1.2 msgType in our words: Alert, Update (correction), and an Update whose responseType is AllClear."""

    ALERT = "alert"
    CORRECTION = "correction"
    ALL_CLEAR = "all_clear"


class Alert(SQLModel, table=True):
    """A message to a county in every language. The second signature is never the first's: PostgreSQL refuses it too."""

    __table_args__ = (
        one_of("state", AlertState),
        one_of("type", AlertType),
        CheckConstraint("approver_id IS NULL OR approver_id <> author_id", name="two_people"),
        CheckConstraint(
            "state <> 'approved' OR (approver_id IS NOT NULL AND approved_at IS NOT NULL)", name="approved_by_someone"
        ),
        CheckConstraint("type = 'alert' OR references_id IS NOT NULL", name="corrects_something"),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True, max_length=12)
    type: str = Field(default=AlertType.ALERT.value, max_length=16)
    state: str = Field(default=AlertState.PROPOSED.value, max_length=16)
    incident_id: UUID = Field(foreign_key="incident.id", index=True)
    references_id: UUID | None = Field(default=None, foreign_key="alert.id")
    county: str = Field(max_length=5, index=True)
    texts: dict[str, str] = document()
    author_id: UUID = Field(foreign_key="volunteer.id")
    approver_id: UUID | None = Field(default=None, foreign_key="volunteer.id")
    reason: str | None = Field(default=None, max_length=400)
    proposed_at: datetime = instant()
    approved_at: datetime | None = instant(nullable=True)
    expires_at: datetime = instant()


alert = table_of(Alert)
