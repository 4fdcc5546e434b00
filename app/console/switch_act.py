"""The kill switch as the console turns it: every outbound text, at once, with a reason."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from app.console.access import MayHalt
from app.console.flash import go
from app.console.rendering import render
from app.core.live import Topic, wake
from app.core.requests import Work
from app.delivery.switch import halt, resume_sending

router = APIRouter(prefix="/switch")


@router.get("")
async def switch_page(request: Request, _viewer: MayHalt) -> Response:
    """How the switch stands, and the form that turns it."""
    return render(request, "switch.html")


@router.post("")
async def turn_switch(
    request: Request,
    work: Work,
    viewer: MayHalt,
    action: Annotated[Literal["halt", "resume"], Form()],
    reason: Annotated[str, Form(min_length=1, max_length=400)],
) -> Response:
    """Stop all outbound texts, or let them go again."""
    await (halt if action == "halt" else resume_sending)(work, reason, by=viewer.id)
    redis = request.state.hotline.redis
    work.after_commit += [wake(redis, Topic.BOARD), wake(redis, Topic.OUTBOX)]
    return go("/console/switch", "resumed" if action == "resume" else None)  # halted, every page says so by itself
