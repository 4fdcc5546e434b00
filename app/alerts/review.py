"""What must not leave in an alert, and what must not be missing. Pure; the words are data."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from app.core.languages import TEXT_LANGUAGES
from app.core.logs import NUMBER_SHAPED
from app.telephony.segments import PLAINER, size_of

MOST_SEGMENTS: Final = 3
"""Longer alerts take too long to reach a county (at 4 segments a second three of them need 42 minutes for 3,300 people)."""

EVASION: Final = re.compile(
    r"\b(hide|hiding|run away|run from|escape|evade|flee|avoid|get out|leave (?:now|the area)|stay away from|lock (?:the|your) doors"
    r"|don't go|do not go|block (?:the|them|their)|surround|stop them|chase|follow them|another route"
    r"|esc[oó]nd\w*|h[uú]y\w+|corran|esquiv\w+|evad\w+|evit\w+|bloque\w+|rode\w*les|salgan de|v[aá]yanse|no salgan|no vayan|persig\w+"
    r"|s[ií]ganlos|otra ruta)\b",
    re.IGNORECASE,
)
"""Advice to evade or obstruct: never given (DESIGN, the mission)."""

PLATE: Final = re.compile(
    r"\b(?!NC|US|SR)(?=[A-Z0-9-]*\d)(?=[A-Z0-9-]*[A-Z])[A-Z]{2,3}-?\d{3,5}\b|(?i:\b(?:license plates?\b|plates?:|placas?:))"
)
"""A plate, or the word before one; NC-147 and US-501 are roads."""

LINK: Final = re.compile(r"https?://|www\.|\b\w+\.(com|org|net|ly)\b", re.IGNORECASE)
STATUS: Final = re.compile(
    r"\b(undocumented|illegals?|immigration status|legal status|green cards?|indocumentad\w+|ilegales?|estatus"
    r"|sin papeles|sin documentos)\b",
    re.IGNORECASE,
)
FACE: Final = re.compile(
    r"\b(faces?|photos?|pictures?|tattoos?|bearded|caras?|rostros?|fotos?|tatuajes?|barba)\b", re.IGNORECASE
)
"""What one says of a person's looks, or points to a picture."""

_TITLE = r"(?:Mrs?|Ms|Officer|Agent|Deputy|Sheriff|Sra?|Don|Doña|Señora?|Agente|Oficial|Alguacil)"
_GIVEN = (
    "Jose|José|Juan|Maria|María|Luis|Carlos|Jorge|Miguel|Pedro|Ana|Rosa|Carmen|Manuel|Francisco|Antonio|Jesus|Jesús|Alejandro|Fernando|Guadalupe"
    "|James|John|Robert|Michael|William|David|Richard|Joseph|Thomas|Mary|Patricia|Jennifer|Linda|Elizabeth|Barbara|Susan|Jessica|Karen|Sarah"
)
_NO_PERSON = (
    r"(?!\s+(?:St|Street|Rd|Road|Ave|Avenue|Blvd|Boulevard|Dr|Drive|Ln|Hwy|Park|School|Elementary|Middle|High|Church|Hospital|Center|College"
    r"|University|Apartments|County|Market)\b)"
)
NAMED: Final = re.compile(
    rf"\b(?i:{_TITLE})\.? [A-ZÁÉÍÓÚÑ][a-záéíóúñ]+|\b(?:{_GIVEN}) [A-ZÁÉÍÓÚÑ][a-záéíóúñ]+\b{_NO_PERSON}"
    r"|\b(?:named|called|se llaman?|de nombre|llamad[oa]) [A-ZÁÉÍÓÚÑ]"
)
"""What looks like somebody's name: a title before it, "named" before it, or a given name that is common in North Carolina before another
capital. A place that is called after a person is let through where it is named as the incident's place."""

WHAT: Final = re.compile(
    r"\b(agents?|officers?|immigration|ice|border patrol|checkpoints?|arrests?|agentes?|inmigraci[oó]n|migra|ret[eé]n|redada|arrestos?)\b",
    re.IGNORECASE,
)
"""Words that say what is happening."""

HOUR: Final = re.compile(r"\b\d{1,2}(?::\d{2})? ?[ap]\.? ?m\b", re.IGNORECASE)
STOP_WORDS: Final = {"en": "STOP", "es": "ALTO"}
EXERCISE_MARKS: Final = {"en": "EXERCISE", "es": "SIMULACRO"}
"""How practice begins, so that nobody takes it for real."""


@dataclass(frozen=True)
class Problem:
    """Something wrong with an alert's words: in which language, and a code that the console explains."""

    language: str
    code: str


@dataclass(frozen=True)
class Required:
    """What the words of an alert must hold: who says it, the county's bare name, the alert's code, and by language the hour until which it
    holds and the line of rights."""

    source: str
    county: str
    code: str
    until: Mapping[str, str]
    rights: Mapping[str, str]


def lacks_of(words: Mapping[str, str], required: Required) -> list[Problem]:
    """What an alert must have and these words (by language) lack: who says it, what, where, when, until when, the rights, the code by which
    anyone can check it, and how to stop."""
    found: list[Problem] = []
    for language, said in words.items():
        text = said.translate(PLAINER)
        until = _hour(required.until[language])
        hours = [_hour(hour) for hour in HOUR.findall(text)]
        checks = {
            "no_source": required.source.translate(PLAINER).lower() not in text.lower(),
            "no_what": WHAT.search(said) is None,
            "no_where": required.county.translate(PLAINER).lower() not in text.lower(),
            "no_when": len(hours) < 2,
            "no_until": until not in hours,
            "no_code": required.code not in text,
            "no_rights": required.rights[language].translate(PLAINER) not in text,
            "no_stop": STOP_WORDS[language] not in text,
        }
        found += [Problem(language, name) for name, lacking in checks.items() if lacking]
    return found


def problems_of(
    words: Mapping[str, str],
    own_codes: Collection[str] = (),
    *,
    own_words: Collection[str] = (),
    fallbacks: Mapping[str, str] | None = None,
) -> list[Problem]:
    """Everything that keeps these words (by language) from being proposed; empty when they may. `own_codes` are alert codes, which would
    look like plates; `own_words` are names of places, which may look like a person's. A language in `fallbacks` is not missing: its readers
    get the words of another, which somebody chose."""
    found: list[Problem] = []
    for language in TEXT_LANGUAGES:
        if language in (fallbacks or {}):
            continue
        text = words.get(language, "").strip()
        named = text
        for own in own_words:
            named = named.replace(own, "…")
        checks = {
            "missing": not text,
            "too_long": size_of(text).segments > MOST_SEGMENTS,
            "number": NUMBER_SHAPED.search(text) is not None,
            "plate": any(plate[0] not in own_codes for plate in PLATE.finditer(text)),
            "link": LINK.search(text) is not None,
            "evasion": EVASION.search(text) is not None,
            "status": STATUS.search(text) is not None,
            "face": FACE.search(text) is not None,
            "named": NAMED.search(named) is not None,
        }
        found += [Problem(language, code) for code, wrong in checks.items() if wrong]
    return found


def _hour(said: str) -> str:
    """An hour of the day in one spelling: "2:00 PM", "2 p.m." and "2pm" are the same."""
    plain = re.sub(r"[ .]", "", said.lower())
    return plain if ":" in plain else f"{plain[:-2]}:00{plain[-2:]}"
