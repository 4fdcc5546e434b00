"""How columns are declared: constraint names that migrations can rely on, aware instants, CHECKed states."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, LargeBinary
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import Text
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def instant(*, nullable: bool = False, index: bool = False) -> Any:
    """A column that holds an aware instant (TIMESTAMPTZ)."""
    return Field(default=None, sa_type=DateTime(timezone=True), nullable=nullable, index=index)


def sealed(*, nullable: bool = True) -> Any:
    """A column that holds a value sealed by `Keys.seal`."""
    return Field(default=None, sa_type=LargeBinary, nullable=nullable)


def fingerprint(*, unique: bool = False, nullable: bool = False, index: bool = False) -> Any:
    """A column that holds a keyed hash of 32 bytes."""
    return Field(default=None, sa_type=LargeBinary, unique=unique, nullable=nullable, index=index)


def words(**options: Any) -> Any:
    """A list-of-text column (TEXT[])."""
    return Field(default_factory=list, sa_type=ARRAY(Text), nullable=False, **options)


def document(*, nullable: bool = False) -> Any:
    """A JSON column for facts without persons."""
    return Field(default=None, sa_type=JSONB, nullable=nullable)


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """The CHECK that keeps `column` to the members of an enumeration."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(v.value) for v in values)})", name=column)


Instant = datetime
