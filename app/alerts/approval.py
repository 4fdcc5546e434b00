"""Two people tell a county: one proposes, another approves. What the second did not sign is never sent, and nobody signs twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from app.alerts.alone import check_alone
from app.alerts.review import EXERCISE_MARKS, Problem, Required, lacks_of, problems_of
from app.core.database import Transaction
from app.core.errors import BadInput, Conflict, NotAllowed
from app.records.alerts import TELLING, Alert, AlertReference, AlertType, BreakGlass, alert
from app.records.events import record
from app.records.incidents import Incident, incident
from app.records.states import AlertState, IncidentState, step
from app.volunteers.tables import Role, Volunteer
from app.volunteers.witnesses import confirming_witnesses, ever_confirmed

MAY_PROPOSE: Final = frozenset({Role.DISPATCHER, Role.ORGANIZER})
MAY_APPROVE: Final = frozenset({Role.ORGANIZER})


@dataclass(frozen=True)
class Draft:
    """What one person proposes: the code that the words carry, the words by language, until when they hold, to which county, and what it
    is. `earlier`: the alerts that it updates, corrects or closes, the newest first. `exercise`: for volunteers who practise. `fallbacks`:
    for a language without words of its own, the one whose words its readers get; the author chose that. `place`: what it is about."""

    code: str
    words: Mapping[str, str]
    until: datetime
    county: str
    kind: AlertType = AlertType.ALERT
    earlier: Sequence[Alert] = ()
    exercise: bool = False
    fallbacks: Mapping[str, str] = field(default_factory=dict)
    place: str = ""

    @property
    def own_words(self) -> dict[str, str]:
        """The words that were written, by language."""
        return {language: text for language, text in self.words.items() if language not in self.fallbacks}

    @property
    def texts(self) -> dict[str, str]:
        """What readers of each language get."""
        return self.own_words | {language: self.words[other] for language, other in self.fallbacks.items()}


async def propose_alert(
    work: Transaction, about: Incident | None, author: Volunteer, draft: Draft, required: Required | None = None
) -> Alert:
    """Put an alert before the second person. A first alert has to hold what is `required`. Raises NotAllowed, Conflict when the incident
    does not allow it, BadInput for its words."""
    if not MAY_PROPOSE & set(author.roles):
        raise NotAllowed("Only dispatchers and organizers propose alerts.")
    if about is None and not draft.exercise:
        raise Conflict("Only a confirmed incident can become an alert.")
    if about is not None and draft.kind.value in TELLING and about.state != IncidentState.CONFIRMED:
        raise Conflict("Only a confirmed incident can become an alert.")
    wrong = what_is_wrong(draft, required)
    if wrong:
        raise BadInput("; ".join(f"{p.language}: {p.code}" for p in wrong))
    if about is not None:
        await _only_one(work, about, draft)
    proposed = Alert(
        id=work.new_id(),
        code=draft.code,
        type=draft.kind.value,
        exercise=draft.exercise,
        incident_id=about.id if about else None,
        references_id=draft.earlier[0].id if draft.earlier else None,
        county=draft.county,
        texts=draft.texts,
        fallbacks=dict(draft.fallbacks),
        author_id=author.id,
        proposed_at=work.now,
        expires_at=draft.until,
    )
    await work.add(proposed)
    for one in draft.earlier:
        await work.add(AlertReference(alert_id=proposed.id, earlier_id=one.id))
    facts = {"type": draft.kind.value, "code": draft.code, "exercise": draft.exercise}
    facts |= {f"{language}_reads": other for language, other in draft.fallbacks.items()}
    await record(work, "alert.proposed", proposed.id, actor_id=author.id, county=draft.county, **facts)
    return proposed


def what_is_wrong(draft: Draft, required: Required | None = None) -> list[Problem]:
    """Everything that keeps a draft from being proposed. Pure."""
    codes = {draft.code, *(one.code for one in draft.earlier)}
    wrong = problems_of(draft.words, codes, own_words=[draft.place] if draft.place else [], fallbacks=draft.fallbacks)
    if required is not None:
        wrong += lacks_of({one: text for one, text in draft.own_words.items() if text.strip()}, required)
    if draft.exercise:
        marks = EXERCISE_MARKS.items()
        wrong += [Problem(one, "no_exercise") for one, mark in marks if not draft.own_words.get(one, mark).startswith(mark)]
    return wrong


async def approve_alert(work: Transaction, alert_id: UUID, approver: Volunteer, *, alone: str | None = None) -> Alert:
    """The second signature, or, with the reason for it in `alone`, the author's own where break-glass allows that. Two who sign at once, a
    second click, an expired or returned alert, an incident that was decided differently meanwhile: one right result, and words that explain
    the others. Raises NotAllowed or Conflict."""
    if not MAY_APPROVE & set(approver.roles):
        raise NotAllowed("Only organizers approve alerts.")
    signed = await work.get(Alert, alert.c.id == alert_id, lock=True)
    if signed is None:
        raise Conflict("That alert does not exist.")
    _refuse_spent(signed)
    glass: BreakGlass | None = None
    if signed.author_id == approver.id:
        if alone is None:
            raise NotAllowed("You wrote this alert; someone else must approve it.")
        glass = await check_alone(work, signed, approver, alone)
    if signed.expires_at <= work.now:
        raise _out_of_date()
    if signed.incident_id is not None:
        await _still_true(work, signed, approver)
    by_one = {"break_glass_id": glass.id, "alone_reason": (alone or "")[:400]} if glass else {}
    await work.execute(
        alert.update()
        .where(alert.c.id == signed.id)
        .values(state=AlertState.APPROVED.value, approver_id=approver.id, approved_at=work.now, **by_one)
    )
    signed.state, signed.approver_id, signed.approved_at = AlertState.APPROVED.value, approver.id, work.now
    facts = {"type": signed.type, "code": signed.code}
    await record(
        work,
        "alert.approved",
        signed.id,
        actor_id=approver.id,
        county=signed.county,
        exercise=signed.exercise,
        **facts,
    )
    if glass is not None:
        reason = {"reason": (alone or "")[:400]}
        await record(
            work, "alert.sent_alone", signed.id, actor_id=approver.id, county=signed.county, code=signed.code, **reason
        )
    return signed


async def return_alert(work: Transaction, alert_id: UUID, reader: Volunteer, reason: str) -> Alert:
    """Give a proposed alert back to its author with a reason; the author may take their own back. Raises NotAllowed or Conflict."""
    returned = await work.get(Alert, alert.c.id == alert_id, lock=True)
    if returned is None:
        raise Conflict("That alert does not exist.")
    if not MAY_APPROVE & set(reader.roles) and returned.author_id != reader.id:
        raise NotAllowed("Only organizers return alerts.")
    _refuse_spent(returned)
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


async def is_sole_verifier(work: Transaction, incident_id: UUID, who: UUID) -> bool:
    """Whether an incident stands, or ever stood, on this person's word alone: then they approve nothing of it."""
    return {who} in (await confirming_witnesses(work, incident_id), await ever_confirmed(work, incident_id))


def _refuse_spent(one: Alert) -> None:
    """Say why an alert that is not proposed (any more) can't be signed or returned."""
    match AlertState(one.state):
        case AlertState.APPROVED:
            raise Conflict("Somebody approved this alert already. It is on its way.")
        case AlertState.RETURNED:
            raise Conflict("This alert went back to its author. Propose it again with other words.")
        case AlertState.EXPIRED:
            raise _out_of_date()
        case AlertState.PROPOSED:
            pass


def _out_of_date() -> Conflict:
    return Conflict("This alert is out of date. Propose it again with what is known now.")


async def _only_one(work: Transaction, about: Incident, draft: Draft) -> None:
    """One proposal of a kind at a time, and no second alert while one is out. The incident's row is locked first: two who propose at once
    come one after another."""
    await work.first(select(incident.c.id).where(incident.c.id == about.id).with_for_update())
    rows = await work.all(
        select(alert.c.type, alert.c.state).where(
            alert.c.incident_id == about.id,
            alert.c.state.in_((AlertState.PROPOSED.value, AlertState.APPROVED.value)),
            alert.c.expires_at > work.now,
        )
    )
    if draft.kind is AlertType.ALERT and any(row.type in TELLING for row in rows):
        raise Conflict("There is already an alert about this incident.")
    if any(row.state == AlertState.PROPOSED and row.type == draft.kind for row in rows):
        raise Conflict("The same is proposed already and waits for its second signature.")


async def _still_true(work: Transaction, signed: Alert, approver: Volunteer) -> None:
    about = await work.get(Incident, incident.c.id == signed.incident_id, lock=True)
    if about is None:
        raise Conflict("The incident of that alert does not exist.")
    if signed.type in TELLING:
        if about.state != IncidentState.CONFIRMED:
            raise Conflict("The incident is no longer confirmed, so this alert can't go out.")
        if not await confirming_witnesses(work, about.id):
            raise Conflict("Whoever confirmed this from the place took it back, so this alert can't go out.")
    if await is_sole_verifier(work, about.id, approver.id):
        raise NotAllowed("You are the only one who saw this; someone else must approve it.")
