"""Which event a report is of: the open incident that is most like it, or a new one. Never across counties; always with the reason kept."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import literal, or_, select, text, union_all

from app.core.database import Transaction
from app.core.errors import NotFound
from app.core.ids import new_code
from app.incidents.accounts import account_of, newest_accounts
from app.incidents.clustering import best_match
from app.records.events import record, record_later
from app.records.incidents import Incident, Report, incident, report
from app.records.reading import Kind
from app.records.states import IncidentState, ReportState, TaskState, step
from app.records.verification import observation, offer, task

_STILL_OPEN: Final = (IncidentState.OPEN.value, IncidentState.VERIFYING.value, IncidentState.CONFIRMED.value)
"""What a new sighting can be part of. After "nothing there" a sighting is a new event: somebody must look again."""

_ALL_BUT_DISMISSED: Final = tuple(state.value for state in IncidentState if state is not IncidentState.DISMISSED)
"""What a rumor can be about: its sender wants the answer, also when it is known already."""

JOIN = text("""
    WITH opened AS (
        INSERT INTO incident (id, code, state, kind, county, place, latitude, longitude, urgent, reports, first_report_at, last_report_at)
        SELECT :incident, :code, 'open', :kind, :county, :place, CAST(:latitude AS float8), CAST(:longitude AS float8), :urgent, 1,
            :received_at, :received_at
        WHERE :is_new
        ON CONFLICT (code) DO NOTHING
        RETURNING id
    )
    UPDATE report SET incident_id = :incident, state = 'joined', why_joined = :why
    WHERE id = :report AND (NOT :is_new OR EXISTS (SELECT FROM opened))
""")
"""A report goes into its incident, which is opened with it where it is new; nothing happens if the code drawn for it is taken."""


@dataclass(frozen=True)
class Joined:
    """The incident that a report is part of now, whether it was made for it, and why; `left` is one that it was alone in before."""

    incident: Incident
    is_new: bool
    why: str
    left: UUID | None = None


async def join_incident(work: Transaction, new: Report, words: str) -> Joined:
    """Put a report into the incident that it describes. Reports of one county are joined one after another, so that neighbours who write
    in the same second find each other's incident. A report whose county is not known stands alone until somebody learns it."""
    await work.lock("incidents", new.county or "unknown")
    match = await _find_match(work, new, words)
    found = await _open_incident(work, new) if match is None else await _add_to(work, match[0], new, match[1])
    why = "first report" if match is None else match[1]
    new.incident_id, new.state, new.why_joined = found.id, ReportState.JOINED.value, why[:400]
    record_later(
        work, "report.joined" if match else "incident.opened", found.id, county=found.county, urgent=new.urgent, kind=new.kind
    )
    return Joined(found, match is None, why)


async def get_incident(work: Transaction, code: str, *, lock: bool = False) -> Incident:
    """The incident with a code that people say. Raises NotFound."""
    found = await work.get(Incident, incident.c.code == code.upper(), lock=lock)
    if found is None:
        raise NotFound(f"There is no incident {code.upper()[:12]}.")
    return found


async def incident_state(work: Transaction, told: Report) -> IncidentState | None:
    """What is known of the incident of a report; None while it has none."""
    state = await work.scalar(select(incident.c.state).where(incident.c.id == told.incident_id)) if told.incident_id else None
    return IncidentState(state) if state else None


async def learn_place(work: Transaction, told: Report, words: str) -> Joined:
    """A report that had to stand alone (urgent, its county unknown) has its place now: it joins the event there, or its own incident
    gets the county."""
    await work.lock("incidents", told.county or "unknown")
    own = await work.get(Incident, incident.c.id == told.incident_id, lock=True)
    if own is None or told.county is None:
        return await join_incident(work, told, words)
    if own.county is not None:
        return Joined(own, is_new=False, why="a person knew the county already")
    match = await _find_match(work, told, words)
    if match is None or own.reports > 1 or await _is_worked_on(work, own):
        changes = {"county": told.county, "place": told.place, "latitude": told.latitude, "longitude": told.longitude}
        await work.execute(incident.update().where(incident.c.id == own.id).values(changes))
        for name, value in changes.items():
            setattr(own, name, value)
        await record(work, "incident.located", own.id, county=own.county)
        return Joined(own, is_new=False, why="its place became known")
    step(IncidentState(own.state), IncidentState.DISMISSED)
    await work.execute(incident.update().where(incident.c.id == own.id).values(state=IncidentState.DISMISSED.value, reports=0))
    await record(work, "incident.merged", own.id, county=told.county, into=match[0].code)
    return replace(await join_incident(work, told, words), left=own.id)


async def refresh_urgency(work: Transaction, told: Report) -> None:
    """A fragment made a report more urgent: so is its incident."""
    await work.execute(
        incident.update()
        .where(incident.c.id == told.incident_id)
        .values(urgent=or_(incident.c.urgent, literal(told.urgent)), last_report_at=work.now)
    )


async def set_county(work: Transaction, about: Incident, county: str, by: UUID) -> Incident:
    """A person learned where it is."""
    await work.execute(incident.update().where(incident.c.id == about.id).values(county=county))
    await work.execute(report.update().where(report.c.incident_id == about.id, report.c.county.is_(None)).values(county=county))
    before, about.county = about.county, county
    await record(work, "incident.located", about.id, actor_id=by, county=county, before=before)
    return about


async def _is_worked_on(work: Transaction, own: Incident) -> bool:
    """Whether somebody holds it, was sent to it, or found something: then it is not merged away under them."""
    if own.state != IncidentState.OPEN:
        return True
    leased = select(task.c.id).where(task.c.incident_id == own.id, task.c.state == TaskState.LEASED.value)
    offered = select(offer.c.id).where(offer.c.incident_id == own.id)
    seen = select(observation.c.id).where(observation.c.incident_id == own.id)
    return await work.first(union_all(leased, offered, seen).limit(1)) is not None


async def _find_match(work: Transaction, new: Report, words: str) -> tuple[Incident, str] | None:
    if new.county is None:
        return None
    groups = await newest_accounts(work, new, _STILL_OPEN if new.kind != Kind.RUMOR else _ALL_BUT_DISMISSED)
    ids = list(groups)
    match = best_match(account_of(new, words, _details(work, new)), [groups[i] for i in ids])
    if match is None:
        return None
    found = await work.get(Incident, incident.c.id == ids[match.index], lock=True)
    return (found, "; ".join(match.reasons)) if found is not None else None


async def _open_incident(work: Transaction, first: Report) -> Incident:
    while True:
        opened = Incident(
            id=work.new_id(),
            code=new_code(),
            kind=first.kind,
            county=first.county,
            place=first.place,
            latitude=first.latitude,
            longitude=first.longitude,
            urgent=first.urgent,
            reports=1,
            first_report_at=first.received_at,
            last_report_at=first.received_at,
        )
        if await _join(work, first, opened, "first report", is_new=True):
            return opened


async def _add_to(work: Transaction, found: Incident, new: Report, why: str) -> Incident:
    """The incident knows what any of its reports knows: the gravest kind, the first exact place, the latest time."""
    kinds = {found.kind, new.kind}
    grave = next((k for k in (Kind.DETENTION, Kind.REPORT, Kind.RUMOR) if k in kinds), found.kind)
    changes: dict[str, Any] = {
        "kind": str(grave),
        "urgent": found.urgent or new.urgent,
        "reports": found.reports + 1,
        "last_report_at": max(found.last_report_at, new.received_at),
    }
    if (found.latitude is None and new.latitude is not None) or found.place is None:
        changes |= {"place": new.place or found.place, "latitude": new.latitude, "longitude": new.longitude}
    await work.execute(incident.update().where(incident.c.id == found.id).values(changes))
    for name, value in changes.items():
        setattr(found, name, value)
    await _join(work, new, found, why, is_new=False)
    return found


async def _join(work: Transaction, new: Report, into: Incident, why: str, *, is_new: bool) -> bool:
    done = await work.execute(
        JOIN,
        {
            "incident": into.id,
            "code": into.code,
            "kind": into.kind,
            "county": into.county,
            "place": into.place,
            "latitude": into.latitude,
            "longitude": into.longitude,
            "urgent": into.urgent,
            "received_at": into.first_report_at,
            "is_new": is_new,
            "report": new.id,
            "why": why[:400],
        },
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]  # a CursorResult, as of every UPDATE


def _details(work: Transaction, told: Report) -> dict[str, str]:
    reading = json.loads(work.unseal(told.reading_sealed, "report", "reading", told.id)) if told.reading_sealed else {}
    details: dict[str, str] = reading.get("salute", {})
    return details
