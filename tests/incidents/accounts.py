"""Accounts for the tests of likeness, clustering and confidence, as short as what they say."""

from __future__ import annotations

from app.incidents.likeness import Account
from app.packs.counties import load_counties
from app.places.gazetteer import Gazetteer
from app.places.locate import locate

GAZETTEER = Gazetteer.from_pack("us_nc")
COUNTIES = load_counties("us_nc")


def told(text: str, minute: float = 0.0, *, source: str | None = None, kind: str = "report") -> Account:
    """What a person wrote at a minute, with the place that the text names."""
    where = locate(text, GAZETTEER)
    return Account(
        report_id=f"{minute}:{text}",
        county=where.county,
        minute=minute,
        text=text,
        place=where.label,
        point=where.point,
        kind=kind,
        salute={},
        source=source,
        language="es",
    )
