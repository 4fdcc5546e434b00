"""Break-glass: off unless an administrator opens one county for a while; and the review of what one person sent alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form, Request
from sqlalchemy import select
from starlette.responses import Response

from app.alerts.alone import allow_alone, end_allowance, review_alone, unreviewed
from app.console.access import Admin, MayHalt
from app.console.flash import go
from app.console.rendering import render
from app.core.errors import BadInput
from app.core.live import Topic, wake
from app.core.requests import Work
from app.records.alerts import BreakGlass, break_glass
from app.volunteers.tables import volunteer

router = APIRouter(prefix="/break-glass")

PATH: Final = "/console/break-glass"
SHOWN: Final = 20
HOURS: Final = (1, 4, 12, 24)


@router.get("")
async def break_glass_page(request: Request, work: Work, _viewer: MayHalt) -> Response:
    """What is open, what waits for review, and the form that opens a county."""
    glasses = await work.find(BreakGlass, select(break_glass).order_by(break_glass.c.enabled_at.desc()).limit(SHOWN))
    waiting = await unreviewed(work)
    people = {one.enabled_by for one in glasses} | {one.approver_id for one in waiting}
    names = await work.all(select(volunteer.c.id, volunteer.c.alias).where(volunteer.c.id.in_(people)))
    return render(
        request,
        "break_glass.html",
        open=[one for one in glasses if one.ended_at is None and one.expires_at > work.now],
        over=[one for one in glasses if one.ended_at is not None or one.expires_at <= work.now],
        waiting=waiting,
        aliases={row.id: row.alias for row in names},
        counties=request.state.hotline.counties,
        hours=HOURS,
    )


@router.post("")
async def allow(
    request: Request,
    work: Work,
    viewer: Admin,
    county: Annotated[str, Form(max_length=5)],
    hours: Annotated[int, Form(ge=1, le=24)],
    reason: Annotated[str, Form(max_length=400)],
) -> Response:
    """Open one county."""
    if county not in request.state.hotline.counties:
        raise BadInput("Choose a county of the list.")
    await allow_alone(work, county, timedelta(hours=hours), reason.strip(), viewer)
    work.after_commit.append(wake(request.state.hotline.redis, Topic.BOARD))
    return go(PATH, "alone_allowed")


@router.post("/{glass_id}/end")
async def end(request: Request, work: Work, viewer: Admin, glass_id: UUID) -> Response:
    """Close it again."""
    await end_allowance(work, glass_id, viewer)
    work.after_commit.append(wake(request.state.hotline.redis, Topic.BOARD))
    return go(PATH, "alone_ended")


@router.post("/review/{alert_id}")
async def review(
    request: Request,
    work: Work,
    viewer: MayHalt,
    alert_id: UUID,
    note: Annotated[str, Form(min_length=1, max_length=400)],
) -> Response:
    """A second person looked at it."""
    await review_alone(work, alert_id, viewer, note.strip())
    work.after_commit.append(wake(request.state.hotline.redis, Topic.BOARD))
    return go(PATH, "alone_reviewed")
