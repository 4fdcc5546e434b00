"""The main job when a decision was a slip: it is taken back, what was not sent yet is not sent, and who heard it hears that it was wrong.
`pipeline.py` is the page before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.core.database import Transaction
from app.delivery.plan import Message, meant_to_arrive, plan_to, withdraw
from app.hotline import Hotline, tell_outcome, wake_all
from app.records.decisions import Decision
from app.records.deliveries import Lane
from app.records.incidents import Incident, Report, report
from app.records.reading import Kind
from app.records.states import DECIDED, ReportState
from app.verification.grounds import Grounds
from app.verification.tasks import retake_task
from app.verification.undoing import take_back
from app.verification.wording import undone_words
from app.volunteers.tables import Role, Volunteer


@dataclass(frozen=True)
class Undone:
    """What an undo did: how many people are told that what they heard was wrong, and whether whoever undid it holds the incident now."""

    told: int
    held: bool


async def undo_decision(
    work: Transaction, hotline: Hotline, about: Incident, decision_id: UUID, by: Volunteer, grounds: Grounds
) -> Undone:
    """A decision of an incident, whose row is locked, is taken back. Texts about it that wait are not sent. Whoever was told, or may have
    been as their text is just being sent, is told that it was wrong; where an earlier decision holds again, they are told that one. Who
    was called off stays so: whoever looks into it asks again. Raises what `take_back` does."""
    made = await take_back(work, about, decision_id, by, grounds)
    await withdraw(work, about.id, "outcome")
    people = await whom_to_tell(work, made)
    if about.state in DECIDED:
        await tell_outcome(work, hotline, about, [one for one in await _reports(work, about.id) if one.contact_id in people])
        held = None
    else:
        await _tell_wrong(work, hotline, about, people)
        held = await retake_task(work, hotline.queue, about, by) if Role.DISPATCHER in by.roles else None
    wake_all(work, hotline)
    return Undone(len(people), held is not None)


async def whom_to_tell(work: Transaction, made: Decision) -> set[UUID]:
    """The contacts who hear of it when a decision is undone: who heard it, and, where an earlier decision holds again, who did not hear
    that one."""
    wrong = await who_heard(work, made)
    if made.before not in DECIDED or made.before_at is None:
        return wrong
    right = await meant_to_arrive(work, made.incident_id, "outcome", made.before_at, made.at)
    reported = {one.contact_id for one in await _reports(work, made.incident_id)}
    return (wrong & reported) | (reported - right)


async def who_heard(work: Transaction, made: Decision) -> set[UUID]:
    """The contacts who were told what a decision said, or may have been: by a text that is sent or being sent, or in the answer to a report
    that came after it."""
    by_text = await meant_to_arrive(work, made.incident_id, "outcome", made.at)
    by_answer = {one.contact_id for one in await _reports(work, made.incident_id, since=made.at)}
    return by_text | by_answer


async def _tell_wrong(work: Transaction, hotline: Hotline, about: Incident, people: set[UUID]) -> None:
    """Who asked whether it is true is told in other words than who reported it."""
    saw = {one.contact_id for one in await _reports(work, about.id) if one.kind != Kind.RUMOR}
    for part, told in (("outcome", people & saw), ("rumor", people - saw)):
        if told:
            texts = undone_words(hotline.texts, hotline.counties, about, part)
            await plan_to(work, Message(Lane.REPLY, "undone", texts, about.id), sorted(told))


async def _reports(work: Transaction, incident_id: UUID, since: datetime | None = None) -> list[Report]:
    of_it = select(report).where(report.c.incident_id == incident_id, report.c.state == ReportState.JOINED.value)
    return await work.find(Report, of_it if since is None else of_it.where(report.c.received_at > since))
