"""Something urgent that nobody takes is brought before those on backup, then before the leads, by text, once each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.clock import ManualClock
from app.core.database import Database
from app.pipeline import Hotline
from app.pipeline_escalation import end_escalations, escalate, take_task
from app.records.deliveries import delivery, outgoing_message
from app.verification.handover import release_task
from app.verification.tasks import finish_task, pull_task
from app.volunteers.presence import end_shift
from app.volunteers.roster import add_volunteer, suspend
from app.volunteers.tables import Volunteer, volunteer
from tests.verification.test_tasks import DURHAM, WAKE, an_incident

PEOPLE = {
    "Ana": (["dispatcher"], []),
    "Bea": (["dispatcher", "backup"], [DURHAM]),
    "Bo": (["dispatcher", "backup"], [WAKE]),
    "Lea": (["dispatcher", "lead"], []),
}


@pytest.fixture
async def people(database: Database) -> dict[str, Volunteer]:
    async with database.transaction() as work:
        return {
            alias: await add_volunteer(
                work, alias, roles=roles, languages=["en"], counties=counties, trained=False, number=f"+1919555013{n}"
            )
            for n, (alias, (roles, counties)) in enumerate(PEOPLE.items())
        }


async def texted(database: Database, hotline: Hotline) -> list[str]:
    """Run the step; the aliases of everyone who was texted so far, in order."""
    async with database.transaction() as work:
        await escalate(work, hotline)
    async with database.transaction() as work:
        rows = await work.all(
            select(volunteer.c.alias)
            .join(delivery, delivery.c.contact_id == volunteer.c.contact_id)
            .join(outgoing_message, outgoing_message.c.id == delivery.c.message_id)
            .order_by(outgoing_message.c.created_at, volunteer.c.alias)
        )
    return [row.alias for row in rows]


async def test_backup_of_the_county_hears_after_three_minutes_and_the_lead_after_eight_once_each(
    database: Database, hotline: Hotline, people: dict[str, Volunteer], clock: ManualClock
) -> None:
    await an_incident(database, hotline.queue, urgent=True)
    clock.advance(timedelta(minutes=2, seconds=59))
    before = await texted(database, hotline)
    clock.advance(timedelta(seconds=1))
    at_three = [await texted(database, hotline), await texted(database, hotline)]
    clock.advance(timedelta(minutes=5))
    at_eight = [await texted(database, hotline), await texted(database, hotline)]

    assert before == []
    assert at_three == [["Bea"], ["Bea"]]
    assert at_eight == [["Bea", "Lea"], ["Bea", "Lea"]]


async def test_what_is_held_done_or_not_urgent_calls_nobody(
    database: Database, hotline: Hotline, people: dict[str, Volunteer], clock: ManualClock
) -> None:
    await an_incident(database, hotline.queue)
    done = await an_incident(database, hotline.queue, urgent=True)
    await an_incident(database, hotline.queue, urgent=True)
    async with database.transaction() as work:
        await finish_task(work, hotline.queue, done)
        held = await pull_task(work, hotline.queue, people["Ana"])
    clock.advance(timedelta(minutes=4))
    while_held = await texted(database, hotline)
    async with database.transaction() as work:
        assert held is not None
        await release_task(work, hotline.queue, held.id, held.fence, people["Ana"].id)
    just_released = await texted(database, hotline)
    clock.advance(timedelta(minutes=3))

    assert (while_held, just_released) == ([], [])
    assert await texted(database, hotline) == ["Bea"]


async def test_who_is_suspended_is_not_called(
    database: Database, hotline: Hotline, people: dict[str, Volunteer], clock: ManualClock
) -> None:
    await an_incident(database, hotline.queue, urgent=True)
    async with database.transaction() as work:
        await suspend(work, people["Bea"], people["Lea"])
        await suspend(work, people["Lea"], people["Ana"])
    clock.advance(timedelta(minutes=3))

    assert await texted(database, hotline) == []


async def test_a_text_that_still_waits_is_not_sent_once_somebody_has_taken_it(
    database: Database, hotline: Hotline, people: dict[str, Volunteer], clock: ManualClock
) -> None:
    await an_incident(database, hotline.queue, urgent=True)
    clock.advance(timedelta(minutes=3))
    assert await texted(database, hotline) == ["Bea"]
    async with database.transaction() as work:
        taken = await take_task(work, hotline, people["Ana"])
    async with database.transaction() as work:
        waits = await work.all(select(delivery.c.state, delivery.c.reason))
        assert taken is not None
        await release_task(work, hotline.queue, taken.id, taken.fence, people["Ana"].id)
    clock.advance(timedelta(minutes=3))

    assert [(row.state, row.reason) for row in waits] == [("skipped", "withdrawn")]
    assert await texted(database, hotline) == ["Bea", "Bea"], "what comes back untaken is urgent again"


async def test_what_was_decided_or_given_to_somebody_in_another_way_is_found_by_the_sweep(
    database: Database, hotline: Hotline, people: dict[str, Volunteer], clock: ManualClock
) -> None:
    about = await an_incident(database, hotline.queue, urgent=True)
    clock.advance(timedelta(minutes=3))
    await texted(database, hotline)
    async with database.transaction() as work:
        nothing_yet = await end_escalations(work)
        await finish_task(work, hotline.queue, about)
    async with database.transaction() as work:
        ended = [await end_escalations(work), await end_escalations(work)]
        states = (await work.execute(select(delivery.c.state))).scalars().all()

    assert (nothing_yet, ended, states) == (0, [1, 0], ["skipped"])


async def test_where_nobody_is_on_backup_the_lead_hears_at_once(
    database: Database, hotline: Hotline, people: dict[str, Volunteer], clock: ManualClock
) -> None:
    await an_incident(database, hotline.queue, urgent=True)
    async with database.transaction() as work:
        await suspend(work, people["Bea"], people["Lea"])
    clock.advance(timedelta(minutes=3))

    assert await texted(database, hotline) == ["Lea"]


async def test_who_is_off_duty_is_left_in_peace_while_another_on_backup_is_on(
    database: Database, hotline: Hotline, people: dict[str, Volunteer], clock: ManualClock
) -> None:
    async with database.transaction() as work:
        for n, alias in enumerate(("Bert", "Berta")):
            off = await add_volunteer(
                work,
                alias,
                roles=["dispatcher", "backup"],
                languages=["en"],
                counties=[],
                trained=False,
                number=f"+1919555014{n}",
            )
            await end_shift(work, off, hotline.time_zone)
    await an_incident(database, hotline.queue, urgent=True)
    clock.advance(timedelta(minutes=3))
    first = await texted(database, hotline)
    async with database.transaction() as work:
        await end_shift(work, people["Bea"], hotline.time_zone)
    await an_incident(database, hotline.queue, urgent=True)
    clock.advance(timedelta(minutes=3))

    assert first == ["Bea"]
    assert await texted(database, hotline) == ["Bea", "Bea", "Bert", "Berta"]
