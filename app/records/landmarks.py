"""The landmarks that organizers add themselves: the plaza, the trailer park, the market that everybody here knows by its own name.

Every change of one is an authored act, and the last change can be undone. `app/places/atlas.py` puts them into the gazetteer.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import func, select
from sqlmodel import Field as Column
from sqlmodel import SQLModel

from app.core.database import Transaction, table_of
from app.core.errors import Conflict, NotFound
from app.records.columns import document, instant, words
from app.records.events import record

MOST_ALIASES: Final = 20
LONGEST_NAME: Final = 60
SHORTEST_NAME: Final = 4
"""Letters. A shorter name would be found in texts that don't mean it."""


class LandmarkKind(StrEnum):
    """What a landmark of ours may be: a thing that stands somewhere, a part of a town, a street."""

    LANDMARK = "landmark"
    NEIGHBOURHOOD = "neighbourhood"
    CORRIDOR = "corridor"


class Landmark(SQLModel, table=True):
    """One landmark. `aliases` are its other names, as people say and hear them; `county` is a FIPS code; the point is WGS 84 degrees.
    `before` holds the facts as they were before the last change, for undoing it; `version` counts the changes; `removed_at` is set while it
    is removed."""

    id: UUID = Column(primary_key=True)
    name: str = Column(max_length=60)
    kind: str = Column(max_length=16)
    county: str = Column(max_length=5, index=True)
    town: str = Column(default="", max_length=60)
    aliases: list[str] = words()
    latitude: float | None = None
    longitude: float | None = None
    before: dict[str, Any] | None = document(nullable=True)
    version: int = 1
    changed_at: datetime = instant()
    removed_at: datetime | None = instant(nullable=True)


landmark = table_of(Landmark)


class LandmarkFacts(BaseModel):
    """What an organizer writes of a landmark. Aliases come as lines or between commas."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    name: str = Field(min_length=SHORTEST_NAME, max_length=LONGEST_NAME)
    kind: LandmarkKind = LandmarkKind.LANDMARK
    county: str = Field(pattern=r"^\d{5}$")
    town: str = Field(default="", max_length=LONGEST_NAME)
    aliases: tuple[str, ...] = Field(default=(), max_length=MOST_ALIASES)
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)

    @field_validator("aliases", mode="before")
    @classmethod
    def _split(cls, said: object) -> object:
        if not isinstance(said, str):
            return said
        return tuple(dict.fromkeys(name for line in said.splitlines() for name in map(str.strip, line.split(",")) if name))


async def add_landmark(work: Transaction, facts: LandmarkFacts, by: UUID) -> Landmark:
    """Keep a new landmark. The caller has checked its facts."""
    added = Landmark(id=work.new_id(), changed_at=work.now, **_columns(facts))
    await work.add(added)
    await record(work, "landmark.added", added.id, actor_id=by, county=added.county, name=added.name)
    return added


async def change_landmark(work: Transaction, landmark_id: UUID, facts: LandmarkFacts, by: UUID) -> Landmark:
    """Replace what is known of a landmark; what was known before can be had back. Raises NotFound."""
    held = await get_landmark(work, landmark_id, lock=True)
    await _write(work, held, _columns(facts) | {"before": _facts_of(held), "removed_at": None})
    await record(work, "landmark.changed", held.id, actor_id=by, county=facts.county, name=facts.name)
    return held


async def remove_landmark(work: Transaction, landmark_id: UUID, by: UUID) -> Landmark:
    """Take a landmark out of use; it can be put back. Raises NotFound, or Conflict where it is removed already."""
    held = await get_landmark(work, landmark_id, lock=True)
    if held.removed_at is not None:
        raise Conflict("This landmark is removed already.")
    await _write(work, held, {"removed_at": work.now})
    await record(work, "landmark.removed", held.id, actor_id=by, county=held.county, name=held.name)
    return held


async def undo_landmark(work: Transaction, landmark_id: UUID, by: UUID) -> Landmark:
    """Put a removed landmark back, or else undo its last change. Raises NotFound, or Conflict where there is nothing to undo."""
    held = await get_landmark(work, landmark_id, lock=True)
    if held.removed_at is not None:
        await _write(work, held, {"removed_at": None})
    elif held.before is not None:
        await _write(work, held, held.before | {"before": _facts_of(held)})
    else:
        raise Conflict("There is nothing to undo here.")
    await record(work, "landmark.restored", held.id, actor_id=by, county=held.county, name=held.name)
    return held


async def get_landmark(work: Transaction, landmark_id: UUID, *, lock: bool = False) -> Landmark:
    """One landmark, removed or not. Raises NotFound."""
    found = await work.get(Landmark, landmark.c.id == landmark_id, lock=lock)
    if found is None:
        raise NotFound("This landmark is not here. Somebody may have erased it.")
    return found


async def list_landmarks(work: Transaction, *, removed: bool = False) -> list[Landmark]:
    """Every landmark of ours in use, or those that were removed, by county and name."""
    in_use = landmark.c.removed_at.is_not(None) if removed else landmark.c.removed_at.is_(None)
    return await work.find(Landmark, select(landmark).where(in_use).order_by(landmark.c.county, landmark.c.name))


async def landmarks_stamp(work: Transaction) -> tuple[Any, ...]:
    """A value that differs whenever any landmark was added, changed, removed or put back since."""
    row = await work.first(select(func.count(), func.sum(landmark.c.version)).select_from(landmark))
    return tuple(row or ())


async def _write(work: Transaction, held: Landmark, values: dict[str, Any]) -> None:
    values |= {"changed_at": work.now, "version": held.version + 1}
    await work.execute(landmark.update().where(landmark.c.id == held.id).values(values))
    for name, value in values.items():
        setattr(held, name, value)


def _columns(facts: LandmarkFacts) -> dict[str, Any]:
    return facts.model_dump() | {"kind": facts.kind.value, "aliases": list(facts.aliases)}


def _facts_of(held: Landmark) -> dict[str, Any]:
    return {name: getattr(held, name) for name in LandmarkFacts.model_fields}
