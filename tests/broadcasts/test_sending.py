"""What becomes of a broadcast: caps, nights, wishes that change meanwhile, pause, cancel; and counts that add up whatever happens."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.broadcasts import audience
from app.broadcasts.runs import finish_broadcasts, runs_of
from app.core.database import Database
from app.delivery import outbox
from app.pipeline_broadcasts import cancel, pause, resume
from app.records.broadcasts import Repeats
from app.records.deliveries import Lane, delivery
from app.records.states import IllegalTransition
from tests.broadcasts.office import MEETING, Office
from tests.subscribers.phones import DURHAM, WAKE, tell

TWO_COUNTIES = ("JOIN EVENTS Durham", "JOIN EVENTS Wake County")


async def claim_all(database: Database) -> list[outbox.Claimed]:
    async with database.transaction() as work:
        await outbox.release(work)
        return await outbox.claim(work, 1000)


async def test_who_listens_in_two_counties_gets_it_once(office: Office) -> None:
    await office.phones(2, *TWO_COUNTIES)
    code = await office.send(replace(MEETING, counties=[DURHAM, WAKE]))
    assert await office.fates(code) == {"pending": 2}


async def test_it_goes_to_its_topic_counties_and_language_alone(office: Office) -> None:
    await office.phones(1, "JOIN Durham")  # alerts alone
    await office.phones(1, "JOIN RIGHTS Durham")
    await office.phones(1, "JOIN EVENTS Wake County")
    (spanish,) = await office.phones(1)
    await spanish.texts("ESPAÑOL")
    (english,) = await office.phones(1)

    assert await office.fates(await office.send(replace(MEETING, languages=["es"]))) == {"pending": 1}
    assert await office.texts_to(english) == []
    assert await office.fates(await office.send()) == {"pending": 2}
    assert await office.fates(await office.send(replace(MEETING, counties=[]))) == {"pending": 3}


async def test_nobody_gets_more_than_a_weeks_worth(office: Office) -> None:
    (old,) = await office.phones(1)
    for _ in range(audience.MOST_A_WEEK):
        await office.send()
    await tell(office.database, DURHAM)  # alerts don't count
    (new,) = await office.phones(1)
    code = await office.send()

    assert await office.fates(code) == {"pending": 1, "capped": 1}
    assert len(await office.texts_to(old)) == audience.MOST_A_WEEK
    assert len(await office.texts_to(new)) == 1
    office.clock.advance(timedelta(days=7, minutes=1))
    assert await office.fates(await office.send()) == {"pending": 2}


@pytest.mark.parametrize(
    ("wish", "reason"), [("STOP", "stopped"), ("PAUSE", "paused"), ("LEAVE EVENTS", "left"), ("LEAVE Durham", "left")]
)
async def test_a_wish_after_planning_holds_at_sending(office: Office, wish: str, reason: str) -> None:
    (phone,) = await office.phones(1)
    code = await office.send()
    await phone.texts(wish)

    assert await claim_all(office.database) == []
    assert await office.fates(code) == {reason: 1}


@pytest.mark.parametrize("wish", ["STOP", "PAUSE", "LEAVE EVENTS"])
async def test_a_wish_before_planning_leaves_the_phone_out(office: Office, wish: str) -> None:
    (phone,) = await office.phones(1)
    await phone.texts(wish)
    assert await office.fates(await office.send()) == {}


async def test_who_left_one_of_two_counties_still_hears_of_the_other(office: Office) -> None:
    (phone,) = await office.phones(1, *TWO_COUNTIES)
    await office.send(replace(MEETING, counties=[DURHAM, WAKE]))
    await phone.texts("LEAVE Durham")
    assert len(await claim_all(office.database)) == 1


async def test_at_night_it_waits_for_the_morning(office: Office) -> None:
    await office.phones(1)
    office.clock.now = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)  # nine in the evening
    code = await office.send()

    assert await claim_all(office.database) == []
    office.clock.now = datetime(2026, 3, 3, 13, 10, tzinfo=UTC)
    assert len(await claim_all(office.database)) == 1
    assert await office.fates(code) == {"sending": 1}


async def test_one_that_nothing_could_send_for_half_a_day_is_not_sent(office: Office) -> None:
    await office.phones(1)
    weekly = replace(MEETING, repeats=Repeats.WEEKLY, first_on=date(2026, 3, 3))
    code = await office.send(weekly)
    office.clock.now = datetime(2026, 3, 4, 5, 1, tzinfo=UTC)  # twelve hours and a minute after noon

    assert await office.tick() == 1
    told = await office.get(code)
    async with office.database.transaction() as work:
        assert [run.missed for run in await runs_of(work, told.id)] == [True]
    assert await office.fates(code) == {}
    assert told.next_at == datetime(2026, 3, 10, 16, 0, tzinfo=UTC)  # noon, after the clocks went forward


async def test_a_weekly_one_goes_out_each_week_once_until_its_last_day(office: Office) -> None:
    (phone,) = await office.phones(1)
    code = await office.send(replace(MEETING, repeats=Repeats.WEEKLY, first_on=date(2026, 3, 3), until=date(2026, 3, 17)))
    for day in range(1, 40):
        office.clock.now = datetime(2026, 3, 2, 18, 0, tzinfo=UTC) + timedelta(days=day)
        await office.tick()
        assert await office.tick() == 0

    assert len(await office.texts_to(phone)) == 3
    assert (await office.get(code)).next_at is None


async def test_a_pause_holds_every_text_that_is_not_on_its_way_and_says_how_many(office: Office) -> None:
    await office.phones(5)
    code = await office.send()
    async with office.database.transaction() as work:
        assert len(await outbox.claim(work, 2)) == 2
    async with office.database.transaction() as work:
        assert await pause(work, office.hotline, code, office.people["Tomas"]) == 3
    assert await claim_all(office.database) == []
    async with office.database.transaction() as work:
        assert await resume(work, office.hotline, code, office.people["Olga"]) == 3
    assert len(await claim_all(office.database)) == 3


async def test_a_pause_that_nobody_ends_ends_in_texts_that_are_too_late(office: Office) -> None:
    await office.phones(2)
    code = await office.send()
    async with office.database.transaction() as work:
        await pause(work, office.hotline, code, office.people["Olga"])
    office.clock.advance(timedelta(hours=37))
    assert await claim_all(office.database) == []
    assert await office.fates(code) == {"expired": 2}


async def test_a_cancel_skips_what_is_not_on_its_way_and_is_for_good(office: Office) -> None:
    await office.phones(3)
    code = await office.send()
    async with office.database.transaction() as work:
        (sending,) = await outbox.claim(work, 1)
    async with office.database.transaction() as work:
        assert await cancel(work, office.hotline, code, office.people["Olga"]) == 2
    async with office.database.transaction() as work:
        assert await outbox.look_again(work, [sending]) == set()
    assert await office.fates(code) == {"withdrawn": 3}
    async with office.database.transaction() as work:
        with pytest.raises(IllegalTransition):
            await resume(work, office.hotline, code, office.people["Olga"])


async def test_it_is_over_when_its_last_text_is(office: Office) -> None:
    await office.phones(1)
    code = await office.send()
    async with office.database.transaction() as work:
        assert await finish_broadcasts(work) == 0
        await work.execute(delivery.update().values(state="delivered"))
        assert await finish_broadcasts(work) == 1
    assert (await office.get(code)).state == "done"


@pytest.mark.parametrize("lane", [Lane.REPLY, Lane.ALERT, Lane.CORRECTION])
async def test_it_never_delays_a_higher_lane(office: Office, lane: Lane) -> None:
    await office.phones(40)
    await office.phones(1, "JOIN Durham")
    await office.send()
    await tell(office.database, DURHAM, lane)

    async with office.database.transaction() as work:
        first = await outbox.claim(work, 1)
    assert [one.lane for one in first] == [lane]


async def test_two_workers_send_a_due_one_once(office: Office) -> None:
    await office.phones(3)
    code = await office.send(replace(MEETING, first_on=date(2026, 3, 3)))
    office.clock.advance(timedelta(days=1))
    await asyncio.gather(*(office.tick() for _ in range(4)))
    assert await office.fates(code) == {"pending": 3}
