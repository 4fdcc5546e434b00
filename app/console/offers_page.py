"""A verifier's own page: what they are asked, what they answered, and how to answer."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from sqlalchemy import select
from starlette.responses import Response

from app.console.access import Verifier
from app.console.flash import go
from app.console.rendering import is_live_part, render
from app.core.errors import BadInput
from app.core.requests import Work
from app.pipeline_zones import settle_home
from app.records.incidents import incident
from app.records.states import OfferState
from app.records.verification import offer
from app.volunteers.zones import clear_home_zone, home_of

router = APIRouter(prefix="/offers")

LONGEST_PLACE: Final = 60


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
        home=await home_of(work, viewer.id),
        open_offers=open_ones,
        earlier=[row for row in rows if row not in open_ones],
    )


@router.post("/zone")
async def choose_zone(
    request: Request, work: Work, viewer: Verifier, place: Annotated[str, Form(max_length=LONGEST_PLACE)] = ""
) -> Response:
    """Where they start from: a town or ZIP code; nothing is kept where the field is empty."""
    if not place.strip():
        await clear_home_zone(work, viewer)
        return go("/console/offers", "zone_off")
    home = await settle_home(work, request.state.hotline, viewer, place)
    if home is None:
        raise BadInput("We did not find that place. Write a ZIP code or a town; add the county if two have that town.")
    return go("/console/offers", "zone", place=home.name)
