"""Pages that only show: what was done by whom; and a voicemail's sound."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy import select
from starlette.responses import Response

from app.console.access import Admin, Dispatcher
from app.console.rendering import render
from app.core.errors import NotFound
from app.core.requests import Work
from app.records.events import event, verify_chain
from app.records.inbound import Recording, recording
from app.volunteers.tables import volunteer

router = APIRouter()

LINES_A_PAGE: Final = 100

SOUNDS: Final = {"audio/wav", "audio/x-wav", "audio/mpeg", "audio/mp3", "audio/ogg"}


@router.get("/audit")
async def audit(request: Request, work: Work, _viewer: Admin, before: Annotated[int | None, Query(ge=1)] = None) -> Response:
    """The event log, newest first, and whether the chain of people's acts is whole."""
    lines = select(event, volunteer.c.alias).join(volunteer, volunteer.c.id == event.c.actor_id, isouter=True)
    if before is not None:
        lines = lines.where(event.c.id < before)
    rows = await work.all(lines.order_by(event.c.id.desc()).limit(LINES_A_PAGE))
    chain = await verify_chain(work)
    return render(
        request, "audit.html", lines=rows, chain=chain, older=rows[-1].id if len(rows) == LINES_A_PAGE else None, before=before
    )


@router.get("/recordings/{recording_id}")
async def voicemail(work: Work, _viewer: Dispatcher, recording_id: UUID) -> Response:
    """The sound of a voicemail, opened for this answer only. Raises NotFound while it is not fetched yet."""
    found = await work.get(Recording, recording.c.id == recording_id)
    if found is None or found.audio_sealed is None:
        raise NotFound("This voicemail is not here, or not yet.")
    sound = work.keys.unseal_bytes(found.audio_sealed, "recording", "audio", found.id)
    kind = found.content_type if found.content_type in SOUNDS else "application/octet-stream"
    return Response(sound, media_type=kind, headers={"content-disposition": "inline"})
