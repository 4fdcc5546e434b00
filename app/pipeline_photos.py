"""The main job for a photo: where it says that it was taken may be the place that its report lacks. `pipeline.py` is the page before."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from app.core.database import Transaction
from app.core.languages import TEXT_LANGUAGES
from app.delivery.plan import Message, plan_to
from app.incidents.join import incident_state
from app.intake.answers import thanks_for
from app.intake.photos import PlaceFound
from app.intake.reports import close_question, get_report, place_report, words_of
from app.pipeline import Hotline, open_report, wake_all
from app.places.locate import locate
from app.places.polygons import county_at
from app.records.contacts import Conversation, conversation
from app.records.deliveries import Lane
from app.records.inbound import InboundMessage, inbound_message
from app.records.incidents import Incident, Report
from app.records.photos import Photo
from app.records.reading import Evidence, Location
from app.records.states import DECIDED, ReportState
from app.verification.wording import outcome_words

KEPT_DIGITS: Final = 3
"""Decimals of a degree of a photo's point that are kept: about a hundred metres."""

PHOTO_WEIGHT: Final = 5.0


def place_found(hotline: Hotline) -> PlaceFound:
    """What `settle_photo` does with the point of a photo."""

    async def learn(work: Transaction, seen: Photo, point: tuple[float, float]) -> str | None:
        county = county_at(hotline.gazetteer, *point)
        if county is not None and seen.message_id is not None:
            await _learn_place(work, hotline, seen, county, point)
        return county

    return learn


async def _learn_place(work: Transaction, hotline: Hotline, seen: Photo, county: str, point: tuple[float, float]) -> None:
    """A report without a place gets the photo's: it joins its incident, its sender need not say more and is thanked."""
    message = await work.get(InboundMessage, inbound_message.c.id == seen.message_id)
    if message is None or message.report_id is None:
        return
    await work.get(Conversation, conversation.c.contact_id == message.contact_id, lock=True)  # as a text of theirs would
    told = await get_report(work, message.report_id)
    if told is None or told.county is not None or told.state == ReportState.DISMISSED:
        return
    if await incident_state(work, told) in DECIDED:
        return
    told = await place_report(work, told, _where(hotline, county, point))
    about = await open_report(work, hotline, told, words_of(work, told))
    await close_question(work, told)
    await plan_to(work, Message(Lane.REPLY, "answer", _thanks(hotline, told, about), message.id), [told.contact_id])
    wake_all(work, hotline)


def _where(hotline: Hotline, county: str, point: tuple[float, float]) -> Location:
    """The county, and about where in it: whoever took a photo did not choose to say from which house."""
    latitude, longitude = (f"{part:.{KEPT_DIGITS}f}" for part in point)
    about = locate(f"{latitude}, {longitude}", hotline.gazetteer)
    name = hotline.counties.by_fips(county).label("en")
    evidence = (Evidence("(photo)", f"taken in {name}, by the photo's own data", PHOTO_WEIGHT),)
    if about.county != county:  # so near a border that the point may not be rounded
        return Location((county,), name, None, (), evidence)
    return replace(about, evidence=evidence)


def _thanks(hotline: Hotline, told: Report, about: Incident) -> dict[str, str]:
    if about.state in DECIDED:
        return outcome_words(hotline.texts, hotline.counties, about, hotline.time_zone)
    county = hotline.counties.by_fips(told.county or "")
    return hotline.texts.in_every_language(thanks_for(told), county={one: county.label(one) for one in TEXT_LANGUAGES})
