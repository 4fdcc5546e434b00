"""The inbox: recent texts that are no reports but that a person should see, such as offers of help and abuse."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Request
from sqlalchemy import Text, cast, exists, or_, select
from starlette.responses import Response

from app.console.access import Desk
from app.console.rendering import render
from app.core.requests import Work
from app.pipeline_field import NOT_UNDERSTOOD
from app.records.contacts import contact
from app.records.events import event
from app.records.inbound import inbound_message
from app.records.reading import Kind
from app.volunteers.tables import volunteer

router = APIRouter(prefix="/inbox")

SHOWN_FOR: Final = timedelta(hours=72)
MOST_SHOWN: Final = 200
KINDS: Final = (Kind.VOLUNTEER, Kind.OTHER, Kind.ABUSE)


@router.get("")
async def inbox(request: Request, work: Work, _viewer: Desk, kind: Kind | None = None) -> Response:
    """Texts of the last three days, the newest first; never the number that they came from."""
    not_understood = exists().where(
        event.c.verb == NOT_UNDERSTOOD,
        event.c.at > work.now - SHOWN_FOR,
        event.c.facts["message"].astext == cast(inbound_message.c.id, Text),
    )
    rows = await work.all(
        select(inbound_message, contact.c.language)
        .join(contact, contact.c.id == inbound_message.c.contact_id)
        .join(volunteer, volunteer.c.contact_id == contact.c.id, isouter=True)
        .where(
            inbound_message.c.report_id.is_(None),
            or_(volunteer.c.id.is_(None), not_understood),  # what verifiers answer stands on the page of its incident
            inbound_message.c.kind.in_([kind.value] if kind in KINDS else [k.value for k in KINDS]),
            inbound_message.c.received_at > work.now - SHOWN_FOR,
        )
        .order_by(inbound_message.c.received_at.desc())
        .limit(MOST_SHOWN)
    )
    texts = [
        (row, work.unseal(row.body_sealed, "inbound_message", "body", row.id)) for row in rows if row.body_sealed is not None
    ]
    return render(request, "inbox.html", texts=texts, kinds=[k.value for k in KINDS], kind=kind.value if kind in KINDS else "")
