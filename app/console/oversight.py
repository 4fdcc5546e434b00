"""Pages that only show: who subscribes where, what was done by whom; and a voicemail's sound."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy import func, select
from starlette.responses import Response

from app.console.access import Admin, Dispatcher, Organizer
from app.console.rendering import render
from app.core.errors import NotFound
from app.core.languages import TEXT_LANGUAGES
from app.core.requests import Work
from app.records.contacts import contact
from app.records.events import event, verify_chain
from app.records.inbound import Recording, recording
from app.subscribers.tables import Topic, subscription
from app.volunteers.tables import volunteer

router = APIRouter()

FEWEST_SHOWN: Final = 5
"""Counts below this are shown as "<5", since a small number may point to a person."""

LINES_A_PAGE: Final = 100

SOUNDS: Final = {"audio/wav", "audio/x-wav", "audio/mpeg", "audio/mp3", "audio/ogg"}


@router.get("/subscribers")
async def subscribers(request: Request, work: Work, _viewer: Organizer) -> Response:
    """How many people an alert would reach, by county and language; small counts are hidden, and no page lists people."""
    rows = await work.all(
        select(subscription.c.county, contact.c.language, func.count().label("people"))
        .join(contact, contact.c.id == subscription.c.contact_id)
        .where(subscription.c.topic == Topic.ALERTS.value, subscription.c.ended_at.is_(None))
        .where(contact.c.stopped_at.is_(None), contact.c.number_sealed.is_not(None))
        .group_by(subscription.c.county, contact.c.language)
    )
    by_county: dict[str, dict[str, int]] = {}
    for row in rows:
        counts = by_county.setdefault(row.county, dict.fromkeys(TEXT_LANGUAGES, 0))
        counts[row.language if row.language in TEXT_LANGUAGES else "en"] += row.people
    counties = request.state.hotline.counties
    listed = [(county, by_county.get(county.fips, {})) for county in counties if county.fips in by_county]
    return render(
        request,
        "subscribers.html",
        counties=sorted(listed, key=lambda pair: -sum(pair[1].values())),
        every_county=counties,
        uncovered=len(counties) - len(listed),
        people=sum(sum(counts.values()) for counts in by_county.values()),
        text_languages=TEXT_LANGUAGES,
        fewest=FEWEST_SHOWN,
    )


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
