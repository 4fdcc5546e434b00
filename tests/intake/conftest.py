"""What tests of intake share: texts with files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.core.database import Database
from app.pipeline import Hotline
from tests.post import Post, open_post


@pytest.fixture
async def post(database: Database, hotline: Hotline, tmp_path: Path) -> AsyncIterator[Post]:
    """Texts with files arrive here."""
    async with open_post(database, hotline, tmp_path / "photos") as opened:
        yield opened
