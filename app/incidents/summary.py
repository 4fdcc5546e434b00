"""What an incident says of itself, from its reports: the gravest kind, the first exact place, the first and the latest time. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.records.incidents import Incident, Report
from app.records.reading import Kind

GRAVEST: Final = (Kind.DETENTION, Kind.REPORT, Kind.RUMOR)

SAID: Final = ("kind", "urgent", "place", "latitude", "longitude", "first_report_at", "last_report_at")
"""The columns of an incident that follow from its reports."""


def together(kept: Incident, gone: Incident) -> dict[str, Any]:
    """What `kept` says once it holds the reports of `gone` too."""
    placed = gone if kept.place is None or (kept.latitude is None and gone.latitude is not None) else kept
    return {
        "kind": _gravest([kept.kind, gone.kind], kept.kind),
        "urgent": kept.urgent or gone.urgent,
        "place": placed.place or kept.place,
        "latitude": placed.latitude,
        "longitude": placed.longitude,
        "first_report_at": min(kept.first_report_at, gone.first_report_at),
        "last_report_at": max(kept.last_report_at, gone.last_report_at),
    }


def summary_of(reports: Sequence[Report], before: Incident | None = None) -> dict[str, Any]:
    """What an incident says that holds `reports` (at least one); a place that none of them names is kept from `before`."""
    exact = [told for told in reports if told.place is not None and told.latitude is not None]
    named = [told for told in reports if told.place is not None]
    placed: Report | Incident | None = next(iter([*exact, *named]), before)
    return {
        "kind": _gravest([told.kind for told in reports], reports[0].kind),
        "urgent": any(told.urgent for told in reports),
        "place": placed.place if placed else None,
        "latitude": placed.latitude if placed else None,
        "longitude": placed.longitude if placed else None,
        "first_report_at": min(told.received_at for told in reports),
        "last_report_at": max(told.received_at for told in reports),
    }


def as_facts(said: Mapping[str, Any]) -> dict[str, Any]:
    """The same as JSON can hold it."""
    return {name: said[name].isoformat() if name.endswith("_at") else said[name] for name in SAID}


def said_by(about: Incident) -> dict[str, Any]:
    """What an incident says of itself now, as JSON can hold it."""
    return as_facts({name: getattr(about, name) for name in SAID})


def put_back(now: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What an incident says when an act is undone: as before the act, but where it has been changed since."""
    return {name: before[name] if now[name] == after[name] else now[name] for name in SAID}


def _gravest(kinds: Sequence[str], otherwise: str) -> str:
    return next((kind.value for kind in GRAVEST if kind.value in kinds), otherwise)
