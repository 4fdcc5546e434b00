"""The main job where people correct it: incidents merged, split and put back, with their tasks, offers and answers. `pipeline.py` is the
page before this."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import select

from app.core.database import Transaction
from app.core.errors import Conflict
from app.core.languages import TEXT_LANGUAGES
from app.delivery.plan import already_told
from app.hotline import Hotline, call_off, tell_outcome, wake_all
from app.incidents.confidence import likely
from app.incidents.expiry import end_unconfirmed
from app.incidents.regrouping import merge_incidents, split_incident, undo_regrouping
from app.incidents.told import how_sure
from app.records.incidents import Incident, Report, incident
from app.records.regroupings import Act, Reason
from app.records.states import DECIDED, TaskState
from app.records.verification import Task, task
from app.verification.tasks import ANY_LANGUAGE, finish_task, open_task, reopen_task
from app.verification.urgency import head_start
from app.volunteers.tables import Volunteer, volunteer

MOST_ORDERED: Final = 200
LEAST_MOVE: Final = timedelta(minutes=1)
"""A task that would move by less stays."""


async def merge(
    work: Transaction, hotline: Hotline, code: str, other: str, reason: Reason, by: Volunteer, *, knowing: bool = False
) -> Incident:
    """A person says that two incidents are one event. What was still to do about the one that goes is closed; whoever reported it hears
    what became of the one that stays, once. Returns the one that stays."""
    done = await merge_incidents(work, code, other, reason, by.id, knowing=knowing)
    await _refuse_if_held(work, done.other, by)
    await finish_task(work, hotline.queue, done.other.id)
    await _go_on(work, hotline, done.holds, done.reports)
    return done.holds


async def split(
    work: Transaction,
    hotline: Hotline,
    code: str,
    chosen: Collection[UUID],
    reason: Reason,
    by: Volunteer,
    *,
    knowing: bool = False,
) -> Incident:
    """A person says that some reports are about another event, which volunteers now look into. Returns the new incident."""
    done = await split_incident(work, code, chosen, reason, by.id, knowing=knowing)
    await open_task(work, hotline.queue, done.holds, _language(done.reports), is_new=True)
    if done.other.state not in DECIDED:
        await open_task(work, hotline.queue, done.other, ANY_LANGUAGE)
    wake_all(work, hotline)
    return done.holds


async def undo(work: Transaction, hotline: Hotline, act_id: UUID, by: Volunteer) -> Incident:
    """A person takes a merge or a split back. Returns the incident that the reports went back to."""
    done = await undo_regrouping(work, act_id, by.id)
    if done.act.act == Act.MERGE:
        await reopen_task(work, hotline.queue, done.holds, _language(done.reports))
    else:
        await _refuse_if_held(work, done.other, by)
        await finish_task(work, hotline.queue, done.other.id)
        await _go_on(work, hotline, done.holds, done.reports)
    wake_all(work, hotline)
    return done.holds


async def order_by_confidence(work: Transaction, hotline: Hotline) -> int:
    """What waits is ordered anew by how sure we are: more people seeing the same moves an incident ahead, time and denials move it back.
    Nothing else follows from it (DESIGN promise 5). Returns how many tasks moved."""
    waiting = task.c.state == TaskState.WAITING.value
    joined = select(task, incident.c.kind, incident.c.urgent).join(incident, incident.c.id == task.c.incident_id)
    rows = await work.all(joined.where(waiting, incident.c.state.not_in(DECIDED)).order_by(task.c.id).limit(MOST_ORDERED))
    sure = await how_sure(work, [row.incident_id for row in rows])
    moved = 0
    for row in rows:
        start = head_start(row.kind, urgent=row.urgent, likely=likely(sure[row.incident_id].probability))
        if abs(row.head_start - start.total_seconds()) < LEAST_MOVE.total_seconds():
            continue
        found = await work.first(
            task.update().where(task.c.id == row.id, waiting).values(head_start=round(start.total_seconds())).returning(task)
        )
        if found is not None:
            work.after_commit.append(partial(hotline.queue.offer, Task(**found._mapping)))
            moved += 1
    return moved


async def _go_on(work: Transaction, hotline: Hotline, about: Incident, came: Sequence[Report]) -> None:
    """Reports came to an incident: it is looked into as before, or, where it is decided, nobody need go and those who reported hear it."""
    if about.state not in DECIDED:
        await open_task(work, hotline.queue, about, _language(came))
    else:
        await call_off(work, hotline, about)
        told = await already_told(work, about.id, "outcome")
        await tell_outcome(work, hotline, about, [one for one in came if one.contact_id not in told])
    wake_all(work, hotline)


async def _refuse_if_held(work: Transaction, about: Incident, by: Volunteer) -> None:
    """What somebody works on isn't taken from under their hands."""
    row = await work.first(
        select(volunteer.c.alias)
        .join(task, task.c.holder_id == volunteer.c.id)
        .where(task.c.incident_id == about.id, task.c.state == TaskState.LEASED.value, task.c.lease_until > work.now)
        .where(volunteer.c.id != by.id)
    )
    if row is not None:
        raise Conflict("Somebody works on that incident now. Ask them to give it back first.")


def _language(reports: Sequence[Report]) -> str:
    return next((told.language for told in reports if told.language in TEXT_LANGUAGES), ANY_LANGUAGE)


async def expire_incidents(work: Transaction, hotline: Hotline) -> int:
    """What nobody could confirm in its time is over, and whoever reported it or asked hears that. Returns how many."""
    over = await end_unconfirmed(work)
    for about in over:
        await finish_task(work, hotline.queue, about.id)
        await call_off(work, hotline, about)
        await tell_outcome(work, hotline, about)
    if over:
        wake_all(work, hotline)
    return len(over)
