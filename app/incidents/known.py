"""What is known already of the place that somebody asks about: an incident that was confirmed there a short while ago."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from app.core.database import Transaction
from app.incidents.join import Joined
from app.records.events import record
from app.records.incidents import Incident, Report, incident, report
from app.records.reading import Kind
from app.records.states import IncidentState, step

KNOWN_FOR: Final = timedelta(hours=2)
"""So long after its confirmation an incident is the answer to "is ICE in Durham?"; as long as an alert holds."""

WHY: Final = "asks about all of the county"


async def answer_by_known(work: Transaction, asked: Report, joined: Joined) -> Joined:
    """A question about a whole town or county, which no report is like, is about what was confirmed in that county lately: it joins that
    incident, so that its sender hears when that changes. A question that names a place stays about that place."""
    is_exact = asked.place is not None and "," in asked.place
    if asked.kind != Kind.RUMOR or not joined.is_new or is_exact or asked.county is None:
        return joined
    lately = (
        select(incident)
        .where(
            incident.c.county == asked.county,
            incident.c.state == IncidentState.CONFIRMED.value,
            incident.c.decided_at > work.now - KNOWN_FOR,
        )
        .order_by(incident.c.decided_at.desc())
        .limit(1)
        .with_for_update()
    )
    found = await work.find(Incident, lately)
    if not found:
        return joined
    [about] = found
    step(IncidentState(joined.incident.state), IncidentState.DISMISSED)
    own = incident.update().where(incident.c.id == joined.incident.id)
    await work.execute(own.values(state=IncidentState.DISMISSED.value, reports=0))
    about.reports += 1
    await work.execute(incident.update().where(incident.c.id == about.id).values(reports=about.reports))
    asked.incident_id, asked.why_joined = about.id, WHY
    await work.execute(report.update().where(report.c.id == asked.id).values(incident_id=about.id, why_joined=WHY))
    await record(work, "incident.merged", joined.incident.id, county=asked.county, into=about.code)
    await record(work, "report.joined", about.id, county=asked.county, kind=asked.kind)
    return replace(joined, incident=about, is_new=False, why=WHY, left=joined.incident.id)
