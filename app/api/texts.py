"""Twilio's webhooks for texts: one that arrives, and what became of one that we sent."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from uuid import UUID

import structlog
from fastapi import APIRouter, Request, Response
from starlette.background import BackgroundTask
from starlette.routing import Route

from app.api.kept import put_on_disk, try_database, within_budget
from app.api.signed import SignedForm, signed_request
from app.core.errors import Unavailable, VigiaError
from app.core.metrics import SECONDS_TO_ANSWER, TEXTS_RECEIVED
from app.delivery.callbacks import hear_status
from app.intake.spool import Request as Kind
from app.intake.spool import name_of, spooled
from app.pipeline import receive_text
from app.pipeline_late import answer_offline
from app.telephony.forms import StatusForm, TextForm, read_form
from app.telephony.twiml import MEDIA_TYPE, text_answer

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/twilio", tags=["twilio"])


async def text_arrives(request: Request) -> Response:
    """A text: kept, read, answered; 2xx means that it is on disk. While the database is away it waits in the spool, and so does every text
    after it until that is empty, so that a stop is not overtaken."""
    fields = await signed_request(request)
    form = read_form(TextForm, fields)
    state = request.state
    began = asyncio.get_running_loop().time()
    arrived = state.intake_database.clock(), state.intake_database.new_id()
    handed = None
    try:
        if not state.spool.is_empty():
            raise Unavailable("others wait before it")
        reply = await try_database(state.intake_database, lambda work: receive_text(work, state.hotline, form))
        handed = BackgroundTask(state.acknowledged.note, form.sid) if reply is not None else None
    except Exception as error:  # noqa: BLE001  # whatever is wrong, a text that was sent to us is not lost
        if not isinstance(error, VigiaError):
            log.error("text_not_understood", error=type(error).__name__)
        name = name_of(state.intake_database.keys, Kind.TEXT, form.sid)
        entry = spooled(Kind.TEXT, fields.multi_items(), *arrived, told=answer_offline(state.hotline, form))
        reply = (await put_on_disk(state.spool, name, entry, state.stop_marks)).told
    TEXTS_RECEIVED.labels(form.channel.value).inc()
    SECONDS_TO_ANSWER.observe(asyncio.get_running_loop().time() - began)
    return Response(text_answer(reply), media_type=MEDIA_TYPE, background=handed)


arrival = Route("/twilio/messages", text_arrives, methods=["POST"])
"""A plain route of Starlette's: what FastAPI does for each request to the others costs as much as reading the text."""


@router.post("/messages/status")
async def status_arrives(request: Request, fields: SignedForm, d: UUID | None = None, n: int | None = None) -> Response:
    """A status callback: of the delivery `d`, by its try number `n`. One that can't be taken in now gets a 503, so that Twilio tells it
    again."""
    form = read_form(StatusForm, fields)
    database = request.state.intake_database
    await within_budget(database, lambda work: hear_status(work, d, form.sid, form.status, form.error_code, n))
    return Response(status_code=HTTPStatus.NO_CONTENT)
