"""What people approved of the rights texts: each wording as it was read, and who approved it."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.types import Text
from sqlmodel import Field, SQLModel

from app.core.database import table_of
from app.records.columns import instant


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


rights_wording = table_of(RightsWording)
rights_approval = table_of(RightsApproval)
