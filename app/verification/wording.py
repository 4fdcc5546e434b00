"""What verifiers and reporters are told about an incident, in every language. Pure; the words themselves are the pack's."""

from __future__ import annotations

from datetime import datetime

from app.core.clock import local_time
from app.packs.counties import Counties
from app.packs.texts import Texts
from app.records.incidents import Incident


def offer_words(texts: Texts, counties: Counties, about: Incident) -> dict[str, str]:
    """The request to go and look: what and roughly where. The exact place is told only to who says yes."""
    return {
        language: texts.say(
            "offer.ask",
            language,
            kind=texts.say(f"kinds.{about.kind}", language),
            zone=_zone(texts, about, language),
            county=_county(texts, counties, about, language, "zones.unknown"),
        )
        for language in texts.by_language
    }


def detail_words(texts: Texts, counties: Counties, about: Incident, language: str) -> str:
    """The exact place and the rules, for a verifier who said yes."""
    return texts.say(
        "offer.details",
        language,
        code=about.code,
        place=about.place or texts.say("alert.no_place", language),
        county=_county(texts, counties, about, language, "zones.unknown"),
        seen=texts.say("seen.reports", language, count=about.reports),
    )


def outcome_words(texts: Texts, counties: Counties, about: Incident, time_zone: str, part: str = "outcome") -> dict[str, str]:
    """What became of it: for everyone who reported it (`outcome`), or who asked whether it is true (`rumor`). The incident is decided."""
    assert about.decided_at is not None  # as every decided incident has it
    decided_at = about.decided_at
    return {
        language: texts.say(
            f"{part}.{about.state}",
            language,
            county=_county(texts, counties, about, language, "zones.no_county"),
            place=about.place or texts.say("alert.no_place", language),
            time=local_time(decided_at, time_zone, language),
        )
        for language in texts.by_language
    }


def undone_words(
    texts: Texts, counties: Counties, about: Incident, decided_at: datetime, time_zone: str, part: str
) -> dict[str, str]:
    """That what was decided at an instant and told was wrong and is still being found out: for who reported it (`outcome`), or who asked
    (`rumor`). The time tells it from an alert about the same county, which may well be true."""
    return {
        language: texts.say(
            f"{part}.undone",
            language,
            county=_county(texts, counties, about, language, "zones.no_county"),
            time=local_time(decided_at, time_zone, language),
        )
        for language in texts.by_language
    }


def escalation_words(texts: Texts, counties: Counties, about: Incident, part: str) -> dict[str, str]:
    """That something urgent waits and nobody took it: for who is on backup (`backup`), or for a lead (`lead`)."""
    return {
        language: texts.say(
            f"escalation.{part}",
            language,
            code=about.code,
            county=_county(texts, counties, about, language, "zones.unknown"),
        )
        for language in texts.by_language
    }


def _county(texts: Texts, counties: Counties, about: Incident, language: str, unknown: str) -> str:
    return counties.by_fips(about.county).label(language) if about.county else texts.say(unknown, language)


def _zone(texts: Texts, about: Incident, language: str) -> str:
    """The last part of the place's name, which is its town."""
    if about.place is None or "," not in about.place:
        return texts.say("zones.unknown", language)
    return texts.say("zones.near", language, place=about.place.rsplit(",", 1)[1].strip())
