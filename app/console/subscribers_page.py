"""Subscribers: how many there are, said so that nobody can be counted out; bringing in a list; and giving the whole list out, sealed."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Final

from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.responses import Response, StreamingResponse

from app.console.access import Admin, MayHalt
from app.console.rendering import render
from app.core.errors import BadInput
from app.core.languages import TEXT_LANGUAGES
from app.core.live import Topic as LiveTopic
from app.core.live import wake
from app.core.requests import Work
from app.pipeline_import import Home, import_list
from app.records.events import record
from app.subscribers.anonymity import FEWEST
from app.subscribers.figures import LANGUAGES, figures, total, write_figures
from app.subscribers.importing import Outcome, Weighed
from app.subscribers.sealed_list import sealed_list
from app.subscribers.tables import Topic

router = APIRouter(prefix="/subscribers")

MOST_BYTES: Final = 4_000_000
"""About 25,000 lines. A longer list goes by the command line, where nobody's browser waits."""

SHOWN: Final = 200
"""So many lines are shown with what is wrong with them; the counts are of all."""


@router.get("")
async def subscribers(request: Request, work: Work, _viewer: MayHalt) -> Response:
    """How many people at least asked for what, by county and language."""
    return await _page(request, work)


@router.get("/figures.csv")
async def figures_file(request: Request, work: Work, _viewer: MayHalt) -> Response:
    """The same figures as a CSV file."""
    names = {county.fips: county.name for county in request.state.hotline.counties}
    headers = {"content-disposition": 'attachment; filename="subscribers-figures.csv"'}
    return Response(write_figures(await figures(work), names), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/import")
async def bring_in(
    request: Request,
    work: Work,
    viewer: Admin,
    file: Annotated[UploadFile, File()],
    act: Annotated[str, Form(pattern="^(try|import)$")] = "try",
) -> Response:
    """Read a list of people who agreed elsewhere, line by line: what would happen, or what happened."""
    if file.size is None or file.size > MOST_BYTES:
        raise BadInput("That file is longer than a browser should wait for. Use the command: vigia subscribers import FILE")
    hotline, lines = request.state.hotline, list[Weighed]()

    def note(one: Weighed) -> None:
        if one.outcome not in {Outcome.SUBSCRIBED, Outcome.ALREADY} and len(lines) < SHOWN:
            lines.append(one)

    home = Home(hotline.texts, hotline.counties, hotline.time_zone)
    dry = act == "try"
    result = await import_list(request.state.database, home, _lines_of(file), dry=dry, by=viewer.id, tell=note)
    work.after_commit.append(wake(hotline.redis, LiveTopic.OUTBOX))
    return await _page(request, work, outcomes=result.outcomes, lines=lines, dry=dry)


@router.post("/export")
async def give_out(
    request: Request, work: Work, viewer: Admin, reason: Annotated[str, Form(min_length=10, max_length=400)]
) -> Response:
    """The whole list as a file that only the hotline's keys open. Who took it and why is in the audit trail before its first byte goes."""
    which = work.new_id()
    await record(work, "subscribers.exported", which, actor_id=viewer.id, reason=reason)
    headers = {"content-disposition": f'attachment; filename="subscribers-{work.now:%Y-%m-%d}.sealed"'}
    return StreamingResponse(sealed_list(request.state.database, which), media_type="application/octet-stream", headers=headers)


async def _page(
    request: Request,
    work: Work,
    outcomes: Counter[Outcome] | None = None,
    lines: list[Weighed] | None = None,
    *,
    dry: bool = True,
) -> Response:
    counties, known = request.state.hotline.counties, await figures(work)
    rows = [
        (
            county,
            [
                total(known, county=county.fips, topic=Topic.ALERTS),
                *(total(known, county=county.fips, topic=Topic.ALERTS, language=language) for language in LANGUAGES),
                total(known, county=county.fips, topic=Topic.RIGHTS),
                total(known, county=county.fips, topic=Topic.EVENTS),
            ],
        )
        for county in counties
    ]
    listed = sorted((row for row in rows if any(row[1])), key=lambda row: (-row[1][0], row[0].name))
    return render(
        request,
        "subscribers.html",
        counties=listed,
        every_county=counties,
        uncovered=len(rows) - len(listed),
        languages=LANGUAGES,
        text_languages=TEXT_LANGUAGES,
        fewest=FEWEST,
        outcomes=outcomes,
        lines=lines or [],
        dry=dry,
    )


def _lines_of(file: UploadFile) -> Iterator[str]:
    """The lines of an uploaded file, read as they are asked for."""
    return iter(io.TextIOWrapper(file.file, encoding="utf-8-sig", errors="replace", newline=""))
