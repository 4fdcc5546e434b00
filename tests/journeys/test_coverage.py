"""Leads hear of a gap before it hurts: a day ahead, by day, once, and only those of the county."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.core.clock import ManualClock
from app.core.database import Database
from app.pipeline import Hotline
from app.pipeline_coverage import read_cover, warn_of_gaps
from app.records.deliveries import delivery, outgoing_message, outgoing_text
from app.records.events import event
from app.volunteers.coverage import EVERY_COUNTY, Duty
from app.volunteers.hours import Span, Weekly
from app.volunteers.roster import add_volunteer, suspend
from app.volunteers.shift_tables import noticed_gap
from app.volunteers.shifts import add_weekly, change_once, forget_old_plans
from app.volunteers.tables import Volunteer, volunteer
from tests.verification.test_tasks import DURHAM, WAKE

DESK: dict[str, Any] = {"roles": ["dispatcher"], "languages": ["en"], "counties": [], "trained": False}
PEOPLE: dict[str, dict[str, Any]] = {
    "Ana": DESK,
    "Dora": DESK | {"roles": ["dispatcher", "lead"], "counties": [DURHAM]},
    "Lea": DESK | {"roles": ["dispatcher", "lead"], "counties": [WAKE]},
    "Luz": DESK | {"roles": ["verifier"], "counties": [WAKE], "trained": True},
}
HOURS = (7, 22)


@pytest.fixture
async def people(database: Database) -> dict[str, Volunteer]:
    """Ana is at the desk from 7 to 22, but for Tuesday, from 7 to 18; Luz, and who covers Durham, are there at all those hours."""
    async with database.transaction() as work:
        made = {
            alias: await add_volunteer(work, alias, number=f"+1919555013{n}", **facts)
            for n, (alias, facts) in enumerate(PEOPLE.items())
        }
        for weekday in range(7):
            await add_weekly(work, made["Ana"], Weekly(weekday, 420, 1080 if weekday == 1 else 1320), made["Ana"])
            await add_weekly(work, made["Dora"], Weekly(weekday, 420, 1320), made["Dora"])
            await add_weekly(work, made["Luz"], Weekly(weekday, 420, 1320), made["Luz"])
        return made


async def looked(database: Database, hotline: Hotline) -> int:
    async with database.transaction() as work:
        return await warn_of_gaps(work, hotline, HOURS)


async def texts(database: Database) -> list[tuple[str, str]]:
    async with database.transaction() as work:
        rows = await work.all(
            select(volunteer.c.alias, outgoing_text.c.id, outgoing_text.c.body_sealed)
            .join(delivery, delivery.c.contact_id == volunteer.c.contact_id)
            .join(outgoing_message, outgoing_message.c.id == delivery.c.message_id)
            .join(outgoing_text, outgoing_text.c.message_id == outgoing_message.c.id)
            .where(outgoing_text.c.language == "en", outgoing_message.c.purpose == "gap")
            .order_by(outgoing_message.c.created_at, volunteer.c.alias)
        )
        return [(row.alias, work.unseal(row.body_sealed, "outgoing_text", "body", row.id)) for row in rows]


async def test_leads_of_the_county_hear_of_a_gap_a_day_ahead_once(
    database: Database, hotline: Hotline, people: dict[str, Volunteer], clock: ManualClock
) -> None:
    async with database.transaction() as work:  # for Durham, nobody goes and looks, and all know it
        await work.execute(noticed_gap.delete())
        await add_weekly(work, people["Luz"], Weekly(1, 1320, 1380), people["Luz"])
        await work.execute(volunteer.update().where(volunteer.c.alias == "Luz").values(counties=[]))
    early = await looked(database, hotline)
    clock.advance(timedelta(hours=6))  # six in the evening, on the day before
    times = [await looked(database, hotline), await looked(database, hotline)]
    clock.advance(timedelta(hours=24, minutes=30))  # it has begun
    late = await looked(database, hotline)
    async with database.transaction() as work:
        verbs = (await work.execute(select(event.c.facts).where(event.c.verb == "coverage.gap"))).scalars().all()

    assert (early, times, late) == (0, [1, 0], 0)
    [(who, said)] = await texts(database)
    assert who == "Lea"
    assert said == "Vigia: nobody at the desk for Wake County, Tue Mar 3, 18:00-22:00. Please find somebody: page Coverage."
    assert [(facts["duty"], facts["leads"]) for facts in verbs] == [("desk", 1)]


async def test_several_gaps_are_one_text_and_at_night_there_is_none(
    database: Database, hotline: Hotline, people: dict[str, Volunteer], clock: ManualClock
) -> None:
    async with database.transaction() as work:
        tomorrow = Span(datetime(2026, 3, 3, 12, tzinfo=UTC), datetime(2026, 3, 4, 3, tzinfo=UTC))
        await change_once(work, people["Luz"], tomorrow, people["Luz"], away=True)
    clock.advance(timedelta(hours=14))  # two in the morning
    at_night = await looked(database, hotline)
    clock.advance(timedelta(hours=6, minutes=15))
    by_day = await looked(database, hotline)

    assert at_night == 0 and by_day >= 2
    told = await texts(database)
    assert sorted({who for who, _ in told}) == ["Dora", "Lea"] and len(told) == 2
    assert all("gaps more" in said or "no verifier for Durham" in said for _, said in told)


async def test_what_grew_is_news_and_what_is_filled_is_not(
    database: Database, hotline: Hotline, people: dict[str, Volunteer], clock: ManualClock
) -> None:
    async with database.transaction() as work:
        await work.execute(volunteer.update().where(volunteer.c.alias == "Luz").values(counties=[]))
    clock.advance(timedelta(hours=6))
    first = await looked(database, hotline)
    async with database.transaction() as work:
        await suspend(work, people["Ana"], people["Lea"])
    grown = await looked(database, hotline)
    async with database.transaction() as work:
        week = Span(clock.now, clock.now + timedelta(hours=24))
        await change_once(work, people["Lea"], week, people["Lea"], away=False)
        seen = await read_cover(work, hotline, HOURS)

    assert first == 1 and grown >= 1
    assert not any(gap.duty is Duty.DESK and WAKE in gap.counties and gap.span.begins < week.ends for gap in seen.gaps)


async def test_where_nobody_plans_shifts_nobody_is_warned_and_a_trainee_covers_nothing(
    database: Database, hotline: Hotline, clock: ManualClock
) -> None:
    async with database.transaction() as work:
        lea = await add_volunteer(work, "Lea", number="+19195550130", **DESK | {"roles": ["dispatcher", "lead"]})
    clock.advance(timedelta(hours=2))
    nobody = await looked(database, hotline)
    async with database.transaction() as work:
        for weekday in range(7):
            await add_weekly(work, lea, Weekly(weekday, 420, 1320), lea)
        whole = await read_cover(work, hotline, HOURS)
        await work.execute(volunteer.update().values(trainee=True))
        without = await read_cover(work, hotline, HOURS)

    assert nobody == 0
    assert whole.counties == (EVERY_COUNTY,)
    assert {gap.duty for gap in whole.gaps} == {Duty.FIELD}
    assert {gap.duty for gap in without.gaps} == {Duty.DESK, Duty.FIELD}


async def test_plans_that_are_long_over_are_forgotten(
    database: Database, people: dict[str, Volunteer], clock: ManualClock
) -> None:
    async with database.transaction() as work:
        await change_once(work, people["Ana"], Span(clock.now, clock.now + timedelta(hours=1)), people["Ana"], away=True)
    clock.advance(timedelta(days=30))
    async with database.transaction() as work:
        soon = await forget_old_plans(work)
    clock.advance(timedelta(days=1))
    async with database.transaction() as work:
        assert (soon, await forget_old_plans(work), await forget_old_plans(work)) == (0, 1, 0)
