"""Twilio's webhooks for calls: one that begins, each step of it, its end, and the voicemail that it may leave.

While the database is away a caller is asked nothing and can leave a message; what they said in this step, and the news of the message, wait
in the spool.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import TypeVar

import structlog
from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData

from app.api.kept import DATABASE_SECONDS, DOUBTFUL_SECONDS, put_on_disk, try_database
from app.api.signed import SignedForm
from app.core.database import Transaction
from app.core.errors import VigiaError
from app.core.metrics import TEXTS_RECEIVED
from app.intake.call_flow import Step
from app.intake.spool import Request as Kind
from app.intake.spool import name_of, spooled
from app.pipeline_calls import hear_of_call, receive_call
from app.pipeline_late import call_offline, thank_caller
from app.telephony.addresses import Channel
from app.telephony.forms import CallForm, read_form
from app.telephony.twiml import MEDIA_TYPE

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/twilio", tags=["twilio"])
Result = TypeVar("Result")


@router.post("/calls")
async def call_begins(request: Request, fields: SignedForm) -> Response:
    """Somebody calls: the greeting."""
    answer = await _answer(request, fields, None, 0)
    TEXTS_RECEIVED.labels(Channel.VOICE.value).inc()
    return answer


@router.post("/calls/status")
async def call_ends(request: Request, fields: SignedForm) -> Response:
    """The call is over."""
    await _hear_of(request, fields)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/recordings")
async def voicemail_is_there(request: Request, fields: SignedForm) -> Response:
    """Twilio has a voicemail ready."""
    await _hear_of(request, fields)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/calls/kept")
async def message_was_left(request: Request, fields: SignedForm) -> Response:
    """A caller who could not be asked anything has left a message."""
    await _hear_of(request, fields)
    return Response(thank_caller(request.state.hotline), media_type=MEDIA_TYPE)


@router.post("/calls/{step}")
async def caller_answers(request: Request, fields: SignedForm, step: Step, n: int) -> Response:
    """The caller pressed keys, spoke, stayed silent or left a message; `n` is the number of the question."""
    return await _answer(request, fields, step, n)


async def _answer(request: Request, fields: FormData, step: Step | None, turn: int) -> Response:
    form, hotline = _read(fields), request.state.hotline
    arrived = request.state.intake_database.clock(), request.state.intake_database.new_id()
    try:
        twiml = await _try(request, lambda work: receive_call(work, hotline, form, step, turn))
    except Exception as error:  # noqa: BLE001  # whatever is wrong, what a caller said is not lost
        _say_if_ours(error)
        name = name_of(request.state.intake_database.keys, Kind.CALL, form.sid, step, turn)
        entry = spooled(Kind.CALL, fields.multi_items(), *arrived, step=step, turn=turn)
        await put_on_disk(request.state.spool, name, entry, request.state.stop_marks)
        twiml = call_offline(hotline)
    return Response(twiml, media_type=MEDIA_TYPE)


async def _hear_of(request: Request, fields: FormData) -> None:
    """Take in the news of a call. Raises Unavailable when it can't be kept anywhere, and Twilio tells it again."""
    form, hotline = _read(fields), request.state.hotline
    arrived = request.state.intake_database.clock(), request.state.intake_database.new_id()
    try:
        await _try(request, lambda work: hear_of_call(work, hotline, form))
    except Exception as error:  # noqa: BLE001  # nor is the news of their voicemail
        _say_if_ours(error)
        identity = form.sid, form.status, form.recording_sid, form.recording_status
        name = name_of(request.state.intake_database.keys, Kind.CALL_NEWS, *identity)
        entry = spooled(Kind.CALL_NEWS, fields.multi_items(), *arrived)
        await put_on_disk(request.state.spool, name, entry, request.state.stop_marks)


async def _try(request: Request, step: Callable[[Transaction], Awaitable[Result]]) -> Result:
    seconds = DATABASE_SECONDS if request.state.spool.is_empty() else DOUBTFUL_SECONDS
    return await try_database(request.state.intake_database, step, seconds)


def _say_if_ours(error: Exception) -> None:
    """A fault of our own is said; a database that is away was said already."""
    if not isinstance(error, VigiaError):
        log.error("call_not_understood", error=type(error).__name__)


def _read(fields: Mapping[str, object]) -> CallForm:
    """The form. An empty field is an absent one: a hidden number is told either way."""
    return read_form(CallForm, {name: value for name, value in fields.items() if value})
