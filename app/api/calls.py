"""Twilio's webhooks for calls: one that begins, each step of it, its end, and the voicemail that it may leave."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from app.api.signed import SignedForm
from app.api.texts import within_budget
from app.core.metrics import TEXTS_RECEIVED
from app.intake.call_flow import Step
from app.pipeline_calls import hear_of_call, receive_call
from app.telephony.addresses import Channel
from app.telephony.forms import CallForm, read_form
from app.telephony.twiml import MEDIA_TYPE

router = APIRouter(prefix="/twilio", tags=["twilio"])


@router.post("/calls")
async def call_begins(request: Request, fields: SignedForm) -> Response:
    """Somebody calls: the greeting."""
    answer = await _answer(request, fields, None, 0)
    TEXTS_RECEIVED.labels(Channel.VOICE.value).inc()
    return answer


@router.post("/calls/status")
async def call_ends(request: Request, fields: SignedForm) -> Response:
    """The call is over. News that can't be taken in now gets a 503, so that Twilio tells it again."""
    return await _hear_of(request, fields)


@router.post("/recordings")
async def voicemail_is_there(request: Request, fields: SignedForm) -> Response:
    """Twilio has a voicemail ready."""
    return await _hear_of(request, fields)


@router.post("/calls/{step}")
async def caller_answers(request: Request, fields: SignedForm, step: Step, n: int) -> Response:
    """The caller pressed keys, spoke, stayed silent or left a message; `n` is the number of the question."""
    return await _answer(request, fields, step, n)


async def _answer(request: Request, fields: Mapping[str, object], step: Step | None, turn: int) -> Response:
    form = _read(fields)
    hotline = request.state.hotline
    twiml = await within_budget(request.state.database, lambda work: receive_call(work, hotline, form, step, turn))
    return Response(twiml, media_type=MEDIA_TYPE)


async def _hear_of(request: Request, fields: Mapping[str, object]) -> Response:
    form = _read(fields)
    hotline = request.state.hotline
    await within_budget(request.state.database, lambda work: hear_of_call(work, hotline, form))
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _read(fields: Mapping[str, object]) -> CallForm:
    """The form. An empty field is an absent one: a hidden number is told either way."""
    return read_form(CallForm, {name: value for name, value in fields.items() if value})
