"""Codes that people say aloud and text back, each the name of one record."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, select

from app.core.database import Transaction
from app.core.ids import new_code


async def unused_code(work: Transaction, column: Column[Any]) -> str:
    """A code that no row has in `column`. It is ours until the transaction ends, also against others who draw the same one now."""
    while True:
        code = new_code()
        await work.lock("code", code)
        if await work.first(select(column).where(column == code)) is None:
            return code
