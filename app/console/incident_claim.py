"""An incident changes hands: skipped without a question, given to a colleague, or taken out of somebody's hands by a lead."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from sqlalchemy import select
from starlette.responses import Response

from app.console.access import Dispatcher, Lead
from app.console.flash import go
from app.core.database import Transaction
from app.core.live import Topic, wake
from app.core.requests import Work
from app.incidents.join import get_incident
from app.records.incidents import Incident
from app.records.verification import task
from app.verification.handover import break_claim, skip_task, transfer_task
from app.verification.tasks import LostClaim

router = APIRouter(prefix="/incidents/{code}")

Fence = Annotated[int, Form()]
Note = Annotated[str, Form(max_length=500)]


@router.post("/skip")
async def skip(request: Request, work: Work, viewer: Dispatcher, code: str, fence: Fence = 0, note: Note = "") -> Response:
    """Pass it on for good: nobody asks why."""
    about, which = await _found(work, code)
    await skip_task(work, request.state.hotline.queue, which, fence, viewer.id, note)
    _wake(work, request)
    return go("/console/", "skipped", code=about.code)


@router.post("/transfer")
async def transfer(
    request: Request, work: Work, viewer: Dispatcher, code: str, to: Annotated[str, Form()], fence: Fence = 0, note: Note = ""
) -> Response:
    """Give it to a colleague."""
    about, which = await _found(work, code)
    await transfer_task(work, request.state.hotline.queue, which, fence, viewer.id, to, note)
    _wake(work, request)
    return go("/console/", "transferred", code=about.code, who=to)


@router.post("/break")
async def take_from(request: Request, work: Work, viewer: Lead, code: str, reason: Note = "") -> Response:
    """A lead takes it out of somebody's hands, and says why."""
    about, which = await _found(work, code)
    await break_claim(work, request.state.hotline.queue, which, reason, viewer)
    _wake(work, request)
    return go(f"/console/incidents/{about.code}", "broken", code=about.code)


async def _found(work: Transaction, code: str) -> tuple[Incident, UUID]:
    about = await get_incident(work, code)
    which = await work.scalar(select(task.c.id).where(task.c.incident_id == about.id))
    if which is None:
        raise LostClaim("Your claim has ended and someone else may have taken it.")
    return about, which


def _wake(work: Transaction, request: Request) -> None:
    work.after_commit.append(wake(request.state.hotline.redis, Topic.BOARD))
