"""Placing calls to people of the hotline: claimed, looked at once more, placed once, recorded. Only the worker has what can place one.

As with texts an unknown outcome is never blindly repeated: it waits for the webhooks that carry the call's id, then Twilio's own log is
asked, and only what that proves absent is placed again. Calls are no texts: they stand in no lane and are counted in none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Row, Select, exists, select

from app.core.database import Database, Transaction
from app.delivery.outbox import STOP_LOOKED_FOR_AGAIN
from app.records.contacts import contact
from app.records.deliveries import outbound_switch
from app.records.events import record
from app.records.states import RingState, TaskState, may_precede
from app.records.urgent_calls import urgent_call
from app.records.verification import task
from app.subscribers.waiting_stops import WhoWaitsToStop
from app.telephony.rest import CallCarrier, OutcomeUnknown, Refused
from app.telephony.voice import CALLBACK_OVERRIDES, STEP_OVERRIDES
from app.volunteers.tables import Standing, volunteer

log = structlog.get_logger(__name__)

CALLS: Final = "/twilio/calls/urgent"
"""Where Twilio asks what such a call says, and tells how it ended."""

RING_SECONDS: Final = 25
"""About five rings: most phones' own voicemail answers after that."""

FRESH: Final = timedelta(minutes=5)
"""A call that could not be placed in this time is not placed any more: the text came, and others were asked."""

LEASE: Final = timedelta(seconds=30)
"""A call that was being placed so long ago by a worker that never said what came of it has an unknown outcome."""

GRACE: Final = timedelta(seconds=30)
"""How long an unknown outcome waits for a webhook before Twilio's log is asked."""

CLOCK_SLACK: Final = timedelta(minutes=2)
MOST_TRIES: Final = 2
AT_ONCE: Final = 5


@dataclass(frozen=True)
class Claimed:
    """A call that is ours to place. `number` is E.164, never to be logged."""

    id: UUID
    number: str = field(repr=False)
    language: str
    claimed_at: datetime
    tries: int


async def ring_due(
    database: Database, carrier: CallCarrier, public_url: str, who_waits_to_stop: WhoWaitsToStop | None = None
) -> int:
    """Place what is due, while the kill switch lets us; not to those of whom `who_waits_to_stop` says that a stop waits on another machine.
    Returns how many calls that were."""
    claimed = await database.run(_claim)
    silent = await who_waits_to_stop([one.number for one in claimed]) if who_waits_to_stop else ()
    for one in claimed:
        if one.number in silent:
            await database.run(partial(_put_off, one=one, wait=STOP_LOOKED_FOR_AGAIN))
    placed = [one for one in claimed if one.number not in silent]
    await asyncio.gather(*(_place(database, carrier, public_url, one) for one in placed))
    return len(placed)


async def hush_taken(database: Database, carrier: CallCarrier) -> int:
    """Stop the phones that still ring for what somebody has by now; who answered already goes on and hears that. Each call is ended once,
    as it rings for less than half a minute anyway. Returns how many that were."""
    ringing = await database.run(_no_longer_wanted)
    await asyncio.gather(*(_hush(carrier, call_id, sid) for call_id, sid in ringing))
    return len(ringing)


async def settle_calls(database: Database, carrier: CallCarrier) -> None:
    """Find out what became of calls of which nobody told anything: from Twilio's log, by whom we called since when."""
    for one in await database.run(_in_doubt):
        try:
            logged = await carrier.calls_to(one.number, one.claimed_at - CLOCK_SLACK)
        except OutcomeUnknown as doubt:
            log.info("call_log_unreadable", call=str(one.id), reason=str(doubt))
            continue
        await database.run(partial(_settle, one=one, logged=logged))


async def _claim(work: Transaction) -> list[Claimed]:
    """The calls to place now, each with what it needs. Who took the task, stopped, was suspended or erased meanwhile is not called."""
    await work.execute(
        urgent_call.update()
        .where(urgent_call.c.state == RingState.CALLING.value, urgent_call.c.claimed_at <= work.now - LEASE)
        .values(state=RingState.UNKNOWN.value)
    )
    if await work.scalar(select(outbound_switch.c.halted)):
        return []
    rows = await work.all(
        _calls(urgent_call.c.state == RingState.WAITING.value, urgent_call.c.due_at <= work.now)
        .order_by(urgent_call.c.due_at)
        .limit(AT_ONCE)
        .with_for_update(of=urgent_call, skip_locked=True)
    )
    claimed: list[Claimed] = []
    for row in rows:
        if not _still_wanted(row, work.now):
            await _move(work, row.id, RingState.SKIPPED, ended_at=work.now)
        elif await _move(work, row.id, RingState.CALLING, claimed_at=work.now, tries=row.tries + 1):
            claimed.append(Claimed(row.id, _number(work, row), row.language, work.now, row.tries + 1))
    return claimed


async def _no_longer_wanted(work: Transaction) -> list[tuple[UUID, str]]:
    """The calls to end, by our id and Twilio's, written down as ended by us before Twilio is asked."""
    taken = exists().where(task.c.id == urgent_call.c.task_id, task.c.state != TaskState.WAITING.value)
    rows = await work.execute(
        urgent_call.update()
        .where(
            urgent_call.c.state == RingState.PLACED.value,
            urgent_call.c.sid.is_not(None),
            urgent_call.c.ended_at.is_(None),
            urgent_call.c.hushed_at.is_(None),
            taken,
        )
        .values(hushed_at=work.now)
        .returning(urgent_call.c.id, urgent_call.c.sid)
    )
    return [(row.id, row.sid) for row in rows.all()]


async def _hush(carrier: CallCarrier, call_id: UUID, sid: str) -> None:
    try:
        await carrier.stop_ringing(sid)
    except Refused as refusal:  # they answered, or it was over
        log.info("call_not_ringing", call=str(call_id), code=refusal.code)
    except Exception as error:  # noqa: BLE001  # it ends by itself when it has rung for long enough
        log.warning("call_not_stopped", call=str(call_id), reason=type(error).__name__)


async def _in_doubt(work: Transaction) -> list[Claimed]:
    rows = await work.all(
        _calls(urgent_call.c.state == RingState.UNKNOWN.value, urgent_call.c.claimed_at <= work.now - GRACE).limit(AT_ONCE)
    )
    for row in rows:
        if row.number_sealed is None:
            await _fail(work, row.id, "erased")
    known = [row for row in rows if row.number_sealed is not None]
    return [Claimed(row.id, _number(work, row), row.language, row.claimed_at, row.tries) for row in known]


async def _settle(work: Transaction, one: Claimed, logged: Sequence[str]) -> None:
    """What the log says: it is there, or it never was, and then it is placed once more if it is still of use."""
    known = set((await work.execute(select(urgent_call.c.sid).where(urgent_call.c.sid.in_(logged)))).scalars())
    ours = next((sid for sid in logged if sid not in known), None)
    if ours is not None:
        await _placed(work, one.id, ours)
        return
    row = await work.first(_calls(urgent_call.c.id == one.id))
    if row is not None and one.tries < MOST_TRIES and _still_wanted(row, work.now):
        await _move(work, one.id, RingState.WAITING, due_at=work.now)
    else:
        await _fail(work, one.id, "never placed")


def _calls(*where: ColumnElement[bool]) -> Select[Any]:
    return (
        select(
            *(urgent_call.c[name] for name in ("id", "language", "tries", "created_at", "claimed_at")),
            task.c.state.label("task_state"),
            volunteer.c.standing,
            contact.c.id.label("contact_id"),
            contact.c.number_sealed,
            contact.c.stopped_at,
        )
        .join(task, task.c.id == urgent_call.c.task_id)
        .join(volunteer, volunteer.c.id == urgent_call.c.volunteer_id)
        .join(contact, contact.c.id == volunteer.c.contact_id)
        .where(*where)
    )


def _still_wanted(row: Row[Any], now: datetime) -> bool:
    reachable = row.number_sealed is not None and row.stopped_at is None and row.standing == Standing.ACTIVE
    return reachable and row.task_state == TaskState.WAITING and row.created_at > now - FRESH


def _number(work: Transaction, row: Row[Any]) -> str:
    return work.unseal(row.number_sealed, "contact", "number", row.contact_id)


async def _place(database: Database, carrier: CallCarrier, public_url: str, one: Claimed) -> None:
    """Place one call, and write down what came of it. A webhook may have told more by then; that stands."""
    address = f"{public_url}{CALLS}"
    asked = f"?c={one.id}&l={one.language}"
    try:
        begin, over = f"{address}/begin{asked}{STEP_OVERRIDES}", f"{address}/over?c={one.id}{CALLBACK_OVERRIDES}"
        sid = await carrier.call(one.number, begin, over, RING_SECONDS)
    except Refused as refusal:
        log.warning("call_refused", call=str(one.id), code=refusal.code, status=refusal.status)
        if refusal.retry_after is not None:
            again = timedelta(seconds=refusal.retry_after)
            await database.run(partial(_put_off, one=one, wait=again))
        else:
            await database.run(partial(_fail, call_id=one.id, why=f"refused {refusal.code or refusal.status}"))
    except Exception as error:  # noqa: BLE001  # whatever it was, their phone may be ringing
        log.warning("call_outcome_unknown", call=str(one.id), reason=type(error).__name__)
        await database.run(partial(_move, call_id=one.id, then=RingState.UNKNOWN))
    else:
        await database.run(partial(_placed, call_id=one.id, sid=sid))


async def _put_off(work: Transaction, one: Claimed, wait: timedelta) -> None:
    """Nothing was looked at: it is no try, and goes later."""
    await _move(work, one.id, RingState.WAITING, due_at=work.now + wait, tries=one.tries - 1)


async def _placed(work: Transaction, call_id: UUID, sid: str) -> None:
    await work.execute(urgent_call.update().where(urgent_call.c.id == call_id).values(sid=sid))
    await _move(work, call_id, RingState.PLACED)


async def _fail(work: Transaction, call_id: UUID, why: str) -> None:
    if await _move(work, call_id, RingState.FAILED, ended_at=work.now, ended_with=why):
        about = await work.first(
            select(task.c.incident_id, task.c.county)
            .join(urgent_call, urgent_call.c.task_id == task.c.id)
            .where(urgent_call.c.id == call_id)
        )
        if about is not None:
            await record(work, "call.failed", about.incident_id, county=about.county)


async def _move(work: Transaction, call_id: UUID, then: RingState, **facts: object) -> bool:
    """Bring a call to a state, if it may still go there. Returns whether it did."""
    moved = await work.first(
        urgent_call.update()
        .where(urgent_call.c.id == call_id, urgent_call.c.state.in_(may_precede(then)))
        .values(state=then.value, **facts)
        .returning(urgent_call.c.id)
    )
    return moved is not None
