"""Writing a broadcast: the form, for a new one and for one that is changed."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, ConfigDict, Field, field_validator
from starlette.responses import Response

from app.broadcasts.audience import TOPICS
from app.broadcasts.schedule import EARLIEST, LATEST, may_be_at
from app.broadcasts.writing import Draft, get_broadcast, rewrite_broadcast, write_broadcast
from app.console.access import Organizer
from app.console.flash import go
from app.console.rendering import render
from app.core.errors import BadInput
from app.core.languages import TEXT_LANGUAGES
from app.core.requests import Work
from app.pipeline import Hotline
from app.records.broadcasts import Broadcast, BroadcastKind, Repeats, broadcast
from app.records.codes import unused_code
from app.rights.topics import LINE
from app.subscribers.tables import Topic

router = APIRouter(prefix="/broadcasts")

PATH: Final = "/console/broadcasts"
MOST_WORDS: Final = 600


class Written(BaseModel):
    """The form. An empty day is none; no county chosen is every county, no language every language."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    kind: BroadcastKind = BroadcastKind.ANNOUNCEMENT
    title: str = Field(min_length=3, max_length=80)
    topic: Topic = Topic.EVENTS
    counties: list[str] = Field(default_factory=list, max_length=200)
    languages: list[str] = Field(default_factory=list)
    text_en: str = Field(default="", max_length=MOST_WORDS)
    text_es: str = Field(default="", max_length=MOST_WORDS)
    fallback: str = Field(default="", pattern=rf"^({'|'.join(TEXT_LANGUAGES)})?$")
    fallback_reason: str = Field(default="", max_length=200)
    rights_topics: list[str] = Field(default_factory=list, max_length=60)
    repeats: Repeats = Repeats.ONCE
    first_on: date | None = None
    at: time = time(12, 0)
    until: date | None = None

    @field_validator("first_on", "until", mode="before")
    @classmethod
    def _empty_is_none(cls, said: object) -> object:
        return None if said == "" else said


@router.get("/new")
async def new_broadcast(request: Request, _viewer: Organizer, kind: BroadcastKind = BroadcastKind.ANNOUNCEMENT) -> Response:
    """The empty form of an announcement, or of a series."""
    return _form(request, kind, None)


@router.get("/{code}/edit")
async def change_broadcast(request: Request, work: Work, _viewer: Organizer, code: str) -> Response:
    """The form with what is written."""
    told = await get_broadcast(work, code)
    return _form(request, BroadcastKind(told.kind), told)


@router.post("")
async def write(request: Request, work: Work, viewer: Organizer, written: Annotated[Written, Form()]) -> Response:
    """Keep a new draft, whatever is still wrong with its words: the page that follows says it."""
    draft = draft_of(written, request.state.hotline)
    told = await write_broadcast(work, draft, await unused_code(work, broadcast.c.code), viewer)
    return go(f"{PATH}/{told.code}")


@router.post("/{code}/edit")
async def rewrite(request: Request, work: Work, viewer: Organizer, code: str, written: Annotated[Written, Form()]) -> Response:
    """Keep it changed; whoever changes it is its author."""
    told = await rewrite_broadcast(work, code, draft_of(written, request.state.hotline), viewer)
    return go(f"{PATH}/{told.code}")


def draft_of(written: Written, hotline: Hotline) -> Draft:
    """What the form says, if its parts fit one another. Raises BadInput with what does not."""
    series = written.kind is BroadcastKind.SERIES
    unknown = set(written.counties) - {county.fips for county in hotline.counties} | set(written.languages) - set(
        TEXT_LANGUAGES
    )
    if unknown or written.topic not in TOPICS or set(written.rights_topics) - set(hotline.rights.topics):
        raise BadInput("Choose from the list.")
    if not may_be_at(written.at):
        raise BadInput("Choose an hour between 8:10 AM and 8:50 PM. Broadcasts never go out at night.")
    if written.fallback and not written.fallback_reason:
        raise BadInput("Say why a language is missing: it is kept on record.")
    if (series or written.repeats is not Repeats.ONCE) and written.first_on is None:
        raise BadInput("What goes out more than once needs a first day.")
    if written.until is not None and written.first_on is not None and written.until < written.first_on:
        raise BadInput("The last day is before the first.")
    if series and not written.rights_topics:
        raise BadInput("Choose at least one rights text.")
    return Draft(
        kind=written.kind,
        title=written.title,
        topic=(Topic.RIGHTS if series else written.topic).value,
        counties=written.counties,
        languages=written.languages,
        texts={} if series else {"en": written.text_en, "es": written.text_es},
        fallback=written.fallback or None,
        fallback_reason=written.fallback_reason if written.fallback else "",
        rights_topics=[name for name in hotline.rights.topics if name in written.rights_topics] if series else [],
        repeats=Repeats.WEEKLY if series else written.repeats,
        first_on=written.first_on,
        at=f"{written.at:%H:%M}",
        until=written.until,
    )


def _form(request: Request, kind: BroadcastKind, told: Broadcast | None) -> Response:
    rights = request.state.hotline.rights.topics
    return render(
        request,
        "broadcast_form.html",
        told=told,
        kind=kind.value,
        topics=[topic.value for topic in TOPICS],
        repeats=[each.value for each in Repeats],
        counties=request.state.hotline.counties,
        text_languages=TEXT_LANGUAGES,
        rights={name: topic.title for name, topic in rights.items() if name != LINE},
        earliest=f"{EARLIEST:%H:%M}",
        latest=f"{LATEST:%H:%M}",
        most_words=MOST_WORDS,
    )
