"""A task changes hands: given back, passed on for good, given to somebody else, or taken from who can't go on; each with a note, sealed,
that the next who holds it reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from app.core.database import Transaction, row_as
from app.core.errors import BadInput, Conflict
from app.records.events import record
from app.records.incidents import incident
from app.records.states import OfferState, TaskState, step
from app.records.verification import HandedOver, Handover, Offer, Task, handover, offer, task
from app.verification.offers import OPEN_OFFERS
from app.verification.queue import TaskQueue
from app.verification.tasks import HELD, LEASE, change_claim, claim_lock
from app.volunteers.tables import Role, Standing, Volunteer, volunteer

NOTE_WANTED: Final = timedelta(hours=24)
"""So long after a shift its note is asked for."""

MOST_LETTERS: Final = 500


async def release_task(
    work: Transaction, queue: TaskQueue, task_id: UUID, fence: int, volunteer_id: UUID, note: str = ""
) -> None:
    """Give a task back, to its old place in the queue. Raises LostClaim."""
    released = await change_claim(work, task_id, fence, volunteer_id, **_waits(work.now))
    await _note(work, released, HandedOver.RELEASED, volunteer_id, volunteer_id, note)
    await record(work, "task.released", released.incident_id, actor_id=volunteer_id, county=released.county)
    work.after_commit.append(lambda: queue.release(released))


async def skip_task(work: Transaction, queue: TaskQueue, task_id: UUID, fence: int, volunteer_id: UUID, note: str = "") -> None:
    """Pass a task on, for whatever reason: it waits for others in its old place, and is never shown to this volunteer again. Raises
    LostClaim."""
    skipped = await change_claim(work, task_id, fence, volunteer_id, **_waits(work.now))
    await _note(work, skipped, HandedOver.SKIPPED, volunteer_id, volunteer_id, note)
    await record(work, "task.skipped", skipped.incident_id, actor_id=volunteer_id, county=skipped.county)
    work.after_commit.append(lambda: queue.skip(skipped, volunteer_id))


async def transfer_task(
    work: Transaction, queue: TaskQueue, task_id: UUID, fence: int, giver_id: UUID, alias: str, note: str = ""
) -> Task:
    """Give a task that one holds to another dispatcher, whose lease begins now. Raises LostClaim, Conflict when they can't take it."""
    taker = await work.get(Volunteer, volunteer.c.alias == alias)
    if taker is None or taker.id not in {person.id for person in await find_takers(work, giver_id)}:
        raise Conflict("This person can't take it now: away, suspended, or busy with another incident.")
    _, busy = await work.query_together(claim_lock(taker.id), (HELD, {"who": taker.id, "now": work.now}))
    if busy:
        raise Conflict("This person can't take it now: away, suspended, or busy with another incident.")
    given = await change_claim(
        work, task_id, fence, giver_id, holder_id=taker.id, lease_until=work.now + LEASE, fence=task.c.fence + 1
    )
    await _note(work, given, HandedOver.TRANSFERRED, giver_id, giver_id, note, to=taker.id)
    await record(work, "task.transferred", given.incident_id, actor_id=giver_id, county=given.county, to=taker.alias)

    async def tell() -> None:
        await queue.transfer(given)

    work.after_commit.append(tell)
    return given


async def break_claim(work: Transaction, queue: TaskQueue, task_id: UUID, reason: str, lead: Volunteer) -> None:
    """A lead takes a task from who holds it, for a reason that is kept; it waits again. Raises BadInput without a reason, Conflict when
    nobody holds it."""
    if not reason.strip():
        raise BadInput("Say why, so that the person who had it can read it.")
    held = await work.get(Task, task.c.id == task_id, lock=True)
    if held is None or held.state != TaskState.LEASED or held.holder_id is None:
        raise Conflict("Nobody holds this incident now.")
    whose = held.holder_id
    broken = await change_claim(work, task_id, held.fence, whose, **_waits(work.now), fence=task.c.fence + 1)
    await _note(work, broken, HandedOver.BROKEN, whose, lead.id, reason)
    alias = await work.scalar(select(volunteer.c.alias).where(volunteer.c.id == whose))
    await record(work, "task.broken", broken.incident_id, actor_id=lead.id, county=broken.county, holder=alias)
    work.after_commit.append(lambda: queue.release(broken))


async def end_claims(
    work: Transaction, queue: TaskQueue, who: UUID, how: HandedOver, by: UUID, note: str = ""
) -> Sequence[Task]:
    """Whoever leaves holds nothing any more: what they held waits again. Returns it."""
    await work.query_together(claim_lock(who))
    rows = await work.execute(
        task.update()
        .where(task.c.holder_id == who, task.c.state == TaskState.LEASED.value)
        .values(**_waits(work.now), fence=task.c.fence + 1)
        .returning(task)
    )
    ended = [row_as(Task, dict(row._mapping)) for row in rows.all()]
    for left in ended:
        await _note(work, left, how, who, by, note)
        await record(work, "task.left", left.incident_id, actor_id=by, county=left.county, how=how.value)

    async def tell() -> None:
        for left in ended:
            await queue.release(left)

    work.after_commit.append(tell)
    return ended


async def owed_note(work: Transaction, who: UUID) -> Handover | None:
    """What somebody left at the end of a shift without a word for the next, while that still waits or is worked on."""
    found = await work.find(
        Handover,
        select(handover)
        .join(task, task.c.id == handover.c.task_id)
        .where(
            handover.c.holder_id == who,
            handover.c.how == HandedOver.SHIFT_ENDED.value,
            handover.c.note_sealed.is_(None),
            handover.c.at > work.now - NOTE_WANTED,
            task.c.state != TaskState.DONE.value,
        )
        .order_by(handover.c.at.desc())
        .limit(1),
    )
    return found[0] if found else None


async def leave_note(work: Transaction, left: Handover, note: str) -> None:
    """The word for the next comes after all."""
    sealed = work.seal(note.strip()[:MOST_LETTERS], "handover", "note", left.id)
    await work.execute(handover.update().where(handover.c.id == left.id).values(note_sealed=sealed))
    about = await work.scalar(select(task.c.incident_id).where(task.c.id == left.task_id))
    await record(work, "task.note_left", about, actor_id=left.holder_id)


async def end_offers(work: Transaction, who: UUID) -> list[tuple[Offer, OfferState]]:
    """Whoever may not go any more is asked no more. Returns their offers that were open, each with the state that it was in."""
    # The incidents before their offers, as whoever decides an incident locks them.
    mine = select(offer.c.incident_id).where(offer.c.volunteer_id == who, offer.c.state.in_(OPEN_OFFERS))
    await work.execute(select(incident.c.id).where(incident.c.id.in_(mine)).order_by(incident.c.id).with_for_update())
    still_open = select(offer).where(offer.c.volunteer_id == who, offer.c.state.in_(OPEN_OFFERS)).with_for_update()
    ended = [(one, OfferState(one.state)) for one in await work.find(Offer, still_open)]
    for one, was in ended:
        one.state, one.answered_at = step(was, OfferState.STOOD_DOWN).value, work.now
        await work.execute(offer.update().where(offer.c.id == one.id).values(state=one.state, answered_at=work.now))
        await record(work, "offer.stood_down", one.incident_id, verifiers=1)
    return ended


async def held_by(work: Transaction, who: UUID) -> Task | None:
    """The task that a volunteer holds now."""
    rows = await work.query(HELD, {"who": who, "now": work.now})
    return row_as(Task, rows[0]) if rows else None


async def find_takers(work: Transaction, giver_id: UUID) -> list[Volunteer]:
    """Dispatchers to whom a task can be given: active, on shift, with nothing in hand."""
    busy = select(task.c.holder_id).where(task.c.state == TaskState.LEASED.value, task.c.lease_until > work.now)
    return await work.find(
        Volunteer,
        select(volunteer)
        .where(
            volunteer.c.id != giver_id,
            volunteer.c.standing == Standing.ACTIVE.value,
            volunteer.c.on_shift,
            volunteer.c.roles.contains([Role.DISPATCHER.value]),
            volunteer.c.id.not_in(busy),
        )
        .order_by(volunteer.c.alias),
    )


async def notes_of(work: Transaction, task_id: UUID) -> list[tuple[Handover, str, str]]:
    """What those who had a task before left to be read, newest first: the handing over, who wrote it, their words."""
    rows = await work.all(
        select(handover, volunteer.c.alias)
        .join(volunteer, volunteer.c.id == handover.c.by_id)
        .where(handover.c.task_id == task_id, handover.c.note_sealed.is_not(None))
        .order_by(handover.c.at.desc(), handover.c.id.desc())
    )
    return [
        (
            row_as(Handover, {c.name: getattr(row, c.name) for c in handover.c}),
            row.alias,
            work.unseal(row.note_sealed, "handover", "note", row.id),
        )
        for row in rows
    ]


def _waits(now: datetime) -> dict[str, object]:
    return {"state": TaskState.WAITING.value, "holder_id": None, "lease_until": None, "waits_since": now}


async def _note(
    work: Transaction, left: Task, how: HandedOver, holder: UUID, by: UUID, note: str, *, to: UUID | None = None
) -> None:
    row = Handover(id=work.new_id(), task_id=left.id, how=how.value, holder_id=holder, by_id=by, to_id=to, at=work.now)
    row.note_sealed = work.seal(note.strip(), "handover", "note", row.id) if note.strip() else None
    await work.add(row)
