"""The audit chain finds every edit, and the log only grows."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.core.database import Database
from app.records.events import record, verify_chain


async def acts(database: Database, n: int) -> None:
    for i in range(n):
        async with database.transaction() as work:
            await record(work, "incident.confirmed", work.new_id(), actor_id=work.new_id(), county="37063", step=i)
            await record(work, "report.joined", work.new_id())  # the machine's own, unchained


async def broken_at(database: Database) -> int | None:
    async with database.transaction() as work:
        return (await verify_chain(work)).broken_at


async def test_a_chain_as_it_was_written_is_whole(database: Database) -> None:
    await acts(database, 5)
    async with database.transaction() as work:
        report = await verify_chain(work)

    assert (report.acts, report.broken_at) == (5, None)


async def test_acts_at_the_same_moment_stand_one_after_another(database: Database) -> None:
    await asyncio.gather(*(acts(database, 3) for _ in range(6)))

    assert await broken_at(database) is None


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE event SET facts = '{\"step\": 9}' WHERE link = 3",
        "UPDATE event SET at = at + interval '1 second' WHERE link = 3",
        "UPDATE event SET actor_id = gen_random_uuid() WHERE link = 3",
        "UPDATE event SET verb = 'incident.nothing' WHERE link = 3",
        "DELETE FROM event WHERE link = 3",
        "UPDATE event SET link = -link WHERE link IN (3, 4)",
    ],
)
async def test_any_edit_behind_our_back_is_found(database: Database, edit: str) -> None:
    await acts(database, 5)
    async with database.transaction() as work:
        await work.execute(text("ALTER TABLE event DISABLE TRIGGER only_grows"))
        await work.execute(text(edit))

    assert await broken_at(database) is not None


@pytest.mark.parametrize("edit", ["UPDATE event SET verb = 'x'", "DELETE FROM event"])
async def test_the_database_itself_refuses_a_change(database: Database, edit: str) -> None:
    await acts(database, 1)
    with pytest.raises(IntegrityError, match="only grows"):
        async with database.transaction() as work:
            await work.execute(text(edit))
