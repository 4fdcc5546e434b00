"""Calls by which people are told that something urgent waits and nobody has it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from app.core.database import Transaction, table_of
from app.records.columns import instant, one_of
from app.records.states import RingState


class UrgentCall(SQLModel, table=True):
    """One call to one person about one task. `role` is as what they are called, `language` the one it speaks. `tries` counts how often
    Twilio was asked to place it, `sid` is Twilio's name for it, `ended_with` Twilio's word for how it ended, `hushed_at` when we asked
    that it rings no more, as somebody has the task."""

    __tablename__ = "urgent_call"
    __table_args__ = (
        one_of("state", RingState),
        Index("ix_urgent_call_open", "due_at", postgresql_where=text("state IN ('waiting', 'calling', 'unknown')")),
        Index("ix_urgent_call_ringing", "task_id", postgresql_where=text("state = 'placed' AND hushed_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    task_id: UUID = Field(foreign_key="task.id", index=True)
    volunteer_id: UUID = Field(foreign_key="volunteer.id")
    role: str = Field(max_length=16)
    language: str = Field(max_length=8)
    state: str = Field(default=RingState.WAITING.value, max_length=16)
    tries: int = 0
    sid: str | None = Field(default=None, max_length=64)
    ended_with: str | None = Field(default=None, max_length=32)
    created_at: datetime = instant()
    due_at: datetime = instant()
    claimed_at: datetime | None = instant(nullable=True)
    ended_at: datetime | None = instant(nullable=True)
    hushed_at: datetime | None = instant(nullable=True)


urgent_call = table_of(UrgentCall)


async def plan_call(work: Transaction, task_id: UUID, volunteer_id: UUID, role: str, language: str) -> UrgentCall:
    """Have somebody called about a task as soon as it goes."""
    planned = UrgentCall(
        id=work.new_id(),
        task_id=task_id,
        volunteer_id=volunteer_id,
        role=role,
        language=language,
        created_at=work.now,
        due_at=work.now,
    )
    await work.add(planned)
    return planned


async def call_off_calls(work: Transaction, task_id: UUID) -> None:
    """Calls about a task that still wait are not placed."""
    await work.execute(
        urgent_call.update()
        .where(urgent_call.c.task_id == task_id, urgent_call.c.state == RingState.WAITING.value)
        .values(state=RingState.SKIPPED.value, ended_at=work.now)
    )
