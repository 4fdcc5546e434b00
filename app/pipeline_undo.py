"""The main job when a decision was a slip: it is taken back, what was not sent yet is not sent, and who heard it hears that it was wrong.
`pipeline.py` is the page before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.core.database import Transaction
from app.delivery.plan import Message, Told, plan_to, told_about, who_may_be_texted, withdraw
from app.hotline import Hotline, tell_outcome, wake_all
from app.records.decisions import Decision
from app.records.deliveries import Lane
from app.records.incidents import Incident, Report, report
from app.records.reading import Kind
from app.records.states import DECIDED, ReportState
from app.verification.grounds import Grounds
from app.verification.tasks import claim_lock, retake_task
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
    dispatches = Role.DISPATCHER in by.roles
    if (
        dispatches
    ):  # before anything is recorded: whoever gives somebody a task locks their claims first and the chain of records then
        await work.query_together(claim_lock(by.id))
    made = await take_back(work, about, decision_id, by, grounds)
    await withdraw(work, about.id, "outcome")
    people = await whom_to_tell(work, made)
    if about.state in DECIDED:
        await tell_outcome(work, hotline, about, [one for one in await _reports(work, about.id) if one.contact_id in people])
        held = None
    else:
        await _tell_wrong(work, hotline, about, people)
        held = await retake_task(work, hotline.queue, about, by) if dispatches else None
    wake_all(work, hotline)
    return Undone(len(people), held is not None)


async def whom_to_tell(work: Transaction, made: Decision) -> dict[UUID, datetime]:
    """The contacts who hear of it when a decision is undone, each with when that was decided which they heard. The last that one heard
    counts: who heard that something was decided, of this decision or of one whose undo never reached them; and, where an earlier decision
    holds again, everyone who reported it and did not hear that one last."""
    reports = await _reports(work, made.incident_id)
    told = await told_about(work, made.incident_id, "outcome", "undone")
    answered = answered_with(made, reports, told)
    last = {one.contact_id: one for one in told if one.arrives}
    if made.before in DECIDED:
        right = {who for who, one in last.items() if one.purpose == "outcome" and one.at == made.before_at}
        people = dict.fromkeys(({one.contact_id for one in reports} - right) | answered, made.at)
    else:
        people = {who: one.at for who, one in last.items() if one.purpose == "outcome"} | dict.fromkeys(answered, made.at)
    reached = await who_may_be_texted(work, people)
    return {who: at for who, at in people.items() if who in reached}


def answered_with(made: Decision, reports: Sequence[Report], told: Sequence[Told]) -> set[UUID]:
    """The contacts who read what a decision said in the answer to their report: it came after the decision, or it was known only after it
    where it is, so that no text about the outcome was planned for them. Pure."""
    by_text = {one.contact_id for one in told if one.purpose == "outcome" and one.at >= made.at}
    return {one.contact_id for one in reports if one.received_at > made.at or one.contact_id not in by_text}


async def _tell_wrong(work: Transaction, hotline: Hotline, about: Incident, people: Mapping[UUID, datetime]) -> None:
    """Who asked whether it is true is told in other words than who reported it, and everybody when that was decided which they heard."""
    saw = {one.contact_id for one in await _reports(work, about.id) if one.kind != Kind.RUMOR}
    for at in sorted(set(people.values())):
        heard = {who for who, when in people.items() if when == at}
        for part, told in (("outcome", heard & saw), ("rumor", heard - saw)):
            if told:
                texts = undone_words(hotline.texts, hotline.counties, about, at, hotline.time_zone, part)
                await plan_to(work, Message(Lane.REPLY, "undone", texts, about.id), sorted(told))


async def _reports(work: Transaction, incident_id: UUID) -> list[Report]:
    return await work.find(
        Report, select(report).where(report.c.incident_id == incident_id, report.c.state == ReportState.JOINED.value)
    )
