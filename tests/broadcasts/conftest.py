"""The office of a test."""

from __future__ import annotations

import pytest

from app.core.clock import ManualClock
from app.core.database import Database
from app.pipeline import Hotline
from tests.broadcasts.office import Office


@pytest.fixture
async def office(database: Database, hotline: Hotline, clock: ManualClock) -> Office:
    return await Office(database, hotline, clock).open()
