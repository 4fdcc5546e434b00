"""Swaps, a page of their own: a shift that its owner asks others to take, until everybody knows whose it is. `pipeline_shifts.py` calls it
for texts, the console for what is pressed there.

What is soon is told at once; what is not waits for the morning, where it is night.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.core.database import Transaction
from app.delivery.plan import Message, plan_to, withdraw
from app.delivery.quiet_hours import next_opening
from app.hotline import Hotline, wake_all
from app.records.deliveries import Lane
from app.records.states import SwapState
from app.volunteers.hours import Span
from app.volunteers.on_call import who_is_next
from app.volunteers.shift_tables import Swap
from app.volunteers.shifts import plans
from app.volunteers.spoken import say_span
from app.volunteers.swaps import (
    WAITING,
    Fit,
    close_swap,
    find_takers,
    fit_of,
    get_swap,
    give_to,
    open_swap,
    overdue_swaps,
    propose_taker,
    span_of_swap,
    turn_down,
    waiting_swaps,
)
from app.volunteers.tables import Role, Volunteer, volunteer

SOON: Final = timedelta(hours=12)
"""A shift that begins within this is told of at any hour."""


class Taking(StrEnum):
    """What became of somebody's wish to take a shift. The values are keys of the pack's texts."""

    YOURS = "yours"
    WAITS = "waits"  # for a lead
    GONE = "gone"
    UNFIT = "unfit"  # on duty then anyway, or not of the kind


async def ask_others(work: Transaction, hotline: Hotline, asker: Volunteer, span: Span, by: Volunteer) -> tuple[Swap, int]:
    """Ask whoever could take a shift; where nobody could, the leads hear of it. Returns the swap and how many were asked. Raises
    Conflict."""
    opened = await open_swap(work, asker, span, by, hotline.time_zone)
    takers = await find_takers(work, asker, span, hotline.time_zone)
    whole = [person for person, fit in takers if fit is Fit.WHOLLY]
    asked = whole or [person for person, _ in takers]
    phones = [person.contact_id for person in asked if person.contact_id is not None]
    if phones:
        await _tell(work, hotline, opened, "ask", phones, who=asker.alias)
    else:
        await _tell(work, hotline, opened, "nobody", await _leads(work, asker), who=asker.alias)
    wake_all(work, hotline)
    return opened, len(phones)


async def take_swap(work: Transaction, hotline: Hotline, asked: Swap, taker: Volunteer) -> Taking:
    """Somebody says that they take a shift: theirs at once if they cover all of it, else a lead decides."""
    if asked.state != SwapState.OPEN:
        return Taking.YOURS if asked.taker_id == taker.id and asked.state == SwapState.TAKEN else Taking.GONE
    asker = await _person(work, asked.asker_id)
    fit = await _fit(work, hotline, asked, asker, taker)
    if asked.begins_at <= work.now:
        return Taking.GONE
    if fit is Fit.NO:
        return Taking.UNFIT
    if fit is Fit.IN_PART:
        await propose_taker(work, asked, taker)
        await _tell(work, hotline, asked, "proposed", await _leads(work, asker), who=taker.alias)
        wake_all(work, hotline)
        return Taking.WAITS
    await _settle(work, hotline, asked, asker, taker, by=taker)
    return Taking.YOURS


async def assign_swap(work: Transaction, hotline: Hotline, asked: Swap, taker: Volunteer, lead: Volunteer) -> bool:
    """A lead gives a shift to somebody, or lets have it who would take it. Returns whether that could be done."""
    asker = await _person(work, asked.asker_id)
    fits = await _fit(work, hotline, asked, asker, taker) is not Fit.NO
    if asked.state not in WAITING or asked.begins_at <= work.now or not fits:
        return False
    await _settle(work, hotline, asked, asker, taker, by=lead)
    return True


async def refuse_taker(work: Transaction, hotline: Hotline, asked: Swap, lead: Volunteer) -> None:
    """A lead looks for somebody else; who would have taken it hears so. Raises IllegalTransition."""
    would = await _person(work, asked.taker_id) if asked.taker_id else None
    await turn_down(work, asked, lead)
    if would is not None and would.contact_id is not None:
        await _tell(work, hotline, asked, "turned_down", [would.contact_id])
        wake_all(work, hotline)


async def keep_shift(work: Transaction, hotline: Hotline, asked: Swap, by: Volunteer) -> None:
    """Its owner keeps the shift after all; questions that still wait are not sent. Raises IllegalTransition."""
    await withdraw(work, asked.id, "swap_ask")
    await close_swap(work, asked, SwapState.WITHDRAWN, by)


async def expire_swaps(work: Transaction, hotline: Hotline) -> int:
    """Shifts that begin and that nobody took stay their owner's, who hears so. Returns how many."""
    over = await overdue_swaps(work)
    for asked in over:
        asker = await _person(work, asked.asker_id)
        await withdraw(work, asked.id, "swap_ask")
        await close_swap(work, asked, SwapState.EXPIRED, None)
        await _tell(work, hotline, asked, "expired", [asker.contact_id] if asker.contact_id else [], soon=True)
    if over:
        wake_all(work, hotline)
    return len(over)


async def leave_swaps(work: Transaction, person: Volunteer) -> None:
    """Whoever leaves asks for nothing more and takes nothing: their own swaps end, and what they would have taken looks for others
    again."""
    for waiting in await waiting_swaps(work):
        asked = await get_swap(work, waiting.number)
        if asked is None or asked.state not in WAITING:
            continue
        if asked.asker_id == person.id:
            await withdraw(work, asked.id, "swap_ask")
            await close_swap(work, asked, SwapState.WITHDRAWN, None)
        elif asked.taker_id == person.id:
            await turn_down(work, asked, None)


async def find_swap(work: Transaction, number: int) -> Swap | None:
    """The swap that people name by a number, locked for what is done with it."""
    return await get_swap(work, number)


async def _settle(
    work: Transaction, hotline: Hotline, asked: Swap, asker: Volunteer, taker: Volunteer, *, by: Volunteer
) -> None:
    """It is the taker's, and everybody concerned hears it: owner, taker (unless they just said so themselves), leads."""
    await give_to(work, asked, taker, by)
    await withdraw(work, asked.id, "swap_ask")
    if taker.id != by.id and taker.contact_id is not None:
        await _tell(work, hotline, asked, "yours", [taker.contact_id])
    told = [*([asker.contact_id] if asker.contact_id else []), *await _leads(work, asker)]
    await _tell(
        work,
        hotline,
        asked,
        "taken",
        [phone for phone in told if phone not in {taker.contact_id, by.contact_id}],
        who=taker.alias,
    )
    wake_all(work, hotline)


async def _fit(work: Transaction, hotline: Hotline, asked: Swap, asker: Volunteer, taker: Volunteer) -> Fit:
    planned = await plans(work, span_of_swap(asked), hotline.time_zone, [taker.id])
    return fit_of(taker, asker, busy=taker.id in planned)


async def _leads(work: Transaction, asker: Volunteer) -> list[UUID]:
    """The phones of the leads of an asker's counties."""
    found: dict[UUID, None] = {}
    everywhere: list[str | None] = [None]
    for county in asker.counties or everywhere:
        for lead in await who_is_next(work, Role.LEAD, county):
            if lead.volunteer_id != asker.id:
                found[lead.contact_id] = None
    return list(found)


async def _person(work: Transaction, volunteer_id: UUID) -> Volunteer:
    person = await work.get(Volunteer, volunteer.c.id == volunteer_id)
    assert person is not None  # as the row that names them refers to them
    return person


async def _tell(
    work: Transaction,
    hotline: Hotline,
    asked: Swap,
    part: str,
    phones: Collection[UUID] | Iterable[UUID],
    *,
    soon: bool = False,
    **blanks: str,
) -> None:
    people = list(phones)
    if not people:
        return
    when = {language: say_span(span_of_swap(asked), hotline.time_zone, language) for language in hotline.texts.by_language}
    texts = hotline.texts.in_every_language(f"swap.{part}", when=when, number=asked.number, **blanks)
    if soon or asked.begins_at <= work.now + SOON:
        message = Message(
            Lane.DISPATCH, f"swap_{part}", texts, asked.id, max(asked.begins_at, work.now + timedelta(minutes=30))
        )
    else:
        opens = next_opening(work.now, hotline.time_zone)
        message = Message(Lane.BROADCAST, f"swap_{part}", texts, asked.id, asked.begins_at, opens)
    await plan_to(work, message, people)
