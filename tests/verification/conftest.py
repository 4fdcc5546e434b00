"""What tests of verification share."""

from __future__ import annotations

import pytest

from app.core.clock import ManualClock
from app.core.database import Database
from app.pipeline import Hotline
from tests.verification.field import Field, open_field


@pytest.fixture
async def field(database: Database, hotline: Hotline, clock: ManualClock) -> Field:
    """A hotline with an incident in Durham that Ana holds, and no verifier yet."""
    return await open_field(database, hotline, clock)
