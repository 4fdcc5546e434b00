"""Asking the nearest, wave after wave, until somebody says yes: one row an incident says who began it and when the next wave is due.

PostgreSQL alone knows: the row, the offers and their texts are written in one transaction, so that whoever is killed in the middle of a
wave has asked nobody, and whoever takes over asks nobody twice.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Transaction
from app.core.errors import Conflict
from app.records.events import record
from app.records.incidents import Incident, incident
from app.records.states import IncidentState, OfferState
from app.records.verification import Offer, Outcome, Search, observation, offer, search
from app.verification.offers import find_candidates, hold_offers, write_offer

AT_ONCE: Final = 3
"""How many people one wave asks at most."""

KEPT_FREE: Final = 2
"""While other incidents are being looked into, a wave asks one in so many of those who are free, rounded up: so that what is reported a
minute later finds somebody, too. The drill of sixty reports shows the difference (docs/drills.md)."""

LATELY: Final = timedelta(hours=1)
"""So long after its last report an undecided incident still counts as one of those."""

NEXT_AFTER: Final = timedelta(seconds=90)
"""So long a wave has for its first yes (DESIGN section 5)."""

SEARCH_TIME: Final = timedelta(minutes=30)
"""So long waves go out; whoever begins a shift meanwhile is asked, too."""

MOST_ACCEPTED: Final = 2
"""How many go at most: a pair, as nobody should stand there alone."""

UNDECIDED: Final = (IncidentState.OPEN.value, IncidentState.VERIFYING.value)


async def start_search(work: Transaction, about: Incident, by: UUID) -> list[Offer]:
    """Begin to ask the nearest, with the first wave at once. `about` is locked. Returns the offers, none where nobody can be asked now: the
    search goes on all the same. Raises Conflict when it is on already, or when there is nothing left to look at."""
    if about.state not in UNDECIDED:
        raise Conflict("This incident is decided; there is nothing left to look at.")
    running = await work.get(Search, search.c.incident_id == about.id, lock=True)
    if running is not None and running.ended_at is None:
        raise Conflict("We are asking already. The next ones are asked by themselves until somebody says yes.")
    began = {"started_by": by, "started_at": work.now, "next_wave_at": work.now, "waves": 0, "ended_at": None}
    await work.execute(
        insert(search).values(incident_id=about.id, **began).on_conflict_do_update(index_elements=["incident_id"], set_=began)
    )
    await record(work, "search.started", about.id, actor_id=by, county=about.county)
    begun = await work.get(Search, search.c.incident_id == about.id)
    assert begun is not None  # as it was written just now
    return await ask_wave(work, about, begun)


async def due_search(work: Transaction) -> tuple[Incident, Search] | None:
    """The search whose next wave is due the longest, with its incident, both locked; those that others hold are stepped over."""
    found = await work.find(
        Incident,
        select(incident)
        .join(search, search.c.incident_id == incident.c.id)
        .where(search.c.ended_at.is_(None), search.c.next_wave_at <= work.now)
        .order_by(search.c.next_wave_at)
        .limit(1)
        .with_for_update(of=incident, skip_locked=True),
    )
    if not found:
        return None
    due = await work.get(
        Search, search.c.incident_id == found[0].id, search.c.ended_at.is_(None), search.c.next_wave_at <= work.now, lock=True
    )
    return (found[0], due) if due is not None else None


async def ask_wave(work: Transaction, about: Incident, due: Search) -> list[Offer]:
    """The next wave of a search: some people more (`how_many`), unless somebody said yes or was there; the end of it where it is decided or
    old. Returns the offers that it made."""
    if about.state not in UNDECIDED or work.now - due.started_at >= SEARCH_TIME:
        await work.execute(search.update().where(search.c.incident_id == about.id).values(ended_at=work.now))
        await record(work, "search.ended", about.id, county=about.county)
        return []
    made: list[Offer] = []
    if not await _somebody_goes(work, about.id):
        await hold_offers(work)
        free = await find_candidates(work, about)
        asked = free[: how_many(len(free), others=await _others_are_open(work, about.id))]
        made = [await write_offer(work, about, one.id, due.started_by, wave=due.waves + 1) for one in asked]
        if made or due.waves == 0:  # that nobody is left is said once
            await record(work, "search.wave", about.id, county=about.county, wave=due.waves + 1, asked=len(made))
    await work.execute(
        search.update()
        .where(search.c.incident_id == about.id)
        .values(next_wave_at=work.now + NEXT_AFTER, waves=due.waves + (1 if made else 0))
    )
    return made


def how_many(free: int, *, others: bool) -> int:
    """How many of those who are free a wave asks; `others`: other incidents are being looked into. Pure."""
    return min(AT_ONCE, math.ceil(free / KEPT_FREE) if others else free)


async def is_enough(work: Transaction, incident_id: UUID) -> bool:
    """Whether as many are on their way as may go."""
    going = await work.scalar(
        select(func.count())
        .select_from(offer)
        .where(offer.c.incident_id == incident_id, offer.c.state == OfferState.ACCEPTED.value)
    )
    return int(going) >= MOST_ACCEPTED


async def _somebody_goes(work: Transaction, incident_id: UUID) -> bool:
    """Whether somebody is on the way or there, or found something out."""
    accepted = exists().where(offer.c.incident_id == incident_id, offer.c.state == OfferState.ACCEPTED.value)
    found = exists().where(
        observation.c.incident_id == incident_id, observation.c.on_site, observation.c.outcome != Outcome.UNABLE.value
    )
    return bool(await work.scalar(select(accepted | found)))


async def _others_are_open(work: Transaction, incident_id: UUID) -> bool:
    """Whether anything else is being looked into."""
    others = exists().where(
        incident.c.id != incident_id, incident.c.state.in_(UNDECIDED), incident.c.last_report_at > work.now - LATELY
    )
    return bool(await work.scalar(select(others)))
