"""Each time that a broadcast is due: taken once, by one worker; who is next in a series; what becomes of it afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, literal, select, union_all
from sqlalchemy.dialects.postgresql import distinct_on, insert

from app.broadcasts.audience import listeners, read_language
from app.broadcasts.schedule import LATE, schedule_of
from app.core.database import Transaction
from app.records.broadcasts import Broadcast, BroadcastRun, broadcast, broadcast_run, series_progress
from app.records.contacts import contact
from app.records.deliveries import delivery, outgoing_message
from app.records.events import record
from app.records.states import BroadcastState, DeliveryState

STILL_GOING = (DeliveryState.PENDING.value, DeliveryState.SENDING.value, DeliveryState.UNKNOWN.value)


async def due_broadcasts(work: Transaction) -> Sequence[UUID]:
    """The broadcasts whose time has come, the one that waits longest first."""
    is_due = (broadcast.c.state == BroadcastState.SCHEDULED.value) & (broadcast.c.next_at <= work.now)
    return (await work.execute(select(broadcast.c.id).where(is_due).order_by(broadcast.c.next_at))).scalars().all()


async def take_due(work: Transaction, which: UUID) -> Broadcast | None:
    """The broadcast, if it is due and nobody else has it in hand."""
    row = await work.first(
        select(broadcast)
        .where(broadcast.c.id == which, broadcast.c.state == BroadcastState.SCHEDULED.value, broadcast.c.next_at <= work.now)
        .with_for_update(skip_locked=True)
    )
    return None if row is None else Broadcast(**row._mapping)


async def begin_run(work: Transaction, told: Broadcast, zone: str) -> BroadcastRun:
    """Write down that it goes out this once, and when it goes next. One that is too late is only written down."""
    assert told.next_at is not None  # it is due
    run = BroadcastRun(
        id=work.new_id(),
        broadcast_id=told.id,
        due_at=told.next_at,
        planned_at=work.now,
        missed=told.next_at < work.now - LATE,
    )
    await work.add(run)
    plan = schedule_of(told, zone)
    following = None if plan is None else plan.next_after(max(told.next_at, work.now))
    await work.execute(broadcast.update().where(broadcast.c.id == told.id).values(next_at=following))
    if run.missed:
        await record(work, "broadcast.missed", told.id, code=told.code)
    return run


async def hold_for_second(work: Transaction, told: Broadcast) -> None:
    """More people listen by now than one person may speak to alone: it waits for another."""
    await work.execute(
        broadcast.update()
        .where(broadcast.c.id == told.id)
        .values(state=BroadcastState.PROPOSED.value, next_at=None, proposed_at=work.now)
    )
    await record(work, "broadcast.held", told.id, code=told.code)


async def give_next(work: Transaction, told: Broadcast, run: UUID, sendable: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """Note for every listener of a series the text that is next for them: the first that they have not had and that can be sent to them.
    `sendable` holds, in the order of the series, each topic with the languages in which it can be sent. Returns the topics that are
    next for anybody."""
    await _take_back_skipped(work, told.id)
    people = (
        listeners(told, work.now).with_only_columns(contact.c.id, contact.c.language, read_language().label("read")).subquery()
    )
    steps = [
        select(people.c.id, literal(place).label("place"), literal(topic).label("topic")).where(
            people.c.language.in_(languages) | people.c.read.in_(languages), ~_had(people.c.id, told.id, topic)
        )
        for place, (topic, languages) in enumerate(sendable.items())
    ]
    if not steps:
        return []
    every = union_all(*steps).subquery()
    nexts = (
        select(every.c.id, literal(told.id), every.c.topic, literal(run))
        .ext(distinct_on(every.c.id))
        .order_by(every.c.id, every.c.place)
    )
    columns = ["contact_id", "broadcast_id", "rights_topic", "run_id"]
    await work.execute(insert(series_progress).from_select(columns, nexts).on_conflict_do_nothing())
    given = select(series_progress.c.rights_topic).where(series_progress.c.run_id == run).distinct()
    return (await work.execute(given)).scalars().all()


def given_in(run: UUID, topic: str) -> Any:
    """The contacts whose text in this run is that topic."""
    given = select(series_progress.c.contact_id).where(series_progress.c.run_id == run, series_progress.c.rights_topic == topic)
    return select(contact).where(contact.c.id.in_(given))


async def finish_broadcasts(work: Transaction) -> int:
    """Broadcasts that never go out again and of whose texts none is left are over. Returns how many."""
    left = (
        select(literal(1))
        .select_from(broadcast_run)
        .join(outgoing_message, outgoing_message.c.about_id == broadcast_run.c.id)
        .join(delivery, delivery.c.message_id == outgoing_message.c.id)
        .where(broadcast_run.c.broadcast_id == broadcast.c.id, delivery.c.state.in_(STILL_GOING))
        .exists()
    )
    over = await work.execute(
        broadcast.update()
        .where(broadcast.c.state == BroadcastState.SCHEDULED.value, broadcast.c.next_at.is_(None), ~left)
        .values(state=BroadcastState.DONE.value)
        .returning(broadcast.c.id, broadcast.c.code)
    )
    rows = over.all()
    for row in rows:
        await record(work, "broadcast.done", row.id, code=row.code)
    return len(rows)


async def count_waiting(work: Transaction, run: UUID) -> int:
    """How many texts of a run are not on their way yet."""
    waiting = (
        select(func.count())
        .select_from(delivery)
        .join(outgoing_message, outgoing_message.c.id == delivery.c.message_id)
        .where(outgoing_message.c.about_id == run, delivery.c.state == DeliveryState.PENDING.value)
    )
    return int(await work.scalar(waiting))


async def runs_of(work: Transaction, told: UUID, since: datetime | None = None) -> list[BroadcastRun]:
    """The times that a broadcast went out, or should have, the newest first."""
    which = select(broadcast_run).where(broadcast_run.c.broadcast_id == told).order_by(broadcast_run.c.due_at.desc())
    return await work.find(BroadcastRun, which if since is None else which.where(broadcast_run.c.due_at >= since))


async def _take_back_skipped(work: Transaction, told: UUID) -> None:
    """Who was noted for a text that was skipped after all (a pause, too many that week) gets it another time."""
    skipped = (
        select(literal(1))
        .select_from(delivery)
        .join(outgoing_message, outgoing_message.c.id == delivery.c.message_id)
        .where(outgoing_message.c.about_id == series_progress.c.run_id)
        .where(delivery.c.contact_id == series_progress.c.contact_id, delivery.c.state == DeliveryState.SKIPPED.value)
        .exists()
    )
    await work.execute(delete(series_progress).where(series_progress.c.broadcast_id == told, skipped))


def _had(who: Any, told: UUID, topic: str) -> ColumnElement[bool]:
    return (
        select(literal(1))
        .where(series_progress.c.contact_id == who, series_progress.c.broadcast_id == told)
        .where(series_progress.c.rights_topic == topic)
        .exists()
    )
