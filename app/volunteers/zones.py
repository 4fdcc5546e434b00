"""Where a verifier starts from: the middle of a town or a ZIP code that they named, so coarse that it is nobody's door."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Field, SQLModel

from app.core.database import Transaction, table_of
from app.records.columns import instant
from app.records.events import record
from app.volunteers.tables import Volunteer

COARSE_DIGITS: Final = 2
"""Decimals of a degree that are kept: about a kilometer."""

LONGEST_NAME: Final = 60

BARE: Final = frozenset({"zone", "zona", "my zone", "mi zona"})

NONE_WORDS: Final = frozenset({"off", "none", "no", "ninguna", "nada"})

_ORDER: Final = re.compile(r"(?:my |mi )?(?:home )?(?:zone|zona)(?: is| es)?[ :]+(\w[\w .,'/-]{0,58})")


class HomeZone(SQLModel, table=True):
    """The place that a volunteer is sent from: a county, or a town or ZIP code of it with the point of its middle (degrees, rounded)."""

    __tablename__ = "home_zone"

    volunteer_id: UUID = Field(primary_key=True, foreign_key="volunteer.id", ondelete="CASCADE")
    county: str = Field(max_length=5)
    name: str = Field(max_length=LONGEST_NAME)
    latitude: float | None = None
    longitude: float | None = None
    set_at: datetime = instant()


home_zone = table_of(HomeZone)


def read_zone_order(text: str) -> str | None:
    """The place of a text that sets the sender's zone: "ZONE 27703", "zona Durham". An empty string takes it back ("ZONE OFF"); the
    bare word names no place. None where the text says something else. Pure."""
    plain = " ".join(text.split()).strip(" .!?").casefold()
    found = _ORDER.fullmatch(plain)
    if found is None:
        return plain if plain in BARE else None
    place = found[1].strip()
    return "" if place in NONE_WORDS else place


async def set_home_zone(
    work: Transaction, person: Volunteer, county: str, name: str, point: tuple[float, float] | None
) -> HomeZone:
    """This person starts from here, from now on. The point (latitude, longitude) is rounded before it is kept."""
    latitude, longitude = (round(point[0], COARSE_DIGITS), round(point[1], COARSE_DIGITS)) if point else (None, None)
    home = HomeZone(
        volunteer_id=person.id,
        county=county,
        name=name[:LONGEST_NAME],
        latitude=latitude,
        longitude=longitude,
        set_at=work.now,
    )
    values = home.model_dump()
    await work.execute(insert(home_zone).values(values).on_conflict_do_update(index_elements=["volunteer_id"], set_=values))
    await record(work, "volunteer.zone", person.id, actor_id=person.id, county=county)
    return home


async def clear_home_zone(work: Transaction, person: Volunteer) -> None:
    """Nothing is kept of where they start from."""
    await work.execute(home_zone.delete().where(home_zone.c.volunteer_id == person.id))
    await record(work, "volunteer.zone", person.id, actor_id=person.id)


async def home_of(work: Transaction, volunteer_id: UUID) -> HomeZone | None:
    """Where a volunteer starts from; None where they did not say."""
    return await work.get(HomeZone, home_zone.c.volunteer_id == volunteer_id)
