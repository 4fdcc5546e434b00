"""Who plans to be on duty when: weekly shifts, what changes them once, swaps, and the gaps that leads were told of."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Identity, Index, Integer, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.core.database import table_of
from app.records.columns import instant, one_of
from app.records.states import SwapState


class WeeklyShift(SQLModel, table=True):
    """A shift that comes again every week, on the clocks of the state. `weekday` is 0 for Monday; `begins` and `ends` are minutes after
    midnight, `ends` up to 1440; one that ends no later than it begins goes on until the next day."""

    __tablename__ = "weekly_shift"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("begins BETWEEN 0 AND 1439 AND ends BETWEEN 1 AND 1440 AND begins <> ends", name="hours"),
        UniqueConstraint("volunteer_id", "weekday", "begins", "ends"),
    )

    id: UUID = Field(primary_key=True)
    volunteer_id: UUID = Field(foreign_key="volunteer.id", ondelete="CASCADE")
    weekday: int
    begins: int
    ends: int
    created_at: datetime = instant()


class ShiftChange(SQLModel, table=True):
    """What is different once: `away`, else an extra shift. The newest word holds where two say otherwise; `number` is their order."""

    __tablename__ = "shift_change"
    __table_args__ = (CheckConstraint("begins_at < ends_at", name="span"), Index("ix_shift_change_ends_at", "ends_at"))

    id: UUID = Field(primary_key=True)
    number: int = Field(default=None, sa_type=Integer, nullable=False, sa_column_args=(Identity(always=True),))
    volunteer_id: UUID = Field(foreign_key="volunteer.id", index=True, ondelete="CASCADE")
    away: bool
    begins_at: datetime = instant()
    ends_at: datetime = instant()
    created_at: datetime = instant()


class Swap(SQLModel, table=True):
    """A shift that its owner asks others to take. `number` is what people text to take it."""

    __table_args__ = (
        one_of("state", SwapState),
        CheckConstraint("begins_at < ends_at", name="span"),
        CheckConstraint("(state IN ('proposed', 'taken')) = (taker_id IS NOT NULL)", name="taker"),
        UniqueConstraint("number"),
        Index("ix_swap_waiting", "begins_at", postgresql_where=text("state IN ('open', 'proposed')")),
    )

    id: UUID = Field(primary_key=True)
    number: int = Field(default=None, sa_type=Integer, nullable=False, sa_column_args=(Identity(always=True),))
    asker_id: UUID = Field(foreign_key="volunteer.id", index=True, ondelete="CASCADE")
    taker_id: UUID | None = Field(default=None, foreign_key="volunteer.id", ondelete="CASCADE")
    state: str = Field(default=SwapState.OPEN.value, max_length=16)
    begins_at: datetime = instant()
    ends_at: datetime = instant()
    asked_at: datetime = instant()
    closed_at: datetime | None = instant(nullable=True)


class NoticedGap(SQLModel, table=True):
    """A gap that leads were told of, so that they are told once."""

    __tablename__ = "noticed_gap"

    duty: str = Field(primary_key=True, max_length=16)
    county: str = Field(primary_key=True, max_length=5)
    begins_at: datetime = Field(primary_key=True, sa_type=DateTime(timezone=True), nullable=False)
    ends_at: datetime = instant()
    noticed_at: datetime = instant()


weekly_shift = table_of(WeeklyShift)
shift_change = table_of(ShiftChange)
swap = table_of(Swap)
noticed_gap = table_of(NoticedGap)
