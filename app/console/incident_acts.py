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
from app.pipeline_incidents import merge, split, undo
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
