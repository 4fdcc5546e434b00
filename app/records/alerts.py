"""What a county is told."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.core.database import Transaction, table_of
from app.records.columns import document, instant, one_of
from app.records.states import AlertState


class AlertType(StrEnum):
    """CAP 1.2 msgType in our words: Alert, Update (it still holds), Cancel (correction), and an Update whose responseType is AllClear."""

    ALERT = "alert"
    UPDATE = "update"
    CORRECTION = "correction"
    ALL_CLEAR = "all_clear"


TELLING: Final = (AlertType.ALERT.value, AlertType.UPDATE.value)
"""What says that something is there; a correction or an all-clear is about these."""

WENT_OUT: Final = (AlertState.APPROVED.value, AlertState.EXPIRED.value)
"""States of what two people signed, once `approved_at` is set: a proposal may expire, too."""


class Alert(SQLModel, table=True):
    """A message to a county in every language. The second signature is never the first's: PostgreSQL refuses it too. `references_id` is the
    newest of the alerts that it updates, corrects or closes; `AlertReference` holds every one. An `exercise` reaches only volunteers who
    practise, which PostgreSQL watches over, and may be about no incident. `fallbacks`: a language whose readers get the
    words of another, as the author chose. With a `break_glass_id` one person sent it alone, and another reviews
    that afterwards."""

    __table_args__ = (
        one_of("state", AlertState),
        one_of("type", AlertType),
        CheckConstraint("approver_id IS NULL OR approver_id <> author_id OR break_glass_id IS NOT NULL", name="two_people"),
        CheckConstraint("break_glass_id IS NULL OR alone_reason IS NOT NULL", name="alone_for_a_reason"),
        CheckConstraint("reviewed_by IS NULL OR reviewed_by <> approver_id", name="reviewed_by_another"),
        CheckConstraint(
            "state <> 'approved' OR (approver_id IS NOT NULL AND approved_at IS NOT NULL)", name="approved_by_someone"
        ),
        CheckConstraint("type = 'alert' OR references_id IS NOT NULL", name="corrects_something"),
        CheckConstraint("exercise OR incident_id IS NOT NULL", name="about_something"),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True, max_length=12)
    type: str = Field(default=AlertType.ALERT.value, max_length=16)
    state: str = Field(default=AlertState.PROPOSED.value, max_length=16)
    exercise: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    incident_id: UUID | None = Field(default=None, foreign_key="incident.id", index=True)
    references_id: UUID | None = Field(default=None, foreign_key="alert.id")
    county: str = Field(max_length=5, index=True)
    texts: dict[str, str] = document()
    fallbacks: dict[str, str] = Field(
        default_factory=dict, sa_type=JSONB, nullable=False, sa_column_kwargs={"server_default": "{}"}
    )
    author_id: UUID = Field(foreign_key="volunteer.id")
    approver_id: UUID | None = Field(default=None, foreign_key="volunteer.id")
    reason: str | None = Field(default=None, max_length=400)
    proposed_at: datetime = instant()
    approved_at: datetime | None = instant(nullable=True)
    expires_at: datetime = instant()
    reminded_at: datetime | None = instant(nullable=True)
    let_end_by: UUID | None = Field(default=None, foreign_key="volunteer.id")
    break_glass_id: UUID | None = Field(default=None, foreign_key="break_glass.id")
    alone_reason: str | None = Field(default=None, max_length=400)
    reviewed_by: UUID | None = Field(default=None, foreign_key="volunteer.id")
    reviewed_at: datetime | None = instant(nullable=True)
    review_note: str | None = Field(default=None, max_length=400)


class BreakGlass(SQLModel, table=True):
    """That one person may send alerts to a county alone, for a while. Whoever allowed it may not use it."""

    __tablename__ = "break_glass"

    id: UUID = Field(primary_key=True)
    county: str = Field(max_length=5, index=True)
    reason: str = Field(max_length=400)
    enabled_by: UUID = Field(foreign_key="volunteer.id")
    enabled_at: datetime = instant()
    expires_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)


class AlertReference(SQLModel, table=True):
    """That one alert updates, corrects or closes an earlier one: all its recipients hear of it."""

    __tablename__ = "alert_reference"

    alert_id: UUID = Field(primary_key=True, foreign_key="alert.id")
    earlier_id: UUID = Field(primary_key=True, foreign_key="alert.id", index=True)


alert = table_of(Alert)
break_glass = table_of(BreakGlass)
alert_reference = table_of(AlertReference)


async def references_of(work: Transaction, alert_ids: Collection[UUID]) -> dict[UUID, list[Alert]]:
    """For each of these alerts that is about earlier ones, those, the newest first."""
    links = await work.all(
        select(alert_reference, alert.c.approved_at)
        .join(alert, alert.c.id == alert_reference.c.earlier_id)
        .where(alert_reference.c.alert_id.in_(alert_ids))
        .order_by(alert.c.approved_at.desc(), alert.c.id.desc())
    )
    earlier = {
        one.id: one for one in await work.find(Alert, select(alert).where(alert.c.id.in_({link.earlier_id for link in links})))
    }
    found: dict[UUID, list[Alert]] = {}
    for link in links:
        found.setdefault(link.alert_id, []).append(earlier[link.earlier_id])
    return found
