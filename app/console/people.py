"""The roster: who may do what, adding people, changing them, suspending them, and the link by which a new one signs in."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import select
from starlette.responses import Response

from app import pipeline_people
from app.console.access import Admin
from app.console.flash import go
from app.console.rendering import render
from app.core.errors import BadInput, Conflict
from app.core.languages import TEXT_LANGUAGES
from app.core.requests import Work
from app.pipeline_people import change_person
from app.records.events import event
from app.records.verification import Skill
from app.volunteers.access import create_sign_in_link
from app.volunteers.profile import Profile, read_zones
from app.volunteers.roster import enlist, get_volunteer, list_volunteers, restore
from app.volunteers.tables import LinkPurpose, Role, Standing, Vetting, Volunteer, volunteer

router = APIRouter(prefix="/people")

INVITE_LASTS: Final = timedelta(days=3)
"""How long an invitation waits to be used."""

LINES_SHOWN: Final = 40

TOO_OFTEN: Final = ("volunteer.signed_in", "volunteer.shift_begun", "volunteer.shift_ended", "volunteer.quiet_hours")
"""What a person does by themselves and often: no part of what is known of them."""


@router.get("")
async def people(request: Request, work: Work, _viewer: Admin) -> Response:
    """Everybody on the roster, and the form that adds somebody."""
    return await _page(request, work)


def read_profile(
    request: Request,
    roles: Annotated[list[Role], Form()],
    languages: Annotated[list[str], Form()],
    counties: Annotated[list[str] | None, Form()] = None,
    skills: Annotated[list[Skill] | None, Form()] = None,
    zones: Annotated[str, Form(max_length=600)] = "",
    drives: Annotated[bool, Form()] = False,
    trained: Annotated[bool, Form()] = False,
    vetting: Annotated[Vetting, Form()] = Vetting.KNOWN,
    trainee: Annotated[bool, Form()] = False,
) -> Profile:
    """What a form says of a person. Raises BadInput for what the lists do not hold."""
    if set(counties or []) - {county.fips for county in request.state.hotline.counties}:
        raise BadInput("Choose counties of the list.")
    if set(languages) - set(TEXT_LANGUAGES):
        raise BadInput("Choose languages of the list.")
    return Profile(
        roles=tuple(role.value for role in Role if role in roles),
        languages=tuple(languages),
        counties=tuple(sorted(counties or [])),
        zones=read_zones(zones),
        skills=tuple(skill.value for skill in Skill if skill in (skills or [])),
        drives=drives,
        trained=trained,
        vetting=vetting.value,
        trainee=trainee,
    )


Told = Annotated[Profile, Depends(read_profile)]


@router.post("")
async def add_person(
    request: Request,
    work: Work,
    viewer: Admin,
    told: Told,
    alias: Annotated[str, Form(max_length=80)],
    number: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Add a person and show their invitation, once: no page shows it again."""
    return await _invited(request, work, await enlist(work, alias, told, number=number, by=viewer.id))


@router.get("/{alias}")
async def person(request: Request, work: Work, _viewer: Admin, alias: str) -> Response:
    """What is known of one person, to be changed; and who changed what before."""
    shown = await get_volunteer(work, alias)
    lines = await work.all(
        select(event, volunteer.c.alias)
        .join(volunteer, volunteer.c.id == event.c.actor_id, isouter=True)
        .where(event.c.subject_id == shown.id, event.c.verb.like("volunteer.%"), event.c.verb.not_in(TOO_OFTEN))
        .order_by(event.c.id.desc())
        .limit(LINES_SHOWN)
    )
    return render(request, "person.html", person=shown, lines=lines, **_choices(request))


@router.post("/{alias}")
async def change(request: Request, work: Work, viewer: Admin, alias: str, told: Told) -> Response:
    """Change a person. What they may do no longer, they stop doing at once."""
    changed = await get_volunteer(work, alias, lock=True)
    await change_person(work, request.state.hotline, changed, told, viewer)
    return go(f"/console/people/{quote(changed.alias)}", "person_changed", who=changed.alias)


@router.post("/{alias}/link")
async def new_link(request: Request, work: Work, _viewer: Admin, alias: str) -> Response:
    """A fresh invitation for somebody who lost theirs or their browser; an unused older one stops working."""
    person = await get_volunteer(work, alias, lock=True)
    if person.standing != Standing.ACTIVE:
        raise Conflict("Let this person back first.")
    return await _invited(request, work, person)


@router.post("/{alias}/suspend")
async def suspend_person(request: Request, work: Work, viewer: Admin, alias: str) -> Response:
    """Take every right away and end every session, claim and offer, at once."""
    person = await get_volunteer(work, alias, lock=True)
    await pipeline_people.suspend_person(work, request.state.hotline, person, viewer)
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
        person=None,
        invited=invited,
        link=link,
        days=INVITE_LASTS.days,
        **_choices(request),
    )


def _choices(request: Request) -> dict[str, Any]:
    return {
        "roles": [role.value for role in Role],
        "skills": [skill.value for skill in Skill],
        "vettings": [vetting.value for vetting in Vetting],
        "text_languages": TEXT_LANGUAGES,
        "counties": request.state.hotline.counties,
    }
