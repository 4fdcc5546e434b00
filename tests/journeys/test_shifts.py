"""Shifts by text: planned, listed, missed, swapped, in both languages; presence that follows them; the note that is owed at their end."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.core.clock import ManualClock
from app.core.database import Database
from app.core.languages import text_language
from app.pipeline import Hotline, receive_text
from app.pipeline_shifts import follow_shifts, tell_of_ends
from app.pipeline_swaps import expire_swaps
from app.records.contacts import contact
from app.records.deliveries import Lane, delivery, outgoing_message, outgoing_text
from app.records.events import event
from app.records.verification import handover, task
from app.telephony.forms import TextForm, read_form
from app.verification.handover import notes_of
from app.verification.tasks import pull_task
from app.volunteers.presence import END_NOTICE
from app.volunteers.roster import add_volunteer
from app.volunteers.shift_tables import shift_change, swap, weekly_shift
from app.volunteers.tables import Volunteer, volunteer
from tests.verification.test_tasks import DURHAM, WAKE, an_incident

DISPATCHER: dict[str, Any] = {"roles": ["dispatcher"], "languages": ["en"], "counties": [], "trained": False}
VERIFIER: dict[str, Any] = {"roles": ["verifier"], "languages": ["es"], "counties": [DURHAM], "trained": True}
PEOPLE: dict[str, dict[str, Any]] = {
    "Ana": DISPATCHER,
    "Beto": DISPATCHER | {"counties": [WAKE]},
    "Cleo": DISPATCHER,
    "Lea": DISPATCHER | {"roles": ["dispatcher", "lead"]},
    "Luz": VERIFIER,
}
FRIDAY_EVENING = (datetime(2026, 3, 6, 23, tzinfo=UTC), datetime(2026, 3, 7, 3, tzinfo=UTC))
"""18 to 22 on the clocks of New York; tests begin on a Monday at noon."""


@dataclass
class Crew:
    """A hotline whose volunteers text about their shifts."""

    database: Database
    hotline: Hotline
    clock: ManualClock
    people: dict[str, Volunteer]
    phones: dict[str, str]
    sids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def text(self, alias: str, words: str) -> str:
        """One of them texts; the reply."""
        fields = {"MessageSid": f"SM{next(self.sids):032d}", "From": self.phones[alias], "To": "+19195550100", "Body": words}
        form: TextForm = read_form(TextForm, fields)
        async with self.database.transaction() as work:
            return await receive_text(work, self.hotline, form) or ""

    async def passes(self, **time: float) -> int:
        """Time passes and the worker looks; for how many people a shift began or ended."""
        self.clock.advance(timedelta(**time))
        async with self.database.transaction() as work:
            return await follow_shifts(work, self.hotline)

    async def until(self, moment: datetime) -> int:
        """It becomes that moment, and the worker looks."""
        return await self.passes(seconds=(moment - self.clock.now).total_seconds())

    async def on_duty(self) -> set[str]:
        async with self.database.transaction() as work:
            return set((await work.execute(select(volunteer.c.alias).where(volunteer.c.on_shift))).scalars())

    async def told(self) -> list[tuple[str, str, str]]:
        """Who was texted what for, of what still stands, in the order of time."""
        async with self.database.transaction() as work:
            rows = await work.all(
                select(
                    volunteer.c.alias, contact.c.language, outgoing_message.c.purpose, delivery.c.state, outgoing_message.c.id
                )
                .join(contact, contact.c.id == volunteer.c.contact_id)
                .join(delivery, delivery.c.contact_id == contact.c.id)
                .join(outgoing_message, outgoing_message.c.id == delivery.c.message_id)
                .order_by(outgoing_message.c.created_at, outgoing_message.c.id, volunteer.c.alias)
            )
            said = []
            for row in rows:
                body = await work.first(
                    select(outgoing_text.c.id, outgoing_text.c.body_sealed).where(
                        outgoing_text.c.message_id == row.id, outgoing_text.c.language == text_language(row.language)
                    )
                )
                assert body is not None
                if row.state == "pending":
                    said.append((row.alias, row.purpose, work.unseal(body.body_sealed, "outgoing_text", "body", body.id)))
        return said


@pytest.fixture
async def crew(database: Database, hotline: Hotline, clock: ManualClock) -> Crew:
    phones = {alias: f"+1919555013{n}" for n, alias in enumerate(PEOPLE)}
    async with database.transaction() as work:
        people = {alias: await add_volunteer(work, alias, number=phones[alias], **facts) for alias, facts in PEOPLE.items()}
    return Crew(database, hotline, clock, people, phones)


async def test_a_shift_is_planned_and_listed_by_text_in_both_languages(crew: Crew) -> None:
    once = await crew.text("Ana", "SHIFT FRI 18-22")
    weekly = await crew.text("Luz", "turno cada vierns de 6 a 10 pm")
    listed = [await crew.text("Ana", "shift"), await crew.text("Luz", "TURNO")]
    async with crew.database.transaction() as work:
        change = await work.first(select(shift_change))
        week = await work.first(select(weekly_shift))
        verbs = (await work.execute(select(event.c.verb).where(event.c.link.is_not(None)).order_by(event.c.id))).scalars().all()

    assert "noted, once: Fri Mar 6, 18:00-22:00" in once
    assert "cada semana: vie 18:00-22:00" in weekly
    assert "Fri Mar 6, 18:00-22:00." in listed[0]
    assert "vie 6 mar, 18:00-22:00; vie 13 mar, 18:00-22:00" in listed[1]
    assert change is not None and (change.begins_at, change.ends_at, change.away) == (*FRIDAY_EVENING, False)
    assert week is not None and (week.weekday, week.begins, week.ends) == (4, 1080, 1320)
    assert verbs == ["shift.extra", "shift.weekly_added"]


async def test_a_weekly_shift_goes_by_text_and_comes_back_by_the_words_of_the_answer(crew: Crew) -> None:
    assert "no shift that comes each week" in await crew.text("Ana", "shift drop fri")
    await crew.text("Luz", "turno cada viernes 18-22")
    await crew.text("Luz", "turno cada viernes 8-12")
    await crew.text("Luz", "turno cada lunes 18-22")
    asked = await crew.text("Luz", "turno quitar vie")
    assert "cada semana tiene vie 08:00-12:00; vie 18:00-22:00." in asked
    gone = await crew.text("Luz", "TURNO QUITAR VIE 18-22")
    assert "ya no cada semana: VIE 18:00-22:00" in gone
    assert "vie 6 mar, 18:00" not in await crew.text("Luz", "TURNO")
    undo = gone.partition("otra vez: ")[2].partition(". Ausente")[0]
    assert "cada semana: vie 18:00-22:00" in await crew.text("Luz", undo)
    async with crew.database.transaction() as work:
        verbs = (
            (await work.execute(select(event.c.verb).where(event.c.verb.like("shift.%")).order_by(event.c.id))).scalars().all()
        )
        assert await work.scalar(select(func.count()).select_from(contact)) == len(PEOPLE), "nobody is erased"
    assert verbs == ["shift.weekly_added"] * 3 + ["shift.weekly_removed", "shift.weekly_added"]


async def test_who_holds_an_incident_hears_once_before_their_shift_ends_what_to_do(crew: Crew) -> None:
    await crew.text("Ana", "shift fri 18-22")
    await crew.text("Cleo", "turno vie 18-22")
    begins, ends = FRIDAY_EVENING
    await crew.until(begins)
    await an_incident(crew.database, crew.hotline.queue)
    async with crew.database.transaction() as work:
        held = await pull_task(work, crew.hotline.queue, crew.people["Ana"])
        assert held is not None
        await work.execute(update(task).where(task.c.id == held.id).values(lease_until=ends + timedelta(hours=2)))

    async def tells(at: datetime) -> int:
        crew.clock.advance(at - crew.clock.now)
        async with crew.database.transaction() as work:
            return await tell_of_ends(work, crew.hotline)

    assert await tells(ends - END_NOTICE - timedelta(minutes=1)) == 0
    assert await tells(ends - END_NOTICE) == 1
    assert await tells(ends - timedelta(minutes=5)) == 0
    [(who, _, words)] = [one for one in await crew.told() if one[1] == "shift_ends"]
    assert who == "Ana" and "your shift ends at 22:00 and you hold" in words and "what the next person should know" in words
    await crew.text("Ana", "shift today 22-23")  # the shift is longer than it was, so its end is another
    await crew.passes(minutes=0)
    assert await tells(ends + timedelta(minutes=50)) == 1


async def test_two_workers_that_look_at_once_tell_of_an_end_once(crew: Crew) -> None:
    await crew.text("Ana", "ON")
    await an_incident(crew.database, crew.hotline.queue)
    async with crew.database.transaction() as work:
        ends = await work.scalar(select(volunteer.c.on_shift_until).where(volunteer.c.alias == "Ana"))
    assert ends is not None
    crew.clock.advance(ends - crew.clock.now - END_NOTICE)
    async with crew.database.transaction() as work:
        assert await pull_task(work, crew.hotline.queue, crew.people["Ana"])

    async def tells() -> int:
        async with crew.database.transaction() as work:
            return await tell_of_ends(work, crew.hotline)

    assert sorted(await asyncio.gather(*(tells() for _ in range(4)))) == [0, 0, 0, 1]


async def test_what_can_not_be_read_or_noted_gets_an_example(crew: Crew) -> None:
    assert "which day, and from when until when" in await crew.text("Ana", "shift fri")
    assert "TURNO VIE 18-22" in await crew.text("Luz", "turno algun dia")
    assert "could not note that" in await crew.text("Ana", "shift today 8-10"), "noon has passed"
    await crew.text("Ana", "shift every fri 18-22")
    assert "could not note that" in await crew.text("Ana", "shift every friday 6pm-10pm"), "it is there already"
    assert "no shift to come on Thu" in await crew.text("Ana", "swap thu")


async def test_a_neighbour_who_is_no_volunteer_plans_nothing(crew: Crew) -> None:
    crew.phones["Rosa"] = "+19195550110"
    await crew.text("Rosa", "SHIFT FRI 18-22")
    async with crew.database.transaction() as work:
        assert await work.all(select(shift_change)) == []


async def test_presence_follows_the_plan_and_its_owner_may_say_off(crew: Crew) -> None:
    for alias in ("Ana", "Luz"):
        await crew.text(alias, "OFF")
        await crew.text(alias, "SHIFT EVERY MON 18-22")
    await crew.until(datetime(2026, 3, 2, 22, 59, tzinfo=UTC))
    before = await crew.on_duty()
    changed = await crew.passes(minutes=1)
    during, told = await crew.on_duty(), await crew.told()
    status = await crew.text("Ana", "shift")
    await crew.text("Luz", "off")
    again = await crew.passes(minutes=5)
    without_luz = await crew.on_duty()
    await crew.until(datetime(2026, 3, 3, 3, tzinfo=UTC))

    assert {"Ana", "Luz"} & before == set()
    assert (changed, again) == (2, 0)
    assert {"Ana", "Luz"} <= during
    assert {(who, what) for who, what, _ in told} == {("Ana", "shift_begins"), ("Luz", "shift_begins")}
    assert any("su turno empezó, hasta 22:00" in said or "su turno empezo, hasta 22:00" in said for _, _, said in told)
    assert "you are on shift. Yours: Mon Mar 2, 18:00-22:00" in status
    assert "Luz" not in without_luz and "Ana" in without_luz
    assert "Ana" not in await crew.on_duty()
    await crew.until(datetime(2026, 3, 9, 22, tzinfo=UTC))  # a week later it is summer time
    assert {"Ana", "Luz"} <= await crew.on_duty()


async def test_presence_by_hand_ends_by_itself(crew: Crew) -> None:
    await crew.text("Ana", "OFF")
    assert "on shift until 24:00" in await crew.text("Ana", "ON")
    await crew.passes(hours=11, minutes=59)
    still = await crew.on_duty()
    await crew.passes(minutes=1)

    assert "Ana" in still and "Ana" not in await crew.on_duty()


async def test_who_had_no_plan_when_they_came_is_not_sent_off_by_their_first(crew: Crew) -> None:
    await crew.text("Ana", "SHIFT EVERY FRI 18-22")
    await crew.passes(minutes=1)
    now = await crew.on_duty()
    await crew.passes(hours=12)

    assert "Ana" in now and "Ana" not in await crew.on_duty()


async def test_at_the_end_of_a_shift_what_was_held_waits_again_and_a_note_is_asked_for(crew: Crew) -> None:
    await crew.text("Ana", "SHIFT MON 11-14")
    await crew.passes(minutes=1)
    await an_incident(crew.database, crew.hotline.queue, urgent=True)
    async with crew.database.transaction() as work:
        held = await pull_task(work, crew.hotline.queue, crew.people["Ana"])
    nothing_owed = await crew.text("Ana", "note they call back")
    await crew.until(datetime(2026, 3, 2, 19, tzinfo=UTC))
    told = await crew.told()
    kept = await crew.text("Ana", "NOTE: they call back at six")
    second = await crew.text("Ana", "note and once more")
    async with crew.database.transaction() as work:
        taken = await pull_task(work, crew.hotline.queue, crew.people["Cleo"])
        assert held is not None and taken is not None
        notes = await notes_of(work, held.id)

    assert "The next person reads your note" not in nothing_owed
    assert [(who, what) for who, what, _ in told if what == "note_asked"] == [("Ana", "note_asked")]
    assert "The next person reads your note" in kept and "The next person reads your note" not in second
    assert taken.id == held.id
    assert [(alias, note) for _, alias, note in notes] == [("Ana", "they call back at six")]


async def test_who_says_off_with_an_incident_in_hand_is_asked_for_a_note(crew: Crew) -> None:
    await an_incident(crew.database, crew.hotline.queue)
    async with crew.database.transaction() as work:
        await pull_task(work, crew.hotline.queue, crew.people["Ana"])
    reply = await crew.text("Ana", "OFF")
    async with crew.database.transaction() as work:
        rows = await work.all(select(handover.c.how, handover.c.note_sealed))

    assert "What should they know? Text NOTE" in reply
    assert [(row.how, row.note_sealed) for row in rows] == [("shift_ended", None)]


async def test_who_is_away_is_not_brought_back_and_who_is_away_now_goes(crew: Crew) -> None:
    await crew.text("Ana", "SHIFT EVERY MON 22-6")
    await crew.text("Luz", "ausente hoy")
    gone = await crew.on_duty()
    reply = await crew.text("Ana", "AWAY MON")
    await crew.text("Ana", "OFF")
    await crew.until(datetime(2026, 3, 3, 5, tzinfo=UTC))

    assert "Luz" not in gone
    assert "you are away Mon Mar 2, 22:00-06:00" in reply
    assert "Ana" not in await crew.on_duty()


async def test_a_swap_is_asked_of_who_could_take_it_and_everybody_hears_whose_it_is(crew: Crew) -> None:
    await crew.text("Ana", "SHIFT FRI 18-22")
    asked = await crew.text("Ana", "SWAP FRI")
    questions = await crew.told()
    taken = await crew.text("Cleo", "TAKE 1")
    late = [await crew.text("Lea", "take 1"), await crew.text("Cleo", "take 1")]
    told = await crew.told()
    shifts = {alias: await crew.text(alias, "SHIFT") for alias in ("Ana", "Cleo")}

    assert "asked 2 people to take Fri Mar 6, 18:00-22:00" in asked
    assert {who for who, what, _ in questions if what == "swap_ask"} == {"Cleo", "Lea"}
    assert "can you take a shift of Ana? Fri Mar 6, 18:00-22:00. To take it, text TAKE 1" in questions[0][2]
    assert "is yours now" in taken
    assert "no longer to be had" in late[0] and "is yours now" in late[1]
    assert {(who, what) for who, what, _ in told} == {("Ana", "swap_taken"), ("Lea", "swap_taken")}, (
        "questions are not sent any more"
    )
    assert "Fri Mar 6" not in shifts["Ana"] and "Fri Mar 6, 18:00-22:00" in shifts["Cleo"]


async def test_who_covers_only_part_of_it_waits_for_a_lead(crew: Crew) -> None:
    await crew.text("Ana", "SHIFT FRI 18-22")
    await crew.text("Ana", "SWAP FRI")
    waits = await crew.text("Beto", "take 1")
    not_a_lead = await crew.text("Cleo", "approve 1")
    approved = await crew.text("Lea", "APPROVE 1")
    told = await crew.told()

    assert "A lead decides" in waits
    assert "no longer to be had" in not_a_lead
    assert "Beto takes the shift Fri Mar 6" in approved
    assert {("Lea", "swap_proposed"), ("Beto", "swap_yours"), ("Ana", "swap_taken")} <= {(who, what) for who, what, _ in told}
    assert "Fri Mar 6" in await crew.text("Beto", "shift")


async def test_who_can_not_take_it_hears_why_and_its_owner_may_keep_it(crew: Crew) -> None:
    await crew.text("Ana", "SHIFT FRI 18-22")
    await crew.text("Cleo", "SHIFT FRI 20-23")
    await crew.text("Ana", "SWAP FRI 19-22")
    busy, of_another_kind = await crew.text("Cleo", "take 1"), await crew.text("Luz", "tomo 1")
    not_theirs = await crew.text("Lea", "keep 1")
    kept = await crew.text("Ana", "KEEP 1")
    late = await crew.text("Lea", "take 1")
    unknown = await crew.text("Lea", "take 77")

    assert "that does not go" in busy and "no se puede" in of_another_kind
    assert "no longer" in not_theirs and "you keep Fri Mar 6, 19:00-22:00" in kept and "no longer" in late
    assert "that shift" not in unknown
    assert "Fri Mar 6, 18:00-22:00" in await crew.text("Ana", "shift")


async def test_where_nobody_could_take_it_the_leads_hear_so(crew: Crew) -> None:
    await crew.text("Luz", "turno vie 18-22")
    reply = await crew.text("Luz", "cambio vie")
    told = await crew.told()

    assert "nadie puede tomar" in reply
    assert [(who, what) for who, what, _ in told] == [("Lea", "swap_nobody")]
    assert "Luz asks who takes Fri Mar 6" in told[0][2]


async def test_a_shift_that_nobody_took_stays_its_owners(crew: Crew) -> None:
    await crew.text("Ana", "SHIFT FRI 18-22")
    await crew.text("Ana", "SWAP FRI")
    crew.clock.advance(FRIDAY_EVENING[0] - crew.clock.now)
    async with crew.database.transaction() as work:
        over = [await expire_swaps(work, crew.hotline), await expire_swaps(work, crew.hotline)]
    await crew.passes(seconds=0)

    assert over == [1, 0]
    assert ("Ana", "swap_expired") in {(who, what) for who, what, _ in await crew.told()}
    assert "Ana" in await crew.on_duty()
    assert "no longer" in await crew.text("Cleo", "take 1")


async def test_of_two_who_take_a_shift_in_one_moment_one_has_it(crew: Crew) -> None:
    await crew.text("Ana", "SHIFT FRI 18-22")
    await crew.text("Ana", "SWAP FRI")
    replies = await asyncio.gather(crew.text("Cleo", "take 1"), crew.text("Lea", "take 1"))
    async with crew.database.transaction() as work:
        extra = await work.all(
            select(shift_change).where(~shift_change.c.away, shift_change.c.volunteer_id != crew.people["Ana"].id)
        )

    assert sorted("is yours now" in reply for reply in replies) == [False, True]
    assert len(extra) == 1


async def test_at_night_a_question_about_a_far_shift_waits_for_the_morning_and_a_near_one_does_not(crew: Crew) -> None:
    await crew.text("Ana", "SHIFT FRI 18-22")
    await crew.text("Luz", "turno mar 6-10")
    await crew.until(datetime(2026, 3, 3, 4, tzinfo=UTC))  # eleven in the evening
    await crew.text("Ana", "SWAP FRI")
    await crew.text("Luz", "cambio mar")
    async with crew.database.transaction() as work:
        rows = await work.all(
            select(outgoing_message.c.purpose, outgoing_message.c.lane, delivery.c.not_before)
            .join(delivery, delivery.c.message_id == outgoing_message.c.id)
            .where(outgoing_message.c.purpose.in_(("swap_ask", "swap_nobody")))
        )
        numbers = (await work.execute(select(swap.c.number).order_by(swap.c.number))).scalars().all()

    asked = {row.purpose: (row.lane, row.not_before) for row in rows}
    assert asked["swap_ask"] == (Lane.BROADCAST, datetime(2026, 3, 3, 13, 10, tzinfo=UTC))
    assert asked["swap_nobody"] == (Lane.DISPATCH, None)
    assert numbers == [1, 2]
