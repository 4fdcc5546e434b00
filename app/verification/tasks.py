"""Taking work and keeping it: a claim is a row in PostgreSQL with a lease and a fence; Redis only says which row to try first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from redis.exceptions import RedisError
from sqlalchemy import ColumnElement, and_, exists, extract, or_, select

from app.core.database import Transaction, lock_statement, row_as
from app.core.errors import Conflict
from app.core.round_trip import Found
from app.records.events import record
from app.records.incidents import Incident
from app.records.states import TaskState, may_precede
from app.records.verification import HandedOver, Task, handover, task
from app.verification.lanes import ANY_LANGUAGE as ANY_LANGUAGE
from app.verification.lanes import NO_SKILL, lanes_of
from app.verification.queue import TaskQueue
from app.verification.urgency import SKILL_LASTS, head_start, skill_of
from app.volunteers.tables import Volunteer

log = structlog.get_logger(__name__)

LEASE: Final = timedelta(minutes=5)
"""How long a claim lasts without a sign of life from the open page (DESIGN section 5)."""

ABOVE_ALL: Final = 2**31
"""A fence that no row has."""

MOST_TRIES: Final = 20
"""How many stale entries of the queue one pull steps over before it asks the table itself."""


class LostClaim(Conflict):
    """A save under a fence that is no longer the newest."""

    code = "lost_claim"


OPEN: Final = """
    INSERT INTO task (id, incident_id, state, county, language, skill, head_start, fence, created_at)
    VALUES (%(id)s, %(incident_id)s, %(state)s, %(county)s, %(language)s, %(skill)s, %(head_start)s, 0, %(created_at)s)
"""

OPEN_OR_HURRY: Final = f"""{OPEN}
    ON CONFLICT (incident_id) DO UPDATE SET head_start = greatest(task.head_start, excluded.head_start), county = excluded.county,
        skill = CASE WHEN task.created_at > %(kept_since)s THEN excluded.skill ELSE '' END
    RETURNING *
"""

AS_OPENED: Final = {"holder_id": None, "lease_until": None, "waits_since": None, "escalated": 0}
"""The columns of a new task that `OPEN` leaves to the table."""

MOST_HELD: Final = 6
"""How many incidents one person holds at most, all but one of them out with verifiers."""

OUT: Final = """
    EXISTS (SELECT FROM search s WHERE s.incident_id = task.incident_id AND s.ended_at IS NULL AND NOT EXISTS (
        SELECT FROM observation o
        WHERE o.incident_id = task.incident_id AND o.on_site AND o.outcome <> 'unable' AND o.observed_at >= s.started_at))
"""
"""The nearest are being asked and nobody has told what is there: nothing is to be done for whoever holds it."""

ALL_HELD: Final = f"""
    SELECT *, {OUT} AS out FROM task WHERE holder_id = %(who)s AND state = 'leased' AND lease_until > %(now)s
    ORDER BY out, lease_until DESC
"""  # noqa: S608  # constants of ours

STAYS_HELD: Final = f"""
    UPDATE task SET lease_until = %(until)s
    WHERE holder_id = %(who)s AND state = 'leased' AND lease_until > %(now)s AND id <> %(id)s AND {OUT}
    RETURNING *
"""  # noqa: S608  # constants of ours

HELD: Final = """
    SELECT * FROM task WHERE holder_id = %(who)s AND state = 'leased' AND lease_until > %(now)s ORDER BY lease_until DESC LIMIT 1
"""


async def open_task(work: Transaction, queue: TaskQueue, incident: Incident, language: str, *, is_new: bool = False) -> None:
    """See that an incident has a task that waits or is held, as urgent as the incident is now. `is_new`: this transaction opened the
    incident, so that it can't have one yet."""
    values = {
        "id": work.new_id(),
        "incident_id": incident.id,
        "state": TaskState.WAITING.value,
        "county": incident.county,
        "language": language,
        "skill": skill_of(incident.kind, urgent=incident.urgent) or NO_SKILL,
        "head_start": round(head_start(incident.kind, urgent=incident.urgent).total_seconds()),
        "fence": 0,
        "created_at": work.now,
    }

    def offer(rows: list[Found]) -> None:
        opened = row_as(Task, rows[0] if rows else values | AS_OPENED)
        if opened.state != TaskState.DONE:
            work.after_commit.append(lambda: queue.offer(opened))

    if is_new:
        work.execute_later(OPEN, values, offer)
    else:
        work.execute_later(OPEN_OR_HURRY, values | {"kept_since": work.now - SKILL_LASTS}, offer)


async def pull_task(work: Transaction, queue: TaskQueue, volunteer: Volunteer) -> Task | None:
    """The most urgent task that fits a volunteer, now theirs; the one they already hold, if they do; None when nothing waits for them.
    While verifiers are asked about what they hold, and none has told yet, they may hold more: MOST_HELD in all."""
    # One pull of a volunteer at a time, so that a button pressed twice does not take two.
    _, held = await work.query_together(claim_lock(volunteer.id), (ALL_HELD, {"who": volunteer.id, "now": work.now}))
    if not _may_hold_more(held):
        return row_as(Task, {name: value for name, value in held[0].items() if name != "out"})
    lanes = lanes_of(volunteer.counties, volunteer.languages, volunteer.skills)
    try:
        for _ in range(MOST_TRIES):
            suggested = await queue.pull(volunteer.id, work.now + LEASE, lanes)
            if suggested is None:
                break
            claimed = await _claim(work, volunteer, task.c.id == suggested)
            if claimed is not None:
                return claimed
            await _put_right(work, queue, suggested, volunteer.id)
    except RedisError as error:
        log.warning("queue_not_reached", error=type(error).__name__)
    claimed = await _claim(work, volunteer, task.c.id == _most_urgent(work.now, volunteer))
    if claimed is not None:  # Redis had lost it, or is away
        log.info("task_found_in_table", task=str(claimed.id))
        work.after_commit.append(lambda: queue.renew(claimed))
    return claimed


async def renew_task(work: Transaction, queue: TaskQueue, task_id: UUID, fence: int, volunteer_id: UUID) -> datetime:
    """A sign of life from the open page: the lease lasts five minutes more, also of what they hold besides and is out with verifiers.
    Raises LostClaim."""
    until = work.now + LEASE
    renewed = [await change_claim(work, task_id, fence, volunteer_id, lease_until=until)]
    others = await work.query(STAYS_HELD, {"who": volunteer_id, "now": work.now, "until": until, "id": task_id})
    renewed += [row_as(Task, row) for row in others]

    async def tell() -> None:
        for one in renewed:
            await queue.renew(one)

    work.after_commit.append(tell)
    return until


def claim_lock(volunteer_id: UUID) -> tuple[str, Mapping[str, object]]:
    """The statement that keeps others from giving a volunteer a task until this transaction ends."""
    return lock_statement("claim", str(volunteer_id))


async def change_claim(work: Transaction, task_id: UUID, fence: int, volunteer_id: UUID, /, **values: object) -> Task:
    """Change the row of a task that a volunteer holds under `fence`. Raises LostClaim with words that explain."""
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
    return row_as(Task, dict(row._mapping))


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
        .returning(task.c.id, task.c.fence)
    )
    if row is not None:
        work.after_commit.append(lambda: queue.finish(row.id, row.fence))


async def reopen_task(work: Transaction, queue: TaskQueue, incident: Incident, language: str) -> None:
    """An incident whose task was done must be looked into after all: it waits again, in its old place."""
    await work.execute(
        task.update()
        .where(task.c.incident_id == incident.id, task.c.state == TaskState.DONE.value)
        .values(state=TaskState.WAITING.value, fence=task.c.fence + 1, waits_since=work.now)
    )
    await open_task(work, queue, incident, language)


async def retake_task(work: Transaction, queue: TaskQueue, incident: Incident, who: Volunteer) -> Task | None:
    """An incident whose decision was undone is looked into again: by `who` undid it, where they may hold one more, and else it waits in its
    old place (None)."""
    _, held = await work.query_together(claim_lock(who.id), (ALL_HELD, {"who": who.id, "now": work.now}))
    await reopen_task(work, queue, incident, ANY_LANGUAGE)
    if not _may_hold_more(held):
        return None
    claimed = await _claim(work, who, task.c.incident_id == incident.id)
    if claimed is not None:
        work.after_commit.append(lambda: queue.renew(claimed))
    return claimed


def _may_hold_more(held: Sequence[Mapping[str, object]]) -> bool:
    """Whether somebody who holds these rows of ALL_HELD takes one more. Pure."""
    return not held or (bool(held[0]["out"]) and len(held) < MOST_HELD)


async def _put_right(work: Transaction, queue: TaskQueue, task_id: UUID, volunteer_id: UUID) -> None:
    """The queue handed out what the table does not give: done, held by somebody since a flush, or passed on. Tell it."""
    row = await work.get(Task, task.c.id == task_id)
    if row is None or row.state == TaskState.DONE:
        await queue.finish(task_id, row.fence if row else ABOVE_ALL)
    elif row.state == TaskState.LEASED:
        await queue.renew(row)
    else:
        await queue.skip(row, volunteer_id)


async def _claim(work: Transaction, volunteer: Volunteer, which: ColumnElement[bool]) -> Task | None:
    row = await work.first(
        task.update()
        .where(which, or_(task.c.state == TaskState.WAITING.value, _is_over(work.now)), ~_skipped_by(volunteer.id))
        .values(state=TaskState.LEASED.value, holder_id=volunteer.id, lease_until=work.now + LEASE, fence=task.c.fence + 1)
        .returning(task)
    )
    if row is None:
        return None
    claimed = row_as(Task, dict(row._mapping))
    await record(work, "task.claimed", claimed.incident_id, actor_id=volunteer.id, county=claimed.county)
    return claimed


def _most_urgent(now: datetime, volunteer: Volunteer) -> ColumnElement[UUID]:
    """The table's own answer to "what is next": the same order as the queue's, stepping over rows that others are claiming."""
    fits = [or_(task.c.state == TaskState.WAITING.value, _is_over(now))]
    if volunteer.counties:
        fits.append(or_(task.c.county.is_(None), task.c.county.in_(volunteer.counties)))
    if volunteer.languages:
        fits.append(task.c.language.in_([*volunteer.languages, ANY_LANGUAGE]))
    if volunteer.skills:
        fits.append(task.c.skill.in_([*volunteer.skills, NO_SKILL]))
    return (
        select(task.c.id)
        .where(*fits, ~_skipped_by(volunteer.id))
        .order_by(extract("epoch", task.c.created_at) - task.c.head_start, task.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )


def _is_over(now: datetime) -> ColumnElement[bool]:
    return and_(task.c.state == TaskState.LEASED.value, task.c.lease_until <= now)


def _skipped_by(volunteer_id: UUID) -> ColumnElement[bool]:
    return exists().where(
        handover.c.task_id == task.c.id, handover.c.holder_id == volunteer_id, handover.c.how == HandedOver.SKIPPED.value
    )
