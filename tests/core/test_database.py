"""A transaction puts off what nobody waits for, and forgets none of it."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from app.core.clock import ManualClock
from app.core.database import Database, Transaction, is_away
from app.core.ids import new_id
from app.core.keys import Keys
from app.core.round_trip import Found


async def test_the_rows_of_a_statement_that_was_put_off_are_heard_when_the_transaction_ends(database: Database) -> None:
    heard: list[list[Found]] = []
    async with database.transaction() as work:
        work.execute_later("SELECT CAST(%(n)s AS integer) AS n", {"n": 7}, heard.append)
        assert heard == []

    assert heard == [[{"n": 7}]]


async def test_they_are_heard_earlier_where_another_statement_comes(database: Database) -> None:
    heard: list[list[Found]] = []
    async with database.transaction() as work:
        work.execute_later("SELECT 1 AS n", {}, heard.append)
        assert await work.scalar(text("SELECT 2")) == 2
        assert heard == [[{"n": 1}]]

    assert heard == [[{"n": 1}]]


async def test_nothing_is_heard_of_what_did_not_happen(database: Database) -> None:
    heard: list[list[Found]] = []

    async def divide(work: Transaction) -> None:
        work.execute_later("SELECT 1 AS n", {}, heard.append)
        work.execute_later("SELECT 1 / CAST(%(n)s AS integer)", {"n": 0})

    with pytest.raises(DBAPIError):
        await database.run(divide)

    assert heard == []


async def test_a_statement_that_fails_keeps_those_after_it_from_running_and_the_connection_goes_on(database: Database) -> None:
    async with database.transaction() as work:
        await work.query("CREATE TABLE tried (n integer)", {})
    with pytest.raises(ProgrammingError):
        async with database.transaction() as work:
            await work.query_together(
                ("INSERT INTO tried VALUES (%(n)s)", {"n": 1}),
                ("SELECT FROM nowhere", {}),
                ("INSERT INTO tried VALUES (2)", {}),
            )

    async with database.transaction() as work:
        assert await work.query("SELECT count(*) AS n FROM tried", {}) == [{"n": 0}]


async def test_absent_values_and_texts_of_any_script_come_back_as_they_went(database: Database) -> None:
    said = "ñ “¿qué?” 警察 \u200b\n"
    async with database.transaction() as work:
        [row] = await work.query(
            "SELECT CAST(%(said)s AS text) AS said, CAST(%(none)s AS text) AS none", {"said": said, "none": None}
        )

    assert row == {"said": said, "none": None}


async def test_a_process_suspended_inside_a_transaction_is_put_out_and_its_locks_are_free(
    database: Database, database_url: str, keys: Keys, clock: ManualClock
) -> None:
    suspended = Database(database_url, keys, clock, new_id, pool_size=1, idle_seconds=0.2)

    async def act(work: Transaction) -> None:
        await work.lock("outbox", "protected")
        async with database.transaction() as other:
            await other.lock("outbox", "protected")  # waits until the server ends the first
        await work.lock("outbox", "protected")

    with pytest.raises(DBAPIError) as put_out:
        await suspended.run(act)
    assert is_away(put_out.value)
    async with suspended.transaction() as work:
        assert await work.scalar(text("SELECT 1")) == 1
    await suspended.close()


async def test_a_connection_that_breaks_under_statements_of_sqlalchemy_alone_is_told_as_a_database_that_is_away(
    database: Database,
) -> None:
    async def act(work: Transaction) -> None:
        process = await work.scalar(text("SELECT pg_backend_pid()"))
        async with database.transaction() as other:
            await other.execute(text("SELECT pg_terminate_backend(:process)"), {"process": process})
        await work.execute(text("SELECT 1"))

    with pytest.raises(DBAPIError) as broken:
        await database.run(act)
    assert is_away(broken.value)
    async with database.transaction() as work:
        assert await work.scalar(text("SELECT 1")) == 1
