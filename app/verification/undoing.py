"""A decision that was a slip is taken back while it is fresh: by who decided, or by a lead. What came after it can be put right only by
deciding differently, which tells everybody again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import and_, or_, select

from app.core.database import Transaction
from app.core.errors import Conflict, NotAllowed
from app.records.alerts import alert
from app.records.decisions import Decision, decision
from app.records.events import record
from app.records.incidents import Incident, incident
from app.records.states import AlertState, IncidentState, step
from app.verification.grounds import Grounds
from app.volunteers.tables import Role, Volunteer

UNDO_WITHIN: Final = timedelta(minutes=10)
"""So long a decision can be undone. In that time most people who reported it have read of it and few have acted on it; later what followed
from it is too much to be taken back, and deciding differently is honest."""


async def standing_decision(work: Transaction, incident_id: UUID) -> Decision | None:
    """The newest decision of an incident that was not undone."""
    found = await work.find(
        Decision,
        select(decision)
        .where(decision.c.incident_id == incident_id, decision.c.undone_at.is_(None))
        .order_by(decision.c.at.desc(), decision.c.id.desc())
        .limit(1),
    )
    return found[0] if found else None


def time_to_undo(made: Decision | None, about: Incident, now: datetime) -> timedelta:
    """How long what an incident is now can still be undone: zero where that is over, or where it is something else by now. Pure."""
    if made is None or (made.state, made.at) != (about.state, about.decided_at):
        return timedelta(0)
    return max(timedelta(0), made.at + UNDO_WITHIN - now)


def may_undo(made: Decision, who: Volunteer) -> bool:
    """Whether a person is one who may undo a decision: who decided it, or a lead. Pure."""
    return who.id == made.decided_by or Role.LEAD.value in who.roles


async def what_keeps(work: Transaction, made: Decision) -> Conflict | None:
    """The alert that keeps a decision from being undone, in words that say what to do instead; None where none does."""
    held_then = or_(
        alert.c.state.in_((AlertState.PROPOSED.value, AlertState.APPROVED.value)),
        and_(alert.c.state == AlertState.EXPIRED.value, alert.c.approved_at.is_not(None), alert.c.expires_at > made.at),
    )
    rows = await work.all(
        select(alert.c.approved_at).where(alert.c.incident_id == made.incident_id, alert.c.exercise.is_(False), held_then)
    )
    if any(row.approved_at is not None for row in rows):
        return Conflict(
            "An alert about this went out, so it can't be undone. Decide differently, and propose the correction: everyone who got the "
            "alert gets that, too."
        )
    if rows:
        return Conflict(
            "An alert about this waits for its second signature. Have it returned to its author first, or decide differently."
        )
    return None


async def take_back(work: Transaction, about: Incident, decision_id: UUID, by: Volunteer, grounds: Grounds) -> Decision:
    """Undo a decision of an incident, whose row is locked: it is again what it was before. Returns the decision. Raises NotAllowed for who
    may not, Conflict where it was undone, overtaken or is too old, or where an alert keeps it."""
    made = await work.get(Decision, decision.c.id == decision_id, decision.c.incident_id == about.id)
    if made is None:
        raise Conflict("There is no such decision of this incident.")
    if made.undone_at is not None:
        raise Conflict("This was undone already. Look at what it is now.")
    standing = await standing_decision(work, about.id)
    if standing is None or standing.id != made.id or (made.state, made.at) != (about.state, about.decided_at):
        raise Conflict("It was decided anew since, so the earlier decision can't be undone. Look at what it is now.")
    if not may_undo(made, by):
        raise NotAllowed("Only who decided it, or a lead, can undo it. Ask them, or decide differently.")
    if not time_to_undo(made, about, work.now):
        raise Conflict(
            "A decision can be undone for ten minutes. Decide differently instead: everyone who reported it is told again."
        )
    if (kept := await what_keeps(work, made)) is not None:
        raise kept
    back = step(IncidentState(about.state), IncidentState(made.before))
    await work.execute(decision.update().where(decision.c.id == made.id).values(undone_at=work.now, undone_by=by.id))
    await work.execute(
        incident.update()
        .where(incident.c.id == about.id)
        .values(state=back.value, decided_at=made.before_at, decided_by=made.before_by)
    )
    about.state, about.decided_at, about.decided_by = back.value, made.before_at, made.before_by
    await record(
        work,
        "incident.decision_undone",
        about.id,
        actor_id=by.id,
        county=about.county,
        undone=made.state,
        back_to=made.before,
        **grounds.facts(),
    )
    return made
