"""The circuit breaker: a message that carriers filter stops its lane, nothing else, until a person lets it go."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core.clock import ManualClock
from app.core.database import Database
from app.delivery.breaker import LIMITS, check_lanes
from app.delivery.callbacks import hear_status
from app.delivery.plan import Message, plan_to
from app.delivery.sender import Sender
from app.delivery.switch import resume_sending, switch_now
from app.records.deliveries import Delivery, Lane, delivery
from app.records.events import event
from tests.delivery.outgoing import DURHAM, PhoneCompany, people, plan_alert, states


async def meet(database: Database, lane: Lane, code: int, times: int) -> None:
    """So many texts of a lane that Twilio has come to nothing with this error."""
    async with database.transaction() as work:
        rows = await work.find(Delivery, delivery.select().where(delivery.c.lane == int(lane), delivery.c.state == "sent"))
        for row in rows[:times]:
            await hear_status(work, row.id, row.sid or "", "undelivered", code, row.fence)


async def stopped(database: Database) -> list[Lane]:
    async with database.transaction() as work:
        return await check_lanes(work)


@pytest.mark.parametrize("code", sorted(LIMITS))
@pytest.mark.parametrize("lane", [Lane.ALERT, Lane.BROADCAST])
async def test_a_spike_stops_the_lane_and_only_a_person_lets_it_go(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock, code: int, lane: Lane
) -> None:
    async with database.transaction() as work:
        await resume_sending(work, "the hotline opens")
    clock.advance(timedelta(seconds=1))
    [reporter, *_] = await people(database, DURHAM, 12)
    await plan_alert(database, lane=lane)
    await sender.send_some()
    await meet(database, lane, code, LIMITS[code].texts - 1)
    assert await stopped(database) == []
    await meet(database, lane, code, 1)
    assert await stopped(database) == [lane]
    assert await stopped(database) == []  # it is stopped already

    before = len(company.log)
    async with database.transaction() as work:
        await work.connection.exec_driver_sql("UPDATE outbound_switch SET paused_until = NULL, paused_at = NULL, pauses = 0")
        await work.connection.exec_driver_sql("UPDATE contact SET stopped_at = NULL")
        await plan_to(work, Message(lane, "more", {"en": "held back"}), [reporter])
        await plan_to(work, Message(Lane.REPLY, "outcome", {"en": "goes"}), [reporter])
    await sender.send_some()
    assert [text.body for text in company.log[before:]] == ["goes"]
    async with database.transaction() as work:
        [(name, error, texts, _)] = (await switch_now(work)).stopped_lanes
        assert (name, texts) == (lane.name.lower(), LIMITS[code].texts)
        assert error.words("es") != error.words("en")
        assert (await work.first(event.select().where(event.c.verb == "lane.stopped"))) is not None

    async with database.transaction() as work:
        await resume_sending(work, "looked into")
    assert await stopped(database) == []  # what was before is known
    async with database.transaction() as work:
        assert (await switch_now(work)).lanes == ()


async def test_a_few_filtered_among_many_stop_nothing(database: Database, sender: Sender, company: PhoneCompany) -> None:
    await people(database, DURHAM, 90)
    for _ in range(3):
        await plan_alert(database)
    while await sender.send_some():
        pass
    await meet(database, Lane.ALERT, 30007, 12)

    assert await stopped(database) == []
    assert await states(database) == {"sent": 258, "failed": 12}


async def test_answers_and_corrections_are_never_stopped(database: Database, sender: Sender, company: PhoneCompany) -> None:
    await people(database, DURHAM, 12)
    for lane in (Lane.REPLY, Lane.CORRECTION):
        await plan_alert(database, lane=lane)
        await sender.send_some()
        await meet(database, lane, 30007, 12)

    assert await stopped(database) == []
