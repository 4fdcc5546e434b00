"""The roster: who may do what, adding people, suspending them, and the link by which a new one signs in."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from app.console.access import Admin
from app.console.flash import go
from app.console.rendering import render
from app.core.errors import BadInput, Conflict
from app.core.languages import TEXT_LANGUAGES
from app.core.requests import Work
from app.records.verification import HandedOver, Skill
from app.verification.handover import end_claims
from app.volunteers.access import create_sign_in_link
from app.volunteers.roster import add_volunteer, get_volunteer, list_volunteers, restore, suspend
from app.volunteers.tables import LinkPurpose, Role, Standing, Volunteer

router = APIRouter(prefix="/people")

INVITE_LASTS: Final = timedelta(days=3)
"""How long an invitation waits to be used."""


@router.get("")
async def people(request: Request, work: Work, _viewer: Admin) -> Response:
    """Everybody on the roster, and the form that adds somebody."""
    return await _page(request, work)


@router.post("")
async def add_person(
    request: Request,
    work: Work,
    viewer: Admin,
    alias: Annotated[str, Form(max_length=80)],
    roles: Annotated[list[Role], Form()],
    languages: Annotated[list[str], Form()],
    counties: Annotated[list[str] | None, Form()] = None,
    skills: Annotated[list[Skill] | None, Form()] = None,
    trained: Annotated[bool, Form()] = False,
    number: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Add a person and show their invitation, once: no page shows it again."""
    if set(counties or []) - {county.fips for county in request.state.hotline.counties}:
        raise BadInput("Choose counties of the list.")
    if set(languages) - set(TEXT_LANGUAGES):
        raise BadInput("Choose languages of the list.")
    added = await add_volunteer(
        work,
        alias,
        roles=[role.value for role in roles],
        languages=languages,
        counties=counties or [],
        trained=trained,
        number=number,
        skills=[skill.value for skill in skills or ()],
        by=viewer.id,
    )
    return await _invited(request, work, added)


@router.post("/{alias}/link")
async def new_link(request: Request, work: Work, _viewer: Admin, alias: str) -> Response:
    """A fresh invitation for somebody who lost theirs or their browser; an unused older one stops working."""
    person = await get_volunteer(work, alias, lock=True)
    if person.standing != Standing.ACTIVE:
        raise Conflict("Let this person back first.")
    return await _invited(request, work, person)


@router.post("/{alias}/suspend")
async def suspend_person(request: Request, work: Work, viewer: Admin, alias: str) -> Response:
    """Take every right away and end every session and claim, at once."""
    person = await get_volunteer(work, alias, lock=True)
    await suspend(work, person, viewer)
    await end_claims(work, request.state.hotline.queue, person.id, HandedOver.SUSPENDED, viewer.id)
    return go("/console/people", "suspended", who=person.alias)


@router.post("/{alias}/restore")
async def restore_person(work: Work, viewer: Admin, alias: str) -> Response:
    """Let somebody back."""
    person = await get_volunteer(work, alias, lock=True)
    await restore(work, person, viewer)
    return go("/console/people", "restored", who=person.alias)


async def _invited(request: Request, work: Work, person: Volunteer) -> Response:
    token = await create_sign_in_link(work, person.id, LinkPurpose.INVITE, INVITE_LASTS)
    link = f"{request.state.settings.public_url}/console/login/{token}"
    return await _page(request, work, invited=person.alias, link=link)


async def _page(request: Request, work: Work, *, invited: str = "", link: str = "") -> Response:
    return render(
        request,
        "people.html",
        status=HTTPStatus.CREATED if link else HTTPStatus.OK,
        people=await list_volunteers(work),
        roles=[role.value for role in Role],
        skills=[skill.value for skill in Skill],
        text_languages=TEXT_LANGUAGES,
        counties=request.state.hotline.counties,
        invited=invited,
        link=link,
        days=INVITE_LASTS.days,
    )
