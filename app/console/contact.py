"""Writing to and with the person behind a report, or a verifier: through the hotline, so that neither side sees a number."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from app.console.access import Lead, Reaching
from app.console.flash import go
from app.console.rendering import is_live_part, render
from app.core.database import Transaction
from app.core.requests import Work
from app.incidents.join import get_incident
from app.pipeline import Hotline, wake_all
from app.pipeline_contact import as_sent, write_to
from app.records.incidents import Incident
from app.records.verification import Task, task
from app.telephony.segments import size_of
from app.verification.contact import (
    SHOWN_SECONDS,
    Whom,
    check_may_reach,
    end_talk,
    find_whom,
    lines_of,
    problems_with,
    reveal_number,
    reveals,
    talk_until,
)
from app.verification.masked_calls import ask_for_call, calls_with
from app.volunteers.tables import Volunteer

router = APIRouter()

PEOPLE = "/incidents/{code}/contacts/{which}"
Words = Annotated[str, Form(max_length=700)]


@router.get(PEOPLE)
async def contact_page(request: Request, work: Work, viewer: Reaching, code: str, which: UUID) -> Response:
    """The talk with one person of an incident, or its live part."""
    about, whom = await _found(work, viewer, code, which)
    return await _page(request, work, viewer, about, whom, block="live" if is_live_part(request) else None)


@router.post(f"{PEOPLE}/size")
async def measure(request: Request, _viewer: Reaching, code: str, which: UUID, words: Words = "") -> Response:
    """How long a text is that somebody types right now, and what keeps it from being sent; `code` and `which` as on the page."""
    sent_as = as_sent(request.state.hotline, words)
    found = problems_with(words, sent_as, code) if words.strip() else []
    at = f"/console/incidents/{code}/contacts/{which}"
    return render(request, "contact.html", block="size", size=size_of(sent_as), problems=found, at=at)


@router.post(PEOPLE)
async def write(request: Request, work: Work, viewer: Reaching, code: str, which: UUID, words: Words = "") -> Response:
    """Send what was typed, or hold it and say why; the words stay on the page."""
    about, whom = await _found(work, viewer, code, which)
    found = problems_with(words, as_sent(request.state.hotline, words), about.code)
    if found:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return await _page(request, work, viewer, about, whom, words=words, problems=found, status=status)
    await write_to(work, request.state.hotline, about, whom, words, viewer)
    return go(_path(about, which), "written")


@router.post(f"{PEOPLE}/call")
async def call(request: Request, work: Work, viewer: Reaching, code: str, which: UUID) -> Response:
    """Have the viewer's own phone rung, and then theirs."""
    about, whom = await _found(work, viewer, code, which)
    await ask_for_call(work, about, whom, viewer)
    wake_all(work, request.state.hotline)
    return go(_path(about, which), "called")


@router.post(f"{PEOPLE}/end")
async def end(work: Work, viewer: Reaching, code: str, which: UUID) -> Response:
    """The talk is over: what they text from now on goes the ordinary way."""
    about, whom = await _found(work, viewer, code, which)
    await end_talk(work, about, whom, viewer)
    return go(_path(about, which), "talk_ended")


@router.post(f"{PEOPLE}/number")
async def reveal(
    request: Request, work: Work, viewer: Reaching, code: str, which: UUID, reason: Annotated[str, Form(max_length=300)] = ""
) -> Response:
    """Show their number, once and for a short time, for a reason that is written down."""
    about, whom = await _found(work, viewer, code, which)
    number = await reveal_number(work, about, whom, viewer, reason)
    back = _path(about, which)
    page = render(request, "contact_number.html", number=number, back=back, seconds=SHOWN_SECONDS, incident=about)
    page.headers["refresh"] = f"{SHOWN_SECONDS}; url={back}"
    return page


@router.get("/reveals")
async def who_saw_numbers(request: Request, work: Work, _viewer: Lead) -> Response:
    """Whose number was shown to whom, and why: for leads."""
    return render(request, "reveals.html", reveals=await reveals(work))


async def _found(work: Transaction, viewer: Volunteer, code: str, which: UUID) -> tuple[Incident, Whom]:
    about = await get_incident(work, code)
    await check_may_reach(work, about, viewer)
    return about, await find_whom(work, about, which)


async def _page(
    request: Request,
    work: Transaction,
    viewer: Volunteer,
    about: Incident,
    whom: Whom,
    *,
    block: str | None = None,
    words: str = "",
    problems: list[str] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    hotline: Hotline = request.state.hotline
    held = await work.get(Task, task.c.incident_id == about.id)
    mine = held is not None and held.holder_id == viewer.id
    shown: dict[str, Any] = {
        "incident": about,
        "at": _path(about, whom.which),
        "whom": whom,
        "lines": await lines_of(work, whom),
        "calls": await calls_with(work, whom),
        "has_phone": viewer.contact_id is not None,
        "until": held.lease_until if held is not None and mine else None,
        "fence": held.fence if held is not None and mine else None,
        "open_until": await talk_until(work, whom),
        "words": words,
        "problems": problems or [],
        "size": size_of(as_sent(hotline, words)),
    }
    return render(request, "contact.html", block=block, status=status, **shown)


def _path(about: Incident, which: UUID) -> str:
    return f"/console/incidents/{about.code}/contacts/{which}"
