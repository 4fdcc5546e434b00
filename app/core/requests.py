"""What a route is given: the request's one transaction, committed before the answer leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from app.core.database import Database, Transaction


async def get_transaction(request: Request) -> AsyncIterator[Transaction]:
    """The request's only transaction."""
    database: Database = request.state.database
    async with database.transaction() as work:
        yield work


Work = Annotated[Transaction, Depends(get_transaction, scope="function")]
"""The function scope matters: with FastAPI's default the commit would come after the answer, and Twilio would hear 200 for a text that is
not on disk yet. A test asserts it from outside."""
