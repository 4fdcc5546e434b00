"""Deciding what an incident was. A person does it, on what others saw; only confirming needs
one that `witnesses.py` lets count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from app.core.database import Transaction
from app.core.errors import Conflict
from app.records.decisions import Decision
from app.records.events import record
from app.records.incidents import Incident, incident
from app.records.states import IncidentState, step
from app.records.verification import Observation, Outcome
from app.verification.grounds import NONE_GIVEN, Grounds
from app.volunteers.witnesses import confirming_witnesses

STATE_OF: Final = {
    Outcome.CONFIRM: IncidentState.CONFIRMED,
    Outcome.POLICE: IncidentState.POLICE,
    Outcome.NOTHING: IncidentState.NOTHING,
    Outcome.GONE: IncidentState.GONE,
    Outcome.UNABLE: IncidentState.UNABLE,
}
"""The state that each outcome leads to."""


DISPUTED_WITHIN: Final = timedelta(minutes=30)
"""What two people saw is at odds when it is no further apart than this; after it one thing may have become the other."""

DENIES: Final = frozenset({Outcome.POLICE.value, Outcome.NOTHING.value})
"""What can't be true beside a confirmation at the same time and place. That they left can."""


def is_disputed(sights: Sequence[Observation]) -> bool:
    """Whether people who were there tell of different things: of each only what they said last counts. Pure."""
    newest = {seen.volunteer_id: seen for seen in sorted(sights, key=lambda one: one.observed_at) if seen.on_site}
    return any(
        one.outcome == Outcome.CONFIRM
        and other.outcome in DENIES
        and abs(one.observed_at - other.observed_at) <= DISPUTED_WITHIN
        for one in newest.values()
        for other in newest.values()
    )


async def decide(
    work: Transaction, about: Incident, outcome: Outcome, decided_by: UUID, grounds: Grounds = NONE_GIVEN
) -> Incident:
    """Decide an incident, or decide it differently. Raises Conflict when a confirmation has nothing to stand on, IllegalTransition when the
    incident can't go there from where it is."""
    then = STATE_OF[outcome]
    step(IncidentState(about.state), then)
    if outcome is Outcome.CONFIRM:
        if about.county is None:
            raise Conflict("The county is not known yet. Set it before confirming.")
        if not await confirming_witnesses(work, about.id):
            raise Conflict(
                "Confirming needs an observation from the place by a trained verifier who did not report it, or the words of two vetted "
                "volunteers who did not report it, within 30 minutes of each other."
            )
    before = about.state
    kept = Decision(
        id=work.new_id(),
        incident_id=about.id,
        state=then.value,
        before=before,
        before_at=about.decided_at,
        before_by=about.decided_by,
        decided_by=decided_by,
        at=work.now,
    )
    await work.add(kept)
    await work.execute(
        incident.update().where(incident.c.id == about.id).values(state=then.value, decided_at=work.now, decided_by=decided_by)
    )
    about.state, about.decided_at, about.decided_by = then.value, work.now, decided_by
    await record(
        work, f"incident.{then.value}", about.id, actor_id=decided_by, county=about.county, before=before, **grounds.facts()
    )
    return about
