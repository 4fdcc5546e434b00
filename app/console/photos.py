"""Photos as volunteers see them: blurred until somebody asks, then opened for that one answer, with the look written down."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import or_, select
from starlette.responses import Response

from app.console.access import Desk
from app.console.board_mark import LOOKED
from app.core.database import Transaction
from app.core.errors import NotAllowed, NotFound
from app.core.requests import Work
from app.intake.darkroom import PICTURE_TYPE
from app.intake.photos import open_photo
from app.records.events import record
from app.records.inbound import inbound_message
from app.records.incidents import Incident, incident, report
from app.records.photos import KEPT_FOR, Photo, photo
from app.records.states import PhotoState
from app.volunteers.tables import Volunteer

router = APIRouter(prefix="/photos")


HEADERS: Final = {
    "content-disposition": 'inline; filename="photo.jpg"',
    "content-security-policy": "default-src 'none'; sandbox",
    "cache-control": "no-store",
}

KINDS: Final = {
    "video": "video",
    "audio": "audio",
    "text/vcard": "contact",
    "text/x-vcard": "contact",
    "text/directory": "contact",
    "application/vcard": "contact",
    "application": "document",
    "text": "document",
}
"""What a file that is no picture is called, by its declared type or the first part of it."""

LIES_AT_TWILIO: Final = frozenset({PhotoState.OTHER_KIND, PhotoState.UNREADABLE, PhotoState.TOO_LARGE})


@dataclass(frozen=True)
class PhotoCard:
    """One attachment on a page. `says` is the word of the group "photo" for it, `glimpse` a data: address of a few pixels where it can be
    looked at, `taken_in` the county its own data names, `until` how long Twilio has what can't be shown here."""

    id: UUID
    says: str
    glimpse: str
    taken_in: str | None
    until: datetime | None


@router.get("/{photo_id}")
async def look_at(request: Request, work: Work, viewer: Desk, photo_id: UUID) -> Response:
    """The picture, unsealed for this answer alone; who looks is in the chain of acts. Raises NotFound or NotAllowed."""
    found = await work.get(Photo, photo.c.id == photo_id)
    about = await _incident_of(work, found) if found is not None else None
    if found is None or about is None:
        raise NotFound("This photo is not here, or not any more.")
    if not may_see(viewer, about.county):
        raise NotAllowed("This photo is from a county that you do not cover.")
    picture = await open_photo(work, request.state.photos, found)
    if picture is None:
        raise NotFound("This photo is not here, or not any more.")
    await record(work, LOOKED, about.id, actor_id=viewer.id, county=about.county, photo=str(found.id))
    return Response(picture, media_type=PICTURE_TYPE, headers=HEADERS)


def may_see(viewer: Volunteer, county: str | None) -> bool:
    """Whether a person of the desk covers a county. Where none is known yet, whoever finds out must be able to look. Pure."""
    return county is None or not viewer.counties or county in viewer.counties


async def photos_of(work: Transaction, incident_id: UUID) -> Mapping[UUID | None, Sequence[PhotoCard]]:
    """What was sent along with the reports of an incident, by report, and under None what verifiers sent from there."""
    rows = await work.all(
        select(photo, inbound_message.c.report_id)
        .join(inbound_message, inbound_message.c.id == photo.c.message_id)
        .join(report, report.c.id == inbound_message.c.report_id, isouter=True)
        .where(or_(report.c.incident_id == incident_id, photo.c.incident_id == incident_id))
        .order_by(photo.c.received_at, photo.c.message_id, photo.c.place)
    )
    cards: dict[UUID | None, list[PhotoCard]] = {}
    for row in rows:
        from_field = row.incident_id == incident_id
        cards.setdefault(None if from_field else row.report_id, []).append(
            PhotoCard(
                row.id,
                says=says_of(PhotoState(row.state), row.declared_type),
                glimpse=_glimpse(work, row.id, row.glimpse_sealed) if row.state == PhotoState.KEPT else "",
                taken_in=row.taken_in,
                until=row.received_at + KEPT_FOR if row.sid and row.state in LIES_AT_TWILIO else None,
            )
        )
    return cards


def says_of(state: PhotoState, declared_type: str) -> str:
    """The word of the group "photo" that tells what became of an attachment. Pure."""
    if state is not PhotoState.OTHER_KIND:
        return state.value
    return KINDS.get(declared_type) or KINDS.get(declared_type.partition("/")[0], "file")


def _glimpse(work: Transaction, photo_id: UUID, sealed: bytes | None) -> str:
    if sealed is None:
        return ""
    pixels = work.keys.unseal_bytes(sealed, "photo", "glimpse", photo_id)
    return f"data:{PICTURE_TYPE};base64,{base64.b64encode(pixels).decode()}"


async def _incident_of(work: Transaction, found: Photo) -> Incident | None:
    """The incident that a photo is of; None while its report has none."""
    told = (
        select(report.c.incident_id)
        .join(inbound_message, inbound_message.c.report_id == report.c.id)
        .where(inbound_message.c.id == found.message_id)
        .scalar_subquery()
    )
    which = incident.c.id == found.incident_id if found.incident_id is not None else incident.c.id == told
    return await work.get(Incident, which)
