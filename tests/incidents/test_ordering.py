"""How sure we are orders the work, fades with time, and does nothing else."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from app.core.clock import ManualClock
from app.core.database import Database
from app.incidents.confidence import PRIOR, likely
from app.pipeline import Hotline
from app.pipeline_incidents import order_by_confidence
from app.records.incidents import incident
from app.records.verification import task
from app.verification.urgency import LIKELY, LONGEST_HEAD_START, head_start
from tests.intake.test_receive_text import a_text, send

SEEN = (
    "ICE agents with vests outside the Walmart on Roxboro in Durham",
    "hay agentes de la migra con chalecos en la Walmart de la Roxboro en Durham",
    "masked officers at Walmart on Roxboro Durham, I see four of them",
)


async def ordered(database: Database, hotline: Hotline) -> int:
    async with database.transaction() as work:
        return await order_by_confidence(work, hotline)


async def starts(database: Database) -> dict[int, int]:
    async with database.transaction() as work:
        rows = await work.all(select(incident.c.reports, task.c.head_start).join(task, task.c.incident_id == incident.c.id))
        return {row.reports: row.head_start for row in rows}


async def test_what_several_people_saw_moves_ahead_and_fades_with_time(
    database: Database, hotline: Hotline, clock: ManualClock
) -> None:
    for n, words in enumerate(SEEN):
        await send(database, hotline, a_text(words, f"+1919555013{n}"))
    await send(database, hotline, a_text("ICE agents at the Food Lion in Raleigh", "+19195550139"))
    assert await ordered(database, hotline) == 2
    first = await starts(database)
    assert first[3] > first[1]
    assert await ordered(database, hotline) == 0
    clock.advance(timedelta(hours=3))
    assert await ordered(database, hotline) == 2
    assert (await starts(database))[3] < first[3]
    async with database.transaction() as work:
        assert set((await work.execute(select(incident.c.state))).scalars()) == {"open"}


def test_no_certainty_breaks_the_bound_on_every_wait() -> None:
    assert likely(PRIOR) == 0
    assert likely(0.999999) == 1
    assert head_start("detention", urgent=True, likely=9.0) == LONGEST_HEAD_START
    assert head_start("report", urgent=False, likely=0.5) - head_start("report", urgent=False) == LIKELY / 2
