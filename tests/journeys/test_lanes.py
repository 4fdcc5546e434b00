"""However many volunteers crowd the console, a text is answered: webhooks have connections of their own, and the crowd stands in line."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from app.console import turnstile
from app.console.access import SESSION_COOKIE
from app.core.database import without_driver
from app.settings import Settings
from tests.journeys.dark import Web, web_of

CROWD = 40


async def look(web: Web) -> int:
    """A volunteer's browser asks for the board."""
    cookie = {"Cookie": f"{SESSION_COOKIE}=a-session-that-must-be-looked-up"}
    return (await web.client.get(f"{web.address}/console/", headers=cookie)).status_code


async def test_a_webhook_answers_while_the_console_is_stuck_with_all_its_connections(settings: Settings) -> None:
    async with web_of(settings) as web:
        with psycopg.connect(without_driver(str(settings.database_url))) as blocker:
            blocker.execute("LOCK TABLE console_session IN ACCESS EXCLUSIVE MODE")
            crowd = [asyncio.create_task(look(web)) for _ in range(CROWD)]
            while await asyncio.to_thread(stuck, settings) < turnstile.AT_ONCE:
                assert not any(one.done() for one in crowd)
            answers = [await web.text(f"ICE agents outside the Food Lion in Durham {number}") for number in range(20)]
            waiting = [one for one in crowd if not one.done()]
            assert stuck(settings) == turnstile.AT_ONCE
        codes = await asyncio.gather(*crowd)

    assert len(waiting) == CROWD
    assert {answer.status_code for answer in answers} == {200}
    assert max(answer.elapsed.total_seconds() for answer in answers) < 2
    assert not any("saved it" in answer.text for answer in answers)  # they were read, and not only put on disk
    assert set(codes) == {401}  # looked up in the end, and unknown


async def test_who_waits_too_long_is_told_so(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turnstile, "WAIT_SECONDS", 0.05)
    async with web_of(settings) as web:
        with psycopg.connect(without_driver(str(settings.database_url))) as blocker:
            blocker.execute("LOCK TABLE console_session IN ACCESS EXCLUSIVE MODE")
            crowd = [asyncio.create_task(look(web)) for _ in range(turnstile.AT_ONCE + 3)]
            told, _ = await asyncio.wait(crowd, return_when=asyncio.FIRST_COMPLETED)
            first = {one.result() for one in told}
        await asyncio.gather(*crowd)

    assert first == {503}


def stuck(settings: Settings) -> int:
    """How many statements of the console wait for the lock."""
    with psycopg.connect(without_driver(str(settings.database_url))) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE relation = 'console_session'::regclass AND NOT granted"
        ).fetchone()
        return int(row[0]) if row else 0
