"""The main job when nobody comes: something urgent that waits is brought before more and more people. `pipeline.py` is the page before.

By text to all of them, and by a call to the first few (`pipeline_urgent_calls.py`). Whoever takes it first ends it: texts and calls that
still wait do not go, and a task that comes back into the queue may be brought before them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import exists, func, select

from app.core.database import Transaction
from app.core.languages import TEXT_LANGUAGES
from app.delivery.plan import Message, plan_to, withdraw
from app.hotline import Hotline, wake_all
from app.records.deliveries import Lane
from app.records.events import record
from app.records.incidents import Incident, incident
from app.records.states import IncidentState, TaskState
from app.records.urgent_calls import call_off_calls, plan_call
from app.records.verification import Task, task
from app.verification.tasks import pull_task
from app.verification.wording import escalation_words
from app.volunteers.on_call import Called, Nearness, nearest, who_is_next
from app.volunteers.tables import Role, Volunteer

log = structlog.get_logger(__name__)

STAGES: Final = ((Role.BACKUP, timedelta(minutes=3)), (Role.LEAD, timedelta(minutes=8)))
"""Who is called, and after how long in which nobody held it."""

MOST_RUNG: Final = 3
"""So many phones ring at a stage; all at once, as each minute counts."""

PURPOSES: Final = {role: f"escalation_{role.value}" for role, _ in STAGES}
"""What the texts to each are for, by which they are found again."""


async def escalate(work: Transaction, hotline: Hotline) -> int:
    """Text those who must hear of what is urgent and in nobody's hands, each stage once a task. Returns how many tasks that were."""
    moved = 0
    for stage, (asked, after) in enumerate(STAGES, start=1):
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
            role, called = await whom_to_call(work, asked, about.county)
            if called:
                texts = escalation_words(hotline.texts, hotline.counties, about, role.value)
                await plan_to(work, Message(Lane.DISPATCH, PURPOSES[role], texts, row.id), [one.contact_id for one in called])
                for one in whom_to_ring(called):
                    await plan_call(work, row.id, one.volunteer_id, role.value, language_of(one))
            else:
                log.warning("nobody_to_call", role=role.value)
            await record(work, "task.escalated", about.id, county=about.county, role=role.value, people=len(called))
            moved += 1
    if moved:
        wake_all(work, hotline)
    return moved


async def whom_to_call(work: Transaction, role: Role, county: str | None) -> tuple[Role, list[Called]]:
    """Whom to tell now that a stage is reached, and as what: who has its role; the leads, where nobody is on backup for the county, as
    there is no use in waiting."""
    called = nearest(await who_is_next(work, role, county))
    if not called and role is Role.BACKUP:
        return Role.LEAD, nearest(await who_is_next(work, Role.LEAD, county))
    return role, called


def whom_to_ring(called: Sequence[Called]) -> list[Called]:
    """Whose phone rings, too: the first MOST_RUNG, and nobody who is away or in their quiet hours; these have the text. Pure."""
    return [one for one in called if one.nearness is not Nearness.AWAY][:MOST_RUNG]


def language_of(person: Called) -> str:
    """The language to call somebody in: the first of theirs that we have texts in, else English. Pure."""
    return next((language for language in person.languages if language in TEXT_LANGUAGES), "en")


async def take_task(work: Transaction, hotline: Hotline, person: Volunteer) -> Task | None:
    """The most urgent task that fits a dispatcher, now theirs; whoever was about to be called about it is left in peace."""
    taken = await pull_task(work, hotline.queue, person)
    if taken is not None:
        await end_escalation(work, taken)
    return taken


async def end_escalations(work: Transaction) -> int:
    """The same for what came into somebody's hands, or was decided, in another way. Returns how many tasks that were."""
    held = await work.find(
        Task,
        select(task).where(task.c.state != TaskState.WAITING.value, task.c.escalated > 0).with_for_update(skip_locked=True),
    )
    for one in held:
        await end_escalation(work, one)
    return len(held)


async def end_escalation(work: Transaction, taken: Task) -> None:
    """Somebody has it: texts about it that still wait are not sent, and the time in which nobody holds it would begin anew."""
    if taken.escalated == 0:
        return
    for purpose in PURPOSES.values():
        await withdraw(work, taken.id, purpose)
    await call_off_calls(work, taken.id)
    await work.execute(task.update().where(task.c.id == taken.id).values(escalated=0))
    taken.escalated = 0
