"""`vigia triage` and `vigia cluster`: what the line would make of texts, with nothing stored and nothing running."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.incidents.clustering import cluster
from app.pipeline_reading import read
from app.places.gazetteer import Gazetteer
from app.places.streets import Streets
from app.records.reading import Assessment, Location
from app.triage.lexicon import Lexicon


def triage_lines(rows: Iterable[Mapping[str, Any]], pack: str, streets: Streets | None = None) -> Iterator[dict[str, Any]]:
    """For each row {"id","text","from"?,"county"?} the reading of its text. `county` is the sender's own
    (FIPS code or name, or several), which may break a tie."""
    lexicon, gazetteer = Lexicon.from_pack(pack), replace(Gazetteer.from_pack(pack), streets=streets)
    for row in rows:
        home = home_counties(row.get("county"), gazetteer)
        yield {"id": row.get("id"), **read(lexicon, gazetteer, row["text"], home=home).as_json()}


def home_counties(said: object, gazetteer: Gazetteer) -> list[str]:
    """The FIPS codes of the counties that a row names; what is none is left out."""
    given = [str(one) for one in said] if isinstance(said, list) else [str(said)] if said else []
    codes = {county.name.lower(): county.fips for county in gazetteer.counties}
    named = [codes.get(one.lower().removesuffix(" county").strip(), one) for one in given]
    return [code for code in named if code in gazetteer.counties]


def cluster_lines(rows: Sequence[Mapping[str, Any]], pack: str) -> list[dict[str, Any]]:
    """For each row {"group","id","text","minute"} the incident that its report would be part of."""
    lexicon, gazetteer = Lexicon.from_pack(pack), Gazetteer.from_pack(pack)

    def read_both(text: str) -> tuple[Assessment, Location]:
        reading = read(lexicon, gazetteer, text)
        return reading.assessment, reading.location

    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(str(row.get("group", "")), []).append({"group": "", "minute": 0, **row})
    found = {group: cluster(members, read_both) for group, members in groups.items()}
    return [
        {"group": row.get("group"), "id": row.get("id"), "incident": found[str(row.get("group", ""))][str(row["id"])]}
        for row in rows
    ]
