"""Twilio's webhooks for calls that join a dispatcher with somebody of an incident."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.api.kept import within_budget
from app.api.signed import SignedForm
from app.pipeline_masked_calls import CALLS, ask_for_key, end_masked_call, hear_end, join_masked_call, whisper_to_them
from app.telephony.forms import CallForm, read_form
from app.telephony.twiml import MEDIA_TYPE

router = APIRouter(prefix=CALLS, tags=["twilio"])

Id = Annotated[UUID, Query(alias="c")]
Language = Annotated[Literal["en", "es"], Query(alias="l")]


@router.post("/begin")
async def their_phone_was_picked_up(request: Request, _fields: SignedForm, call: Id, language: Language = "en") -> Response:
    """The dispatcher's phone was picked up: press 1."""
    return Response(ask_for_key(request.state.hotline.texts, call, language), media_type=MEDIA_TYPE)


@router.post("/key")
async def they_pressed(request: Request, fields: SignedForm, call: Id, language: Language = "en") -> Response:
    """They pressed a key, or none."""
    form, hotline, line = _read(fields), request.state.hotline, request.state.settings.lines[0]
    database = request.state.intake_database
    twiml = await within_budget(database, lambda work: join_masked_call(work, hotline, call, language, line, form))
    return Response(twiml, media_type=MEDIA_TYPE)


@router.post("/whisper")
async def the_other_picked_up(request: Request, _fields: SignedForm, language: Language = "en") -> Response:
    """The other's phone was picked up."""
    return Response(whisper_to_them(request.state.hotline.texts, language), media_type=MEDIA_TYPE)


@router.post("/after")
async def the_second_call_is_over(request: Request, fields: SignedForm, call: Id, language: Language = "en") -> Response:
    """The two are no longer joined, or never were."""
    hotline, status = request.state.hotline, str(fields.get("DialCallStatus", ""))
    database = request.state.intake_database
    twiml = await within_budget(database, lambda work: end_masked_call(work, hotline, call, language, status))
    return Response(twiml, media_type=MEDIA_TYPE)


@router.post("/over")
async def it_is_over(request: Request, _fields: SignedForm, call: Id) -> Response:
    """The dispatcher's call is over, however it ended."""
    hotline = request.state.hotline
    await within_budget(request.state.intake_database, lambda work: hear_end(work, hotline, call))
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _read(fields: Mapping[str, object]) -> CallForm:
    return read_form(CallForm, {name: value for name, value in fields.items() if value})
