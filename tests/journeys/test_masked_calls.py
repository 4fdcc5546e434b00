"""A dispatcher speaks with the person behind a report: over real HTTP, with the client that the worker has, against the simulator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from app.core.clock import ManualClock
from app.core.database import Database
from app.core.errors import Conflict, NotAllowed
from app.delivery.switch import halt, resume_sending
from app.pipeline import Hotline
from app.pipeline_masked_calls import place_masked_calls
from app.records.events import event
from app.records.incidents import Incident, incident, report
from app.records.masked import MaskedCall, masked_call
from app.telephony.rest import OutcomeUnknown, TwilioRest
from app.verification.contact import find_whom
from app.verification.masked_calls import FRESH, ask_for_call
from app.volunteers.roster import add_volunteer
from app.volunteers.tables import Volunteer
from tests.conftest import LogBook
from tests.devices import Devices
from tests.journeys.conftest import Switchboard
from tests.verification.field import ROSA, Field, open_field

BEA = "+19195550131"


@dataclass
class Talking:
    """Rosa reported, Bea leads and has a phone. `carrier` is what the worker calls with."""

    field: Field
    bea: Volunteer
    devices: Devices
    web: str
    carrier: TwilioRest

    @property
    def database(self) -> Database:
        return self.field.database

    async def asks(self, by: Volunteer | None = None) -> None:
        """Somebody presses the button."""
        async with self.database.transaction() as work:
            about = await work.get(Incident, incident.c.id == self.field.about.id)
            which = await work.scalar(select(report.c.id))
            assert about is not None
            await ask_for_call(work, about, await find_whom(work, about, which), by or self.bea)

    async def places(self) -> int:
        """The worker looks."""
        return await place_masked_calls(self.database, self.carrier, self.web)

    async def calls(self) -> list[MaskedCall]:
        async with self.database.transaction() as work:
            return await work.find(MaskedCall, select(masked_call).order_by(masked_call.c.asked_at))

    async def verbs(self) -> list[str]:
        async with self.database.transaction() as work:
            rows = await work.execute(select(event.c.verb).where(event.c.verb.like("contact.%")).order_by(event.c.id))
            return list(rows.scalars())


@pytest.fixture
async def talking(switchboard: Switchboard, database: Database, hotline: Hotline, clock: ManualClock) -> Talking:
    """Rosa's report is in hand, and both phones lie on the table."""
    field = await open_field(database, hotline, clock)
    async with database.transaction() as work:
        given: dict[str, Any] = {"languages": ["en"], "counties": [], "trained": False, "number": BEA}
        bea = await add_volunteer(work, "Bea", roles=["dispatcher", "lead"], **given)
    for number in (BEA, ROSA):
        await switchboard.devices(number).exists()
    return Talking(field, bea, switchboard.devices, switchboard.web, switchboard.carrier)


async def test_their_own_phone_rings_first_and_with_one_the_others_and_neither_sees_a_number(
    talking: Talking, log_book: LogBook
) -> None:
    await talking.asks()
    assert await talking.places() == 1
    mine = await talking.devices(BEA).answers()
    said = mine.hears("You asked to speak with somebody", "press 1")
    assert "Durham" not in said
    await mine.presses("1")
    theirs = await talking.devices(ROSA).answers()
    heard = theirs.hears("un voluntario llama", "No tiene que decir su nombre")
    await theirs.hangs_up()
    await talking.devices.post("settle", {})

    assert ROSA not in said + heard and BEA not in heard
    [call] = await talking.calls()
    assert (call.state, call.ended_with) == ("over", "completed")
    assert await talking.verbs() == ["contact.called", "contact.joined"]
    assert await talking.places() == 0
    for number in (ROSA, BEA):
        assert number not in log_book.text.getvalue() and number[2:] not in log_book.text.getvalue()


async def test_without_the_key_nobody_else_is_rung(talking: Talking) -> None:
    await talking.asks()
    await talking.places()
    mine = await talking.devices(BEA).answers()
    await mine.stays_silent()
    assert mine.is_over
    await talking.devices.post("settle", {})

    assert [call.state for call in await talking.calls()] == ["over"]
    assert await talking.verbs() == ["contact.called"]


async def test_who_does_not_answer_can_be_written_to(talking: Talking) -> None:
    await talking.asks()
    await talking.places()
    mine = await talking.devices(BEA).answers()
    await mine.presses("1")
    await talking.devices(ROSA).declines()
    await talking.devices.post("settle", {})

    assert [(call.state, call.ended_with) for call in await talking.calls()] == [("over", "busy")]


async def test_who_said_stop_while_the_phone_rang_is_not_called(talking: Talking) -> None:
    await talking.asks()
    await talking.places()
    mine = await talking.devices(BEA).answers()
    talking.field.phones["Rosa"] = ROSA
    await talking.field.text("Rosa", "STOP")
    await mine.presses("1")

    mine.hears("not possible now")
    assert await talking.verbs() == ["contact.called"]


async def test_the_kill_switch_keeps_both_phones_silent(talking: Talking) -> None:
    await talking.asks()
    async with talking.database.transaction() as work:
        await halt(work, "an exercise")
    assert await talking.places() == 0
    with pytest.raises(Conflict, match="stopped"):
        await talking.asks()
    talking.field.clock.advance(FRESH)
    async with talking.database.transaction() as work:
        await resume_sending(work, "over")
    assert await talking.places() == 0
    assert [call.state for call in await talking.calls()] == ["failed"]


async def test_the_button_pressed_twice_rings_once_and_strangers_to_the_incident_may_not(talking: Talking) -> None:
    await talking.asks()
    with pytest.raises(Conflict, match="already"):
        await talking.asks()
    async with talking.database.transaction() as work:
        given: dict[str, Any] = {"languages": ["en"], "counties": [], "trained": False, "number": "+19195550139"}
        other = await add_volunteer(work, "Otto", roles=["dispatcher"], **given)
    with pytest.raises(NotAllowed):
        await talking.asks(other)
    async with talking.database.transaction() as work:
        phoneless = await add_volunteer(work, "Lia", roles=["dispatcher", "lead"], **(given | {"number": None}))
    with pytest.raises(Conflict, match="does not know your phone"):
        await talking.asks(phoneless)


class Away:
    """A phone company that can't be reached."""

    asked = 0

    async def call(self, to: str, url: str, callback: str, ring_seconds: int) -> str:
        self.asked += 1
        raise OutcomeUnknown("timeout")

    async def calls_to(self, to: str, since: Any) -> list[str]:
        return []

    async def stop_ringing(self, call: str) -> None:
        raise OutcomeUnknown("timeout")


async def test_a_call_whose_outcome_nobody_knows_is_not_placed_again(talking: Talking) -> None:
    await talking.asks()
    company = Away()
    assert await place_masked_calls(talking.database, company, talking.web) == 1
    talking.field.clock.advance(timedelta(seconds=30))
    assert await place_masked_calls(talking.database, company, talking.web) == 0

    assert company.asked == 1
    assert [call.state for call in await talking.calls()] == ["failed"]


async def test_the_routes_of_such_calls_are_closed_to_strangers(talking: Talking) -> None:
    async with httpx2.AsyncClient(trust_env=False) as stranger:
        for route in ("begin", "key", "whisper", "after", "over"):
            answer = await stranger.post(f"{talking.web}/twilio/calls/masked/{route}?c={UUID(int=1)}", data={"CallSid": "CA1"})
            assert answer.status_code == 403
