"""A verifier's own page: what they are asked, what they answered, and how to answer."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.responses import Response

from app.console.access import Verifier
from app.console.rendering import is_live_part, render
from app.core.requests import Work
from app.records.incidents import incident
from app.records.states import OfferState
from app.records.verification import offer

router = APIRouter(prefix="/offers")


@router.get("")
async def my_offers(request: Request, work: Work, viewer: Verifier) -> Response:
    """The newest offers to this verifier. The exact place shows only while they are on the way, as in the texts."""
    rows = await work.all(
        select(
            offer,
            incident.c.code,
            incident.c.kind,
            incident.c.county,
            incident.c.place,
            incident.c.state.label("incident_state"),
        )
        .join(incident, incident.c.id == offer.c.incident_id)
        .where(offer.c.volunteer_id == viewer.id)
        .order_by(offer.c.offered_at.desc())
        .limit(30)
    )
    open_ones = [row for row in rows if row.state in {OfferState.OFFERED, OfferState.ACCEPTED}]
    return render(
        request,
        "offers.html",
        block="live" if is_live_part(request) else None,
        open_offers=open_ones,
        earlier=[row for row in rows if row not in open_ones],
    )
