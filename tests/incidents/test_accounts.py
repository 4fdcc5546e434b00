"""What a process remembers of reports makes comparing them quick, and never stands in the way of one."""

from __future__ import annotations

from itertools import count

import pytest
from sqlalchemy import func, select

from app.core.database import Database
from app.incidents import accounts
from app.pipeline import Hotline, receive_text
from app.records.incidents import report
from tests.intake.test_receive_text import a_text


async def test_a_report_comes_through_when_its_county_has_more_reports_than_are_remembered(
    database: Database, hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "MOST_REMEMBERED", 2)
    streets = ("Roxboro", "Fayetteville", "Alston", "Guess", "Hillsborough")
    for street, number in zip(streets, count(110)):
        async with database.transaction() as work:
            await receive_text(
                work, hotline, a_text(f"ICE agents with vests at the store on {street} in Durham", f"+1919555{number:04}")
            )

    async with database.transaction() as work:
        assert await work.scalar(select(func.count()).select_from(report).where(report.c.state == "joined")) == len(streets)
