"""The words of an alert, in every language, from what is known of the incident. Pure.

An alert says who says it, what, where, when, what one may do, until when, and a code by which anyone can check it (the six parts that the
Wireless Emergency Alert studies found people need). It never says who.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.alerts.review import EXERCISE_MARKS
from app.core.clock import local_time
from app.packs.counties import County
from app.packs.texts import Texts
from app.records.alerts import AlertType
from app.records.incidents import Incident
from app.records.states import IncidentState
from app.rights.topics import Rights

CORRECTIONS = {
    IncidentState.POLICE: "alert.corrected_police",
    IncidentState.NOTHING: "alert.corrected_nothing",
    IncidentState.GONE: "alert.corrected_gone",
    IncidentState.UNABLE: "alert.corrected_unable",
}
"""What a correction says when the incident came to be decided differently."""


def compose_alert(
    texts: Texts, rights: Rights, about: Incident, county: County, code: str, zone: str, *, seen_at: datetime, until: datetime
) -> dict[str, str]:
    """The first alert about a confirmed incident: a text for each language."""
    return {
        language: texts.say(
            "alert.alert",
            language,
            county=county.label(language),
            place=about.place or texts.say("alert.no_place", language),
            time=local_time(seen_at, zone, language),
            until=local_time(until, zone, language),
            rights=rights.line(language),
            code=code,
        )
        for language in texts.by_language
    }


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
