"""The rights texts: how each stands, what would change, and the two people who stand behind it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from sqlalchemy import select
from starlette.responses import Response

from app.console.access import Organizer, SignedIn
from app.console.flash import go
from app.console.rendering import render
from app.core.languages import TEXT_LANGUAGES
from app.core.requests import Work
from app.rights.review import FORMS, LONGEST_APPROVAL, approve_text, changes, digest_of, in_force, reviewed, withdraw_text
from app.rights.topics import State
from app.telephony.segments import size_of, spelled_to_fit
from app.volunteers.tables import volunteer

router = APIRouter(prefix="/rights")

PATH: Final = "/console/rights"
USUAL_APPROVAL: Final = timedelta(days=180)
"""The review date that the form proposes."""


@router.get("")
async def rights_texts(request: Request, work: Work, _viewer: SignedIn) -> Response:
    """Every text as phones get it today, with its source, date and review."""
    rights = await in_force(work, request.state.hotline.rights)
    return render(request, "rights.html", topics=rights.topics, text_languages=TEXT_LANGUAGES, segments=_segments)


@router.get("/{topic}/{language}")
async def rights_text(request: Request, work: Work, viewer: SignedIn, topic: str, language: str) -> Response:
    """One text in one language: what is in force, what waits for approval, and what is different."""
    rights = request.state.hotline.rights
    stands = await reviewed(work, rights, topic, language)
    rows = await work.all(select(volunteer.c.alias).where(volunteer.c.id.in_(stands.approvers)).order_by(volunteer.c.alias))
    today = work.now.date()
    held = stands.approved
    return render(
        request,
        "rights_text.html",
        topic=rights.topics[topic],
        name=topic,
        text_language=language,
        stands=stands,
        state=stands.state.value,
        digest=digest_of(stands.waiting),
        forms=[(form, getattr(stands.waiting, form)) for form in FORMS],
        differences=[(form, changes(getattr(held, form), getattr(stands.waiting, form))) for form in FORMS] if held else [],
        approvers=[row.alias for row in rows],
        has_approved=viewer.id in stands.approvers,
        usual=today + USUAL_APPROVAL,
        first=today + timedelta(days=1),
        last=today + LONGEST_APPROVAL,
        segments=_segments,
    )


@router.post("/{topic}/{language}/approve")
async def approve(
    request: Request,
    work: Work,
    viewer: Organizer,
    topic: str,
    language: str,
    digest: Annotated[str, Form(max_length=64)],
    expires_on: Annotated[date, Form()],
) -> Response:
    """One of the two approvals."""
    state = await approve_text(work, request.state.hotline.rights, topic, language, digest, expires_on, viewer.id)
    return go(f"{PATH}/{topic}/{language}", "rights_approved" if state is State.APPROVED else "rights_half_approved")


@router.post("/{topic}/{language}/withdraw")
async def withdraw(work: Work, viewer: Organizer, topic: str, language: str) -> Response:
    """Take an approved text out of use at once."""
    await withdraw_text(work, topic, language, viewer.id)
    return go(f"{PATH}/{topic}/{language}", "rights_withdrawn")


def _segments(words: str) -> int:
    return size_of(spelled_to_fit(words)).segments
