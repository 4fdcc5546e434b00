"""Whose word confirms an incident: the newest from the place, of trained people who did not report it themselves."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import or_, select

from app.core.database import Transaction
from app.records.incidents import report
from app.records.verification import Observation, Outcome, observation
from app.volunteers.tables import volunteer


async def confirming_witnesses(work: Transaction, incident_id: UUID) -> set[UUID]:
    """The volunteers who stand behind a confirmation now: not who took their word back, was not there, is not trained or
    still learns, or reported it."""
    statement = select(observation).where(observation.c.incident_id == incident_id).order_by(observation.c.observed_at)
    newest = {seen.volunteer_id: seen for seen in await work.find(Observation, statement)}
    saw = [who for who, seen in newest.items() if seen.on_site and seen.outcome == Outcome.CONFIRM]
    reporters = select(report.c.contact_id).where(report.c.incident_id == incident_id)
    rows = await work.execute(
        select(volunteer.c.id).where(
            volunteer.c.id.in_(saw),
            volunteer.c.trained,
            ~volunteer.c.trainee,
            or_(volunteer.c.contact_id.is_(None), volunteer.c.contact_id.not_in(reporters)),
        )
    )
    return set(rows.scalars())


async def ever_confirmed(work: Transaction, incident_id: UUID) -> set[UUID]:
    """The volunteers who at any time confirmed an incident from the place, also those who took it back since."""
    rows = await work.execute(
        select(observation.c.volunteer_id)
        .distinct()
        .where(
            observation.c.incident_id == incident_id,
            observation.c.on_site,
            observation.c.outcome == Outcome.CONFIRM.value,
        )
    )
    return set(rows.scalars())
