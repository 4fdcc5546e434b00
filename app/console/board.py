"""The board: what is urgent, what is mine, who may be in trouble, what waits for a second signature, and where in the state it happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import Row, and_, case, extract, func, or_, select
from starlette.responses import RedirectResponse, Response

from app.alerts.alone import allowed_now, unreviewed
from app.alerts.ending import undecided_ends
from app.console.access import Dispatcher, SignedIn, has_role
from app.console.flash import go
from app.console.rendering import is_live_part, render
from app.core.database import Transaction
from app.core.requests import Work
from app.delivery.conservation import Tally, tally_of
from app.incidents.confidence import Confidence
from app.incidents.told import how_sure
from app.packs.outlines import county_paths
from app.pipeline_escalation import take_task
from app.records.alerts import Alert, BreakGlass, alert
from app.records.incidents import incident
from app.records.states import AlertState, IncidentState, OfferState, TaskState
from app.records.verification import offer, task
from app.verification.tasks import finish_task
from app.volunteers.tables import Role, Standing, Volunteer, volunteer

router = APIRouter()

SHOWN_AFTER: Final = timedelta(hours=3)
"""How long a decided incident stays on the board."""

MOST_SHOWN: Final = 60

RUNNING_FOR: Final = timedelta(hours=2)
"""How long the progress of an alert stays on the board after its approval."""

UNDECIDED: Final = (IncidentState.OPEN.value, IncidentState.VERIFYING.value)

GRAVITY: Final = (IncidentState.CONFIRMED, IncidentState.VERIFYING, IncidentState.OPEN)
"""Which of its incidents colours a county of the map."""


@dataclass(frozen=True)
class Board:
    """What the board shows. `mine` is the row of the incident that the viewer holds; `waiting` and `held` count tasks."""

    waiting: int
    held: int
    on_shift: int
    mine: Row[Any] | None
    open: Sequence[Row[Any]]
    decided: Sequence[Row[Any]]
    to_sign: Sequence[Row[Any]]
    running: Sequence[tuple[Alert, Tally]]
    counties: dict[str, tuple[str, int]]
    sure: dict[UUID, Confidence] = field(default_factory=dict)
    alarms: Sequence[Row[Any]] = ()
    ends: Sequence[Alert] = ()
    alone: Sequence[Alert] = ()
    glass: BreakGlass | None = None


async def read_board(work: Transaction, viewer: Volunteer) -> Board:
    """Everything the board shows, in one transaction."""
    rows = await work.all(_incidents(work.now))
    undecided = [row for row in rows if row.state in UNDECIDED]
    mine = next((row for row in undecided if row.holder_id == viewer.id and _is_held(row, work.now)), None)
    on_shift = await work.scalar(
        select(func.count()).select_from(volunteer).where(volunteer.c.on_shift, volunteer.c.standing == Standing.ACTIVE.value)
    )
    counts = {
        row.held: row.tasks
        for row in await work.all(
            select(_held(work.now).label("held"), func.count().label("tasks"))
            .join(incident, incident.c.id == task.c.incident_id)
            .where(task.c.state != TaskState.DONE.value, incident.c.state.in_(UNDECIDED))
            .group_by("held")
        )
    }
    return Board(
        waiting=counts.get(False, 0),
        held=counts.get(True, 0),
        on_shift=int(on_shift),
        mine=mine,
        open=undecided,
        decided=[row for row in rows if row.state not in UNDECIDED],
        to_sign=await work.all(_to_sign()),
        running=await _running(work),
        counties=colours(rows),
        sure=await how_sure(work, [row.id for row in undecided]),
        alarms=await work.all(_alarms()),
        ends=await undecided_ends(work),
        alone=await unreviewed(work),
        glass=await allowed_now(work),
    )


def colours(rows: Sequence[Row[Any]]) -> dict[str, tuple[str, int]]:
    """By county that has open or confirmed incidents: the gravest state among them, and how many there are. Pure."""
    by_county: dict[str, list[str]] = {}
    for row in rows:
        if row.county is not None and row.state in GRAVITY:
            by_county.setdefault(row.county, []).append(row.state)
    return {fips: (next(g.value for g in GRAVITY if g.value in states), len(states)) for fips, states in by_county.items()}


@router.get("/")
async def board(request: Request, work: Work, viewer: SignedIn) -> Response:
    """The board; whoever has no use for it is led to the page that is theirs."""
    if not has_role(viewer, Role.DISPATCHER, Role.ORGANIZER):
        return RedirectResponse("/console/offers" if has_role(viewer, Role.VERIFIER) else "/console/people", 303)
    seen = await read_board(work, viewer)
    drawing = county_paths(request.state.settings.pack)
    block = "live" if is_live_part(request) else None
    return render(request, "board.html", block=block, board=seen, drawing=drawing, counties=request.state.hotline.counties)


@router.post("/tasks/pull")
async def take_most_urgent(request: Request, work: Work, viewer: Dispatcher) -> Response:
    """Take the most urgent task that fits the viewer: theirs for five minutes, and for as long as the page is open."""
    hotline = request.state.hotline
    while (claimed := await take_task(work, hotline, viewer)) is not None:
        about = await work.first(select(incident.c.code, incident.c.state).where(incident.c.id == claimed.incident_id))
        if about is not None and about.state in UNDECIDED:
            return go(f"/console/incidents/{about.code}", "claimed", code=about.code)
        await finish_task(
            work, hotline.queue, claimed.incident_id
        )  # merged into another or taken out meanwhile: nothing is left to do
    return go("/console/", "nothing_waits")


def _incidents(now: datetime) -> Any:
    holder = volunteer.alias("holder")
    undecided = incident.c.state.in_(UNDECIDED)
    order = func.coalesce(extract("epoch", task.c.created_at) - task.c.head_start, extract("epoch", incident.c.first_report_at))
    return (
        select(incident, task.c.holder_id, task.c.lease_until, holder.c.alias.label("holder"), task.c.state.label("task_state"))
        .join(task, task.c.incident_id == incident.c.id, isouter=True)
        .join(holder, holder.c.id == task.c.holder_id, isouter=True)
        .where(
            or_(
                undecided,
                and_(incident.c.state != IncidentState.DISMISSED.value, incident.c.decided_at > now - SHOWN_AFTER),
            )
        )
        .order_by(undecided.desc(), case((undecided, order), else_=-extract("epoch", incident.c.decided_at)))
        .limit(MOST_SHOWN)
    )


def _held(now: datetime) -> Any:
    return and_(task.c.state == TaskState.LEASED.value, task.c.lease_until > now)


def _is_held(row: Row[Any], now: datetime) -> bool:
    return row.task_state == TaskState.LEASED and row.lease_until is not None and row.lease_until > now


def _alarms() -> Any:
    """People on the way or on site who were asked whether they are OK and have not said so."""
    return (
        select(incident.c.code, incident.c.place, volunteer.c.alias, offer.c.alarmed_at)
        .join(incident, incident.c.id == offer.c.incident_id)
        .join(volunteer, volunteer.c.id == offer.c.volunteer_id)
        .where(offer.c.state == OfferState.ACCEPTED.value, offer.c.alarmed_at.is_not(None))
        .order_by(offer.c.alarmed_at)
    )


def _to_sign() -> Any:
    author = volunteer.alias("author")
    return (
        select(alert, author.c.alias.label("author"), incident.c.code.label("incident_code"), incident.c.place)
        .join(author, author.c.id == alert.c.author_id)
        .join(incident, incident.c.id == alert.c.incident_id, isouter=True)
        .where(alert.c.state == AlertState.PROPOSED.value)
        .order_by(alert.c.proposed_at)
    )


async def _running(work: Transaction) -> list[tuple[Alert, Tally]]:
    found = await work.find(
        Alert,
        select(alert).where(alert.c.approved_at > work.now - RUNNING_FOR).order_by(alert.c.approved_at.desc()).limit(5),
    )
    return [(sent, await tally_of(work, sent.id, sent.type)) for sent in found]
