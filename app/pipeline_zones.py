"""A volunteer says where they start from, by text or in the console: the place is found as a report's is, and kept as coarse as a town."""

from __future__ import annotations

import re
from typing import Final
from uuid import UUID

from app.core.database import Transaction
from app.hotline import Hotline
from app.intake.answers import Asker
from app.intake.conversation import SIGHTINGS, Answer, Heard
from app.places.locate import locate
from app.records.reading import Reading
from app.volunteers.tables import Volunteer, volunteer
from app.volunteers.zones import HomeZone, clear_home_zone, read_zone_order, set_home_zone

ZIP: Final = re.compile(r"\d{5}, ")


async def answer_zone(
    work: Transaction, hotline: Hotline, asker: Asker, volunteer_id: UUID, reading: Reading, heard: Heard
) -> Answer | None:
    """ZONE and a town or ZIP code. None when the text says something else, or answers a question, or tells of something seen."""
    words = read_zone_order(asker.words)
    if words is None or heard.question is not None or reading.assessment.kind in SIGHTINGS:
        return None
    person = await work.get(Volunteer, volunteer.c.id == volunteer_id)
    assert person is not None  # as whoever wrote is on the roster
    if not words:
        await clear_home_zone(work, person)
        return Answer(asker.say("zone.cleared"))
    home = await settle_home(work, hotline, person, words)
    return Answer(asker.say("zone.set", place=home.name) if home is not None else asker.say("zone.how"))


async def settle_home(work: Transaction, hotline: Hotline, person: Volunteer, words: str) -> HomeZone | None:
    """They start from the place that `words` name: the ZIP code or the town. None where that is not one place of one county."""
    named = locate(words, hotline.gazetteer, home_counties=person.counties, answering=True)
    if named.county is None or named.label is None:
        return None
    name = named.label if ZIP.match(named.label) else named.label.rsplit(",", 1)[-1].strip()
    middle = locate(name, hotline.gazetteer, home_counties=[named.county], answering=True)
    point = middle.point if middle.county == named.county else None
    return await set_home_zone(work, person, named.county, name, point)
