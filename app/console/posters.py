"""A poster of one county in one language: what the hotline is, the words to text, and a QR code that writes them.

A text from one's own phone is the sign-up, so the code leads to no website and nobody learns who looked at it.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import phonenumbers
import segno
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.console.access import Organizer
from app.console.rendering import render
from app.core.errors import NotFound
from app.packs.counties import County

router = APIRouter()

ORDER: Final = {"en": "JOIN {name} COUNTY", "es": "JUNTAR condado de {name}"}
"""What a poster says to text. Each county's is read back as exactly that county by a test."""


@router.get("/poster")
async def poster(
    request: Request,
    _viewer: Organizer,
    county: Annotated[str, Query(max_length=5)],
    language: Annotated[Literal["en", "es"], Query()] = "en",
) -> Response:
    """The poster, to be printed from the browser."""
    counties, lines = request.state.hotline.counties, request.state.settings.lines
    if county not in counties:
        raise NotFound("There is no such county.")
    if not lines:
        raise NotFound("The hotline has no number yet: VIGIA_LINES is not set.")
    shown: County = counties.by_fips(county)
    words = order_for(shown, language)
    return render(
        request,
        "poster.html",
        language=language,
        county=shown,
        words=words,
        number=phonenumbers.format_number(phonenumbers.parse(lines[0]), phonenumbers.PhoneNumberFormat.NATIONAL),
        code=code_for(lines[0], words),
    )


def order_for(county: County, language: str) -> str:
    """The words that subscribe a phone to a county, in a language."""
    return ORDER[language].format(name=county.name)


def code_for(line: str, words: str) -> str:
    """A QR code, as an address of a picture, that opens a text with `words` to `line` (SMSTO, as phones' cameras read it; ZXing, "Barcode
    Contents")."""
    return str(segno.make(f"SMSTO:{line}:{words}", error="m").svg_data_uri(scale=8, border=4, dark="#000", light="#fff"))
