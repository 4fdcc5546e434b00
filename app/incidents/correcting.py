"""A person reads a report better than the machine did: its kind, its language, its place. The incident follows from its reports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import select

from app.core.database import Transaction
from app.core.errors import BadInput, Conflict, NotFound
from app.incidents.clustering import ABOUT_EVENTS
from app.incidents.regrouping import count_reports, has_active_alert, lock_both, write_incident
from app.incidents.summary import summary_of
from app.records.contacts import contact
from app.records.corrections import keep_example
from app.records.events import record
from app.records.incidents import Incident, Report, report
from app.records.reading import Kind, Location
from app.records.states import DECIDED, IncidentState, ReportState, step

LANGUAGES: Final = ("en", "es", "pt", "fr", "ht", "vi", "zh", "ko", "ar")


async def lock_report(work: Transaction, code: str, report_id: UUID) -> tuple[Incident, Report]:
    """An incident and one of its reports, locked in the order of every regrouping. Raises NotFound."""
    about, _ = await lock_both(work, code, code)
    told = await work.get(Report, report.c.id == report_id, report.c.incident_id == about.id)
    if told is None:
        raise NotFound("This report is not part of this incident any more.")
    return about, told


async def correct_kind(work: Transaction, about: Incident, told: Report, kind: Kind, by: UUID) -> None:
    """A report is of another kind. What is about no event counts no more, and an undecided incident without a report left is taken out;
    what turns out to be one after all counts again."""
    before, told.kind = told.kind, kind.value
    state = ReportState.JOINED if kind in ABOUT_EVENTS else ReportState.DISMISSED
    if told.state != state:
        step(ReportState(told.state), state)
        told.state = state.value
    await _save(work, told, {"kind": kind.value}, kind=told.kind, state=told.state)
    await _follow(work, about)
    await _note(work, about, told, by, "kind", before, kind.value)


async def correct_language(work: Transaction, about: Incident, told: Report, language: str, by: UUID) -> None:
    """A report is in another language, and its sender is answered in it, unless they chose one."""
    if language not in LANGUAGES:
        raise BadInput("Choose a language of the list.")
    before, told.language = told.language, language
    await _save(work, told, {"language": language}, language=language)
    spoke = contact.update().where(contact.c.id == told.contact_id, ~contact.c.language_chosen)
    await work.execute(spoke.values(language=language))
    await _note(work, about, told, by, "language", before, language)


async def correct_place(work: Transaction, about: Incident, told: Report, where: Location, by: UUID) -> None:
    """The only report of an incident is from elsewhere, and so is the incident. Raises Conflict when it is decided or has an alert."""
    if about.state in DECIDED or await has_active_alert(work, about.id):
        raise Conflict("This incident is decided, so its county stays.")
    before, told.county, told.place = told.county, where.county, where.label
    told.latitude, told.longitude = where.point or (None, None)
    at = {"county": told.county, "place": told.place, "latitude": told.latitude, "longitude": told.longitude}
    known = {"counties": list(where.counties), "place": where.label, "point": where.point, "ask_place": False}
    await _save(work, told, known, **at)
    await write_incident(work, about, **at)
    await _note(work, about, told, by, "place", before, told.county)


async def _follow(work: Transaction, about: Incident) -> None:
    """The incident says again what its reports say."""
    counting = select(report).where(report.c.incident_id == about.id, report.c.state == ReportState.JOINED.value)
    held = await work.find(Report, counting.order_by(report.c.received_at, report.c.id))
    values = summary_of(held, about) if held else {}
    if not held and about.state not in (*DECIDED, IncidentState.DISMISSED):
        values["state"] = step(IncidentState(about.state), IncidentState.DISMISSED).value
    elif held and about.state == IncidentState.DISMISSED:
        values["state"] = step(IncidentState(about.state), IncidentState.OPEN).value
    await write_incident(work, about, **values, reports=await count_reports(work, about.id))


async def _save(work: Transaction, told: Report, read: Mapping[str, object], **columns: object) -> None:
    """Write a report's columns and what its sealed reading says of them."""
    if told.reading_sealed is not None:
        known = json.loads(work.unseal(told.reading_sealed, "report", "reading", told.id)) | read
        told.reading_sealed = work.seal(json.dumps(known), "report", "reading", told.id)
        columns["reading_sealed"] = told.reading_sealed
    await work.execute(report.update().where(report.c.id == told.id).values(columns))


async def _note(
    work: Transaction, about: Incident, told: Report, by: UUID, field: str, before: str | None, after: str | None
) -> None:
    await keep_example(work, told, by)
    await record(work, "report.corrected", about.id, actor_id=by, county=about.county, field=field, before=before, after=after)
