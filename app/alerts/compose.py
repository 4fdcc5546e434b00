"""The words of an alert, in every language, from what is known of the incident. Pure.

An alert says who says it, what, where, when, what one may do, until when, and a code by which anyone can check it (the six parts that the
Wireless Emergency Alert studies found people need). It never says who.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.alerts.review import EXERCISE_MARKS, Required
from app.core.clock import local_time
from app.packs.alert_templates import fill_blanks
from app.packs.counties import County
from app.packs.place_words import place_in
from app.packs.texts import Texts
from app.records.alerts import AlertType
from app.records.incidents import Incident
from app.records.states import IncidentState
from app.rights.topics import Rights
from app.telephony.segments import spelled_to_fit

CORRECTIONS = {
    IncidentState.POLICE: "alert.corrected_police",
    IncidentState.NOTHING: "alert.corrected_nothing",
    IncidentState.GONE: "alert.corrected_gone",
    IncidentState.UNABLE: "alert.corrected_unable",
}
"""What a correction says when the incident came to be decided differently."""


@dataclass(frozen=True)
class Scene:
    """What an alert is about: its county, the place (a public name, None where unknown), when it was seen and until when the alert holds,
    and the alert's code."""

    county: County
    place: str | None
    seen_at: datetime
    until: datetime
    code: str


def compose_alert(
    texts: Texts, rights: Rights, scene: Scene, zone: str, template: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The words of a first alert in each language, by a template (words by language with blanks) or else the hotline's usual."""
    return {
        language: spelled_to_fit(
            fill_blanks(
                (template or {}).get(language) or texts.by_language[language]["alert.alert"],
                {
                    "name": texts.name,
                    "county": scene.county.label(language),
                    "place": place_in(scene.place, language) if scene.place else texts.say("alert.no_place", language),
                    "time": local_time(scene.seen_at, zone, language),
                    "until": local_time(scene.until, zone, language),
                    "rights": rights.line(language),
                    "code": scene.code,
                },
            )
        )
        for language in texts.by_language
    }


def required_of(texts: Texts, rights_lines: Mapping[str, str], scene: Scene, zone: str) -> Required:
    """What the words about a scene must hold, whoever wrote them."""
    until = {language: local_time(scene.until, zone, language) for language in texts.by_language}
    return Required(texts.name, scene.county.name, scene.code, until, rights_lines)


def compose_update(
    texts: Texts, about: Incident | None, county: County, code: str, kind: AlertType, *, zone: str, until: datetime
) -> dict[str, str]:
    """An update, a correction or an all-clear of the alert `code`: a text for each language. `about` is None where it was practice alone;
    `until` is when an update ends."""
    place = about.place if about else None
    why = CORRECTIONS.get(IncidentState(about.state), "alert.corrected_unable") if about else "alert.corrected_unable"
    return {
        language: texts.say(
            f"alert.{kind.value}",
            language,
            county=county.label(language),
            place=place or texts.say("alert.no_place", language),
            code=code,
            correction=texts.say(why, language),
            until=local_time(until, zone, language),
        )
        for language in texts.by_language
    }


def as_exercise(words: Mapping[str, str]) -> dict[str, str]:
    """The words, by language, with the mark of an exercise at their front; once, however often this is done."""
    return {
        language: text if text.startswith(EXERCISE_MARKS[language]) else f"{EXERCISE_MARKS[language]}: {text}"
        for language, text in words.items()
    }
