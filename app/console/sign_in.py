"""Signing in by a link, and out."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from sqlalchemy import select
from starlette.responses import Response

from app.console.access import SESSION_COOKIE, SignedIn
from app.console.flash import go
from app.console.rendering import LANGUAGE_COOKIE, render
from app.core.languages import INTERFACE_LANGUAGES
from app.core.requests import Work
from app.records.incidents import incident
from app.records.verification import HandedOver
from app.verification.handover import end_claims, held_by
from app.volunteers.access import read_link, sign_in, sign_out
from app.volunteers.presence import begin_shift, end_shift
from app.volunteers.roster import set_interface_language
from app.volunteers.tables import LinkPurpose, Volunteer

router = APIRouter()

COOKIE_PATH = "/console"
A_YEAR = timedelta(days=365)


@router.get("/login/{token}")
async def follow_link(request: Request, work: Work, token: str) -> Response:
    """A demo link signs in at once. An invitation asks for a press of the button first, so that a link preview can't use it up."""
    purpose, person = await read_link(work, token)
    if purpose is LinkPurpose.DEMO:
        return await _signed_in(request, work, token)
    return render(request, "invitation.html", person=person)


@router.post("/login/{token}")
async def use_link(request: Request, work: Work, token: str) -> Response:
    """The button of an invitation."""
    return await _signed_in(request, work, token)


@router.post("/logout")
async def leave(request: Request, work: Work, viewer: SignedIn, note: Annotated[str, Form(max_length=500)] = "") -> Response:
    """End this browser's session; who holds an incident says first what the next person should know."""
    if await held_by(work, viewer.id) is not None and not note.strip():
        return await _ask_for_note(request, work, viewer, "logout")
    await end_claims(work, request.state.hotline.queue, viewer.id, HandedOver.SIGNED_OUT, viewer.id, note)
    await sign_out(work, request.cookies[SESSION_COOKIE])
    response = go("/console/", "signed_out")
    response.delete_cookie(SESSION_COOKIE, path=COOKIE_PATH)
    return response


@router.post("/language")
async def choose_language(
    request: Request, work: Work, viewer: SignedIn, language: Annotated[str, Form()], back: Annotated[str, Form()] = ""
) -> Response:
    """Read the console in another language, on every device of this volunteer."""
    await set_interface_language(work, viewer, language)
    response = go(inside(back), "language")
    response.set_cookie(LANGUAGE_COOKIE, language, max_age=int(A_YEAR.total_seconds()), **_cookie(request), path="/")
    return response


@router.post("/speak")
async def choose_language_before_signing_in(
    request: Request, language: Annotated[str, Form()], back: Annotated[str, Form()] = ""
) -> Response:
    """The same for someone who isn't signed in: only this browser remembers it."""
    response = go(inside(back))
    if language in INTERFACE_LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, language, max_age=int(A_YEAR.total_seconds()), **_cookie(request), path="/")
    return response


@router.post("/shift")
async def change_shift(
    request: Request,
    work: Work,
    viewer: SignedIn,
    on: Annotated[bool, Form()],
    back: Annotated[str, Form()] = "",
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Begin or end a shift: only who is on shift can be asked to go and look. Who ends it with an incident in hand says first what the next
    person should know."""
    if not on:
        if await held_by(work, viewer.id) is not None and not note.strip():
            return await _ask_for_note(request, work, viewer, "shift")
        await end_claims(work, request.state.hotline.queue, viewer.id, HandedOver.SHIFT_ENDED, viewer.id, note)
        await end_shift(work, viewer, request.state.hotline.time_zone)
    else:
        await begin_shift(work, viewer, request.state.hotline.time_zone)
    return go(inside(back), "shift_on" if on else "shift_off")


async def _ask_for_note(request: Request, work: Work, viewer: Volunteer, leaving: str) -> Response:
    held = await held_by(work, viewer.id)
    code = await work.scalar(select(incident.c.code).where(incident.c.id == held.incident_id)) if held else None
    return render(request, "leaving.html", code=code, leaving=leaving)


async def _signed_in(request: Request, work: Work, token: str) -> Response:
    lasts = request.state.settings.session_lifetime
    session, person = await sign_in(work, token, lasts=lasts)
    response = go("/console/", "welcome", who=person.alias)
    response.set_cookie(SESSION_COOKIE, session, max_age=int(lasts.total_seconds()), **_cookie(request), path=COOKIE_PATH)
    return response


def _cookie(request: Request) -> dict[str, Any]:
    return {"httponly": True, "samesite": "lax", "secure": request.state.settings.public_url.startswith("https://")}


def inside(path: str) -> str:
    """A path of the console to go back to, whatever a form says."""
    return (
        path if path.startswith("/console/") and "//" not in path and "\\" not in path and path.isprintable() else "/console/"
    )
