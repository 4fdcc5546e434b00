"""What people told of some incidents, unsealed: the newest accounts of each, as they are weighed and compared on a screen.

A screen is drawn again with every report of a burst, so each process remembers an account under the version of its row (PostgreSQL gives a
row another `xmin` each time it is changed): one that was corrected, moved or forgotten is read anew.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, Text, cast, func, literal_column, select

from app.core.database import Transaction
from app.incidents.accounts import WINDOW, account_of
from app.incidents.clustering import Match, alike
from app.incidents.confidence import Confidence, EvidenceKind, confidence, evidence_kind
from app.incidents.likeness import Account
from app.records.incidents import Incident, Report, incident, report
from app.records.states import IncidentState, ReportState
from app.records.verification import Outcome, observation

MOST_WEIGHED: Final = 20
"""The newest accounts of an incident that are weighed: more hardly change how sure we are."""

MOST_NEIGHBOURS: Final = 20
MOST_OF_EACH: Final = 5
"""How many incidents of the county, and how many accounts of each, an incident is compared with on its page."""

MOST_SHOWN: Final = 3
MOST_REMEMBERED: Final = 3_000

_remembered: OrderedDict[UUID, tuple[int, Account]] = OrderedDict()

_OUTCOMES: Final = {
    Outcome.CONFIRM: EvidenceKind.CONFIRMED,
    Outcome.POLICE: EvidenceKind.POLICE,
    Outcome.NOTHING: EvidenceKind.DENIED,
    Outcome.GONE: EvidenceKind.GONE,
}
"""What an observation from the place weighs as. Who could not look has seen nothing."""


@dataclass(frozen=True)
class Neighbour:
    """An incident that may be the same event as another, how alike they are (0 to 1) and why."""

    incident: Incident
    score: float
    reasons: tuple[str, ...]


async def how_sure(work: Transaction, incident_ids: Collection[UUID]) -> dict[UUID, Confidence]:
    """How sure we may be of each incident now. It orders work and tells nobody outside anything (DESIGN promise 5)."""
    told = await read_told(work, incident_ids, MOST_WEIGHED)
    evidence: dict[UUID, list[tuple[Account, EvidenceKind]]] = {
        i: [(account, evidence_kind(account, has_picture=picture)) for account, picture in told.get(i, ())]
        for i in incident_ids
    }
    seen = observation.c.incident_id.in_(incident_ids) & observation.c.on_site
    for row in await work.all(select(observation).where(seen).order_by(observation.c.observed_at)):
        kind = _OUTCOMES.get(Outcome(row.outcome))
        if kind is not None:
            evidence[row.incident_id].append((_sight(str(row.volunteer_id), row.observed_at.timestamp() / 60), kind))
    now = work.now.timestamp() / 60
    return {i: confidence(pieces, now) for i, pieces in evidence.items()}


async def neighbours_of(work: Transaction, about: Incident) -> list[Neighbour]:
    """The incidents of the same county and of about the same time that may be the same event, the likeliest first."""
    if about.county is None or about.state == IncidentState.DISMISSED:
        return []
    near = incident.c.last_report_at.between(about.first_report_at - WINDOW, about.last_report_at + WINDOW)
    found = await work.find(
        Incident,
        select(incident)
        .where(incident.c.county == about.county, incident.c.id != about.id, near)
        .where(incident.c.state != IncidentState.DISMISSED.value)
        .order_by(incident.c.last_report_at.desc())
        .limit(MOST_NEIGHBOURS),
    )
    told = await read_told(work, [about.id, *(one.id for one in found)], MOST_OF_EACH)
    ours = [account for account, _ in told.get(about.id, ())]
    matches: list[Match] = alike(ours, [[account for account, _ in told.get(one.id, ())] for one in found])
    return [Neighbour(found[match.index], match.score, match.reasons) for match in matches[:MOST_SHOWN]]


async def read_told(work: Transaction, incident_ids: Collection[UUID], most: int) -> Mapping[UUID, list[tuple[Account, bool]]]:
    """The newest `most` accounts of each incident, oldest first, each with whether a picture came along."""
    newest = (
        select(
            report.c.id,
            cast(cast(literal_column("report.xmin"), Text), BigInteger).label("version"),
            func.row_number().over(partition_by=report.c.incident_id, order_by=report.c.received_at.desc()).label("place"),
        )
        .where(report.c.incident_id.in_(incident_ids), report.c.state == ReportState.JOINED.value)
        .subquery()
    )
    rows = await work.all(
        select(report, newest.c.version)
        .join(newest, newest.c.id == report.c.id)
        .where(newest.c.place <= most)
        .order_by(report.c.received_at)
    )
    told: dict[UUID, list[tuple[Account, bool]]] = {}
    for row in rows:
        known = _remembered.get(row.id)
        if known is None or known[0] != row.version:
            known = row.version, _open(work, Report(**{c.name: getattr(row, c.name) for c in report.c}))
            _remembered[row.id] = known
        _remembered.move_to_end(row.id)
        told.setdefault(row.incident_id, []).append((known[1], row.channel == "mms"))
    while len(_remembered) > MOST_REMEMBERED:
        _remembered.popitem(last=False)
    return told


def _open(work: Transaction, told: Report) -> Account:
    words = work.unseal(told.text_sealed, "report", "text", told.id) if told.text_sealed else ""
    reading = json.loads(work.unseal(told.reading_sealed, "report", "reading", told.id)) if told.reading_sealed else {}
    return account_of(told, words, reading.get("salute", {}))


def _sight(who: str, minute: float) -> Account:
    return Account(who, None, minute, "", None, None, "report", {}, who, "en")
