"""Asking people in the field to go and look: who can be asked, the offer, and what they answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, extract, func, or_, select

from app.core.database import Transaction, row_as
from app.core.errors import Conflict
from app.records.contacts import contact
from app.records.events import record
from app.records.incidents import Incident, incident, report
from app.records.states import DECIDED, IncidentState, OfferState, step
from app.records.verification import Observation, Offer, Outcome, offer
from app.verification.ranking import Candidate, Ranked, knows, rank
from app.volunteers.tables import Role, Standing, Volunteer, volunteer
from app.volunteers.zones import home_zone

OFFER_TIME: Final = timedelta(minutes=30)
"""An offer that nobody answered in this time is over; a later answer is still recorded."""

MAY_ANSWER: Final = (OfferState.OFFERED.value, OfferState.ACCEPTED.value, OfferState.DECLINED.value)
"""States in which a yes or a no still means something: people change their minds."""

WENT: Final = (OfferState.OFFERED.value, OfferState.ACCEPTED.value, OfferState.ANSWERED.value)
"""States in which an outcome counts as seen on site: who declined, or was called off, was not sent there."""

LATE: Final = (OfferState.EXPIRED.value, OfferState.STOOD_DOWN.value)
"""States in which an answer changes nothing any more and is written down all the same."""

MOST_A_DAY: Final = 6
"""So often one person is asked in 24 hours at most."""

ROTATION: Final = timedelta(days=7)
"""In this time it is counted how often somebody was asked."""

SILENT_AFTER: Final = timedelta(minutes=3)
"""Who has not answered in this time (two waves) may be asked about something else, too: silence must not keep them out of half an hour."""

OPEN_OFFERS: Final = (OfferState.OFFERED.value, OfferState.ACCEPTED.value)


async def find_candidates(work: Transaction, about: Incident) -> list[Volunteer]:
    """Verifiers who could go, whom to ask first first: see `rank_candidates`."""
    return [person for person, _ in await rank_candidates(work, about)]


async def rank_candidates(work: Transaction, about: Incident) -> list[tuple[Volunteer, Ranked]]:
    """Verifiers who could go, and why each stands where they do (`ranking.py`): active, trained, on shift, of that county, with a phone
    that may be texted, who are on no other way and whose answer is not waited for, were not asked about this before and did not report it
    themselves. Nor in their own quiet hours, nor more than MOST_A_DAY times a day."""
    waited_for = and_(offer.c.state == OfferState.OFFERED.value, offer.c.offered_at > work.now - SILENT_AFTER)
    busy = exists().where(offer.c.volunteer_id == volunteer.c.id, or_(offer.c.state == OfferState.ACCEPTED.value, waited_for))
    asked = exists().where(offer.c.volunteer_id == volunteer.c.id, offer.c.incident_id == about.id)
    reported_it = exists().where(report.c.incident_id == about.id, report.c.contact_id == volunteer.c.contact_id)
    asked_since = select(func.count()).select_from(offer).where(offer.c.volunteer_id == volunteer.c.id)
    today = asked_since.where(offer.c.offered_at > work.now - timedelta(days=1)).scalar_subquery()
    lately = asked_since.where(offer.c.offered_at > work.now - ROTATION).scalar_subquery()
    reads_it = exists().where(report.c.incident_id == about.id, report.c.language == func.any(volunteer.c.languages))
    last_asked = select(func.max(offer.c.offered_at)).where(offer.c.volunteer_id == volunteer.c.id).scalar_subquery()
    rows = await work.all(
        select(
            volunteer,
            home_zone.c.latitude,
            home_zone.c.longitude,
            home_zone.c.county.label("home_county"),
            reads_it.label("reads_it"),
            lately.label("lately"),
            last_asked.label("last_asked"),
        )
        .join(contact, contact.c.id == volunteer.c.contact_id)
        .join(home_zone, home_zone.c.volunteer_id == volunteer.c.id, isouter=True)
        .where(
            volunteer.c.standing == Standing.ACTIVE.value,
            volunteer.c.trained,
            volunteer.c.on_shift,
            volunteer.c.roles.contains([Role.VERIFIER.value]),
            or_(func.cardinality(volunteer.c.counties) == 0, volunteer.c.counties.contains([about.county or ""])),
            contact.c.stopped_at.is_(None),
            contact.c.number_sealed.is_not(None),
            ~busy,
            ~asked,
            ~reported_it,
            ~_sleeps(work.now),
            today < MOST_A_DAY,
        )
    )
    people = {row.id: row_as(Volunteer, {c.name: getattr(row, c.name) for c in volunteer.c}) for row in rows}
    candidates = [
        Candidate(
            id=row.id,
            alias=row.alias,
            home=(row.latitude, row.longitude) if row.latitude is not None else None,
            home_county=row.home_county,
            chose_county=about.county in row.counties,
            knows_place=knows(row.zones, about.place),
            reads_language=row.reads_it,
            trainee=row.trainee,
            asked=row.lately,
            last_asked=row.last_asked,
        )
        for row in rows
    ]
    point = (about.latitude, about.longitude) if about.latitude is not None and about.longitude is not None else None
    return [(people[ranked.candidate.id], ranked) for ranked in rank(candidates, point, about.county)]


async def make_offer(work: Transaction, about: Incident, verifier: Volunteer, offered_by: UUID) -> Offer:
    """Offer an incident to one verifier. Raises Conflict when they can't be asked (any more)."""
    if about.state in DECIDED:
        raise Conflict("This incident is decided; there is nothing left to look at.")
    await hold_offers(work)
    if verifier.id not in {c.id for c in await find_candidates(work, about)}:
        raise Conflict(f"{verifier.alias} can't be asked now: off shift, elsewhere, or already asked.")
    made = await write_offer(work, about, verifier.id, offered_by)
    await record(work, "offer.made", about.id, actor_id=offered_by, county=about.county, verifier=verifier.alias)
    return made


async def hold_offers(work: Transaction) -> None:
    """Wait until nobody else makes an offer: so nobody who is free is asked twice in one moment. Taken after the incident's lock, and one
    incident a transaction."""
    await work.lock("offer", "making")


async def write_offer(work: Transaction, about: Incident, verifier_id: UUID, offered_by: UUID, *, wave: int = 0) -> Offer:
    """The offer of an incident to somebody who can be asked."""
    made = Offer(
        id=work.new_id(),
        incident_id=about.id,
        volunteer_id=verifier_id,
        offered_by=offered_by,
        wave=wave,
        offered_at=work.now,
        expires_at=work.now + OFFER_TIME,
    )
    await work.add(made)
    return made


async def open_offer_of(work: Transaction, volunteer_id: UUID) -> tuple[Offer, Incident] | None:
    """The offer that a verifier's text is about: the accepted one, else the newest open one, else one that was answered or ran out within
    the last hours (people do correct themselves and answer late). None when they were asked nothing lately."""
    found = await work.find(
        Offer,
        select(offer)
        .where(offer.c.volunteer_id == volunteer_id, offer.c.offered_at > work.now - timedelta(hours=4))
        .order_by(
            (offer.c.state == OfferState.ACCEPTED.value).desc(),
            offer.c.state.in_(OPEN_OFFERS).desc(),
            offer.c.offered_at.desc(),
        )
        .limit(1),
    )
    if not found:
        return None
    # The incident before its offer, as whoever decides an incident locks them: the other way round the two could wait for each other.
    about = await work.get(Incident, incident.c.id == found[0].incident_id, lock=True)
    made = await work.get(Offer, offer.c.id == found[0].id, lock=True)
    return (made, about) if made is not None and about is not None else None


async def answer_offer(work: Transaction, made: Offer, about: Incident, *, accepted: bool, minutes: int | None = None) -> Offer:
    """A yes (with the minutes it takes them, where they said so) or a no. Raises IllegalTransition when the offer is no longer open."""
    then = OfferState.ACCEPTED if accepted else OfferState.DECLINED
    if minutes is not None:
        await _note(work, made, eta_at=work.now + timedelta(minutes=minutes))
    if made.state == then:
        return made  # said twice
    step(OfferState(made.state), then)
    await _move(work, made, then)
    if accepted and about.state == IncidentState.OPEN:
        await work.execute(incident.update().where(incident.c.id == about.id).values(state=IncidentState.VERIFYING.value))
    verb = "offer.accepted" if accepted else "offer.declined"
    await record(work, verb, about.id, actor_id=made.volunteer_id, county=about.county, minutes=minutes)
    return made


async def note_arrival(work: Transaction, made: Offer, about: Incident) -> Offer:
    """They are there: who was asked says so by it that they go. Raises IllegalTransition when the offer is no longer open."""
    await answer_offer(work, made, about, accepted=True)
    if made.here_at is None:
        await _note(work, made, here_at=work.now)
        await record(work, "offer.arrived", about.id, actor_id=made.volunteer_id, county=about.county)
    return made


async def record_observation(
    work: Transaction,
    about: Incident,
    volunteer_id: UUID,
    outcome: Outcome,
    *,
    on_site: bool,
    made: Offer | None = None,
    note: str = "",
) -> Observation:
    """What a volunteer found. It decides nothing by itself: a person does, who sees it (DESIGN promise 5)."""
    seen = Observation(
        id=work.new_id(),
        incident_id=about.id,
        volunteer_id=volunteer_id,
        offer_id=made.id if made else None,
        outcome=outcome.value,
        on_site=on_site,
        observed_at=work.now,
    )
    seen.note_sealed = work.seal(note, "observation", "note", seen.id) if note else None
    await work.add(seen)
    if made is not None:
        step(OfferState(made.state), OfferState.ANSWERED)
        await _move(work, made, OfferState.ANSWERED)
    if about.state == IncidentState.OPEN:
        await work.execute(incident.update().where(incident.c.id == about.id).values(state=IncidentState.VERIFYING.value))
    await record(
        work, "observation.made", about.id, actor_id=volunteer_id, county=about.county, outcome=outcome.value, on_site=on_site
    )
    return seen


async def turn_away(work: Transaction, made: Offer, about: Incident) -> None:
    """They said yes when enough were going already. An offer that they had declined stays declined."""
    if made.state == OfferState.OFFERED:
        step(OfferState(made.state), OfferState.STOOD_DOWN)
        await _move(work, made, OfferState.STOOD_DOWN)
    await record(work, "offer.not_needed", about.id, actor_id=made.volunteer_id, county=about.county)


async def stand_down(
    work: Transaction, about_id: UUID, county: str | None, which: Sequence[str] = OPEN_OFFERS
) -> Sequence[UUID]:
    """Close the open offers of an incident, or those in `which` states. Returns the volunteers who must be told not to go."""
    rows = await work.execute(
        offer.update()
        .where(offer.c.incident_id == about_id, offer.c.state.in_(which))
        .values(state=OfferState.STOOD_DOWN.value, answered_at=work.now)
        .returning(offer.c.volunteer_id)
    )
    told = rows.scalars().all()
    if told:
        await record(work, "offer.stood_down", about_id, county=county, verifiers=len(told))
    return told


async def expire_offers(work: Transaction) -> int:
    """End offers that nobody answered in time. Returns how many."""
    rows = await work.execute(
        offer.update()
        .where(offer.c.state == OfferState.OFFERED.value, offer.c.expires_at <= work.now)
        .values(state=OfferState.EXPIRED.value)
        .returning(offer.c.incident_id)
    )
    over = rows.scalars().all()
    for incident_id in over:
        await record(work, "offer.expired", incident_id)
    return len(over)


def _sleeps(now: datetime) -> ColumnElement[bool]:
    """Whether it is a volunteer's quiet hour, which may span midnight."""
    hour = extract("hour", func.timezone(volunteer.c.quiet_zone, now))
    begins, ends = volunteer.c.quiet_from, volunteer.c.quiet_until
    spans_midnight = or_(hour >= begins, hour < ends)
    return func.coalesce(case((begins <= ends, and_(hour >= begins, hour < ends)), else_=spans_midnight), False)


async def _note(work: Transaction, made: Offer, **facts: datetime | None) -> None:
    await work.execute(offer.update().where(offer.c.id == made.id).values(**facts))
    for name, value in facts.items():
        setattr(made, name, value)


async def _move(work: Transaction, made: Offer, then: OfferState) -> None:
    await work.execute(offer.update().where(offer.c.id == made.id).values(state=then.value, answered_at=work.now))
    made.state = then.value
    made.answered_at = work.now
