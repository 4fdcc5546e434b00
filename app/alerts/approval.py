"""Two people tell a county: one proposes, another approves. What the second did not sign is never sent, and nobody signs twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from app.alerts.review import lacks_of, problems_of
from app.core.database import Transaction
from app.core.errors import BadInput, Conflict, NotAllowed
from app.records.alerts import Alert, AlertType, alert
from app.records.events import record
from app.records.incidents import Incident, incident
from app.records.states import AlertState, IncidentState, step
from app.volunteers.tables import Role, Volunteer
from app.volunteers.witnesses import confirming_witnesses

MAY_PROPOSE: Final = frozenset({Role.DISPATCHER, Role.ORGANIZER})
MAY_APPROVE: Final = frozenset({Role.ORGANIZER})


async def propose_alert(
    work: Transaction,
    about: Incident,
    author: Volunteer,
    code: str,
    words: Mapping[str, str],
    until: datetime,
    rights_lines: Mapping[str, str],
    kind: AlertType = AlertType.ALERT,
    references: Alert | None = None,
) -> Alert:
    """Put an alert before the second person. Raises NotAllowed, Conflict when the incident does not allow it, BadInput for its words."""
    if not MAY_PROPOSE & set(author.roles):
        raise NotAllowed("Only dispatchers and organizers propose alerts.")
    if about.county is None:
        raise Conflict("The county is not known, so nobody can be told.")
    if kind is AlertType.ALERT and about.state != IncidentState.CONFIRMED:
        raise Conflict("Only a confirmed incident can become an alert.")
    wrong = problems_of(words, {code, references.code} if references else {code})
    if kind is AlertType.ALERT:
        wrong += lacks_of(words, code, rights_lines)
    if wrong:
        raise BadInput("; ".join(f"{p.language}: {p.code}" for p in wrong))
    if kind is AlertType.ALERT and await work.first(
        select(alert.c.id).where(
            alert.c.incident_id == about.id,
            alert.c.type == AlertType.ALERT.value,
            alert.c.state.in_((AlertState.PROPOSED.value, AlertState.APPROVED.value)),
        )
    ):
        raise Conflict("There is already an alert about this incident.")
    proposed = Alert(
        id=work.new_id(),
        code=code,
        type=kind.value,
        incident_id=about.id,
        references_id=references.id if references else None,
        county=about.county,
        texts=dict(words),
        author_id=author.id,
        proposed_at=work.now,
        expires_at=until,
    )
    await work.add(proposed)
    await record(work, "alert.proposed", proposed.id, actor_id=author.id, county=about.county, type=kind.value, code=code)
    return proposed


async def approve_alert(work: Transaction, alert_id: UUID, approver: Volunteer) -> tuple[Alert, Incident]:
    """The second signature. Two who sign at once, a second click, an expired or returned alert, an incident that was decided differently
    meanwhile: one right result, and words that explain the others. Raises NotAllowed or Conflict."""
    if not MAY_APPROVE & set(approver.roles):
        raise NotAllowed("Only organizers approve alerts.")
    signed = await work.get(Alert, alert.c.id == alert_id, lock=True)
    if signed is None:
        raise Conflict("That alert does not exist.")
    about = await work.get(Incident, incident.c.id == signed.incident_id, lock=True)
    if about is None:
        raise Conflict("The incident of that alert does not exist.")
    if signed.author_id == approver.id:
        raise NotAllowed("You wrote this alert; someone else must approve it.")
    if signed.state == AlertState.APPROVED:
        raise Conflict("Somebody approved this alert already. It is on its way.")
    step(AlertState(signed.state), AlertState.APPROVED)
    if signed.expires_at <= work.now:
        raise Conflict("This alert is out of date. Propose it again with what is known now.")
    if signed.type == AlertType.ALERT:
        if about.state != IncidentState.CONFIRMED:
            raise Conflict("The incident is no longer confirmed, so this alert can't go out.")
        witnesses = await confirming_witnesses(work, about.id)
        if not witnesses:
            raise Conflict("Whoever confirmed this from the place took it back, so this alert can't go out.")
        if witnesses == {approver.id}:
            raise NotAllowed("You are the only one who saw this; someone else must approve it.")
    await work.execute(
        alert.update()
        .where(alert.c.id == signed.id)
        .values(state=AlertState.APPROVED.value, approver_id=approver.id, approved_at=work.now)
    )
    signed.state, signed.approver_id, signed.approved_at = AlertState.APPROVED.value, approver.id, work.now
    await record(
        work, "alert.approved", signed.id, actor_id=approver.id, county=signed.county, type=signed.type, code=signed.code
    )
    return signed, about


async def return_alert(work: Transaction, alert_id: UUID, reader: Volunteer, reason: str) -> Alert:
    """Give a proposed alert back to its author with a reason. Raises NotAllowed or IllegalTransition."""
    if not MAY_APPROVE & set(reader.roles):
        raise NotAllowed("Only organizers return alerts.")
    returned = await work.get(Alert, alert.c.id == alert_id, lock=True)
    if returned is None:
        raise Conflict("That alert does not exist.")
    step(AlertState(returned.state), AlertState.RETURNED)
    await work.execute(
        alert.update().where(alert.c.id == returned.id).values(state=AlertState.RETURNED.value, reason=reason[:400])
    )
    returned.state = AlertState.RETURNED.value
    await record(work, "alert.returned", returned.id, actor_id=reader.id, county=returned.county, code=returned.code)
    return returned


async def expire_alerts(work: Transaction) -> int:
    """End alerts whose time is over. Returns how many."""
    rows = await work.execute(
        alert.update()
        .where(alert.c.state.in_((AlertState.PROPOSED.value, AlertState.APPROVED.value)), alert.c.expires_at <= work.now)
        .values(state=AlertState.EXPIRED.value)
        .returning(alert.c.id, alert.c.county)
    )
    over = rows.all()
    for row in over:
        await record(work, "alert.expired", row.id, county=row.county)
    return len(over)
