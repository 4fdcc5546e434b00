"""What the public feeds may show: signed by two people or seen from the place, old enough, and not taken back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Exists, exists, select

from app.alerts.cap import Published, coarse
from app.core.database import Transaction
from app.records.alerts import TELLING, WENT_OUT, Alert, alert, references_of
from app.records.incidents import Incident, incident
from app.records.states import AlertState, IncidentState
from app.records.verification import Outcome, observation

SHOWN_FOR: Final = timedelta(days=7)
MOST_ENTRIES: Final = 100
MOST_POINTS: Final = 500
TRUE_AT_THE_TIME: Final = (IncidentState.CONFIRMED.value, IncidentState.GONE.value)
"""An alert is shown while its incident is one of these. Once it is decided differently the alert is gone at once, and its correction comes
when two people have signed that."""


@dataclass(frozen=True)
class Delay:
    """How long the public waits, and the grid (degrees) on which points lie."""

    wait: timedelta
    coarseness: float


@dataclass(frozen=True)
class Shelf:
    """What may be shown, the newest first, and when something last came or went (None: never)."""

    alerts: list[Published]
    changed: datetime | None


async def published_alerts(work: Transaction, wait: timedelta, code: str | None = None) -> Shelf:
    """For each event the newest that two people signed, the newest event first; or only that of the alert `code`. An alert is shown `wait`
    after it was approved, and what takes it back or closes it at once, in its stead."""
    statement = (
        select(alert)
        .where(
            alert.c.approved_at.is_not(None),
            alert.c.approved_at > work.now - SHOWN_FOR,
            alert.c.state.in_(WENT_OUT),
            alert.c.exercise.is_(False),
        )
        .order_by(alert.c.approved_at.desc(), alert.c.id.desc())
        .limit(MOST_ENTRIES * 2)
    )
    asked: Alert | None = None
    if code is not None:
        asked = await work.get(Alert, alert.c.code == code)
        if asked is None:
            return Shelf([], None)
        statement = statement.where(alert.c.incident_id == asked.incident_id)
    told_of = await work.find(Alert, statement)
    earlier = await references_of(work, [told.id for told in told_of])
    newest = newest_of(told_of, {one: {of.id for of in those} for one, those in earlier.items()})
    if asked is not None:
        about_it = {asked.id, *(one.id for one in earlier.get(asked.id, []))}
        newest = [told for told in newest if about_it & {told.id, *(one.id for one in earlier.get(told.id, []))}]
    events = {
        row.id: row
        for row in await work.all(
            select(incident, _seen(work.now).label("seen")).where(incident.c.id.in_([told.incident_id for told in newest]))
        )
    }
    shown: list[Published] = []
    changes: list[datetime] = []
    for told in newest:
        assert told.approved_at is not None  # asked for above
        assert told.incident_id is not None  # PostgreSQL holds a CHECK on it: no exercise was asked for
        about, tells = events[told.incident_id], told.type in TELLING
        changes += [told.approved_at + wait if tells else told.approved_at, about.decided_at or told.approved_at]
        if tells and (told.approved_at > work.now - wait or about.state not in TRUE_AT_THE_TIME):
            continue
        point = None if about.latitude is None else (about.latitude, about.longitude)
        shown.append(Published(told, tuple(earlier.get(told.id, [])), about.seen, point))
    return Shelf(shown[:MOST_ENTRIES], max((one for one in changes if one <= work.now), default=None))


def newest_of(told_of: Sequence[Alert], references: Mapping[UUID, Collection[UUID]]) -> list[Alert]:
    """Of alerts that went out (the newest first) those that stand now: what a newer one updates, corrects or closes gives way to it. For
    each alert that is about earlier ones, `references` holds their ids. Pure."""
    replaced: set[UUID] = set()
    stands: list[Alert] = []
    for told in told_of:
        about = set(references.get(told.id, ()))
        if told.id in replaced or (about and about <= replaced):
            continue
        stands.append(told)
        replaced |= about
    return stands


async def published_incidents(work: Transaction, delay: Delay) -> dict[str, Any]:
    """Incidents that somebody trained confirmed from the place at least `delay.wait` ago, as a GeoJSON FeatureCollection (RFC 7946)."""
    rows = await work.find(
        Incident,
        select(incident)
        .where(
            incident.c.state.in_(TRUE_AT_THE_TIME),
            incident.c.county.is_not(None),
            incident.c.last_report_at > work.now - SHOWN_FOR,
            _seen(work.now - delay.wait),
            ~_is_practice(),
        )
        .order_by(incident.c.last_report_at.desc(), incident.c.id.desc())
        .limit(MOST_POINTS),
    )
    return {"type": "FeatureCollection", "features": features_of(rows, delay.coarseness)}


def features_of(rows: Sequence[Incident], coarseness: float) -> list[dict[str, Any]]:
    """Each incident as a Feature: a point of the grid, the county, the kind, the hours in which it was reported, and the outcome."""
    return [
        {
            "type": "Feature",
            "geometry": _geometry(row, coarseness),
            "properties": {
                "county": row.county,
                "kind": row.kind,
                "from": _hour(row.first_report_at),
                "until": _hour(row.last_report_at + timedelta(hours=1)),
                "outcome": row.state,
            },
        }
        for row in rows
    ]


def _is_practice() -> Exists:
    """Whether an incident was made for practice: the alert about it is an exercise."""
    return exists().where(alert.c.incident_id == incident.c.id, alert.c.exercise, alert.c.state != AlertState.RETURNED.value)


def _geometry(row: Incident, coarseness: float) -> dict[str, Any] | None:
    if row.latitude is None or row.longitude is None:
        return None
    latitude, longitude = coarse((row.latitude, row.longitude), coarseness)
    return {"type": "Point", "coordinates": [longitude, latitude]}


def _hour(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H}:00:00Z"


def _seen(by: datetime) -> Exists:
    """Whether somebody at the place had confirmed it by then."""
    return exists().where(
        observation.c.incident_id == incident.c.id,
        observation.c.on_site,
        observation.c.outcome == Outcome.CONFIRM.value,
        observation.c.observed_at <= by,
    )
