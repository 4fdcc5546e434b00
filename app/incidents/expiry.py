"""How long an incident waits to be confirmed: events are short, and a board full of yesterday's rumors hides what is happening now."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import case, exists, select

from app.core.database import Transaction
from app.records.events import record
from app.records.incidents import Incident, incident
from app.records.reading import Kind
from app.records.states import IncidentState, OfferState, TaskState, step
from app.records.verification import observation, offer, task

UNCONFIRMED_FOR: Final = {
    Kind.RUMOR.value: timedelta(hours=3),
    Kind.REPORT.value: timedelta(hours=4),
    Kind.DETENTION.value: timedelta(hours=24),
}
"""So long after its last report an incident of a kind is looked into. A stop or a raid is over in an hour or two; a family whose relative
was taken is helped the next day too."""

MOST_AT_ONCE: Final = 50


async def end_unconfirmed(work: Transaction) -> list[Incident]:
    """End the incidents that nobody confirmed in the time of their kind, but those that somebody works on, is asked about, or saw lately.
    Nobody found out, so they become "could not check". Those that others hold are left for the next time."""
    since = case(
        *((incident.c.kind == kind, work.now - wait) for kind, wait in UNCONFIRMED_FOR.items()),
        else_=work.now - UNCONFIRMED_FOR[Kind.REPORT.value],
    )
    worked_on = exists().where(
        task.c.incident_id == incident.c.id, task.c.state == TaskState.LEASED.value, task.c.lease_until > work.now
    )
    asked = exists().where(
        offer.c.incident_id == incident.c.id, offer.c.state.in_((OfferState.OFFERED.value, OfferState.ACCEPTED.value)),
        offer.c.offered_at > since,
    )  # fmt: skip
    seen = exists().where(observation.c.incident_id == incident.c.id, observation.c.observed_at > since)
    undecided = (IncidentState.OPEN.value, IncidentState.VERIFYING.value)
    over = await work.find(
        Incident,
        select(incident)
        .where(incident.c.state.in_(undecided), incident.c.last_report_at <= since, ~worked_on, ~asked, ~seen)
        .order_by(incident.c.id)
        .limit(MOST_AT_ONCE)
        .with_for_update(skip_locked=True),
    )
    for about in over:
        then = step(IncidentState(about.state), IncidentState.UNABLE)
        await work.execute(incident.update().where(incident.c.id == about.id).values(state=then.value, decided_at=work.now))
        about.state, about.decided_at = then.value, work.now
        hours = round(UNCONFIRMED_FOR.get(about.kind, UNCONFIRMED_FOR[Kind.REPORT.value]).total_seconds() / 3600)
        await record(work, "incident.expired", about.id, county=about.county, hours=hours)
    return over
