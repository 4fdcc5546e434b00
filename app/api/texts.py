"""Twilio's webhooks for texts: one that arrives, and what became of one that we sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final, TypeVar
from uuid import UUID

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.api.signed import SignedForm
from app.core.database import Database, Transaction
from app.core.errors import Unavailable
from app.core.metrics import SECONDS_TO_ANSWER, TEXTS_RECEIVED
from app.delivery.callbacks import hear_status
from app.pipeline import receive_text
from app.telephony.forms import StatusForm, TextForm, read_form
from app.telephony.twiml import MEDIA_TYPE, text_answer

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/twilio", tags=["twilio"])

BUDGET_SECONDS: Final = 5.0
"""Of Twilio's 15 s. Past it the answer is 503, which makes Twilio try again (our webhook addresses ask for it with #rc=5&rp=all)."""

PAUSE_SECONDS: Final = 0.2

Result = TypeVar("Result")


@router.post("/messages")
async def text_arrives(request: Request, fields: SignedForm) -> Response:
    """A text: kept, read, answered; 2xx means that it is on disk."""
    form = read_form(TextForm, fields)
    began = asyncio.get_running_loop().time()
    reply = await within_budget(request.state.database, lambda work: receive_text(work, request.state.hotline, form))
    TEXTS_RECEIVED.labels(form.channel.value).inc()
    SECONDS_TO_ANSWER.observe(asyncio.get_running_loop().time() - began)
    return Response(text_answer(reply), media_type=MEDIA_TYPE)


@router.post("/messages/status")
async def status_arrives(request: Request, fields: SignedForm, d: UUID | None = None, n: int | None = None) -> Response:
    """A status callback: of the delivery `d`, by its try number `n`. One that can't be taken in now gets a 503, so that Twilio tells it
    again."""
    form = read_form(StatusForm, fields)
    await within_budget(request.state.database, lambda work: hear_status(work, d, form.sid, form.status, form.error_code, n))
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def within_budget(database: Database, step: Callable[[Transaction], Awaitable[Result]]) -> Result:
    """Run `step` in a transaction, again while the database is away, until the budget is spent. Raises Unavailable then."""
    try:
        async with asyncio.timeout(BUDGET_SECONDS):
            while True:
                try:
                    async with database.transaction() as work:
                        return await step(work)
                except (OperationalError, PoolTimeout, OSError) as error:
                    log.warning("database_away", error=type(error).__name__)
                except DBAPIError as error:
                    if not error.connection_invalidated:
                        raise
                    log.warning("database_away", error=type(error).__name__)
                await asyncio.sleep(PAUSE_SECONDS)
    except TimeoutError as late:
        raise Unavailable("the database is away; try again") from late
