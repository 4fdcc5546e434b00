"""A decision is taken back from the incident's page: the button with the time that is left, and what it does."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from app.console.access import Dispatcher
from app.console.flash import go
from app.core.database import Transaction
from app.core.requests import Work
from app.incidents.join import get_incident
from app.pipeline_undo import undo_decision, whom_to_tell
from app.records.incidents import Incident
from app.records.states import DECIDED
from app.verification.grounds import OF_UNDOING, Ground, read_grounds
from app.verification.undoing import may_undo, standing_decision, time_to_undo, what_keeps
from app.volunteers.tables import Volunteer

router = APIRouter(prefix="/incidents/{code}/decision")


@dataclass(frozen=True)
class Undoing:
    """What the page offers of an undo: of which decision, how many minutes are left, how many people are told if it is pressed now, whether
    an earlier decision holds again then, and what keeps it from being undone (None: nothing)."""

    decision_id: UUID
    minutes: int
    people: int
    decided_before: bool
    kept_by: str | None


@router.post("/undo")
async def take_decision_back(
    request: Request,
    work: Work,
    viewer: Dispatcher,
    code: str,
    decision: Annotated[UUID, Form()],
    ground: Annotated[Ground, Form()] = Ground.SLIP,
    because: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """The decision was a slip: the incident is what it was before, and who heard it hears that."""
    about = await get_incident(work, code, lock=True)
    grounds = read_grounds(ground.value, because, about.code, OF_UNDOING)
    done = await undo_decision(work, request.state.hotline, about, decision, viewer, grounds)
    said = "decision_before" if about.state in DECIDED else "decision_undone_yours" if done.held else "decision_undone"
    return go(f"/console/incidents/{about.code}", said, people=str(done.told))


async def undoing_for(work: Transaction, about: Incident, viewer: Volunteer) -> Undoing | None:
    """What to offer a viewer, or None: nothing to undo, too late, or not theirs to undo."""
    made = await standing_decision(work, about.id)
    left = time_to_undo(made, about, work.now)
    if made is None or not left or not may_undo(made, viewer):
        return None
    kept = await what_keeps(work, made)
    people = len(await whom_to_tell(work, made))
    minutes = ceil(left.total_seconds() / 60)
    return Undoing(made.id, minutes, people, made.before in DECIDED, kept.message if kept else None)
