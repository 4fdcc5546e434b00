"""Coverage: who will be there for which county in the coming week, hour by hour, gaps in words, and who is called next right now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.console.access import CoverageViewer
from app.console.rendering import language_of, render
from app.core.errors import NotFound
from app.core.requests import Work
from app.pipeline import Hotline
from app.pipeline_coverage import Cover, read_cover
from app.volunteers.coverage import EVERY_COUNTY, Duty, Gap, after, hours_in, on_duty, uncovered
from app.volunteers.hours import span_of
from app.volunteers.on_call import Called, who_is_next
from app.volunteers.spoken import say_day, say_hours, say_weekday
from app.volunteers.tables import Role

router = APIRouter(prefix="/coverage")

MOST_GAPS: Final = 12
"""So many gaps are named; of more their number is."""

MOST_CALLED: Final = 4

ORDER: Final = (Role.DISPATCHER, Role.BACKUP, Role.LEAD)
"""Who is called first, and then."""


class Cell(StrEnum):
    """How an hour of a county looks."""

    THERE = "there"
    PARTLY = "partly"
    GAP = "gap"
    FREE = "free"  # nobody is there, and nobody need be
    NONE = "none"  # over, or the clocks skip it


@dataclass(frozen=True)
class Hour:
    """One hour of one day: how it looks, and who is there."""

    cell: Cell
    people: Sequence[str]


@router.get("")
async def coverage(
    request: Request, work: Work, _viewer: CoverageViewer, duty: Duty = Duty.DESK, county: str | None = None
) -> Response:
    """Every county by day; or, with a county, its hours by day. Raises NotFound for a county that is not looked at."""
    hotline: Hotline = request.state.hotline
    zone, language = hotline.time_zone, language_of(request)
    seen = await read_cover(work, hotline, request.state.settings.covered_hours)
    if county is not None and county not in seen.counties:
        raise NotFound("No county like this is looked at.")
    whole = county is None and len(seen.counties) == 1
    chosen = seen.counties[0] if whole else county
    gaps = [gap for gap in seen.gaps if chosen is None or chosen in gap.counties]
    called: list[tuple[Role, Sequence[Called]]] = []
    if chosen is not None:
        called = [(role, (await who_is_next(work, role, chosen or None))[:MOST_CALLED]) for role in ORDER]
    return render(
        request,
        "coverage.html",
        seen=seen,
        duty=duty,
        duties=list(Duty),
        chosen=chosen,
        may_choose=len(seen.counties) > 1,
        days=[(day, say_weekday(day.weekday(), language), say_day(day, language)) for day in seen.days],
        gaps=[
            (gap, say_weekday(_local_day(gap, zone), language, short=False), say_hours(gap.span, zone))
            for gap in gaps[:MOST_GAPS]
        ],
        more=max(len(gaps) - MOST_GAPS, 0),
        by_day=[] if chosen is not None else [(fips, _gap_hours(seen, fips, duty, work.now)) for fips in seen.counties],
        by_hour=[] if chosen is None else [(hour, _row(seen, chosen, duty, hour, zone, work.now)) for hour in range(24)],
        called=called,
        nobody_plans=not any(helper.spans for helper in seen.helpers),
        hours=request.state.settings.covered_hours,
        counties=hotline.counties,
        EVERY_COUNTY=EVERY_COUNTY,
    )


def _gap_hours(seen: Cover, county: str, duty: Duty, now: datetime) -> list[float | None]:
    """How many hours of each day nobody covers; None for a day whose hours are over."""
    left = [after([day], now) for day in seen.wanted]
    return [hours_in(uncovered(seen.helpers, duty, county, day)) if day else None for day in left]


def _row(seen: Cover, county: str, duty: Duty, hour: int, zone: str, now: datetime) -> list[Hour]:
    """One hour of the clock on each day."""
    row = []
    for day in seen.days:
        span = span_of(day, hour * 60, (hour + 1) * 60, zone)
        if span.ends <= now or span.ends <= span.begins:
            row.append(Hour(Cell.NONE, ()))
            continue
        people = on_duty(seen.helpers, duty, county, span)
        if not uncovered(seen.helpers, duty, county, [span]):
            cell = Cell.THERE
        elif people:
            cell = Cell.PARTLY
        else:
            cell = Cell.GAP if any(span.meets(wanted) for wanted in seen.wanted) else Cell.FREE
        row.append(Hour(cell, people))
    return row


def _local_day(gap: Gap, zone: str) -> int:
    """The weekday on which a gap begins."""
    return gap.span.begins.astimezone(ZoneInfo(zone)).weekday()
