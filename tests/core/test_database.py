"""A transaction puts off what nobody waits for, and forgets none of it."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from app.core.database import Database, Transaction
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
