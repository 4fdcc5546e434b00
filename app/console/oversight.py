"""Pages that only show: what was done by whom; and a voicemail's sound."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy import Row, select
from starlette.responses import Response

from app.console.access import Admin, Dispatcher
from app.console.audit_phrases import UNSHOWN, VALUES
from app.console.phrases import WORDS, mark, word_for
from app.console.rendering import language_of, render, translator
from app.core.errors import NotFound
from app.core.requests import Work
from app.records.events import event, verify_chain
from app.records.inbound import Recording, recording
from app.volunteers.spoken import say_minutes, say_weekday
from app.volunteers.tables import volunteer

router = APIRouter()

LINES_A_PAGE: Final = 100

YES, NO = mark("yes"), mark("no")

WEEKLY: Final = re.compile(r"([0-6]) (\d+)-(\d+)")
"""A weekly shift, as its event has it: the weekday and two minutes of the day."""

SOUNDS: Final = {"audio/wav", "audio/x-wav", "audio/mpeg", "audio/mp3", "audio/ogg"}


@router.get("/audit")
async def audit(request: Request, work: Work, _viewer: Admin, before: Annotated[int | None, Query(ge=1)] = None) -> Response:
    """The event log, newest first, and whether the chain of people's acts is whole."""
    lines = select(event, volunteer.c.alias).join(volunteer, volunteer.c.id == event.c.actor_id, isouter=True)
    if before is not None:
        lines = lines.where(event.c.id < before)
    rows = await work.all(lines.order_by(event.c.id.desc()).limit(LINES_A_PAGE))
    chain = await verify_chain(work)
    language, say = language_of(request), translator(request)
    return render(
        request,
        "audit.html",
        lines=[(row, [say_fact(name, value, language, say) for name, value in _shown(row)]) for row in rows],
        chain=chain,
        older=rows[-1].id if len(rows) == LINES_A_PAGE else None,
        before=before,
    )


def say_fact(name: str, value: Any, language: str, say: Callable[[str], str]) -> str:
    """A fact of an event, in words: "seen on site: yes". `say` translates. Pure."""
    return f"{say(word_for('fact', name))}: {_say_value(name, value, language, say)}"


@router.get("/recordings/{recording_id}")
async def voicemail(work: Work, _viewer: Dispatcher, recording_id: UUID) -> Response:
    """The sound of a voicemail, opened for this answer only. Raises NotFound while it is not fetched yet."""
    found = await work.get(Recording, recording.c.id == recording_id)
    if found is None or found.audio_sealed is None:
        raise NotFound("This voicemail is not here, or not yet.")
    sound = work.keys.unseal_bytes(found.audio_sealed, "recording", "audio", found.id)
    kind = found.content_type if found.content_type in SOUNDS else "application/octet-stream"
    return Response(sound, media_type=kind, headers={"content-disposition": "inline"})


def _shown(row: Row[Any]) -> Iterator[tuple[str, Any]]:
    """The facts of an event that people read."""
    for name, value in row.facts.items():
        if value is not None and name not in UNSHOWN and not (name == "alias" and row.verb == "incident.viewed"):
            yield name, value


def _say_value(name: str, value: Any, language: str, say: Callable[[str], str]) -> str:
    if isinstance(value, bool):
        return say(YES if value else NO)
    if isinstance(value, list):
        return ", ".join(_say_value(name, one, language, say) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {number}" for key, number in value.items())
    if weekly := WEEKLY.fullmatch(str(value)):
        weekday, begins, ends = map(int, weekly.groups())
        return f"{say_weekday(weekday, language)} {say_minutes(begins, ends)}"
    for group in VALUES.get(name, ()):
        if str(value) in WORDS[group]:
            return say(word_for(group, str(value)))
    return str(value)
