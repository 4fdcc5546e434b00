"""Twilio's webhooks for the calls that we place to people of the hotline about something urgent."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.api.kept import try_database, within_budget
from app.api.signed import SignedForm
from app.core.errors import Unavailable
from app.delivery.ringing import CALLS
from app.pipeline_urgent_calls import begin_urgent_call, end_urgent_call, hear_key, say_urgent
from app.telephony.forms import CallForm, read_form
from app.telephony.twiml import MEDIA_TYPE

router = APIRouter(prefix=CALLS, tags=["twilio"])

Id = Annotated[UUID, Query(alias="c")]
Language = Annotated[Literal["en", "es"], Query(alias="l")]
Turn = Annotated[int, Query(alias="t", ge=1, le=9)]


@router.post("/begin")
async def urgent_call_answered(request: Request, fields: SignedForm, call: Id, language: Language = "en") -> Response:
    """They answered. While the database is away the call says all the same that something urgent waits."""
    form, hotline = _read(fields), request.state.hotline
    try:
        twiml = await try_database(request.state.intake_database, lambda work: begin_urgent_call(work, hotline, call, form))
    except Unavailable:
        twiml = say_urgent(hotline.texts, call, language)
    return Response(twiml, media_type=MEDIA_TYPE)


@router.post("/key")
async def urgent_call_key(request: Request, fields: SignedForm, call: Id, turn: Turn = 1) -> Response:
    """They pressed a key, or none."""
    form, hotline = _read(fields), request.state.hotline
    twiml = await within_budget(request.state.intake_database, lambda work: hear_key(work, hotline, call, form, turn))
    return Response(twiml, media_type=MEDIA_TYPE)


@router.post("/over")
async def urgent_call_over(request: Request, fields: SignedForm, call: Id) -> Response:
    """The call is over, however it ended."""
    form = _read(fields)
    await within_budget(request.state.intake_database, lambda work: end_urgent_call(work, call, form))
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _read(fields: Mapping[str, object]) -> CallForm:
    return read_form(CallForm, {name: value for name, value in fields.items() if value})
