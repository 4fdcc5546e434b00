"""Finding out: tasks that volunteers take, offers to people in the field, and what they observed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.core.database import table_of
from app.records.columns import fingerprint, instant, one_of, sealed
from app.records.states import OfferState, TaskState


class Outcome(StrEnum):
    """What a verifier can find. The values are the words they text."""

    CONFIRM = "confirm"
    POLICE = "police"
    NOTHING = "nothing"
    GONE = "gone"
    UNABLE = "unable"


class Skill(StrEnum):
    """What a volunteer can be trained for. Most tasks ask for none."""

    URGENT = "urgent"
    DETENTION = "detention"


class HandedOver(StrEnum):
    """How a claim ended before its task was done."""

    RELEASED = "released"
    SKIPPED = "skipped"
    TRANSFERRED = "transferred"
    BROKEN = "broken"
    SIGNED_OUT = "signed_out"
    SHIFT_ENDED = "shift_ended"
    SUSPENDED = "suspended"


class Task(SQLModel, table=True):
    """An incident that somebody must look into. `fence` grows with every claim; a save under an older fence is refused. `skill`: what it
    asks for, empty for nothing."""

    __table_args__ = (
        one_of("state", TaskState),
        CheckConstraint("skill IN ('', 'urgent', 'detention')", name="skill"),
        UniqueConstraint("incident_id"),
        Index("ix_task_open", "state", postgresql_where=text("state <> 'done'")),
    )

    id: UUID = Field(primary_key=True)
    incident_id: UUID = Field(foreign_key="incident.id")
    state: str = Field(default=TaskState.WAITING.value, max_length=16)
    county: str | None = Field(default=None, max_length=5)
    language: str = Field(max_length=8)
    skill: str = Field(default="", max_length=16)
    head_start: int = 0  # seconds by which this is ahead of an ordinary task that came at the same moment
    fence: int = 0
    holder_id: UUID | None = Field(default=None, foreign_key="volunteer.id", index=True)
    lease_until: datetime | None = instant(nullable=True)
    waits_since: datetime | None = instant(nullable=True)  # when it last went back into the queue; None: as long as it is there
    escalated: int = Field(
        default=0, sa_column_kwargs={"server_default": "0"}
    )  # how many stages of an escalation it went through
    created_at: datetime = instant()


class Handover(SQLModel, table=True):
    """A claim that ended before its task was done: whose, by whom, and what they left for the next. Who `skipped` a task is never shown it
    again. `to_id`: into whose hands it went, None for the queue."""

    __table_args__ = (
        one_of("how", HandedOver),
        Index("ix_handover_skipped", "holder_id", postgresql_where=text("how = 'skipped'")),
        Index("ix_handover_owed", "holder_id", postgresql_where=text("how = 'shift_ended' AND note_sealed IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    task_id: UUID = Field(foreign_key="task.id", index=True)
    how: str = Field(max_length=16)
    holder_id: UUID = Field(foreign_key="volunteer.id")
    by_id: UUID = Field(foreign_key="volunteer.id")
    to_id: UUID | None = Field(default=None, foreign_key="volunteer.id")
    note_sealed: bytes | None = sealed()
    at: datetime = instant()


class Offer(SQLModel, table=True):
    """A request by text to one field verifier; at most one open offer an incident and person. `eta_at` is when they said that they would be
    there, `here_at` when they said that they are. `link_hash`: the keyed hash of the link that a yes was answered with."""

    __table_args__ = (
        one_of("state", OfferState),
        Index(
            "uq_offer_open",
            "incident_id",
            "volunteer_id",
            unique=True,
            postgresql_where=text("state IN ('offered', 'accepted')"),
        ),
    )

    id: UUID = Field(primary_key=True)
    incident_id: UUID = Field(foreign_key="incident.id", index=True)
    volunteer_id: UUID = Field(foreign_key="volunteer.id", index=True)
    offered_by: UUID | None = Field(default=None, foreign_key="volunteer.id")
    state: str = Field(default=OfferState.OFFERED.value, max_length=16)
    offered_at: datetime = instant()
    answered_at: datetime | None = instant(nullable=True)
    expires_at: datetime = instant()
    wave: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # of the search that made it; 0: asked by name
    eta_at: datetime | None = instant(nullable=True)
    here_at: datetime | None = instant(nullable=True)
    check_at: datetime | None = instant(
        nullable=True
    )  # when we ask whether they are OK; `check_asked_at` while that is not answered
    check_asked_at: datetime | None = instant(nullable=True)
    alarmed_at: datetime | None = instant(nullable=True)  # while nobody knows whether they are OK
    link_hash: bytes | None = fingerprint(unique=True, nullable=True)


class Search(SQLModel, table=True):
    """The hotline asks the nearest about an incident, wave after wave, until somebody goes. `waves` is how many asked somebody."""

    __table_args__ = (Index("ix_search_due", "next_wave_at", postgresql_where=text("ended_at IS NULL")),)

    incident_id: UUID = Field(primary_key=True, foreign_key="incident.id")
    started_by: UUID = Field(foreign_key="volunteer.id")
    started_at: datetime = instant()
    next_wave_at: datetime = instant()
    waves: int = 0
    ended_at: datetime | None = instant(nullable=True)


class Observation(SQLModel, table=True):
    """What a volunteer found out. `on_site`: they were sent there; alone, only such an observation can support a public alert."""

    __table_args__ = (one_of("outcome", Outcome),)

    id: UUID = Field(primary_key=True)
    incident_id: UUID = Field(foreign_key="incident.id", index=True)
    volunteer_id: UUID = Field(foreign_key="volunteer.id")
    offer_id: UUID | None = Field(default=None, foreign_key="offer.id")
    outcome: str = Field(max_length=16)
    on_site: bool = False
    note_sealed: bytes | None = sealed()
    observed_at: datetime = instant()


task = table_of(Task)
handover = table_of(Handover)
offer = table_of(Offer)
search = table_of(Search)
observation = table_of(Observation)
