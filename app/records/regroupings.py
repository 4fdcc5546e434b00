"""What people made of two incidents: one event after all, or two. Each such act is kept with its reason, so that it can be undone."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlmodel import Field, SQLModel

from app.core.database import table_of
from app.records.columns import document, instant, one_of


class Act(StrEnum):
    """What was done."""

    MERGE = "merge"
    SPLIT = "split"


class Reason(StrEnum):
    """Why a person did it: words to choose from, so that nothing a person wrote stands in the log of events."""

    SAME_EVENT = "same_event"
    SAME_PLACE = "same_place"
    COPIES = "copies"
    OTHER_PLACE = "other_place"
    OTHER_TIME = "other_time"
    OTHER_EVENT = "other_event"


REASONS_OF = {
    Act.MERGE: (Reason.SAME_EVENT, Reason.SAME_PLACE, Reason.COPIES),
    Act.SPLIT: (Reason.OTHER_PLACE, Reason.OTHER_TIME, Reason.OTHER_EVENT),
}
"""The reasons that fit each act, the commonest first."""


class Regrouping(SQLModel, table=True):
    """A merge (everything of `from_id` went to `to_id`) or a split (some reports of `from_id` went to the new incident `to_id`).

    `moved` holds the ids of the reports, offers and observations that went; `before` and `after` what each incident said of itself, which
    an undo puts back where nobody has changed it since."""

    __table_args__ = (one_of("act", Act), one_of("reason", Reason))

    id: UUID = Field(primary_key=True)
    act: str = Field(max_length=8)
    from_id: UUID = Field(foreign_key="incident.id", index=True)
    to_id: UUID = Field(foreign_key="incident.id", index=True)
    reason: str = Field(max_length=16)
    moved: dict[str, Any] = document()
    before: dict[str, Any] = document()
    after: dict[str, Any] = document()
    author_id: UUID = Field(foreign_key="volunteer.id")
    at: datetime = instant()
    undone_at: datetime | None = instant(nullable=True)


regrouping = table_of(Regrouping)
