"""Alerts: before the second signature what would go out, to whom, what it costs and how long it takes; after it, how the texts arrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from sqlalchemy import func, select
from starlette.responses import Response

from app.alerts.alone import allowed_now
from app.alerts.approval import MAY_APPROVE, is_sole_verifier, return_alert
from app.alerts.ending import let_end
from app.alerts.review import Problem, problems_of
from app.console.access import Desk, Organizer
from app.console.flash import go
from app.console.phrases import mark
from app.console.rendering import is_live_part, render
from app.core.database import Transaction
from app.core.errors import NotFound
from app.core.languages import TEXT_LANGUAGES
from app.core.live import Topic, wake
from app.core.requests import Work
from app.delivery.forecast import Audience, time_to_last_phone
from app.delivery.progress import progress_of
from app.delivery.waiting import why_waiting
from app.pipeline import Hotline
from app.pipeline_alerts import approve, cancel_alert, hold_alert, incident_of, let_alert_go, preview_of
from app.pipeline_endings import follow, send_alone
from app.records.alerts import TELLING, Alert, alert, alert_reference, references_of
from app.records.deliveries import delivery, outgoing_message
from app.records.incidents import Incident, incident
from app.records.states import AlertState, IncidentState
from app.records.verification import Outcome, observation
from app.rights.review import in_force
from app.rights.topics import LINE
from app.telephony.segments import Size, size_of
from app.volunteers.tables import Volunteer, volunteer

router = APIRouter(prefix="/alerts")

PRICES: Final = "twilio.com, carriers, 2026-07"
"""Where the prices are from and as of when; the figures and the whole source stand in `delivery/carriers.toml`."""


@dataclass(frozen=True)
class Rendering:
    """An alert in one language: its words, what they cost, and how many people read it in that language."""

    language: str
    words: str
    size: Size
    people: int


@router.get("")
async def list_alerts(request: Request, work: Work, _viewer: Desk) -> Response:
    """Every alert, the newest first."""
    author, approver = volunteer.alias("author"), volunteer.alias("approver")
    rows = await work.all(
        select(alert, author.c.alias.label("author"), approver.c.alias.label("approver"), incident.c.place)
        .join(author, author.c.id == alert.c.author_id)
        .join(approver, approver.c.id == alert.c.approver_id, isouter=True)
        .join(incident, incident.c.id == alert.c.incident_id, isouter=True)
        .order_by((alert.c.state == AlertState.PROPOSED.value).desc(), alert.c.proposed_at.desc())
        .limit(100)
    )
    return render(request, "alerts.html", block="live" if is_live_part(request) else None, alerts=rows)


@router.get("/{code}")
async def alert_page(request: Request, work: Work, viewer: Desk, code: str) -> Response:
    """One alert, or its live part."""
    shown = await _get_alert(work, code)
    about = await incident_of(work, shown)
    hotline: Hotline = request.state.hotline
    preview = await preview_of(work, hotline, shown) if shown.state == AlertState.PROPOSED else None
    people = preview.people if preview else await _planned(work, shown)
    renderings = [Rendering(lang, shown.texts[lang], size_of(shown.texts[lang]), people.get(lang, 0)) for lang in shown.texts]
    names = await work.all(
        select(volunteer.c.id, volunteer.c.alias).where(
            volunteer.c.id.in_([shown.author_id, shown.approver_id, shown.reviewed_by, shown.let_end_by])
        )
    )
    observers = await work.all(
        select(volunteer.c.id, volunteer.c.alias, func.max(observation.c.observed_at).label("at"))
        .join(observation, observation.c.volunteer_id == volunteer.c.id)
        .where(observation.c.incident_id == shown.incident_id, observation.c.outcome == Outcome.CONFIRM.value)
        .group_by(volunteer.c.id, volunteer.c.alias)
    )
    earlier = (await references_of(work, [shown.id])).get(shown.id, [])
    rights = (await in_force(work, request.state.hotline.rights)).topics[LINE]
    return render(
        request,
        "alert.html",
        block="live" if is_live_part(request) else None,
        alert=shown,
        incident=about,
        earlier=earlier,
        aliases={row.id: row.alias for row in names},
        observers=observers,
        renderings=renderings,
        recipients=sum(people.values()),
        preview=preview,
        forecast=time_to_last_phone(audience_of(renderings), hotline.inventory),
        prices=PRICES,
        rights=rights,
        rights_reviewed=all(rights.is_reviewed(language) for language in TEXT_LANGUAGES),
        problems=_by_language(
            problems_of(
                shown.texts,
                {shown.code, *(one.code for one in earlier)},
                own_words=[about.place] if about and about.place else [],
                fallbacks=shown.fallbacks,
            )
        ),
        refusal=why_not_approve(
            shown, about, viewer, work.now, sole=about is not None and await is_sole_verifier(work, about.id, viewer.id)
        ),
        may_alone=await _may_alone(work, shown, viewer),
        can_follow=shown.type in TELLING and shown.approved_at is not None and not await _is_followed(work, shown),
        progress=await progress_of(work, shown.id, shown.type, hotline.inventory),
        waiting=await why_waiting(work, shown.id, shown.type, hotline.inventory) if shown.approved_at else [],
    )


@router.post("/{code}/approve")
async def approve_it(request: Request, work: Work, viewer: Organizer, code: str) -> Response:
    """The second signature: in the same transaction every text is planned."""
    shown = await _get_alert(work, code)
    _, planned = await approve(work, request.state.hotline, shown.id, viewer)
    return go(f"/console/alerts/{shown.code}", "approved", people=str(planned.recipients))


@router.post("/{code}/return")
async def return_it(
    request: Request, work: Work, viewer: Organizer, code: str, reason: Annotated[str, Form(min_length=1, max_length=400)]
) -> Response:
    """Give it back to its author with a reason."""
    shown = await _get_alert(work, code)
    await return_alert(work, shown.id, viewer, reason)
    work.after_commit.append(wake(request.state.hotline.redis, Topic.BOARD))
    return go(f"/console/alerts/{shown.code}", "returned")


@router.post("/{code}/alone")
async def send_it_alone(
    request: Request, work: Work, viewer: Organizer, code: str, reason: Annotated[str, Form(max_length=400)]
) -> Response:
    """The author sends it alone, where break-glass allows that."""
    shown = await _get_alert(work, code)
    await send_alone(work, request.state.hotline, shown.id, viewer, reason)
    return go(f"/console/alerts/{shown.code}", "sent_alone")


@router.post("/{code}/extend")
async def extend_it(request: Request, work: Work, viewer: Desk, code: str) -> Response:
    """Propose that it holds longer, to those who got it."""
    made = await follow(work, request.state.hotline, await _get_alert(work, code), viewer, longer=True)
    return go(f"/console/alerts/{made.code}", "proposed")


@router.post("/{code}/close")
async def close_it(request: Request, work: Work, viewer: Desk, code: str) -> Response:
    """Propose its all-clear or correction, to those who got it."""
    made = await follow(work, request.state.hotline, await _get_alert(work, code), viewer, longer=False)
    return go(f"/console/alerts/{made.code}", "proposed")


@router.post("/{code}/let-end")
async def let_it_end(request: Request, work: Work, viewer: Organizer, code: str) -> Response:
    """Choose that it ends without a further word."""
    shown = await _get_alert(work, code)
    await let_end(work, shown.id, viewer)
    work.after_commit.append(wake(request.state.hotline.redis, Topic.BOARD))
    return go(f"/console/alerts/{shown.code}", "let_end")


@router.post("/{code}/pause")
async def pause_it(request: Request, work: Work, viewer: Organizer, code: str) -> Response:
    """Hold back what has not gone yet."""
    shown = await _get_alert(work, code)
    await hold_alert(work, request.state.hotline, shown, viewer)
    return go(f"/console/alerts/{shown.code}", "paused")


@router.post("/{code}/resume")
async def go_on(request: Request, work: Work, viewer: Organizer, code: str) -> Response:
    """Go on with what was held back."""
    shown = await _get_alert(work, code)
    await let_alert_go(work, request.state.hotline, shown, viewer)
    return go(f"/console/alerts/{shown.code}", "goes_on")


@router.post("/{code}/cancel")
async def cancel_it(request: Request, work: Work, viewer: Organizer, code: str) -> Response:
    """Send nothing more of it."""
    shown = await _get_alert(work, code)
    spared = await cancel_alert(work, request.state.hotline, shown, viewer)
    return go(f"/console/alerts/{shown.code}", "cancelled", people=str(spared))


def audience_of(renderings: Sequence[Rendering]) -> Audience:
    """How many people get a text of how many segments. Pure."""
    people: dict[int, int] = {}
    for one in renderings:
        people[one.size.segments] = people.get(one.size.segments, 0) + one.people
    return Audience(people)


def why_not_approve(shown: Alert, about: Incident | None, viewer: Volunteer, now: datetime, *, sole: bool) -> str | None:
    """Why this viewer can't sign this alert, said before they try; None when they can. `sole`: the incident stands on their word alone.
    `approve_alert` decides; this explains. Pure."""
    if shown.state != AlertState.PROPOSED:
        return None
    if not MAY_APPROVE & set(viewer.roles):
        return mark("Only organizers approve alerts.")
    if shown.author_id == viewer.id:
        return mark("You wrote this alert; someone else must approve it.")
    if shown.expires_at <= now:
        return mark("This alert is out of date. Propose it again with what is known now.")
    if shown.type in TELLING and about is not None and about.state != IncidentState.CONFIRMED:
        return mark("The incident is no longer confirmed, so this alert can't go out.")
    if sole:
        return mark("You are the only one who saw this; someone else must approve it.")
    return None


async def _get_alert(work: Transaction, code: str) -> Alert:
    found = await work.get(Alert, alert.c.code == code.upper())
    if found is None:
        raise NotFound("There is no such alert.")
    return found


async def _may_alone(work: Transaction, shown: Alert, viewer: Volunteer) -> bool:
    if shown.state != AlertState.PROPOSED or shown.author_id != viewer.id or not MAY_APPROVE & set(viewer.roles):
        return False
    glass = await allowed_now(work, shown.county)
    return glass is not None and glass.enabled_by != viewer.id


async def _is_followed(work: Transaction, shown: Alert) -> bool:
    """Whether something that updates, takes back or closes it went out or waits."""
    later = (
        select(alert.c.id)
        .join(alert_reference, alert_reference.c.alert_id == alert.c.id)
        .where(alert_reference.c.earlier_id == shown.id)
        .where(alert.c.approved_at.is_not(None) | (alert.c.state == AlertState.PROPOSED.value))
    )
    return await work.first(later.limit(1)) is not None


async def _planned(work: Transaction, shown: Alert) -> Mapping[str, int]:
    """How many people by language texts were planned for."""
    rows = await work.all(
        select(delivery.c.language, func.count().label("people"))
        .join(outgoing_message, outgoing_message.c.id == delivery.c.message_id)
        .where(outgoing_message.c.about_id == shown.id, outgoing_message.c.purpose == shown.type)
        .group_by(delivery.c.language)
    )
    return {row.language: row.people for row in rows}


def _by_language(problems: Sequence[Problem]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for problem in problems:
        found.setdefault(problem.language, []).append(problem.code)
    return found
