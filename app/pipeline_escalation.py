"""The main job when nobody comes: something urgent that waits is brought before more and more people. `pipeline.py` is the page before.

By text only: nobody is rung.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import exists, func, or_, select

from app.core.database import Transaction
from app.delivery.plan import Message, plan_to
from app.hotline import Hotline, wake_all
from app.records.deliveries import Lane
from app.records.events import record
from app.records.incidents import Incident, incident
from app.records.states import IncidentState, TaskState
from app.records.verification import task
from app.verification.wording import escalation_words
from app.volunteers.tables import Role, Standing, volunteer

log = structlog.get_logger(__name__)

STAGES: Final = ((Role.BACKUP, timedelta(minutes=3)), (Role.LEAD, timedelta(minutes=8)))
"""Who is called, and after how long in which nobody held it."""


async def escalate(work: Transaction, hotline: Hotline) -> int:
    """Text those who must hear of what is urgent and in nobody's hands, each stage once a task. Returns how many tasks that were."""
    moved = 0
    for stage, (role, after) in enumerate(STAGES, start=1):
        urgent = exists().where(
            incident.c.id == task.c.incident_id,
            incident.c.urgent,
            incident.c.state.in_((IncidentState.OPEN.value, IncidentState.VERIFYING.value)),
        )
        late = (
            task.update()
            .where(
                task.c.state == TaskState.WAITING.value,
                task.c.escalated < stage,
                func.coalesce(task.c.waits_since, task.c.created_at) <= work.now - after,
                urgent,
            )
            .values(escalated=stage)
            .returning(task.c.id, task.c.incident_id)
        )
        for row in (await work.execute(late)).all():
            about = await work.get(Incident, incident.c.id == row.incident_id)
            assert about is not None  # as a task always has one
            people = await _on_call(work, role, about.county)
            if people:
                texts = escalation_words(hotline.texts, hotline.counties, about, role.value)
                await plan_to(work, Message(Lane.DISPATCH, f"escalation_{role.value}", texts, row.id), people)
            else:
                log.warning("nobody_to_call", role=role.value)
            await record(work, "task.escalated", about.id, county=about.county, role=role.value, people=len(people))
            moved += 1
    if moved:
        wake_all(work, hotline)
    return moved


async def _on_call(work: Transaction, role: Role, county: str | None) -> list[UUID]:
    """The phones of those who have a role and cover a county; with no county known, of all who have it."""
    statement = select(volunteer.c.contact_id).where(
        volunteer.c.standing == Standing.ACTIVE.value,
        volunteer.c.roles.contains([role.value]),
        volunteer.c.contact_id.is_not(None),
    )
    if county is not None:
        statement = statement.where(or_(func.cardinality(volunteer.c.counties) == 0, volunteer.c.counties.contains([county])))
    return list((await work.execute(statement)).scalars())
