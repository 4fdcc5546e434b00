"""Words for alerts: those of the pack, and the organizers' own, in both languages, read over like an alert before they are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from starlette.responses import Response

from app.alerts.approval import Draft, what_is_wrong
from app.console.access import Desk, Organizer
from app.console.alert_draft import explained
from app.console.flash import go
from app.console.phrases import mark
from app.console.rendering import render, translator
from app.core.database import Transaction
from app.core.errors import BadInput
from app.core.languages import TEXT_LANGUAGES
from app.core.requests import Work
from app.packs.alert_templates import BLANKS, load_alert_templates, unknown_blanks
from app.pipeline import Hotline
from app.pipeline_alerts import required_for, scene_of, words_of
from app.records.alert_templates import (
    AlertTemplate,
    add_template,
    change_template,
    get_template,
    list_templates,
    remove_template,
    versions_of,
)
from app.volunteers.tables import volunteer

router = APIRouter(prefix="/alerts/templates")

PATH: Final = "/console/alerts/templates"
NOT_FILLED: Final = mark("Nothing fills these blanks:")
SAMPLE_PLACE: Final = "Walmart, N Roxboro St, Durham"
"""A long name of a place, with which a template is tried."""


class Words(BaseModel):
    """The form: a title, and words with blanks in each language. `seen` is the version that is being changed."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    title: str = Field("", max_length=80)
    text_en: str = Field("", max_length=700)
    text_es: str = Field("", max_length=700)
    seen: int = 0

    @property
    def texts(self) -> dict[str, str]:
        """The words by language."""
        return {"en": self.text_en, "es": self.text_es}


@router.get("")
async def templates(request: Request, work: Work, _viewer: Desk) -> Response:
    """Every template, and the form that saves one."""
    return await _page(request, work)


@router.get("/{template_id}")
async def template(request: Request, work: Work, _viewer: Desk, template_id: UUID) -> Response:
    """One of the organizers' own: its words, its earlier versions, and the form that changes it."""
    return await _page(request, work, await get_template(work, template_id))


@router.post("")
async def add(request: Request, work: Work, viewer: Organizer, words: Annotated[Words, Form()]) -> Response:
    """Save one."""
    await _review(request, work, words)
    await add_template(work, words.title, words.texts, viewer.id)
    return go(PATH, "template_saved")


@router.post("/{template_id}")
async def change(
    request: Request, work: Work, viewer: Organizer, template_id: UUID, words: Annotated[Words, Form()]
) -> Response:
    """Save other words as its next version."""
    await _review(request, work, words)
    await change_template(work, template_id, words.texts, viewer.id, words.seen)
    return go(f"{PATH}/{template_id}", "template_saved")


@router.post("/{template_id}/remove")
async def remove(work: Work, viewer: Organizer, template_id: UUID) -> Response:
    """Offer it no longer."""
    await remove_template(work, template_id, viewer.id)
    return go(PATH, "template_removed")


async def _review(request: Request, work: Transaction, words: Words) -> None:
    """Read the words over as an alert would be, in the county with the longest name. Raises BadInput."""
    hotline: Hotline = request.state.hotline
    if unknown := unknown_blanks(words.texts):
        raise BadInput(translator(request)(NOT_FILLED) + f" {', '.join(sorted(unknown))}.")
    longest = max(hotline.counties, key=lambda county: len(county.name))
    until = work.now + timedelta(hours=2)
    scene = await scene_of(work, hotline, longest.fips, SAMPLE_PLACE, work.now, until)
    missing = [language for language in TEXT_LANGUAGES if not words.texts[language]]
    tried = await words_of(work, hotline, scene, words.texts)
    tried |= dict.fromkeys(missing, "")
    draft = Draft(scene.code, tried, until, longest.fips, place=SAMPLE_PLACE)
    if wrong := what_is_wrong(draft, await required_for(work, hotline, longest.fips, scene.code, until)):
        raise BadInput(explained(wrong, translator(request)))


async def _page(request: Request, work: Transaction, changing: AlertTemplate | None = None) -> Response:
    versions = await versions_of(work, changing.id) if changing else []
    names = await work.all(
        select(volunteer.c.id, volunteer.c.alias).where(volunteer.c.id.in_({one.author_id for one in versions}))
    )
    return render(
        request,
        "alert_templates.html",
        pack=load_alert_templates(request.state.settings.pack),
        own=await list_templates(work),
        changing=changing,
        versions=versions,
        aliases={row.id: row.alias for row in names},
        blanks=BLANKS,
        text_languages=TEXT_LANGUAGES,
    )
