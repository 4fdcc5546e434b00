"""What must not stand in a text that a person of ours wrote, whoever it goes to. Pure; the words are data."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from app.core.logs import NUMBER_SHAPED

EVASION: Final = re.compile(
    r"\b(hide|hiding|run away|escape|avoid the|block the|stop them|esc[oó]nd\w*|h[uú]y\w+|corran|esquiv\w+|bloque\w+)\b",
    re.IGNORECASE,
)
"""Advice to evade or obstruct: never given (DESIGN, the mission)."""

PLATE: Final = re.compile(r"\b(?=[A-Z0-9-]*\d)(?=[A-Z0-9-]*[A-Z])[A-Z]{2,3}-?\d{3,5}\b")
LINK: Final = re.compile(r"https?://|www\.|\b\w+\.(com|org|net|ly)\b", re.IGNORECASE)
STATUS: Final = re.compile(r"\b(undocumented|illegals?|indocumentad\w+|ilegales?|sin papeles)\b", re.IGNORECASE)

STATUS_ASKED: Final = re.compile(
    r"\b(citizens?|citizenship|green card|your (papers|visa|status)|have papers|immigration status|where (were you born|are you from)"
    r"|ciudadan[oaí]\w*|(su|tu|sus|tus|tienes?|tienen) (papeles|visa|estatus)|estatus migratorio"
    r"|d[oó]nde naci\w+|de d[oó]nde (es|eres|vienes?) usted)\b",
    re.IGNORECASE,
)
"""Questions after a person's status: never asked, in whatever words (DESIGN section 5, intake)."""

NAMED: Final = re.compile(
    r"\b((?i:(his|her|their|your|my) (full |first |last )?names?|who are you|named)"
    r"|(?i:(su|tu|sus) (nombre|apellido)s?|c[oó]mo (se|te) llaman?s?|qui[eé]n (es usted|eres))"
    r"|(?i:se llaman?|is called) [A-ZÁÉÍÓÚÑ]\w+)\b"
)
"""Asking for a person's name, or giving one."""


def unfit_codes(text: str, own_codes: Collection[str] = ()) -> list[str]:
    """Why `text` must not be sent to a person whom we write to by hand: codes that the console explains; empty when it may. `own_codes` are
    codes of incidents and alerts, which would look like plates."""
    checks = {
        "number": NUMBER_SHAPED.search(text) is not None,
        "plate": any(plate[0] not in own_codes for plate in PLATE.finditer(text)),
        "link": LINK.search(text) is not None,
        "evasion": EVASION.search(text) is not None,
        "status": STATUS.search(text) is not None,
        "status_asked": STATUS_ASKED.search(text) is not None,
        "named": NAMED.search(text) is not None,
    }
    return [code for code, wrong in checks.items() if wrong]
