"""Writing an alert: from a confirmed incident or for practice, from a template or in one's own words, read over while one types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from app.alerts.approval import Draft, what_is_wrong
from app.alerts.review import Problem
from app.console.access import Desk, SignedIn
from app.console.flash import go
from app.console.phrases import word_for
from app.console.rendering import render, translator
from app.console.sign_in import inside
from app.core.database import Transaction
from app.core.errors import BadInput, Conflict, NotFound
from app.core.languages import TEXT_LANGUAGES
from app.core.requests import Work
from app.incidents.join import get_incident
from app.packs.alert_templates import load_alert_templates
from app.pipeline import Hotline
from app.pipeline_alerts import incident_of, propose, put_forward, required_for, scene_of, spelled, words_of
from app.records.alert_templates import get_template, list_templates, versions_of
from app.records.alerts import Alert, alert
from app.records.events import record
from app.records.incidents import Incident
from app.records.states import AlertState, IncidentState
from app.telephony.segments import Size, size_of
from app.volunteers.tables import volunteer

router = APIRouter()

HOURS: Final = (1, 2, 4, 8)
"""For how long an alert may be said to hold, in hours."""

OTHER: Final = {"en": "es", "es": "en"}
"""Whose words readers of a language get where it has none of its own."""


class Written(BaseModel):
    """The form. `incident` is a code, empty for practice about none; `fallback` names the language whose readers get the other's words;
    `draft_code` stands in the words for the code that the alert will have."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    incident: str = Field("", max_length=12)
    county: str = Field("", max_length=5)
    place: str = Field("", max_length=120)
    text_en: str = Field("", max_length=700)
    text_es: str = Field("", max_length=700)
    fallback: Literal["", "en", "es"] = ""
    draft_code: str = Field("", max_length=12)
    until: datetime | None = None
    exercise: bool = False

    @property
    def words(self) -> dict[str, str]:
        """What was written, by language; a language that falls back has none."""
        said = {"en": self.text_en, "es": self.text_es}
        return {language: text for language, text in said.items() if language != self.fallback}

    @property
    def fallbacks(self) -> dict[str, str]:
        """The choice for a language without words of its own."""
        return {self.fallback: OTHER[self.fallback]} if self.fallback else {}


@dataclass(frozen=True)
class Reading:
    """A draft read over in one language: what it costs and what is wrong with it (codes of problems). `instead`: the language whose words
    its readers get."""

    language: str
    size: Size
    problems: tuple[str, ...]
    instead: str | None = None


@router.get("/alerts/new")
async def draft_page(
    request: Request,
    work: Work,
    _viewer: Desk,
    incident: Annotated[str, Query(max_length=12)] = "",
    template: Annotated[str, Query(max_length=48)] = "",
    hours: Annotated[int, Query(ge=1, le=12)] = 2,
    county: Annotated[str, Query(max_length=5)] = "",
    place: Annotated[str, Query(max_length=120)] = "",
    again: Annotated[str, Query(max_length=12)] = "",
) -> Response:
    """The form, filled in with a template's words; with `again` those of an alert that was returned."""
    hotline: Hotline = request.state.hotline
    returned = await _returned(work, again) if again else None
    about = await _about(work, incident, returned)
    county = (about.county if about else returned.county if returned else county) or ""
    place = (about.place if about else place) or ""
    until = work.now + timedelta(hours=hours)
    code, words = "", dict.fromkeys(TEXT_LANGUAGES, "")
    if county:
        scene = await scene_of(work, hotline, county, place or None, about.last_report_at if about else work.now, until)
        code = scene.code
        words = await words_of(work, hotline, scene, await _template(work, request, template))
        if returned is not None:
            words = {language: text.replace(returned.code, code) for language, text in returned.texts.items()}
    exercise = about is None or (returned is not None and returned.exercise)
    draft = Draft(code, words, until, county, exercise=exercise, place=place)
    return render(
        request,
        "alert_draft.html",
        about=about,
        returned=returned,
        templates=await _choices(work, request),
        chosen=template,
        hours=hours,
        every_hours=HOURS,
        county=county,
        place=place,
        counties=hotline.counties,
        words=words,
        draft_code=code,
        until=until,
        exercise=exercise,
        readings=await _read_over(work, hotline, spelled(draft)) if county else [],
    )


@router.post("/alerts/lint")
async def read_over(request: Request, work: Work, _viewer: Desk, written: Annotated[Written, Form()]) -> Response:
    """What is wrong with the words so far; nothing is kept."""
    about = await _about(work, written.incident)
    readings = await _read_over(work, request.state.hotline, spelled(_draft(written, about, written.draft_code, work.now)))
    return render(request, "alert_draft.html", block="lint", readings=readings)


@router.post("/alerts/new")
async def propose_it(request: Request, work: Work, viewer: Desk, written: Annotated[Written, Form()]) -> Response:
    """Put it before the second person."""
    hotline: Hotline = request.state.hotline
    about = await get_incident(work, written.incident, lock=True) if written.incident else None
    if about is None and not written.exercise:
        raise Conflict("Only a confirmed incident can become an alert.")
    county = (about.county if about else written.county) or ""
    scene = await scene_of(work, hotline, county, None, work.now, written.until or work.now)
    draft = _draft(written, about, scene.code, work.now + hotline.alert_lifetime)
    if wrong := what_is_wrong(spelled(draft), await required_for(work, hotline, county, draft.code, draft.until)):
        raise BadInput(explained(wrong, translator(request)))
    made = await put_forward(work, hotline, about, viewer, draft)
    return go(f"/console/alerts/{made.code}", "proposed")


@router.post("/incidents/{code}/alert")
async def propose_for(request: Request, work: Work, viewer: Desk, code: str, written: Annotated[Written, Form()]) -> Response:
    """Propose an alert from the incident's own page: in the hotline's words, or as they were changed there."""
    if any(written.words.values()):
        return await propose_it(request, work, viewer, written.model_copy(update={"incident": code}))
    made = await propose(work, request.state.hotline, await get_incident(work, code, lock=True), viewer)
    return go(f"/console/alerts/{made.code}", "proposed")


@router.post("/exercises")
async def choose_practice(
    work: Work, viewer: SignedIn, on: Annotated[bool, Form()], back: Annotated[str, Form(max_length=200)] = ""
) -> Response:
    """Ask for practice alerts, or for none."""
    await work.execute(volunteer.update().where(volunteer.c.id == viewer.id).values(exercises=on))
    await record(work, "volunteer.exercises", viewer.id, actor_id=viewer.id, on=on)
    return go(inside(back), "practice_on" if on else "practice_off")


def _draft(written: Written, about: Incident | None, code: str, usual_end: datetime) -> Draft:
    """The form as a draft under the code that the alert will have."""
    own = {
        language: text.replace(written.draft_code, code) if written.draft_code else text
        for language, text in written.words.items()
    }
    return Draft(
        code,
        own,
        written.until if written.until and written.until.tzinfo else usual_end,
        (about.county if about else written.county) or "",
        exercise=written.exercise,
        fallbacks=written.fallbacks,
        place=(about.place if about else written.place) or "",
    )


async def _read_over(work: Transaction, hotline: Hotline, draft: Draft) -> list[Reading]:
    if draft.county not in hotline.counties:
        return []
    wrong = what_is_wrong(draft, await required_for(work, hotline, draft.county, draft.code, draft.until))
    return [
        Reading(
            language,
            size_of(draft.words.get(draft.fallbacks.get(language, language), "")),
            tuple(problem.code for problem in wrong if problem.language == language),
            draft.fallbacks.get(language),
        )
        for language in TEXT_LANGUAGES
    ]


async def _about(work: Transaction, code: str, returned: Alert | None = None) -> Incident | None:
    """The incident that is meant. Raises Conflict where it can't become an alert."""
    if returned is not None:
        return await incident_of(work, returned)
    if not code:
        return None
    about = await get_incident(work, code)
    if about.state != IncidentState.CONFIRMED or about.county is None:
        raise Conflict("Only a confirmed incident can become an alert.")
    return about


async def _returned(work: Transaction, code: str) -> Alert:
    found = await work.get(Alert, alert.c.code == code.upper(), alert.c.state == AlertState.RETURNED.value)
    if found is None:
        raise NotFound("There is no such alert.")
    return found


async def _template(work: Transaction, request: Request, chosen: str) -> Mapping[str, str] | None:
    """The words of a template of the pack (its key) or of the organizers (its id); None where none is chosen. Raises NotFound."""
    if not chosen:
        return None
    for one in load_alert_templates(request.state.settings.pack):
        if one.key == chosen:
            return one.words
    try:
        own = await get_template(work, UUID(chosen))
    except ValueError as error:
        raise NotFound("There is no such template.") from error
    return (await versions_of(work, own.id))[0].texts


async def _choices(work: Transaction, request: Request) -> list[tuple[str, Any]]:
    """What the form offers: key or id, and the title (by language where it is the pack's)."""
    pack: Sequence[tuple[str, Any]] = [(one.key, one.title) for one in load_alert_templates(request.state.settings.pack)]
    return [*pack, *((str(one.id), one.title) for one in await list_templates(work))]


def explained(wrong: Sequence[Problem], say: Callable[[str], str]) -> str:
    """What keeps an alert's words from being proposed, as a sentence a person can act on."""
    found = [f"{say(word_for('language', p.language))}: {say(word_for('problem', p.code))}" for p in wrong]
    return f"{'; '.join(found)}."
