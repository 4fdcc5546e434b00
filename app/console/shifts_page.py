"""Shifts: one's own plan for the coming weeks, what changes it, swaps, and the note that is owed. Leads and administrators plan for others,
too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from sqlalchemy import select
from starlette.responses import Response

from app.console.access import Lead, SignedIn, has_role
from app.console.flash import go
from app.console.rendering import language_of, render
from app.core.database import Transaction
from app.core.errors import BadInput, Conflict, NotAllowed, NotFound
from app.core.requests import Work
from app.pipeline import Hotline
from app.pipeline_shifts import be_away
from app.pipeline_swaps import Taking, ask_others, assign_swap, find_swap, keep_shift, refuse_taker, take_swap
from app.records.states import SwapState
from app.verification.handover import leave_note, owed_note
from app.volunteers.hours import MINUTES_A_DAY, Span, Weekly, span_of
from app.volunteers.roster import get_volunteer
from app.volunteers.shift_tables import Swap
from app.volunteers.shifts import add_weekly, change_once, plans, remove_weekly, weekly_of
from app.volunteers.spoken import say_minutes, say_span, say_weekday
from app.volunteers.swaps import WAITING, Fit, find_takers, fit_of, span_of_swap, waiting_swaps
from app.volunteers.tables import Role, Standing, Volunteer, volunteer

router = APIRouter(prefix="/shifts")

SHOWN: Final = timedelta(days=14)

Who = Annotated[str, Form(max_length=80)]


@dataclass(frozen=True)
class Asked:
    """A swap as the page shows it: whose, who would take it, what the viewer may do about it, to whom a lead can give it."""

    row: Swap
    when: str
    asker: str
    taker: str | None
    mine: bool
    fits: bool
    takers: Sequence[str]


def plans_for_others(viewer: Volunteer) -> bool:
    """Whether somebody may plan for others."""
    return has_role(viewer, Role.LEAD, Role.ADMIN)


@router.get("")
async def shifts(request: Request, work: Work, viewer: SignedIn, who: str = "") -> Response:
    """One's own shifts, or those of somebody for whom one may plan."""
    hotline: Hotline = request.state.hotline
    zone, language = hotline.time_zone, language_of(request)
    person = await _whose(work, viewer, who)
    planned = (await plans(work, Span(work.now, work.now + SHOWN), zone, [person.id])).get(person.id, ())
    everybody = select(volunteer.c.alias).where(volunteer.c.standing == Standing.ACTIVE.value).order_by(volunteer.c.alias)
    return render(
        request,
        "shifts.html",
        person=person,
        own=person.id == viewer.id,
        planned=[(span, say_span(span, zone, language), span.begins > work.now) for span in planned],
        weekly=[
            (row, f"{say_weekday(row.weekday, language, short=False)} {say_minutes(row.begins, row.ends)}")
            for row in await weekly_of(work, person.id)
        ],
        weekdays=[say_weekday(day, language, short=False) for day in range(7)],
        asked=await _swaps(work, hotline, viewer, language),
        others=(await work.execute(everybody)).scalars().all() if plans_for_others(viewer) else (),
        today=work.now.astimezone(ZoneInfo(zone)).date(),
        owes=await owed_note(work, viewer.id) is not None,
    )


@router.post("/weekly")
async def plan_weekly(
    work: Work,
    viewer: SignedIn,
    weekday: Annotated[int, Form(ge=0, le=6)],
    begins: Annotated[time, Form()],
    ends: Annotated[time, Form()],
    who: Who = "",
) -> Response:
    """A shift that comes again every week."""
    person = await _whose(work, viewer, who)
    await add_weekly(work, person, Weekly(weekday, _minutes(begins), _minutes(ends) or MINUTES_A_DAY), viewer)
    return _back(viewer, person, "shift_planned")


@router.post("/weekly/{shift_id}/remove")
async def drop_weekly(work: Work, viewer: SignedIn, shift_id: UUID, who: Who = "") -> Response:
    """It comes no more."""
    person = await _whose(work, viewer, who)
    await remove_weekly(work, person, shift_id, viewer)
    return _back(viewer, person, "shift_dropped")


@router.post("/once")
async def plan_once(
    request: Request,
    work: Work,
    viewer: SignedIn,
    day: Annotated[date, Form()],
    kind: Annotated[str, Form(pattern="^(extra|away)$")],
    begins: Annotated[str, Form(max_length=8)] = "",
    ends: Annotated[str, Form(max_length=8)] = "",
    until: Annotated[str, Form(max_length=10)] = "",
    who: Who = "",
) -> Response:
    """An extra shift, or being away: for some hours, a day, or until another day."""
    hotline: Hotline = request.state.hotline
    person = await _whose(work, viewer, who)
    first, last = _hour(begins, 0), _hour(ends, MINUTES_A_DAY) or MINUTES_A_DAY
    span = span_of(day, first, last, hotline.time_zone)
    if kind == "extra":
        if not begins or not ends:
            raise BadInput("Say from when until when.")
        await change_once(work, person, span, viewer, away=False)
        return _back(viewer, person, "shift_planned")
    if until:
        span = Span(span.begins, span_of(_day(until), 0, last, hotline.time_zone).ends)
    await be_away(work, hotline, person, span, viewer)
    return _back(viewer, person, "shift_away")


@router.post("/miss")
async def miss(
    request: Request,
    work: Work,
    viewer: SignedIn,
    begins: Annotated[datetime, Form()],
    ends: Annotated[datetime, Form()],
    who: Who = "",
) -> Response:
    """Be away for one planned shift."""
    person = await _whose(work, viewer, who)
    await be_away(work, request.state.hotline, person, _planned(begins, ends), viewer)
    return _back(viewer, person, "shift_away")


@router.post("/swaps")
async def ask(
    request: Request,
    work: Work,
    viewer: SignedIn,
    begins: Annotated[datetime, Form()],
    ends: Annotated[datetime, Form()],
    who: Who = "",
) -> Response:
    """Ask others to take a planned shift."""
    person = await _whose(work, viewer, who)
    _, asked = await ask_others(work, request.state.hotline, person, _planned(begins, ends), viewer)
    if asked == 0:
        return _back(viewer, person, "swap_nobody")
    return _back(viewer, person, "swap_asked", people=str(asked))


@router.post("/swaps/{number}/take")
async def take(request: Request, work: Work, viewer: SignedIn, number: int) -> Response:
    """Take somebody's shift."""
    taking = await take_swap(work, request.state.hotline, await _asked(work, number), viewer)
    if taking is Taking.UNFIT:
        raise Conflict("You can't take this shift: you are on duty then, or it needs another role.")
    if taking is Taking.GONE:
        raise Conflict("This shift is no longer to be had.")
    return go("/console/shifts", "swap_yours" if taking is Taking.YOURS else "swap_waits")


@router.post("/swaps/{number}/keep")
async def keep(request: Request, work: Work, viewer: SignedIn, number: int) -> Response:
    """Keep one's shift after all."""
    asked = await _asked(work, number)
    if asked.asker_id != viewer.id and not plans_for_others(viewer):
        raise NotAllowed("This shift is somebody else's.")
    if asked.state not in WAITING:
        raise Conflict("This shift is no longer to be had.")
    await keep_shift(work, request.state.hotline, asked, viewer)
    return go("/console/shifts", "swap_kept")


@router.post("/swaps/{number}/assign")
async def assign(request: Request, work: Work, viewer: Lead, number: int, to: Annotated[str, Form(max_length=80)]) -> Response:
    """A lead gives the shift to somebody, or agrees to who would take it."""
    asked, taker = await _asked(work, number), await get_volunteer(work, to)
    if not await assign_swap(work, request.state.hotline, asked, taker, viewer):
        raise Conflict("This person can't take the shift, or somebody has it already.")
    return go("/console/shifts", "swap_assigned", who=taker.alias)


@router.post("/swaps/{number}/refuse")
async def refuse(request: Request, work: Work, viewer: Lead, number: int) -> Response:
    """A lead looks for somebody else."""
    asked = await _asked(work, number)
    if asked.state != SwapState.PROPOSED:
        raise Conflict("This shift is no longer to be had.")
    await refuse_taker(work, request.state.hotline, asked, viewer)
    return go("/console/shifts", "swap_refused")


@router.post("/note")
async def write_note(work: Work, viewer: SignedIn, note: Annotated[str, Form(min_length=1, max_length=500)]) -> Response:
    """The note that somebody owes whose shift ended with an incident in hand."""
    owed = await owed_note(work, viewer.id)
    if owed is None or not note.strip():
        raise Conflict("No note is wanted any more.")
    await leave_note(work, owed, note)
    return go("/console/shifts", "note_left")


def _planned(begins: datetime, ends: datetime) -> Span:
    if begins.tzinfo is None or ends.tzinfo is None:
        raise BadInput("That is not an hour of the day.")
    return Span(begins, ends)


async def _whose(work: Transaction, viewer: Volunteer, who: str) -> Volunteer:
    """The viewer, or somebody for whom they may plan. Raises NotAllowed, NotFound."""
    if not who or who == viewer.alias:
        return viewer
    if not plans_for_others(viewer):
        raise NotAllowed("Only leads and administrators plan for others.")
    return await get_volunteer(work, who)


async def _asked(work: Transaction, number: int) -> Swap:
    asked = await find_swap(work, number) if 0 < number < 2**31 else None
    if asked is None:
        raise NotFound("This shift is no longer to be had.")
    return asked


async def _swaps(work: Transaction, hotline: Hotline, viewer: Volunteer, language: str) -> list[Asked]:
    """The swaps that concern the viewer: their own, those that they could take, for a lead all of them."""
    shown = []
    for row in await waiting_swaps(work):
        asker = await work.get(Volunteer, volunteer.c.id == row.asker_id)
        taker = await work.get(Volunteer, volunteer.c.id == row.taker_id) if row.taker_id else None
        assert asker is not None  # as a swap always has one
        span, lead = span_of_swap(row), has_role(viewer, Role.LEAD)
        busy = viewer.id in await plans(work, span, hotline.time_zone, [viewer.id])
        fits = row.state == SwapState.OPEN and fit_of(viewer, asker, busy=busy) is not Fit.NO
        if not (fits or lead or asker.id == viewer.id or row.taker_id == viewer.id):
            continue
        takers = [person.alias for person, _ in await find_takers(work, asker, span, hotline.time_zone)] if lead else []
        when = say_span(span, hotline.time_zone, language)
        shown.append(Asked(row, when, asker.alias, taker.alias if taker else None, asker.id == viewer.id, fits, takers))
    return shown


def _minutes(hour: time) -> int:
    return hour.hour * 60 + hour.minute


def _hour(words: str, otherwise: int) -> int:
    try:
        return _minutes(time.fromisoformat(words)) if words else otherwise
    except ValueError as error:
        raise BadInput("That is not an hour of the day.") from error


def _day(words: str) -> date:
    try:
        return date.fromisoformat(words)
    except ValueError as error:
        raise BadInput("That is not a day.") from error


def _back(viewer: Volunteer, person: Volunteer, flash: str, **blanks: str) -> Response:
    return go("/console/shifts" + ("" if person.id == viewer.id else f"?who={quote(person.alias)}"), flash, **blanks)
