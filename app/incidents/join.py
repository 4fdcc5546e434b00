"""Which event a report is of: the open incident that is most like it, or a new one. Never across counties; always with the reason kept."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from sqlalchemy import literal, or_, select, union_all

from app.core.database import Transaction, lock_statement, row_as
from app.core.errors import NotFound
from app.core.ids import new_code
from app.incidents.accounts import account_of, find_newest, read_accounts
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

UNUSED_CODES: Final = """
    SELECT code FROM unnest(CAST(%(drawn)s AS text[])) AS drawn (code)
    WHERE NOT EXISTS (SELECT FROM incident WHERE incident.code = drawn.code)
"""

DRAWN_AT_ONCE: Final = 3
"""Three are taken already once in millions of times, and then others are drawn."""

OPEN: Final = """
    INSERT INTO incident (id, code, state, kind, county, place, latitude, longitude, urgent, reports, first_report_at, last_report_at)
    VALUES (%(id)s, %(code)s, %(state)s, %(kind)s, %(county)s, %(place)s, %(latitude)s, %(longitude)s, %(urgent)s, %(reports)s,
        %(first_report_at)s, %(last_report_at)s)
"""

_LEARNS: Final = "((latitude IS NULL AND CAST(%(latitude)s AS float8) IS NOT NULL) OR place IS NULL)"

GROW: Final = f"""
    UPDATE incident SET
        kind = CASE
            WHEN '{Kind.DETENTION}' IN (kind, %(kind)s) THEN '{Kind.DETENTION}'
            WHEN '{Kind.REPORT}' IN (kind, %(kind)s) THEN '{Kind.REPORT}'
            WHEN '{Kind.RUMOR}' IN (kind, %(kind)s) THEN '{Kind.RUMOR}'
            ELSE kind END,
        urgent = urgent OR %(urgent)s, reports = reports + 1, last_report_at = greatest(last_report_at, %(received_at)s),
        place = CASE WHEN {_LEARNS} THEN coalesce(nullif(%(place)s, ''), place) ELSE place END,
        latitude = CASE WHEN {_LEARNS} THEN %(latitude)s ELSE latitude END,
        longitude = CASE WHEN {_LEARNS} THEN %(longitude)s ELSE longitude END
    WHERE id = %(id)s
    RETURNING *
"""  # noqa: S608  # constants of ours
"""An incident knows what any of its reports knows: the gravest kind, the first exact place, the latest time."""

JOIN: Final = "UPDATE report SET incident_id = %(incident)s, state = %(state)s, why_joined = %(why)s WHERE id = %(report)s"


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
    match, codes = await _find_match(work, new, words)
    grown = await _add_to(work, match[0], new) if match else None
    found = grown or await _open_incident(work, new, codes)
    why = match[1] if match and grown else "first report"
    new.incident_id, new.state, new.why_joined = found.id, ReportState.JOINED.value, why[:400]
    work.execute_later(JOIN, {"incident": found.id, "state": new.state, "why": new.why_joined, "report": new.id})
    record_later(
        work, "report.joined" if grown else "incident.opened", found.id, county=found.county, urgent=new.urgent, kind=new.kind
    )
    return Joined(found, grown is None, why)


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
    match, _ = await _find_match(work, told, words)
    other = await work.get(Incident, incident.c.id == match[0], lock=True) if match else None
    own = await work.get(Incident, incident.c.id == told.incident_id, lock=True)
    if own is None or told.county is None:
        return await join_incident(work, told, words)
    if own.county is not None:
        return Joined(own, is_new=False, why="a person knew the county already")
    if other is None or own.reports > 1 or await _is_worked_on(work, own):
        changes = {"county": told.county, "place": told.place, "latitude": told.latitude, "longitude": told.longitude}
        await work.execute(incident.update().where(incident.c.id == own.id).values(changes))
        for name, value in changes.items():
            setattr(own, name, value)
        await record(work, "incident.located", own.id, county=own.county)
        return Joined(own, is_new=False, why="its place became known")
    step(IncidentState(own.state), IncidentState.DISMISSED)
    await work.execute(incident.update().where(incident.c.id == own.id).values(state=IncidentState.DISMISSED.value, reports=0))
    await record(work, "incident.merged", own.id, county=told.county, into=other.code)
    return replace(await join_incident(work, told, words), left=own.id)


async def refresh_urgency(work: Transaction, told: Report) -> None:
    """A fragment made a report more urgent: so is its incident."""
    await work.execute(
        incident.update()
        .where(incident.c.id == told.incident_id)
        .values(urgent=or_(incident.c.urgent, literal(told.urgent)), last_report_at=work.now)
    )


async def lock_counties(work: Transaction, *counties: str | None) -> None:
    """Have whoever joins a report in one of these counties wait until we are done. It comes before any lock of an incident."""
    for county in sorted({county or "unknown" for county in counties}):
        await work.lock("incidents", county)


async def set_county(work: Transaction, about: Incident, county: str, by: UUID) -> Incident:
    """A person learned where it is. Both counties are locked by then (`lock_counties`)."""
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


async def _find_match(work: Transaction, new: Report, words: str) -> tuple[tuple[UUID, str] | None, list[str]]:
    """The incident that a report is of, and why; and codes that are unused, for the case that there is none. Whoever else joins a report
    of this county waits until we are done."""
    locked, drawn = lock_statement("incidents", new.county or "unknown"), (UNUSED_CODES, _draw())
    if new.county is None:
        _, free = await work.query_together(locked, drawn)
        return None, [row["code"] for row in free]
    states = _STILL_OPEN if new.kind != Kind.RUMOR else _ALL_BUT_DISMISSED
    _, [newest], free = await work.query_together(locked, find_newest(new, states, work.now), drawn)
    account = account_of(new, words, _details(work, new))
    groups = await read_accounts(work, newest, new, account)
    match = best_match(account, list(groups.values()))
    found = (UUID(list(groups)[match.index]), "; ".join(match.reasons)) if match else None
    return found, [row["code"] for row in free]


async def _open_incident(work: Transaction, first: Report, codes: list[str]) -> Incident:
    """Should another draw the same code in this very moment, the table refuses the later of the two, and Twilio tells that text again."""
    while not codes:
        codes = [row["code"] for row in await work.query(UNUSED_CODES, _draw())]
    opened = {
        "id": work.new_id(),
        "code": codes[0],
        "state": IncidentState.OPEN.value,
        "kind": first.kind,
        "county": first.county,
        "place": first.place,
        "latitude": first.latitude,
        "longitude": first.longitude,
        "urgent": first.urgent,
        "reports": 1,
        "first_report_at": first.received_at,
        "last_report_at": first.received_at,
    }
    work.execute_later(OPEN, opened)
    return row_as(Incident, opened | {"decided_at": None, "decided_by": None})


def _draw() -> dict[str, list[str]]:
    return {"drawn": [new_code() for _ in range(DRAWN_AT_ONCE)]}


async def _add_to(work: Transaction, incident_id: UUID, new: Report) -> Incident | None:
    """The incident with one report more, locked; None where it was removed in this very moment."""
    told = {name: getattr(new, name) for name in ("kind", "urgent", "received_at", "place", "latitude", "longitude")}
    rows = await work.query(GROW, told | {"id": incident_id})
    return row_as(Incident, rows[0]) if rows else None


def _details(work: Transaction, told: Report) -> dict[str, str]:
    reading = json.loads(work.unseal(told.reading_sealed, "report", "reading", told.id)) if told.reading_sealed else {}
    details: dict[str, str] = reading.get("salute", {})
    return details
