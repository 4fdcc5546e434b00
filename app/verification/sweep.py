"""What time alone brings about in the queue: leases end, skills that a task waited for in vain are let go, and a queue that differs from
the table is drawn anew. This is why a volunteer who goes silent loses the claim, and why Redis may vanish."""

from __future__ import annotations

from typing import Final

import structlog
from redis.exceptions import RedisError
from sqlalchemy import select, text

from app.core.database import Transaction
from app.records.events import record
from app.records.states import TaskState
from app.records.verification import task
from app.verification.lanes import LINE, NO_SKILL, SKIP_LINE, SKIP_SUM, SUM, SUM_BITS
from app.verification.queue import Picture, TaskQueue
from app.verification.urgency import SKILL_LASTS

log = structlog.get_logger(__name__)

MOST_TRIES: Final = 3
"""How often a busy queue that differs is looked at again before it is drawn anew over whatever happens meanwhile. That does no harm: the
table decides every claim, and what is then older in the queue is put right by the pull that meets it or by the next sweep."""

_SKIPS: Final = """
    WITH skips AS (
        SELECT DISTINCT task_id, holder_id FROM handover
        WHERE how = 'skipped' AND EXISTS (SELECT FROM task WHERE task.id = handover.task_id AND task.state <> 'done'))
"""
COUNTED: Final = f"""{_SKIPS}
    SELECT (SELECT count(*) FROM task WHERE state <> 'done') AS tasks,
        (SELECT coalesce(sum({SUM}), 0) FROM task WHERE state <> 'done')
        + (SELECT coalesce(sum({SKIP_SUM}), 0) FROM skips) AS total,
        (SELECT count(*) FROM skips) AS passed
"""  # noqa: S608  # constants of ours
LINES: Final = f"SELECT {LINE} AS line, id, holder_id, lease_until FROM task WHERE state <> 'done'"  # noqa: S608
SKIP_LINES: Final = f"{_SKIPS} SELECT {SKIP_LINE} AS line FROM skips"  # noqa: S608


async def sweep_tasks(work: Transaction, queue: TaskQueue) -> int:
    """End leases that are over, let go of skills that nobody came with, and draw the queue anew where it differs from the table. Returns
    how many leases ended."""
    over = await work.execute(
        task.update()
        .where(task.c.state == TaskState.LEASED.value, task.c.lease_until <= work.now)
        .values(state=TaskState.WAITING.value, holder_id=None, lease_until=None, waits_since=work.now)
        .returning(task.c.id, task.c.incident_id, task.c.county)
    )
    ended = over.all()
    for row in ended:
        await record(work, "task.lease_ended", row.incident_id, county=row.county)
    await work.execute(
        task.update()
        .where(task.c.state != TaskState.DONE.value, task.c.skill != NO_SKILL, task.c.created_at <= work.now - SKILL_LASTS)
        .values(skill=NO_SKILL)
    )
    try:
        await queue.expire(work.now)
        await heal(work, queue)
    except RedisError as error:
        log.warning("queue_not_reached", error=type(error).__name__)
    return len(ended)


async def heal(work: Transaction, queue: TaskQueue) -> bool:
    """Draw the queue anew if it holds anything else than the table. Returns whether it did. Raises RedisError."""
    for left in reversed(range(MOST_TRIES)):
        seen, changes = await queue.look()
        if seen == await picture_of(work):
            return False
        tasks, skips = await work.query_together((LINES, {}), (SKIP_LINES, {}))
        held = [(row["id"], row["holder_id"], row["lease_until"]) for row in tasks if row["holder_id"] is not None]
        drawn = await queue.rebuild(
            [row["line"] for row in tasks], held, [row["line"] for row in skips], changes if left else ""
        )
        if drawn is not None:
            log.info("queue_drawn_anew", tasks=drawn)
            return True
    raise AssertionError("the last rebuild does not ask")


async def picture_of(work: Transaction) -> Picture:
    """What the queue must hold, by the table."""
    counted = await work.first(text(COUNTED))
    held = await work.all(select(task.c.id, task.c.holder_id).where(task.c.state == TaskState.LEASED.value))
    assert counted is not None  # counting always answers
    total = int(counted.total) % 2**SUM_BITS
    return Picture(counted.tasks, counted.passed, total, {row.id: row.holder_id for row in held})
