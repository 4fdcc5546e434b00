"""Shifts, a page of their own: what volunteers text about them, and presence that follows what they planned. `pipeline_field.py` asks this
page first of every text of a volunteer.

Whoever goes off duty with an incident in hand is asked for a note for the next; it is theirs to give until somebody has decided.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.core.database import Transaction
from app.core.errors import VigiaError
from app.core.live import Topic as LiveTopic
from app.core.live import wake
from app.delivery.plan import Message, plan_to
from app.hotline import Hotline, wake_all
from app.intake.answers import Asker
from app.intake.conversation import Answer
from app.pipeline_swaps import ask_others, assign_swap, find_swap, keep_shift, take_swap
from app.records.deliveries import Lane
from app.records.incidents import incident
from app.records.states import SwapState, TaskState
from app.records.verification import HandedOver, task
from app.verification.handover import end_claims, leave_note, owed_note
from app.volunteers.hours import DAY, MINUTES_A_DAY, Span, Weekly, span_of
from app.volunteers.orders import Order, read_order
from app.volunteers.presence import begin_shift, end_shift, follow_plans, note_ends
from app.volunteers.shift_words import ShiftOrder, Wish, fits_order, read_shift_order
from app.volunteers.shifts import add_weekly, change_once, plans, remove_weekly, weekly_of
from app.volunteers.spoken import say_day, say_hours, say_minutes, say_span, say_weekday
from app.volunteers.swaps import WAITING
from app.volunteers.tables import Role, Volunteer, volunteer

LOOK_AHEAD: Final = timedelta(days=14)
MOST_LISTED: Final = 3
"""So many shifts stand in one text."""

NOTE: Final = re.compile(r"\s*(?:note|nota)\b[\s:,.-]*(\S.*)", re.IGNORECASE | re.DOTALL)


async def answer_about_shifts(work: Transaction, hotline: Hotline, asker: Asker) -> Answer | None:
    """A volunteer's text about their own shifts, or the note they owe. None when it is about neither."""
    person = await work.get(Volunteer, volunteer.c.id == asker.kept.sender.volunteer_id)
    assert person is not None  # as whoever wrote is on the roster
    order = read_order(asker.words)
    if order is not None:
        return await _obey(work, hotline, asker, person, order)
    today = work.now.astimezone(ZoneInfo(hotline.time_zone)).date()
    wished = read_shift_order(asker.words, today)
    if wished is not None:
        return await _plan(work, hotline, asker, person, wished)
    note = NOTE.fullmatch(asker.words)
    if note is not None:
        owed = await owed_note(work, person.id)
        if owed is not None:
            await leave_note(work, owed, note[1])
            return Answer(asker.say("shift.note_kept"))
    return None


async def follow_shifts(work: Transaction, hotline: Hotline) -> int:
    """Presence begins and ends as planned. Who comes on hears until when; who goes with an incident in hand is asked for a note. Returns
    for how many people something changed."""
    followed = await follow_plans(work, hotline.time_zone)
    for person, until in followed.begun:
        if person.contact_id is not None:
            ends = {language: _clock(hotline, Span(work.now, until), language) for language in hotline.texts.by_language}
            texts = hotline.texts.in_every_language("shift.begins", until=ends)
            await plan_to(work, Message(Lane.DISPATCH, "shift_begins", texts, person.id), [person.contact_id])
    for person in followed.ended:
        code = await leave_work(work, hotline, person)
        if code is not None and person.contact_id is not None:
            texts = hotline.texts.in_every_language("shift.note_asked", code=code)
            await plan_to(work, Message(Lane.DISPATCH, "note_asked", texts, person.id), [person.contact_id])
    changed = len(followed.begun) + len(followed.ended)
    if changed:
        wake_all(work, hotline)
    return changed


async def tell_of_ends(work: Transaction, hotline: Hotline) -> int:
    """Whose shift ends soon while they hold an incident hears it, once: they can still decide, or write for the next. Returns how many."""
    ending = await note_ends(work)
    for person in ending:
        if person.contact_id is None or person.on_shift_until is None:
            continue
        held = (
            select(incident.c.code)
            .join(task, task.c.incident_id == incident.c.id)
            .where(task.c.holder_id == person.id, task.c.state == TaskState.LEASED.value, task.c.lease_until > work.now)
            .order_by(incident.c.code)
        )
        codes = ", ".join((await work.execute(held)).scalars())
        until = {one: _clock(hotline, Span(work.now, person.on_shift_until), one) for one in hotline.texts.by_language}
        texts = hotline.texts.in_every_language("shift.ends_soon", codes=codes, until=until)
        message = Message(Lane.DISPATCH, "shift_ends", texts, person.id, person.on_shift_until)
        await plan_to(work, message, [person.contact_id])
    if ending:
        wake_all(work, hotline)
    return len(ending)


async def leave_work(work: Transaction, hotline: Hotline, person: Volunteer, by: Volunteer | None = None) -> str | None:
    """Whoever goes off duty holds nothing any more. Returns the code of what they held, about which they owe a note."""
    ended = await end_claims(work, hotline.queue, person.id, HandedOver.SHIFT_ENDED, (by or person).id)
    if not ended:
        return None
    return str(await work.scalar(select(incident.c.code).where(incident.c.id == ended[0].incident_id)))


async def be_away(work: Transaction, hotline: Hotline, person: Volunteer, span: Span, by: Volunteer) -> str | None:
    """Somebody is away in a span; where that is now, they go off duty. Returns the code of what they held and left no note about. Raises
    BadInput."""
    await change_once(work, person, span, by, away=True)
    if work.now not in span or not person.on_shift:
        return None
    await end_shift(work, person, hotline.time_zone, by)
    return await leave_work(work, hotline, person, by)


# ── What a text wishes ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _obey(work: Transaction, hotline: Hotline, asker: Asker, person: Volunteer, order: Order) -> Answer:
    """ON and OFF begin and end a shift; SHIFT says which it is, and what is planned."""
    work.after_commit.append(wake(hotline.redis, LiveTopic.BOARD))
    if order is Order.ON:
        await begin_shift(work, person, hotline.time_zone)
        return Answer(_say_on(hotline, asker, work, person))
    if order is Order.OFF:
        await end_shift(work, person, hotline.time_zone)
        code = await leave_work(work, hotline, person)
        return Answer(asker.say("shift.off") if code is None else asker.say("shift.note_asked", code=code))
    planned = (await plans(work, Span(work.now, work.now + LOOK_AHEAD), hotline.time_zone, [person.id])).get(person.id, ())
    if not planned:
        return Answer(_say_on(hotline, asker, work, person) if person.on_shift else asker.say("shift.none"))
    listed = "; ".join(say_span(span, hotline.time_zone, asker.language) for span in planned[:MOST_LISTED])
    return Answer(asker.say("shift.mine_on" if person.on_shift else "shift.mine", shifts=listed))


async def _plan(work: Transaction, hotline: Hotline, asker: Asker, person: Volunteer, wished: ShiftOrder) -> Answer | None:
    if wished.wish is Wish.UNCLEAR:
        return Answer(asker.say("shift.unclear"))
    if wished.wish in {Wish.TAKE, Wish.KEEP, Wish.APPROVE}:
        return await _answer_swap(work, hotline, asker, person, wished)
    try:
        match wished.wish:
            case Wish.WEEKLY:
                return await _plan_weekly(work, asker, person, wished)
            case Wish.ONCE:
                span = _span(work, hotline, wished)
                await change_once(work, person, span, person, away=False)
                return Answer(asker.say("shift.once", when=say_span(span, hotline.time_zone, asker.language)))
            case Wish.DROP:
                return await _drop_weekly(work, asker, person, wished)
            case Wish.AWAY:
                span = await _away_span(work, hotline, person, wished)
                code = await be_away(work, hotline, person, span, person)
                if code is not None:
                    return Answer(asker.say("shift.note_asked", code=code))
                return Answer(asker.say("shift.away", when=say_span(span, hotline.time_zone, asker.language)))
            case _:
                return await _ask_for_swap(work, hotline, asker, person, wished)
    except VigiaError:
        return Answer(asker.say("shift.refused"))


async def _plan_weekly(work: Transaction, asker: Asker, person: Volunteer, wished: ShiftOrder) -> Answer:
    assert wished.hours is not None  # as the reader of such a text sees to it
    weekly = Weekly(wished.days[0].weekday(), *wished.hours)
    await add_weekly(work, person, weekly, person)
    when = f"{say_weekday(weekly.weekday, asker.language)} {say_minutes(weekly.begins, weekly.ends)}"
    return Answer(asker.say("shift.weekly", when=when))


async def _drop_weekly(work: Transaction, asker: Asker, person: Volunteer, wished: ShiftOrder) -> Answer:
    """A weekly shift comes no more, if it is plain which; the answer holds the words that bring it back."""
    mine = await weekly_of(work, person.id)
    meant = [one for one in mine if fits_order(wished, one.weekday, (one.begins, one.ends))]
    if not mine:
        return Answer(asker.say("shift.no_weekly"))
    if len(meant) != 1:
        listed = [f"{say_weekday(one.weekday, asker.language)} {say_minutes(one.begins, one.ends)}" for one in meant or mine]
        return Answer(asker.say("shift.which", shifts="; ".join(listed[:MOST_LISTED])))
    [one] = meant
    await remove_weekly(work, person, one.id, person)
    return Answer(
        asker.say(
            "shift.removed", when=f"{say_weekday(one.weekday, asker.language).upper()} {say_minutes(one.begins, one.ends)}"
        )
    )


async def _ask_for_swap(work: Transaction, hotline: Hotline, asker: Asker, person: Volunteer, wished: ShiftOrder) -> Answer:
    mine = [span for span in await _on_day(work, hotline, person, wished) if span.begins > work.now]
    if not mine:
        return Answer(asker.say("swap.none", day=say_day(wished.days[0], asker.language)))
    span = mine[0] if wished.hours is None else _span(work, hotline, wished)
    opened, asked = await ask_others(work, hotline, person, span, person)
    when = say_span(span, hotline.time_zone, asker.language)
    if asked == 0:
        return Answer(asker.say("swap.asked_nobody", when=when))
    return Answer(asker.say("swap.asked", when=when, number=opened.number, count=asked))


async def _answer_swap(
    work: Transaction, hotline: Hotline, asker: Asker, person: Volunteer, wished: ShiftOrder
) -> Answer | None:
    asked = await find_swap(work, wished.number)
    if asked is None:
        return None
    when = say_span(Span(asked.begins_at, asked.ends_at), hotline.time_zone, asker.language)
    if wished.wish is Wish.TAKE:
        taking = await take_swap(work, hotline, asked, person)
        return Answer(asker.say(f"swap.{taking.value}", when=when))
    if wished.wish is Wish.KEEP:
        if asked.asker_id != person.id or asked.state not in WAITING:
            return Answer(asker.say("swap.gone", when=when))
        await keep_shift(work, hotline, asked, person)
        return Answer(asker.say("swap.kept", when=when))
    taker = await work.get(Volunteer, volunteer.c.id == asked.taker_id) if asked.state == SwapState.PROPOSED else None
    if Role.LEAD not in person.roles or taker is None or not await assign_swap(work, hotline, asked, taker, person):
        return Answer(asker.say("swap.gone", when=when))
    return Answer(asker.say("swap.taken", when=when, who=taker.alias))


# ── Which hours are meant ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _span(work: Transaction, hotline: Hotline, wished: ShiftOrder) -> Span:
    """The hours of a day; of the same weekday next week, where today's are over."""
    begins, ends = wished.hours or (0, MINUTES_A_DAY)
    span = span_of(wished.days[0], begins, ends, hotline.time_zone)
    if span.ends <= work.now and wished.by_weekday:
        span = span_of(wished.days[0] + 7 * DAY, begins, ends, hotline.time_zone)
    return span


async def _away_span(work: Transaction, hotline: Hotline, person: Volunteer, wished: ShiftOrder) -> Span:
    """Being away on a day means the shifts that begin on it, also where they end on the next; the whole day where there are none."""
    if wished.hours is not None and len(wished.days) == 1:
        return _span(work, hotline, wished)
    whole = span_of(wished.days[0], 0, MINUTES_A_DAY, hotline.time_zone)
    if len(wished.days) == 2:
        whole = Span(whole.begins, span_of(wished.days[1], 0, MINUTES_A_DAY, hotline.time_zone).ends)
    planned = (await plans(work, whole, hotline.time_zone, [person.id])).get(person.id, ())
    begun = [span for span in planned if span.begins in whole]
    if len(wished.days) == 1 and begun:
        return Span(begun[0].begins, begun[-1].ends)
    return Span(whole.begins, max([whole.ends, *(span.ends for span in begun)]))


async def _on_day(work: Transaction, hotline: Hotline, person: Volunteer, wished: ShiftOrder) -> list[Span]:
    """Somebody's shifts that are on, or begin, on a day."""
    day = span_of(wished.days[0], 0, MINUTES_A_DAY, hotline.time_zone)
    planned = (await plans(work, day, hotline.time_zone, [person.id])).get(person.id, ())
    return [span for span in planned if span.begins in day] or list(planned)


def _say_on(hotline: Hotline, asker: Asker, work: Transaction, person: Volunteer) -> str:
    until = person.on_shift_until
    if until is None:
        return asker.say("shift.on_open")
    return asker.say("shift.on", until=_clock(hotline, Span(work.now, until), asker.language))


def _clock(hotline: Hotline, span: Span, language: str) -> str:
    """The hour at which a span ends; with its day where that is another."""
    zone = ZoneInfo(hotline.time_zone)
    hour = say_hours(span, hotline.time_zone).rpartition("-")[2]
    begins, ends = span.begins.astimezone(zone).date(), (span.ends - timedelta(seconds=1)).astimezone(zone).date()
    return hour if begins == ends else f"{say_day(ends, language)}, {hour}"
