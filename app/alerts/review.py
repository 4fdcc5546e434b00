"""What must not leave in an alert, and what must not be missing. Pure; the words are data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from app.core.languages import TEXT_LANGUAGES
from app.core.logs import NUMBER_SHAPED
from app.records.unfit import EVASION, LINK, PLATE, STATUS
from app.telephony.segments import PLAINER, size_of

MOST_SEGMENTS: Final = 3
"""Longer alerts take too long to reach a county (at 4 segments a second three of them need 42 minutes for 3,300 people)."""


@dataclass(frozen=True)
class Problem:
    """Something wrong with an alert's words: in which language, and a code that the console explains."""

    language: str
    code: str


STOP_WORDS: Final = {"en": "STOP", "es": "ALTO"}
EXERCISE_MARKS: Final = {"en": "EXERCISE", "es": "SIMULACRO"}
"""How practice begins, so that nobody takes it for real."""


def lacks_of(words: Mapping[str, str], code: str, rights_lines: Mapping[str, str]) -> list[Problem]:
    """What an alert must have and these words (by language) lack: the code by which anyone can check it, the rights, and how to stop."""
    found: list[Problem] = []
    for language in TEXT_LANGUAGES:
        text = words.get(language, "").translate(PLAINER)
        checks = {
            "no_code": code not in text,
            "no_rights": rights_lines[language].translate(PLAINER) not in text,
            "no_stop": STOP_WORDS[language] not in text,
        }
        found += [Problem(language, name) for name, lacking in checks.items() if lacking]
    return found


def problems_of(words: Mapping[str, str], own_codes: Collection[str] = ()) -> list[Problem]:
    """Everything that keeps these words (by language) from being proposed; empty when they may. `own_codes` are alert codes, which would
    look like plates."""
    found: list[Problem] = []
    for language in TEXT_LANGUAGES:
        text = words.get(language, "").strip()
        checks = {
            "missing": not text,
            "too_long": size_of(text).segments > MOST_SEGMENTS,
            "number": NUMBER_SHAPED.search(text) is not None,
            "plate": any(plate[0] not in own_codes for plate in PLATE.finditer(text)),
            "link": LINK.search(text) is not None,
            "evasion": EVASION.search(text) is not None,
            "status": STATUS.search(text) is not None,
        }
        found += [Problem(language, code) for code, wrong in checks.items() if wrong]
    return found
