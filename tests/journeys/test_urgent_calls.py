"""Something urgent that nobody takes makes phones ring: over real HTTP, with the client that the worker has, against the simulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import func, select

from app.core.clock import ManualClock
from app.core.database import Database
from app.delivery.outbox import STOP_LOOKED_FOR_AGAIN
from app.delivery.ringing import FRESH, GRACE, LEASE, hush_taken, ring_due, settle_calls
from app.delivery.switch import halt, resume_sending
from app.pipeline import Hotline
from app.pipeline_escalation import MOST_RUNG, escalate, take_task
from app.privacy.holdings import erase_number
from app.records.deliveries import delivery
from app.records.events import event
from app.records.urgent_calls import UrgentCall, urgent_call
from app.subscribers.waiting_stops import WaitingStops
from app.telephony.rest import OutcomeUnknown, Refused, TwilioRest
from app.volunteers.roster import add_volunteer, suspend
from app.volunteers.tables import Volunteer
from tests.conftest import LogBook
from tests.devices import Devices
from tests.journeys.conftest import Switchboard
from tests.verification.test_tasks import DURHAM, an_incident

BEA, LEA, MAX = "+19195550131", "+19195550132", "+19195550133"
THREE, FIVE = timedelta(minutes=3), timedelta(minutes=5)


@dataclass
class Duty:
    """Bea is on backup and speaks Spanish, Lea leads; Ana could take it. `carrier` is what the worker calls with."""

    database: Database
    hotline: Hotline
    clock: ManualClock
    devices: Devices
    web: str
    carrier: TwilioRest
    people: dict[str, Volunteer] = field(default_factory=dict)

    async def enlist(self, alias: str, number: str, *roles: str, languages: tuple[str, ...] = ("en",)) -> None:
        async with self.database.transaction() as work:
            given: dict[str, Any] = {"roles": list(roles), "languages": list(languages), "counties": [DURHAM], "trained": False}
            self.people[alias] = await add_volunteer(work, alias, number=number, **given)

    async def sweep(self, after: timedelta = timedelta(0)) -> int:
        """The worker looks again, after some time; returns how many calls it placed."""
        self.clock.advance(after)
        async with self.database.transaction() as work:
            await escalate(work, self.hotline)
        return await ring_due(self.database, self.carrier, self.web)

    async def calls(self) -> list[UrgentCall]:
        async with self.database.transaction() as work:
            return await work.find(UrgentCall, select(urgent_call).order_by(urgent_call.c.created_at, urgent_call.c.id))

    async def states(self) -> list[str]:
        return [call.state for call in await self.calls()]

    async def verbs(self) -> list[str]:
        async with self.database.transaction() as work:
            rows = await work.execute(select(event.c.verb).where(event.c.verb.like("call.%")).order_by(event.c.id))
            return list(rows.scalars())


@pytest.fixture
async def duty(switchboard: Switchboard, database: Database, hotline: Hotline, clock: ManualClock) -> Duty:
    """Something urgent has come in just now."""
    made = Duty(database, hotline, clock, switchboard.devices, switchboard.web, switchboard.carrier)
    await made.enlist("Bea", BEA, "dispatcher", "backup", languages=("es", "en"))
    await made.enlist("Lea", LEA, "dispatcher", "lead")
    await an_incident(database, hotline.queue, urgent=True)
    return made


async def test_whose_stop_waits_on_the_disk_of_another_machine_is_not_rung_before_it_is_read(duty: Duty) -> None:
    stops = WaitingStops(duty.hotline.redis, duty.database.keys)
    duty.clock.advance(THREE)
    async with duty.database.transaction() as work:
        await escalate(work, duty.hotline)
    await stops.mark([BEA])
    assert await ring_due(duty.database, duty.carrier, duty.web, stops.among) == 0
    assert await duty.states() == ["waiting"]
    await duty.hotline.redis.flushall()
    duty.clock.advance(STOP_LOOKED_FOR_AGAIN)

    assert await ring_due(duty.database, duty.carrier, duty.web, stops.among) == 1


async def test_backup_is_rung_after_three_minutes_in_their_language_and_pressing_one_is_an_act_of_theirs(
    duty: Duty, log_book: LogBook
) -> None:
    await duty.devices(BEA, name="Bea").exists()
    assert await duty.sweep(THREE) == 1
    call = await duty.devices(BEA).answers()
    said = call.hears("Algo urgente espera", "oprima 1")
    assert "Durham" not in said and "migra" not in said.casefold()
    await call.presses("1")
    call.hears("Queda para usted")
    assert call.is_over
    assert (await duty.states(), await duty.verbs()) == (["acknowledged"], ["call.acknowledged"])
    assert await duty.sweep() == 0
    await duty.devices.check(log_book.text.getvalue(), log_book.errors())
    async with duty.database.transaction() as work:  # the text went its own way, and the call is counted in no lane
        assert await work.scalar(select(func.count()).select_from(delivery)) == 1
        row = await work.first(select(event.c.actor_id).where(event.c.verb == "call.acknowledged"))
    assert row is not None and row.actor_id == duty.people["Bea"].id


async def test_who_does_not_press_one_leaves_it_to_the_lead_after_eight_minutes(duty: Duty) -> None:
    await duty.sweep(THREE)
    call = await duty.devices(BEA).answers()
    await call.stays_silent()  # as voicemail does: it has heard it, and hears it once more
    call.hears("Algo urgente espera")
    await call.stays_silent()
    call.hears("abra el tablero cuando pueda")
    assert call.is_over
    await duty.devices.post("settle", {})
    [first] = await duty.calls()
    assert (first.state, first.ended_with) == ("over", "completed")
    assert await duty.sweep(FIVE) == 1
    (await duty.devices(LEA).answers()).hears("Something urgent waits", "press 1")
    assert [call.role for call in await duty.calls()] == ["backup", "lead"]


async def test_who_declines_is_written_down_and_not_rung_again(duty: Duty) -> None:
    await duty.sweep(THREE)
    await duty.devices(BEA).declines()
    await duty.devices.post("settle", {})
    assert [(call.state, call.ended_with) for call in await duty.calls()] == [("over", "busy")]
    assert await duty.verbs() == ["call.unanswered"]
    assert await duty.sweep(timedelta(minutes=1)) == 0


async def test_who_answers_when_somebody_has_it_hears_that(duty: Duty) -> None:
    await duty.sweep(THREE)
    async with duty.database.transaction() as work:
        assert await take_task(work, duty.hotline, duty.people["Lea"])
    call = await duty.devices(BEA).answers()
    call.hears("Alguien ya lo tiene")
    assert call.is_over


async def test_a_phone_stops_ringing_when_somebody_takes_it_and_a_call_that_was_answered_goes_on(duty: Duty) -> None:
    await duty.enlist("Max", MAX, "dispatcher", "backup")
    assert await duty.sweep(THREE) == 2
    call = await duty.devices(BEA).answers()
    async with duty.database.transaction() as work:
        assert await take_task(work, duty.hotline, duty.people["Lea"])
    assert await hush_taken(duty.database, duty.carrier) == 2
    assert await hush_taken(duty.database, duty.carrier) == 0
    await duty.devices.post("settle", {})
    assert sorted((one.state, one.ended_with) for one in await duty.calls()) == [("over", "canceled"), ("placed", None)]
    assert await duty.verbs() == ["call.hushed"]
    await call.presses("1")
    call.hears("Alguien ya lo tiene")


async def test_what_still_waits_rings_on_and_a_company_that_does_not_answer_is_not_asked_twice(duty: Duty) -> None:
    await planned(duty)
    company = Company(["CA1"], stops=[OutcomeUnknown("timeout")])
    assert await rung(duty, company) == 1
    assert await hush_taken(duty.database, company) == 0
    async with duty.database.transaction() as work:
        assert await take_task(work, duty.hotline, duty.people["Lea"])
    assert [await hush_taken(duty.database, company) for _ in range(2)] == [1, 0]
    assert (company.stopped, await duty.states()) == (["CA1"], ["placed"])


async def test_the_kill_switch_holds_calls_back_and_an_old_one_is_not_placed_late(duty: Duty) -> None:
    async with duty.database.transaction() as work:
        await halt(work, "an exercise")
    assert await duty.sweep(THREE) == 0
    async with duty.database.transaction() as work:
        await resume_sending(work, "over")
    assert await duty.sweep(FRESH - timedelta(seconds=1)) >= 1
    async with duty.database.transaction() as work:
        await halt(work, "again")
    await an_incident(duty.database, duty.hotline.queue, urgent=True)
    assert await duty.sweep(THREE) == 0
    async with duty.database.transaction() as work:
        await resume_sending(work, "over")
    duty.clock.advance(FRESH)
    assert await ring_due(duty.database, duty.carrier, duty.web) == 0
    assert "skipped" in await duty.states()


async def test_who_took_it_stopped_it_or_may_no_longer_act_is_not_rung(duty: Duty) -> None:
    async with duty.database.transaction() as work:
        await halt(work, "so that calls wait")
    await duty.sweep(THREE)
    assert await duty.states() == ["waiting"]
    async with duty.database.transaction() as work:
        await suspend(work, duty.people["Bea"], duty.people["Lea"])
        await resume_sending(work, "over")
    assert await duty.sweep() == 0
    assert await duty.states() == ["skipped"]
    await duty.sweep(FIVE)
    await duty.devices(LEA).declines()
    async with duty.database.transaction() as work:
        await erase_number(work, LEA)
    await an_incident(duty.database, duty.hotline.queue, urgent=True)
    assert await duty.sweep(timedelta(minutes=9)) == 0


async def test_at_most_three_phones_ring_at_a_stage(duty: Duty) -> None:
    for number in range(4):
        await duty.enlist(f"More{number}", f"+1919555014{number}", "dispatcher", "backup")
    for device in (BEA, *(f"+1919555014{number}" for number in range(4))):
        await duty.devices(device).exists()
    assert await duty.sweep(THREE) == MOST_RUNG


@dataclass
class Company:
    """A phone company that answers as it is told to: `answers` are the SIDs or errors of its next calls, `logged` what its log has."""

    answers: list[str | Exception]
    logged: list[str] | Exception = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    stops: list[Exception] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)

    async def call(self, to: str, url: str, callback: str, ring_seconds: int) -> str:
        self.asked.append(url)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def calls_to(self, to: str, since: datetime) -> list[str]:
        if isinstance(self.logged, Exception):
            raise self.logged
        return self.logged

    async def stop_ringing(self, call: str) -> None:
        self.stopped.append(call)
        if self.stops:
            raise self.stops.pop(0)


async def rung(duty: Duty, company: Company) -> int:
    return await ring_due(duty.database, company, duty.web)


async def planned(duty: Duty) -> UUID:
    """One call that waits."""
    duty.clock.advance(THREE)
    async with duty.database.transaction() as work:
        await escalate(work, duty.hotline)
    [call] = await duty.calls()
    return call.id


async def test_an_unknown_outcome_is_asked_of_the_log_and_not_repeated_blindly(duty: Duty) -> None:
    await planned(duty)
    company = Company([OutcomeUnknown("timeout"), "CA2"], logged=OutcomeUnknown("away"))
    assert await rung(duty, company) == 1
    for _ in range(3):
        duty.clock.advance(GRACE)
        await settle_calls(duty.database, company)
        assert await rung(duty, company) == 0
    company.logged = ["CA1"]
    await settle_calls(duty.database, company)
    assert [(call.state, call.sid) for call in await duty.calls()] == [("placed", "CA1")]
    assert len(company.asked) == 1


async def test_what_the_log_proves_absent_is_placed_once_more_and_no_more(duty: Duty) -> None:
    await planned(duty)
    company = Company([OutcomeUnknown("timeout"), OutcomeUnknown("timeout")])
    assert await rung(duty, company) == 1
    duty.clock.advance(GRACE)
    await settle_calls(duty.database, company)
    assert await rung(duty, company) == 1
    duty.clock.advance(GRACE)
    await settle_calls(duty.database, company)
    assert await rung(duty, company) == 0
    assert (await duty.states(), await duty.verbs()) == (["failed"], ["call.failed"])


async def test_a_worker_that_died_while_it_called_leaves_a_doubt_and_no_second_call(duty: Duty) -> None:
    call_id = await planned(duty)
    async with duty.database.transaction() as work:
        values = {"state": "calling", "claimed_at": work.now, "tries": 1}
        await work.execute(urgent_call.update().where(urgent_call.c.id == call_id).values(values))
    company = Company([], logged=["CA9"])
    duty.clock.advance(LEASE + GRACE)
    assert await rung(duty, company) == 0
    await settle_calls(duty.database, company)
    assert await duty.states() == ["placed"]


async def test_a_busy_company_is_tried_again_and_one_that_refuses_is_not(duty: Duty) -> None:
    await planned(duty)
    company = Company([Refused(20429, 429, retry_after=2.0), Refused(21217, 400)])
    assert await rung(duty, company) == 1
    assert await rung(duty, company) == 0
    duty.clock.advance(timedelta(seconds=2))
    assert await rung(duty, company) == 1
    assert [(call.state, call.ended_with, call.tries) for call in await duty.calls()] == [("failed", "refused 21217", 1)]


async def test_the_routes_of_such_calls_are_closed_to_strangers(duty: Duty) -> None:
    async with httpx2.AsyncClient(trust_env=False) as stranger:
        for route in ("begin", "key", "over"):
            answer = await stranger.post(f"{duty.web}/twilio/calls/urgent/{route}?c={UUID(int=1)}", data={"CallSid": "CA1"})
            assert answer.status_code == 403
