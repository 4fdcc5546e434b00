"""Swaps: who asks others to take a shift, who qualifies, and the steps until it is somebody's. The row of a swap is locked by each step, so
that of two who take it in one moment one has it."""

from __future__ import annotations

from collections.abc import Collection
from enum import IntEnum
from typing import Final

from sqlalchemy import select

from app.core.database import Transaction
from app.core.errors import Conflict
from app.records.events import record
from app.records.states import SwapState, step
from app.volunteers.hours import Span
from app.volunteers.shift_tables import Swap, swap
from app.volunteers.shifts import change_once, plans
from app.volunteers.tables import Role, Standing, Volunteer, volunteer

WAITING: Final = (SwapState.OPEN.value, SwapState.PROPOSED.value)

ON_SHIFT: Final = (Role.DISPATCHER, Role.VERIFIER, Role.BACKUP, Role.LEAD)
"""Roles that somebody has in a shift."""


class Fit(IntEnum):
    """Whether somebody can take a shift: not at all, in part and so with a lead's word, or as its owner could."""

    NO = 0
    IN_PART = 1
    WHOLLY = 2


def fit_of(taker: Volunteer, asker: Volunteer, *, busy: bool) -> Fit:
    """Whether `taker` can take a shift of `asker`. `busy`: they are on duty then anyway. Pure."""
    if taker.id == asker.id or taker.standing != Standing.ACTIVE or busy or (taker.trainee and not asker.trainee):
        return Fit.NO
    needed, has = _duties(asker), _duties(taker)
    if not needed & has:
        return Fit.NO
    return Fit.WHOLLY if needed <= has and _covers(taker.counties, asker.counties) else Fit.IN_PART


async def open_swap(work: Transaction, asker: Volunteer, span: Span, by: Volunteer, zone: str) -> Swap:
    """Ask others to take a shift, or a part of one, that is still to come. Raises Conflict when it is not the asker's, or asked already."""
    await work.lock("swap", str(asker.id))
    planned = await plans(work, span, zone, [asker.id])
    if span.begins < work.now or not any(
        whole.begins <= span.begins and span.ends <= whole.ends for whole in planned.get(asker.id, ())
    ):
        raise Conflict("There is no such shift to come.")
    if any(span.meets(span_of_swap(one)) for one in await waiting_swaps(work) if one.asker_id == asker.id):
        raise Conflict("Others are being asked already.")
    opened = Swap(id=work.new_id(), asker_id=asker.id, begins_at=span.begins, ends_at=span.ends, asked_at=work.now)
    await work.add(opened)
    opened.number = int(await work.scalar(select(swap.c.number).where(swap.c.id == opened.id)))
    await record(work, "swap.opened", opened.id, actor_id=by.id, alias=asker.alias, number=opened.number)
    return opened


async def find_takers(work: Transaction, asker: Volunteer, span: Span, zone: str) -> list[tuple[Volunteer, Fit]]:
    """Everybody who can take a shift, those who can take all of it first."""
    people = await work.find(
        Volunteer, select(volunteer).where(volunteer.c.standing == Standing.ACTIVE.value).order_by(volunteer.c.alias)
    )
    planned = await plans(work, span, zone)
    fits = [(person, fit_of(person, asker, busy=person.id in planned)) for person in people]
    return sorted(((person, fit) for person, fit in fits if fit is not Fit.NO), key=lambda pair: (-pair[1], pair[0].alias))


async def get_swap(work: Transaction, number: int) -> Swap | None:
    """The swap with a number, locked."""
    return await work.get(Swap, swap.c.number == number, lock=True)


async def waiting_swaps(work: Transaction) -> list[Swap]:
    """Swaps that nobody has taken yet, the next first."""
    return await work.find(Swap, select(swap).where(swap.c.state.in_(WAITING)).order_by(swap.c.begins_at, swap.c.number))


async def propose_taker(work: Transaction, asked: Swap, taker: Volunteer) -> None:
    """Somebody would take it who does not cover all of it: a lead decides. Raises IllegalTransition."""
    await _move(work, asked, SwapState.PROPOSED, taker)
    await record(work, "swap.proposed", asked.id, actor_id=taker.id, alias=taker.alias, number=asked.number)


async def give_to(work: Transaction, asked: Swap, taker: Volunteer, by: Volunteer) -> None:
    """It is the taker's from now on. Raises IllegalTransition when it is no longer to be had."""
    asker = await work.get(Volunteer, volunteer.c.id == asked.asker_id)
    assert asker is not None  # as a swap always has one
    await _move(work, asked, SwapState.TAKEN, taker)
    await change_once(work, asker, span_of_swap(asked), by, away=True)
    await change_once(work, taker, span_of_swap(asked), by, away=False)
    await record(work, "swap.taken", asked.id, actor_id=by.id, alias=taker.alias, number=asked.number)


async def turn_down(work: Transaction, asked: Swap, by: Volunteer | None) -> None:
    """A lead does not let the one who would take it have it, or they left; others may still. Raises IllegalTransition."""
    await _move(work, asked, SwapState.OPEN, None)
    await record(work, "swap.turned_down", asked.id, actor_id=by.id if by else None, number=asked.number)


async def close_swap(work: Transaction, asked: Swap, then: SwapState, by: Volunteer | None) -> None:
    """It stays its owner's: they keep it, or its time has come. Raises IllegalTransition."""
    await _move(work, asked, then, None)
    await record(work, f"swap.{then.value}", asked.id, actor_id=by.id if by else None, number=asked.number)


async def overdue_swaps(work: Transaction) -> list[Swap]:
    """Swaps that nobody took until the shift began."""
    return await work.find(
        Swap,
        select(swap).where(swap.c.state.in_(WAITING), swap.c.begins_at <= work.now).with_for_update(skip_locked=True),
    )


def span_of_swap(asked: Swap) -> Span:
    """The hours that a swap is about."""
    return Span(asked.begins_at, asked.ends_at)


def _duties(person: Volunteer) -> set[Role]:
    return {role for role in ON_SHIFT if role in person.roles and (role is not Role.VERIFIER or person.trained)}


def _covers(has: Collection[str], needed: Collection[str]) -> bool:
    return not has or (bool(needed) and set(needed) <= set(has))


async def _move(work: Transaction, asked: Swap, then: SwapState, taker: Volunteer | None) -> None:
    step(SwapState(asked.state), then)
    asked.state, asked.taker_id = then.value, taker.id if taker else None
    closed = None if then.value in WAITING else work.now
    values = {"state": asked.state, "taker_id": asked.taker_id, "closed_at": closed}
    await work.execute(swap.update().where(swap.c.id == asked.id).values(**values))
