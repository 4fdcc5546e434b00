"""A broadcast on paper: written, changed, put before a second person, taken back, paused, cancelled. What goes out is in `runs.py`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, select

from app.broadcasts.audience import WEEK, count_listeners
from app.broadcasts.schedule import first_time
from app.core.database import Transaction
from app.core.errors import Conflict, NotAllowed, NotFound
from app.records.broadcasts import Broadcast, BroadcastKind, Repeats, broadcast, broadcast_run
from app.records.deliveries import outgoing_message
from app.records.events import record
from app.records.states import BroadcastState, step
from app.volunteers.tables import Role, Volunteer

ALONE_UP_TO: Final = 50
"""To so many people in seven days one organizer may speak alone. For more, for whatever repeats, and for series, a second one signs: nobody
knows how many will listen by then."""

PURPOSE: Final = "broadcast"
"""What the outgoing messages of a run are called."""

OPEN: Final = (BroadcastState.PROPOSED.value, BroadcastState.SCHEDULED.value, BroadcastState.PAUSED.value)


@dataclass(frozen=True)
class Draft:
    """What an organizer wrote. Fields as in `Broadcast`."""

    kind: BroadcastKind
    title: str
    topic: str
    counties: list[str]
    languages: list[str]
    texts: Mapping[str, str]
    fallback: str | None
    fallback_reason: str
    rights_topics: list[str]
    repeats: Repeats
    first_on: date | None
    at: str
    until: date | None


async def get_broadcast(work: Transaction, code: str, *, lock: bool = False) -> Broadcast:
    """The broadcast of that code. Raises NotFound."""
    found = await work.get(Broadcast, broadcast.c.code == code.upper(), lock=lock)
    if found is None:
        raise NotFound("There is no such broadcast.")
    return found


async def write_broadcast(work: Transaction, draft: Draft, code: str, author: Volunteer) -> Broadcast:
    """Begin a broadcast. Nothing is sent of it. Raises NotAllowed."""
    _need_organizer(author)
    written = Broadcast(id=work.new_id(), code=code, author_id=author.id, written_at=work.now, **_values(draft))
    await work.add(written)
    await record(work, "broadcast.written", written.id, actor_id=author.id, code=code, broadcast_kind=written.kind)
    return written


async def rewrite_broadcast(work: Transaction, code: str, draft: Draft, author: Volunteer) -> Broadcast:
    """Change a broadcast that is nowhere yet: whoever changes it is its author from then on. Raises Conflict where it is past that."""
    _need_organizer(author)
    held = await get_broadcast(work, code, lock=True)
    if held.state not in {BroadcastState.DRAFT, BroadcastState.RETURNED}:
        raise Conflict("Only a draft can be changed. Take it back first, or write a new one.")
    values = _values(draft) | {"state": BroadcastState.DRAFT.value, "author_id": author.id, "written_at": work.now}
    await _set(work, held, values)
    await record(work, "broadcast.rewritten", held.id, actor_id=author.id, code=held.code)
    return held


async def propose_broadcast(work: Transaction, code: str, author: Volunteer, zone: str) -> Broadcast:
    """Its author is done: it waits for a second person, or goes by its schedule at once where one may speak alone. Its words were checked
    before (`pipeline_broadcasts.propose`). Raises NotAllowed or Conflict."""
    _need_organizer(author)
    held = await get_broadcast(work, code, lock=True)
    if held.author_id != author.id:
        raise NotAllowed("Somebody else wrote this. Change it, and it is yours.")
    await _refuse_overlap(work, held)
    alone = not await needs_second(work, held)
    step(BroadcastState(held.state), BroadcastState.SCHEDULED if alone else BroadcastState.PROPOSED)
    values: dict[str, Any] = {"state": BroadcastState.PROPOSED.value, "proposed_at": work.now}
    if alone:
        values |= {"state": BroadcastState.SCHEDULED.value, "next_at": _begin(held, zone, work.now)}
    await _set(work, held, values)
    await record(work, "broadcast.proposed", held.id, actor_id=author.id, code=held.code, alone=alone)
    return held


async def approve_broadcast(work: Transaction, code: str, seen: str, approver: Volunteer, zone: str) -> Broadcast:
    """The second signature, under exactly what that person saw (`seen`, a digest). Raises NotAllowed or Conflict."""
    _need_organizer(approver)
    held = await get_broadcast(work, code, lock=True)
    if held.author_id == approver.id:
        raise NotAllowed("You wrote this broadcast; someone else must approve it.")
    if held.state == BroadcastState.SCHEDULED:
        raise Conflict("Somebody approved this broadcast already.")
    step(BroadcastState(held.state), BroadcastState.SCHEDULED)
    if seen != digest_of(held):
        raise Conflict("The words have changed since you opened the page. Please read them again.")
    begins = held.next_at if held.next_at and held.approved_at else _begin(held, zone, work.now)
    values = {"state": BroadcastState.SCHEDULED.value, "approver_id": approver.id, "approved_at": work.now, "next_at": begins}
    await _set(work, held, values)
    await record(work, "broadcast.approved", held.id, actor_id=approver.id, code=held.code)
    return held


async def return_broadcast(work: Transaction, code: str, reader: Volunteer, reason: str) -> Broadcast:
    """Give a proposed one back to its author with a reason. Raises NotAllowed or IllegalTransition."""
    return await _move(work, code, reader, BroadcastState.RETURNED, "broadcast.returned", reason=reason[:400], next_at=None)


async def take_back(work: Transaction, code: str, author: Volunteer) -> Broadcast:
    """A proposed one becomes a draft again. Raises NotAllowed or IllegalTransition."""
    return await _move(work, code, author, BroadcastState.DRAFT, "broadcast.taken_back", next_at=None)


async def pause_broadcast(work: Transaction, code: str, by: Volunteer) -> Broadcast:
    """Hold it: nothing more goes out until somebody lets it go on. Raises NotAllowed or IllegalTransition."""
    return await _move(work, code, by, BroadcastState.PAUSED, "broadcast.paused")


async def resume_broadcast(work: Transaction, code: str, by: Volunteer) -> Broadcast:
    """Let it go on by its schedule. Raises NotAllowed or IllegalTransition."""
    return await _move(work, code, by, BroadcastState.SCHEDULED, "broadcast.resumed")


async def cancel_broadcast(work: Transaction, code: str, by: Volunteer) -> Broadcast:
    """End it for good. Raises NotAllowed or IllegalTransition."""
    return await _move(work, code, by, BroadcastState.CANCELLED, "broadcast.cancelled", next_at=None)


async def needs_second(work: Transaction, held: Broadcast) -> bool:
    """Whether one person is not enough for it: too many people, with those to whom the same author spoke alone this week."""
    if held.approver_id is not None:
        return False
    if held.kind == BroadcastKind.SERIES or held.repeats != Repeats.ONCE:
        return True
    reached = sum((await count_listeners(work, held)).values())
    spoken_to = (
        select(func.coalesce(func.sum(outgoing_message.c.recipients), 0))
        .join(broadcast_run, broadcast_run.c.id == outgoing_message.c.about_id)
        .join(broadcast, broadcast.c.id == broadcast_run.c.broadcast_id)
        .where(broadcast.c.author_id == held.author_id, broadcast.c.approver_id.is_(None))
        .where(outgoing_message.c.created_at > work.now - WEEK)
    )
    return reached + int(await work.scalar(spoken_to)) > ALONE_UP_TO


def digest_of(held: Broadcast) -> str:
    """What tells one state of what it says, to whom and when, from another."""
    said = {field.name: getattr(held, field.name) for field in fields(Draft)}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _begin(held: Broadcast, zone: str, now: datetime) -> datetime:
    begins = first_time(held, zone, now)
    if begins is None:
        raise Conflict("Its time is over. Change the day, and propose it again.")
    return begins


async def _refuse_overlap(work: Transaction, held: Broadcast) -> None:
    """Two series to the same people would tell them everything twice."""
    if held.kind != BroadcastKind.SERIES:
        return
    await work.lock("broadcasts", "series")
    others = await work.find(
        Broadcast,
        select(broadcast).where(
            broadcast.c.kind == BroadcastKind.SERIES.value, broadcast.c.state.in_(OPEN), broadcast.c.id != held.id
        ),
    )
    for other in others:
        counties = not held.counties or not other.counties or set(held.counties) & set(other.counties)
        if counties and (not held.languages or not other.languages or set(held.languages) & set(other.languages)):
            raise Conflict("Another series goes to some of these people already. Cancel it first, or choose other counties.")


async def _move(work: Transaction, code: str, by: Volunteer, then: BroadcastState, verb: str, **values: Any) -> Broadcast:
    _need_organizer(by)
    held = await get_broadcast(work, code, lock=True)
    step(BroadcastState(held.state), then)
    await _set(work, held, {"state": then.value, **values})
    await record(work, verb, held.id, actor_id=by.id, code=held.code)
    return held


async def _set(work: Transaction, held: Broadcast, values: Mapping[str, Any]) -> None:
    await work.execute(broadcast.update().where(broadcast.c.id == held.id).values(values))
    for name, value in values.items():
        setattr(held, name, value)


def _need_organizer(who: Volunteer) -> None:
    if Role.ORGANIZER not in who.roles:
        raise NotAllowed("Only organizers write and approve broadcasts.")


def _values(draft: Draft) -> dict[str, Any]:
    return {field.name: getattr(draft, field.name) for field in fields(draft)}
