"""What people approved of the rights texts, each wording as it was read and who approved it; what they wrote of county policies."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.types import Text
from sqlmodel import Field, SQLModel

from app.core.database import table_of
from app.records.columns import document, instant


class RightsWording(SQLModel, table=True):
    """A wording that somebody began to approve, kept as it was read. `digest` is of its three forms; `approved_at` is set by the second
    approval; from the day after `expires_on` it is not sent any more."""

    __tablename__ = "rights_wording"

    id: UUID = Field(primary_key=True)
    topic: str = Field(max_length=24, index=True)
    language: str = Field(max_length=8)
    digest: str = Field(max_length=64)
    short: str = Field(sa_type=Text)
    long: str = Field(sa_type=Text)
    voice: str = Field(sa_type=Text)
    begun_at: datetime = instant()
    approved_at: datetime | None = instant(nullable=True)
    expires_on: date


class RightsApproval(SQLModel, table=True):
    """One person's approval of a wording."""

    __tablename__ = "rights_approval"
    __table_args__ = (UniqueConstraint("wording_id", "volunteer_id"),)

    id: UUID = Field(primary_key=True)
    wording_id: UUID = Field(foreign_key="rights_wording.id", index=True)
    volunteer_id: UUID = Field(foreign_key="volunteer.id")
    approved_at: datetime = instant()


class CountyPolicy(SQLModel, table=True):
    """One record of what an agency does with ICE (`policies.PolicyFacts` says what the facts mean). A newer record of the same agency
    supersedes it, and it is kept. `recorded_by` is empty for what came from a file at the command line."""

    __tablename__ = "county_policy"
    __table_args__ = (
        Index("uq_county_policy_current", "fips", "agency", unique=True, postgresql_where=text("superseded_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    fips: str = Field(max_length=5)
    agency: str = Field(max_length=80)
    facts: dict[str, Any] = document()
    recorded_at: datetime = instant()
    recorded_by: UUID | None = Field(default=None, foreign_key="volunteer.id")
    superseded_at: datetime | None = instant(nullable=True)


rights_wording = table_of(RightsWording)
rights_approval = table_of(RightsApproval)
county_policy = table_of(CountyPolicy)
