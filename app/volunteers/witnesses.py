"""Whose word confirms an incident: one trained person's from the place, or two independent ones' of people whom the hotline knows well. Of
each person the newest word counts, and nobody's who reported it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from typing import Final
from uuid import UUID

from sqlalchemy import select

from app.core.database import Transaction
from app.records.incidents import report
from app.records.verification import Outcome, observation
from app.volunteers.tables import Standing, Vetting, volunteer

TRUSTED: Final = frozenset({Vetting.VETTED.value})
"""Whose word counts together with another's although they are not trained, or were not sent: people who were interviewed and whose
references were asked. Source: the rule of this project that confirming takes one trained observation or two independent trusted ones."""

INDEPENDENT_WITHIN: Final = timedelta(minutes=30)
"""Two trusted people speak of one event when they tell of it no further apart than this; as for a dispute, one thing may have become
another after it."""


@dataclass(frozen=True)
class Word:
    """The newest word of one volunteer on an incident, and what is known of them. `phone`: their contact, None where they have none.
    `reported`: they, or somebody on their phone, reported it."""

    volunteer_id: UUID
    confirms: bool
    on_site: bool
    observed_at: datetime
    trained: bool
    trainee: bool
    vetting: str
    active: bool
    phone: UUID | None
    reported: bool


def who_confirms(words: Sequence[Word]) -> frozenset[UUID]:
    """The volunteers on whose words a confirmation stands: every trained one who was there, and every pair of trusted ones. Empty when
    those don't suffice. Pure."""
    alone = {one.volunteer_id for one in words if one.confirms and not one.reported and _counts_alone(one)}
    pairs = combinations(trusted_words(words), 2)
    return frozenset(alone.union(*({one.volunteer_id, other.volunteer_id} for one, other in pairs if _independent(one, other))))


def trusted_words(words: Sequence[Word]) -> list[Word]:
    """The words that confirm together with another such word. Pure."""
    return [one for one in words if one.confirms and not one.reported and one.active and one.vetting in TRUSTED]


async def read_words(work: Transaction, incident_id: UUID) -> list[Word]:
    """The newest word of everybody who looked at an incident."""
    reporters = select(report.c.contact_id).where(report.c.incident_id == incident_id)
    rows = await work.all(
        select(
            observation.c.volunteer_id,
            observation.c.outcome,
            observation.c.on_site,
            observation.c.observed_at,
            volunteer.c.trained,
            volunteer.c.trainee,
            volunteer.c.vetting,
            volunteer.c.standing,
            volunteer.c.contact_id,
            volunteer.c.contact_id.in_(reporters).label("reported"),
        )
        .join(volunteer, volunteer.c.id == observation.c.volunteer_id)
        .where(observation.c.incident_id == incident_id)
        .order_by(observation.c.observed_at, observation.c.id)
    )
    newest = {row.volunteer_id: row for row in rows}
    return [
        Word(
            volunteer_id=row.volunteer_id,
            confirms=row.outcome == Outcome.CONFIRM,
            on_site=row.on_site,
            observed_at=row.observed_at,
            trained=row.trained,
            trainee=row.trainee,
            vetting=row.vetting,
            active=row.standing == Standing.ACTIVE,
            phone=row.contact_id,
            reported=bool(row.reported),
        )
        for row in newest.values()
    ]


async def confirming_witnesses(work: Transaction, incident_id: UUID) -> set[UUID]:
    """The volunteers who stand behind a confirmation now, as `who_confirms` has it: nobody who took their word back or reported it."""
    return set(who_confirms(await read_words(work, incident_id)))


async def ever_confirmed(work: Transaction, incident_id: UUID) -> set[UUID]:
    """The volunteers who at any time confirmed an incident from the place, also those who took it back since."""
    rows = await work.execute(
        select(observation.c.volunteer_id)
        .distinct()
        .where(
            observation.c.incident_id == incident_id,
            observation.c.on_site,
            observation.c.outcome == Outcome.CONFIRM.value,
        )
    )
    return set(rows.scalars())


def _counts_alone(one: Word) -> bool:
    return one.on_site and one.trained and not one.trainee


def _independent(one: Word, other: Word) -> bool:
    """Whether two trusted words are two: different people on different phones, not both still learning, about one time. That two people
    live together is not known here; whoever decides sees both names."""
    return (
        one.volunteer_id != other.volunteer_id
        and one.phone is not None
        and other.phone is not None
        and one.phone != other.phone
        and not (one.trainee and other.trainee)
        and abs(one.observed_at - other.observed_at) <= INDEPENDENT_WITHIN
    )
