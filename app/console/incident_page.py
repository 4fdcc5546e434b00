"""One incident: what was reported, who was asked, what was seen, and the buttons that act on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from sqlalchemy import select
from starlette.responses import Response

from app.console.access import Desk, Dispatcher
from app.console.flash import go
from app.console.incident_facts import IncidentFacts, claim_lasts, note_view, read_incident
from app.console.incident_reasons import why
from app.console.incident_undo import undoing_for
from app.console.photos import may_see
from app.console.phrases import word_for
from app.console.rendering import is_live_part, language_of, render, translator
from app.core.database import Transaction
from app.core.errors import BadInput, Conflict
from app.core.live import Topic, wake
from app.core.requests import Work
from app.incidents.correcting import LANGUAGES
from app.incidents.join import get_incident, lock_counties, set_county
from app.incidents.regrouping import acts_of, has_active_alert, what_undo_lacks
from app.incidents.told import how_sure, neighbours_of
from app.pipeline import Hotline, decide_incident
from app.pipeline_alerts import draft_alert, propose_update
from app.pipeline_field import ask_nearest, send_offer
from app.records.alerts import AlertType
from app.records.incidents import Incident, incident
from app.records.reading import Kind
from app.records.regroupings import REASONS_OF, Act, Reason
from app.records.states import DECIDED, AlertState, IncidentState
from app.records.verification import Outcome, Task, task
from app.verification.contact import may_reach, with_talks
from app.verification.grounds import OF_DECIDING, OF_UNDOING, read_grounds
from app.verification.handover import find_takers, notes_of, release_task
from app.verification.offers import find_candidates
from app.verification.tasks import LostClaim, check_claim, open_task, renew_task
from app.volunteers.tables import Volunteer

router = APIRouter(prefix="/incidents/{code}")

Fence = Annotated[int, Form()]
Note = Annotated[str, Form(max_length=500)]


@router.get("")
async def incident_page(request: Request, work: Work, viewer: Desk, code: str) -> Response:
    """The page of an incident, or its live part."""
    about = await get_incident(work, code)
    live = is_live_part(request)
    if not live:
        await note_view(work, about, viewer)
    facts = await read_incident(work, about)
    shown = await _shown(work, request.state.hotline, facts, viewer, translator(request))
    return render(request, "incident.html", block="live" if live else None, **shown)


@router.post("/renew")
async def renew(request: Request, work: Work, viewer: Dispatcher, code: str, fence: Fence = 0) -> Response:
    """A sign of life from the open page."""
    about = await get_incident(work, code)
    held = await _task_of(work, about)
    until = await renew_task(work, request.state.hotline.queue, held.id, fence, viewer.id)
    if is_live_part(request):
        return render(request, "claim.html", incident=about, fence=fence, until=until)
    return go(_path(about), "renewed")


@router.post("/release")
async def release(request: Request, work: Work, viewer: Dispatcher, code: str, fence: Fence = 0, note: Note = "") -> Response:
    """Give the incident back to the queue."""
    about = await get_incident(work, code)
    held = await _task_of(work, about)
    await release_task(work, request.state.hotline.queue, held.id, fence, viewer.id, note)
    _wake(work, request)
    return go("/console/", "released", code=about.code)


@router.post("/offer")
async def ask_verifier(
    request: Request, work: Work, viewer: Dispatcher, code: str, volunteer: Annotated[str, Form()], fence: Fence = 0
) -> Response:
    """Ask one verifier by text to go and look."""
    about = await get_incident(work, code, lock=True)
    asked = next((c for c in await find_candidates(work, about) if c.alias == volunteer), None)
    if asked is None:
        raise Conflict("This verifier can't be asked now: off shift, elsewhere, or asked already.")
    await send_offer(work, request.state.hotline, about, asked, viewer, fence)
    return go(_path(about), "offered", who=asked.alias)


@router.post("/ask")
async def ask_around(request: Request, work: Work, viewer: Dispatcher, code: str, fence: Fence = 0) -> Response:
    """Ask the nearest by text, and the next ones until somebody says yes."""
    about = await get_incident(work, code, lock=True)
    made = await ask_nearest(work, request.state.hotline, about, viewer, fence)
    return go(_path(about), "asked_nearest", people=str(len(made)))


@router.post("/decide")
async def decide(
    request: Request,
    work: Work,
    viewer: Dispatcher,
    code: str,
    outcome: Annotated[Outcome, Form()],
    fence: Fence = 0,
    ground: Annotated[str, Form(max_length=16)] = "",
    because: Note = "",
) -> Response:
    """Decide what the incident was, or decide it differently, and say why if one likes."""
    about = await get_incident(work, code, lock=True)
    await decide_incident(work, request.state.hotline, about, outcome, viewer, fence, read_grounds(ground, because, about.code))
    return go(_path(about), "decided", outcome=translator(request)(word_for("outcome", outcome.value)))


@router.post("/county")
async def locate(
    request: Request, work: Work, viewer: Dispatcher, code: str, county: Annotated[str, Form()], fence: Fence = 0
) -> Response:
    """Set the county that a person learned."""
    hotline: Hotline = request.state.hotline
    if county not in hotline.counties:
        raise BadInput("Choose a county of the list.")
    await lock_counties(work, (await get_incident(work, code)).county, county)
    about = await get_incident(work, code, lock=True)
    if about.state in DECIDED:
        raise Conflict("This incident is decided, so its county stays.")
    held = await check_claim(work, about.id, fence, viewer.id)
    await set_county(work, about, county, viewer.id)
    await open_task(work, hotline.queue, about, held.language)
    _wake(work, request)
    return go(_path(about), "located", county=hotline.counties.by_fips(county).label(language_of(request)))


@router.post("/update")
async def propose_correction(request: Request, work: Work, viewer: Desk, code: str) -> Response:
    """Propose the correction or the all-clear of the alert that went out."""
    about = await get_incident(work, code, lock=True)
    made = await propose_update(work, request.state.hotline, about, viewer)
    return go(f"/console/alerts/{made.code}", "proposed")


async def _grouping(work: Transaction, about: Incident, say: Callable[[str], str]) -> dict[str, Any]:
    """How sure we are, what may be the same event, and what people merged or split."""
    acts = []
    for act in await acts_of(work, about.id):
        other = act.to_id if act.from_id == about.id else act.from_id
        code = await work.scalar(select(incident.c.code).where(incident.c.id == other))
        acts.append((act, code, await what_undo_lacks(work, act)))
    return {
        "sure": (await how_sure(work, [about.id]))[about.id] if about.reports else None,
        "neighbours": await neighbours_of(work, about),
        "acts": acts,
        "can_split": about.reports > 1,
        "alerted": await has_active_alert(work, about.id),
        "merge_reasons": REASONS_OF[Act.MERGE],
        "split_reasons": REASONS_OF[Act.SPLIT],
        "all_reasons": set(Reason),
        "kinds": [kind.value for kind in Kind],
        "report_languages": LANGUAGES,
        "why": partial(why, say=say),
    }


async def _shown(
    work: Transaction, hotline: Hotline, facts: IncidentFacts, viewer: Volunteer, say: Callable[[str], str]
) -> dict[str, Any]:
    about = facts.incident
    workable = about.state != IncidentState.DISMISSED
    mine = workable and facts.task is not None and facts.holder is not None and facts.holder.id == viewer.id
    can_alert = (
        about.state == IncidentState.CONFIRMED
        and about.county is not None
        and not any(a.type == AlertType.ALERT and a.state in {AlertState.PROPOSED, AlertState.APPROVED} for a in facts.alerts)
    )
    sent = any(a.type == AlertType.ALERT and a.approved_at is not None for a in facts.alerts)
    draft = await draft_alert(work, hotline, about) if can_alert else None
    return {
        "facts": facts,
        **await _grouping(work, about, say),
        "takers": await find_takers(work, viewer.id) if mine else [],
        "left_notes": await notes_of(work, facts.task.id) if facts.task else [],
        "reaches": await may_reach(work, about, viewer),
        "talks": await with_talks(work, about),
        "sees_photos": may_see(viewer, about.county),
        "incident": about,
        "fence": facts.task.fence if mine and facts.task else None,
        "until": facts.task.lease_until if mine and facts.task else None,
        "waits": facts.task is not None and not claim_lasts(facts.task, work.now) and not facts.decided,
        "grounds": [ground.value for ground in OF_DECIDING],
        "undo_grounds": [ground.value for ground in OF_UNDOING],
        "undoing": await undoing_for(work, about, viewer),
        "outcomes": [outcome.value for outcome in Outcome],
        "counties": hotline.counties,
        "draft": draft,
        "merged_into": next((line.facts.get("into") for line in facts.events if line.verb == "incident.merged"), None),
        "can_update": sent and not any(a.state == AlertState.PROPOSED for a in facts.alerts),
        "will_clear": about.state in {IncidentState.CONFIRMED, IncidentState.GONE},
    }


async def _task_of(work: Transaction, about: Incident) -> Task:
    held = await work.get(Task, task.c.incident_id == about.id)
    if held is None:
        raise LostClaim("Your claim has ended and someone else may have taken it.")
    return held


def _path(about: Incident) -> str:
    return f"/console/incidents/{about.code}"


def _wake(work: Transaction, request: Request) -> None:
    work.after_commit.append(wake(request.state.hotline.redis, Topic.BOARD))
