"""What is known of one incident, read for its page: the accounts with the words that raised each reading, who was asked, what was seen."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Text, cast, exists, select

from app.console.board_mark import LOOKED, VIEWED
from app.console.photos import PhotoCard, photos_of
from app.console.phrases import mark
from app.core.database import Transaction
from app.records.alerts import alert
from app.records.events import event, record
from app.records.inbound import inbound_message, recording
from app.records.incidents import Incident, Report, report
from app.records.states import DECIDED, TaskState
from app.records.verification import Observation, Search, Task, observation, offer, search, task
from app.verification.decisions import is_disputed
from app.verification.offers import rank_candidates
from app.verification.ranking import Ranked
from app.volunteers.tables import Volunteer, volunteer
from app.volunteers.witnesses import Word, read_words, trusted_words, who_confirms

VIEWED_AGAIN: Final = timedelta(minutes=10)
"""A person who looks again within this time is not written down again."""

STRONG: Final = 1.0
"""Log-odds from which a piece of evidence is marked strongly."""


@dataclass(frozen=True)
class Piece:
    """A stretch of a report's text. `says` is what it was taken to say, empty for plain words; `strength` is strong, weak or against."""

    words: str
    says: tuple[str, ...] = ()
    strength: str = ""


@dataclass(frozen=True)
class Account:
    """One report as its reader sees it: never who sent it. `voicemails` are (id, seconds) of recordings, `photos` what came along."""

    report: Report
    pieces: Sequence[Piece]
    evidence: Sequence[dict[str, Any]]
    salute: dict[str, str]
    voicemails: Sequence[tuple[UUID, int]] = ()
    photos: Sequence[PhotoCard] = ()


@dataclass(frozen=True)
class Sight:
    """One observation, by whom, with their own words."""

    observation: Observation
    alias: str
    trained: bool
    note: str


@dataclass(frozen=True)
class Note:
    """What a verifier texted that was no answer: a dispatcher must read it."""

    alias: str
    at: datetime
    words: str


@dataclass(frozen=True)
class IncidentFacts:
    """Everything on the page of one incident. `photos` are those that verifiers sent from there. `confirm_lacks` says why it
    can't be confirmed (yet), None when it can."""

    incident: Incident
    accounts: Sequence[Account]
    task: Task | None
    holder: Volunteer | None
    candidates: Sequence[tuple[Volunteer, Ranked]]
    offers: Sequence[Row[Any]]
    sights: Sequence[Sight]
    notes: Sequence[Note]
    alerts: Sequence[Row[Any]]
    events: Sequence[Row[Any]]
    decided: bool
    confirm_lacks: str | None
    disputed: bool
    decided_by: str | None = field(default=None)
    photos: Sequence[PhotoCard] = ()
    search: Search | None = None

    @property
    def has_photos(self) -> bool:
        """Whether there is one that can be looked at."""
        return any(card.glimpse for cards in (self.photos, *(one.photos for one in self.accounts)) for card in cards)


async def read_incident(work: Transaction, about: Incident) -> IncidentFacts:
    """Read all of it, in one transaction."""
    reports = await work.find(Report, select(report).where(report.c.incident_id == about.id).order_by(report.c.received_at))
    held = await work.get(Task, task.c.incident_id == about.id)
    holder = None
    if held is not None and held.holder_id is not None and claim_lasts(held, work.now):
        holder = await work.get(Volunteer, volunteer.c.id == held.holder_id)
    sights = await _sights(work, about.id)
    decided = about.state in DECIDED
    by = await work.scalar(select(volunteer.c.alias).where(volunteer.c.id == about.decided_by)) if about.decided_by else None
    photos = await photos_of(work, about.id)
    return IncidentFacts(
        incident=about,
        accounts=[await _account(work, told, photos.get(told.id, ())) for told in reports],
        task=held,
        holder=holder,
        candidates=[] if decided else await rank_candidates(work, about),
        offers=await _offers(work, about.id),
        sights=sights,
        notes=await _notes(work, about.id),
        alerts=await work.all(select(alert).where(alert.c.incident_id == about.id).order_by(alert.c.proposed_at)),
        events=await _timeline(work, about.id),
        decided=decided,
        confirm_lacks=what_confirming_lacks(about.county, await read_words(work, about.id)),
        disputed=is_disputed([sight.observation for sight in sights]),
        decided_by=by,
        photos=photos.get(None, ()),
        search=await work.get(Search, search.c.incident_id == about.id, search.c.ended_at.is_(None)),
    )


def claim_lasts(held: Task, now: datetime) -> bool:
    """Whether a task is held right now."""
    return held.state == TaskState.LEASED and held.lease_until is not None and held.lease_until > now


def what_confirming_lacks(county: str | None, words: Sequence[Word]) -> str | None:
    """Why an incident can't be confirmed yet, or None: what `decide` will insist on, said before anyone presses. Pure."""
    if county is None:
        return mark("Set the county first.")
    if who_confirms(words):
        return None
    match len(trusted_words(words)):
        case 0:
            return mark("A trained verifier must see it on site first. Ask one to look.")
        case 1:
            return mark(
                "One vetted volunteer saw it. Another one must tell of it within 30 minutes, or a trained verifier see it on site."
            )
        case _:
            return mark(
                "Vetted volunteers saw it, but more than 30 minutes apart, or all of them still learn. Ask a trained verifier to look."
            )


def mark_words(text: str, evidence: Sequence[dict[str, Any]]) -> list[Piece]:
    """A report's text cut where words of the evidence stand in it, so that a reader sees what raised the reading. Pure."""
    marks: list[dict[str, Any] | None] = [None] * len(text)
    for piece in sorted(evidence, key=lambda e: abs(float(e.get("weight", 0)))):
        words = str(piece.get("words", "")).strip()
        if not words:
            continue
        for found in re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", text, re.IGNORECASE):
            marks[found.start() : found.end()] = [piece] * (found.end() - found.start())
    pieces: list[Piece] = []
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or marks[end] is not marks[start]:
            pieces.append(_piece(text[start:end], marks[start]))
            start = end
    return pieces


async def note_view(work: Transaction, about: Incident, viewer: Volunteer) -> None:
    """Write down, outside the chain of acts, that somebody read the reports of an incident; once in ten minutes."""
    lately = exists().where(
        event.c.subject_id == about.id,
        event.c.verb == VIEWED,
        event.c.facts["alias"].astext == viewer.alias,
        event.c.at > work.now - VIEWED_AGAIN,
    )
    if not await work.scalar(select(lately)):
        await record(work, VIEWED, about.id, county=about.county, alias=viewer.alias)


def _piece(words: str, evidence: dict[str, Any] | None) -> Piece:
    if evidence is None:
        return Piece(words)
    weight = float(evidence.get("weight", 0))
    strength = "against" if weight < 0 else "strong" if weight >= STRONG else "weak"
    return Piece(words, (str(evidence.get("says", "")),), strength)


async def _account(work: Transaction, told: Report, photos: Sequence[PhotoCard]) -> Account:
    words = work.unseal(told.text_sealed, "report", "text", told.id) if told.text_sealed else ""
    reading = json.loads(work.unseal(told.reading_sealed, "report", "reading", told.id)) if told.reading_sealed else {}
    evidence = reading.get("evidence", [])
    voicemails = []
    if told.channel == "voice":
        rows = await work.all(select(recording.c.id, recording.c.seconds).where(recording.c.report_id == told.id))
        voicemails = [(row.id, row.seconds) for row in rows]
    return Account(told, mark_words(words, evidence), evidence, reading.get("salute", {}), voicemails, photos)


async def _sights(work: Transaction, incident_id: UUID) -> list[Sight]:
    rows = await work.all(
        select(observation, volunteer.c.alias, volunteer.c.trained)
        .join(volunteer, volunteer.c.id == observation.c.volunteer_id)
        .where(observation.c.incident_id == incident_id)
        .order_by(observation.c.observed_at)
    )
    return [
        Sight(
            Observation(**{c.name: getattr(row, c.name) for c in observation.c}),
            row.alias,
            row.trained,
            work.unseal(row.note_sealed, "observation", "note", row.id) if row.note_sealed else "",
        )
        for row in rows
    ]


async def _notes(work: Transaction, incident_id: UUID) -> list[Note]:
    rows = await work.all(
        select(inbound_message.c.id, inbound_message.c.body_sealed, event.c.at, volunteer.c.alias)
        .join(inbound_message, cast(inbound_message.c.id, Text) == event.c.facts["message"].astext)
        .join(volunteer, volunteer.c.id == event.c.actor_id)
        .where(event.c.subject_id == incident_id, event.c.verb == "offer.note", inbound_message.c.body_sealed.is_not(None))
        .order_by(event.c.id)
    )
    return [Note(row.alias, row.at, work.unseal(row.body_sealed, "inbound_message", "body", row.id)) for row in rows]


async def _offers(work: Transaction, incident_id: UUID) -> Sequence[Row[Any]]:
    return await work.all(
        select(offer, volunteer.c.alias)
        .join(volunteer, volunteer.c.id == offer.c.volunteer_id)
        .where(offer.c.incident_id == incident_id)
        .order_by(offer.c.offered_at.desc())
    )


async def _timeline(work: Transaction, incident_id: UUID) -> Sequence[Row[Any]]:
    alerts_of = select(alert.c.id).where(alert.c.incident_id == incident_id)
    return await work.all(
        select(event, volunteer.c.alias)
        .join(volunteer, volunteer.c.id == event.c.actor_id, isouter=True)
        .where((event.c.subject_id == incident_id) | event.c.subject_id.in_(alerts_of), event.c.verb.not_in((VIEWED, LOOKED)))
        .order_by(event.c.id.desc())
        .limit(100)
    )
