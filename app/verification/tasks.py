"""Taking work and keeping it: a claim is a row in PostgreSQL with a lease and a fence; Redis only says which row to try first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from redis.exceptions import RedisError
from sqlalchemy import ColumnElement, and_, extract, or_, select

from app.core.database import Transaction, row_as
from app.core.errors import Conflict
from app.records.events import record
from app.records.incidents import Incident
from app.records.states import TaskState, may_precede
from app.records.verification import Task, task
from app.verification.queue import TaskQueue
from app.verification.urgency import head_start
from app.volunteers.tables import Volunteer

log = structlog.get_logger(__name__)

LEASE: Final = timedelta(minutes=5)
"""How long a claim lasts without a sign of life from the open page (DESIGN section 5)."""

ANY_LANGUAGE: Final = ""
"""The language of a task that nobody is known to read: anybody may try it."""

MOST_TRIES: Final = 20
"""How many stale entries of the queue one pull steps over before it asks the table itself."""


class LostClaim(Conflict):
    """A save under a fence that is no longer the newest."""

    code = "lost_claim"


OPEN: Final = """
    INSERT INTO task (id, incident_id, state, county, language, head_start, fence, created_at)
    VALUES (%(id)s, %(incident_id)s, %(state)s, %(county)s, %(language)s, %(head_start)s, 0, %(created_at)s)
"""

OPEN_OR_HURRY: Final = f"""{OPEN}
    ON CONFLICT (incident_id) DO UPDATE SET head_start = greatest(task.head_start, excluded.head_start), county = excluded.county
    RETURNING *
"""


async def open_task(work: Transaction, queue: TaskQueue, incident: Incident, language: str, *, is_new: bool = False) -> None:
    """See that an incident has a task that waits or is held, as urgent as the incident is now. `is_new`: this transaction opened the
    incident, so that it can't have one yet."""
    opened = Task(
        id=work.new_id(),
        incident_id=incident.id,
        state=TaskState.WAITING.value,
        county=incident.county,
        language=language,
        head_start=round(head_start(incident.kind, urgent=incident.urgent).total_seconds()),
        fence=0,
        created_at=work.now,
    )
    if is_new:
        work.execute_later(OPEN, opened.model_dump())
    else:
        rows = await work.query(OPEN_OR_HURRY, opened.model_dump())
        opened = row_as(Task, rows[0])
    if opened.state != TaskState.DONE:
        work.after_commit.append(lambda: queue.offer(opened))


async def pull_task(work: Transaction, queue: TaskQueue, volunteer: Volunteer) -> Task | None:
    """The most urgent task that fits a volunteer, now theirs; the one they already hold, if they do; None when nothing waits for them."""
    held = await work.get(Task, task.c.holder_id == volunteer.id, _is_held(work.now))
    if held is not None:
        return held
    for _ in range(MOST_TRIES):
        suggested = await _suggestion(work, queue, volunteer)
        if suggested is None:
            break
        claimed = await _claim(work, volunteer, task.c.id == suggested)
        if claimed is not None:
            return claimed
        await queue.finish(suggested)  # the table knows better: done, or held by someone since a rebuild
    claimed = await _claim(work, volunteer, task.c.id == _most_urgent(work.now, volunteer))
    if claimed is not None:  # Redis had lost it, or is away
        log.info("task_found_in_table", task=str(claimed.id))
        work.after_commit.append(lambda: queue.renew(claimed.id, work.now + LEASE))
    return claimed


async def renew_task(work: Transaction, queue: TaskQueue, task_id: UUID, fence: int, volunteer_id: UUID) -> datetime:
    """A sign of life from the open page: the lease lasts five minutes more. Raises LostClaim."""
    until = work.now + LEASE
    await _hold(work, task_id, fence, volunteer_id, lease_until=until)
    work.after_commit.append(lambda: queue.renew(task_id, until))
    return until


async def release_task(work: Transaction, queue: TaskQueue, task_id: UUID, fence: int, volunteer_id: UUID) -> None:
    """Give a task back, to its old place in the queue. Raises LostClaim."""
    released = await _hold(work, task_id, fence, volunteer_id, state=TaskState.WAITING.value, holder_id=None, lease_until=None)
    await record(work, "task.released", released.incident_id, actor_id=volunteer_id, county=released.county)

    async def back() -> None:
        await queue.finish(task_id)
        await queue.offer(released)

    work.after_commit.append(back)


async def check_claim(work: Transaction, incident_id: UUID, fence: int, volunteer_id: UUID) -> Task:
    """The volunteer's claim on an incident's task, locked. Raises LostClaim with words that explain when somebody else has it by now."""
    claimed = await work.get(Task, task.c.incident_id == incident_id, lock=True)
    if claimed is None or claimed.fence != fence or claimed.holder_id != volunteer_id or claimed.state != TaskState.LEASED:
        raise LostClaim("Your claim on this incident has ended, so this was not saved. Take it again to go on.")
    return claimed


async def finish_task(work: Transaction, queue: TaskQueue, incident_id: UUID) -> None:
    """The incident is decided: its task is done, whoever held it."""
    row = await work.first(
        task.update()
        .where(task.c.incident_id == incident_id, task.c.state.in_(may_precede(TaskState.DONE)))
        .values(state=TaskState.DONE.value, holder_id=None, lease_until=None, fence=task.c.fence + 1)
        .returning(task.c.id)
    )
    if row is not None:
        work.after_commit.append(lambda: queue.finish(row.id))


async def reopen_task(work: Transaction, queue: TaskQueue, incident: Incident, language: str) -> None:
    """An incident whose task was done must be looked into after all: it waits again, in its old place."""
    await work.execute(
        task.update()
        .where(task.c.incident_id == incident.id, task.c.state == TaskState.DONE.value)
        .values(state=TaskState.WAITING.value)
    )
    await open_task(work, queue, incident, language)


async def sweep_tasks(work: Transaction, queue: TaskQueue) -> int:
    """End leases that are over, and draw the queue anew where it differs from the table. Returns how many leases ended.

    This is why a volunteer who goes silent loses the claim and why Redis may vanish: whatever it forgot is back after the next sweep.
    """
    over = await work.execute(
        task.update()
        .where(task.c.state == TaskState.LEASED.value, task.c.lease_until <= work.now)
        .values(state=TaskState.WAITING.value, holder_id=None, lease_until=None)
        .returning(task.c.id, task.c.incident_id, task.c.county)
    )
    ended = over.all()
    for row in ended:
        await record(work, "task.lease_ended", row.incident_id, county=row.county)
    open_tasks = await work.find(Task, select(task).where(task.c.state != TaskState.DONE.value))
    waiting = sum(t.state == TaskState.WAITING for t in open_tasks)
    try:
        if ended or await queue.counts() != (waiting, len(open_tasks) - waiting):
            await queue.rebuild(open_tasks)
    except RedisError as error:
        log.warning("queue_not_reached", error=type(error).__name__)
    return len(ended)


async def _suggestion(work: Transaction, queue: TaskQueue, volunteer: Volunteer) -> UUID | None:
    try:
        return await queue.pull(work.now + LEASE, volunteer.counties, volunteer.languages)
    except RedisError as error:
        log.warning("queue_not_reached", error=type(error).__name__)
        return None


async def _claim(work: Transaction, volunteer: Volunteer, which: ColumnElement[bool]) -> Task | None:
    row = await work.first(
        task.update()
        .where(which, or_(task.c.state == TaskState.WAITING.value, _is_over(work.now)))
        .values(state=TaskState.LEASED.value, holder_id=volunteer.id, lease_until=work.now + LEASE, fence=task.c.fence + 1)
        .returning(task)
    )
    if row is None:
        return None
    claimed = Task(**row._mapping)
    await record(work, "task.claimed", claimed.incident_id, actor_id=volunteer.id, county=claimed.county)
    return claimed


async def _hold(work: Transaction, task_id: UUID, fence: int, volunteer_id: UUID, **values: object) -> Task:
    row = await work.first(
        task.update()
        .where(
            task.c.id == task_id,
            task.c.fence == fence,
            task.c.holder_id == volunteer_id,
            task.c.state == TaskState.LEASED.value,
        )
        .values(**values)
        .returning(task)
    )
    if row is None:
        raise LostClaim("Your claim has ended and someone else may have taken it.")
    return Task(**row._mapping)


def _most_urgent(now: datetime, volunteer: Volunteer) -> ColumnElement[UUID]:
    """The table's own answer to "what is next": the same order as the queue's, stepping over rows that others are claiming."""
    fits = [or_(task.c.state == TaskState.WAITING.value, _is_over(now))]
    if volunteer.counties:
        fits.append(or_(task.c.county.is_(None), task.c.county.in_(volunteer.counties)))
    if volunteer.languages:
        fits.append(task.c.language.in_([*volunteer.languages, ANY_LANGUAGE]))
    return (
        select(task.c.id)
        .where(*fits)
        .order_by(extract("epoch", task.c.created_at) - task.c.head_start)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )


def _is_over(now: datetime) -> ColumnElement[bool]:
    return and_(task.c.state == TaskState.LEASED.value, task.c.lease_until <= now)


def _is_held(now: datetime) -> ColumnElement[bool]:
    return and_(task.c.state == TaskState.LEASED.value, task.c.lease_until > now)
