"""A person says that two incidents are one event, or that one is two, or takes that back: each a plain form on an incident's page."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from app.console.access import Dispatcher
from app.console.flash import go
from app.core.errors import BadInput
from app.core.requests import Work
from app.pipeline_corrections import place_of, put_kind_right, put_language_right, put_place_right
from app.pipeline_incidents import merge, split, undo
from app.records.reading import Kind
from app.records.regroupings import Reason

router = APIRouter(prefix="/incidents/{code}")


@router.post("/merge")
async def merge_with(
    request: Request,
    work: Work,
    viewer: Dispatcher,
    code: str,
    other: Annotated[str, Form(max_length=12)],
    reason: Annotated[Reason, Form()] = Reason.SAME_EVENT,
    knowing: Annotated[bool, Form()] = False,
) -> Response:
    """This incident and another are one event."""
    kept = await merge(work, request.state.hotline, code, other.strip(), reason, viewer, knowing=knowing)
    return go(f"/console/incidents/{kept.code}", "merged", code=kept.code)


@router.post("/split")
async def split_off(
    request: Request,
    work: Work,
    viewer: Dispatcher,
    code: str,
    report: Annotated[list[UUID] | None, Form()] = None,
    reason: Annotated[Reason, Form()] = Reason.OTHER_PLACE,
    knowing: Annotated[bool, Form()] = False,
) -> Response:
    """The chosen reports are of another event."""
    if not report:
        raise BadInput("Choose at least one report to take out, and leave at least one.")
    opened = await split(work, request.state.hotline, code, report, reason, viewer, knowing=knowing)
    return go(f"/console/incidents/{opened.code}", "split", code=opened.code)


@router.post("/undo")
async def take_back(request: Request, work: Work, viewer: Dispatcher, code: str, act: Annotated[UUID, Form()]) -> Response:
    """A merge or a split is taken back."""
    back = await undo(work, request.state.hotline, act, viewer)
    return go(f"/console/incidents/{back.code}", "undone")


@router.post("/reports/{report_id}/kind")
async def correct_kind(
    request: Request, work: Work, viewer: Dispatcher, code: str, report_id: UUID, kind: Annotated[Kind, Form()]
) -> Response:
    """A report is of another kind than the machine read."""
    about = await put_kind_right(work, request.state.hotline, code, report_id, kind, viewer)
    return go(f"/console/incidents/{about.code}", "corrected")


@router.post("/reports/{report_id}/language")
async def correct_language(
    request: Request, work: Work, viewer: Dispatcher, code: str, report_id: UUID, language: Annotated[str, Form(max_length=8)]
) -> Response:
    """A report is in another language, and its sender is answered in it."""
    about = await put_language_right(work, request.state.hotline, code, report_id, language, viewer)
    return go(f"/console/incidents/{about.code}", "corrected")


@router.post("/reports/{report_id}/place")
async def correct_place(
    request: Request,
    work: Work,
    viewer: Dispatcher,
    code: str,
    report_id: UUID,
    place: Annotated[str, Form(max_length=300)] = "",
    county: Annotated[str, Form(max_length=5)] = "",
    knowing: Annotated[bool, Form()] = False,
) -> Response:
    """A report is from elsewhere than the machine read: a place in words, a ZIP code, coordinates or a map link, or the county alone."""
    hotline = request.state.hotline
    where = place_of(hotline, place.strip(), county)
    about = await put_place_right(work, hotline, code, report_id, where, viewer, knowing=knowing)
    return go(f"/console/incidents/{about.code}", "corrected")
