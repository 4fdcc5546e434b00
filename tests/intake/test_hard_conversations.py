"""Conversations in which something could get lost: two places, a decided event, a stop in the middle, a late or repeated webhook."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from app.core.clock import ManualClock
from app.core.database import Database, Transaction
from app.pipeline import Hotline, receive_text, recover_text
from app.records.contacts import contact
from app.records.incidents import Incident, Report, incident, report
from app.records.phone_book import contact_for
from app.records.states import IncidentState
from app.records.verification import Observation, Outcome, observation, task
from app.subscribers.tables import subscription
from app.verification.decisions import decide
from app.verification.offers import make_offer
from app.verification.tasks import finish_task
from app.volunteers.tables import Volunteer
from tests.intake.test_receive_text import KEN, ROSA, a_text, send


async def incidents(database: Database) -> list[Incident]:
    async with database.transaction() as work:
        return await work.find(Incident, select(incident).order_by(incident.c.first_report_at, incident.c.id))


async def a_dispatcher(work: Transaction) -> UUID:
    person = Volunteer(id=work.new_id(), alias=f"D{work.new_id().hex[-6:]}", roles=["dispatcher"], created_at=work.now)
    await work.add(person)
    return person.id


async def decided(database: Database, hotline: Hotline, outcome: Outcome) -> None:
    async with database.transaction() as work:
        [about] = await work.find(Incident, select(incident))
        await decide(work, about, outcome, await a_dispatcher(work))
        await finish_task(work, hotline.queue, about.id)


async def test_a_second_report_from_another_county_within_a_minute_is_not_swallowed(
    database: Database, hotline: Hotline, clock: ManualClock
) -> None:
    await send(database, hotline, a_text("ICE agents are taking people in Durham", KEN))
    clock.advance(timedelta(seconds=50))
    reply = await send(database, hotline, a_text("ICE agents at the Walmart in Charlotte too", KEN))

    assert {i.county for i in await incidents(database)} == {"37063", "37119"}
    assert reply is not None and "Mecklenburg" in reply


async def test_a_sighting_after_nothing_was_found_is_looked_into_again(
    database: Database, hotline: Hotline, clock: ManualClock
) -> None:
    await send(database, hotline, a_text("ICE agents outside the Food Lion in Durham"))
    await decided(database, hotline, Outcome.NOTHING)
    clock.advance(timedelta(minutes=10))
    await send(database, hotline, a_text("ICE agents just came to the Food Lion in Durham, taking a man now", KEN))

    [_, again] = await incidents(database)
    assert again.state == IncidentState.OPEN
    async with database.transaction() as work:
        assert await work.scalar(select(task.c.state).where(task.c.incident_id == again.id)) == "waiting"


async def test_a_new_report_is_no_answer_to_a_question_of_an_hour_ago(
    database: Database, hotline: Hotline, clock: ManualClock
) -> None:
    await send(database, hotline, a_text("hay agentes de ICE afuera de mi trabajo"))
    clock.advance(timedelta(minutes=80))
    await send(database, hotline, a_text("la migra se esta llevando gente en la Walmart de la Roxboro en Durham"))

    async with database.transaction() as work:
        assert len(await work.find(Report, select(report))) == 2


async def test_a_late_answer_of_the_place_does_not_undo_what_people_did(database: Database, hotline: Hotline) -> None:
    await send(database, hotline, a_text("la migra esta aqui se estan llevando a mi hermano ayuda"))
    await send(database, hotline, a_text("ICE agents outside the Food Lion in Durham right now", KEN))
    [first, _] = await incidents(database)
    async with database.transaction() as work:
        await work.add(
            Observation(
                id=work.new_id(),
                incident_id=first.id,
                volunteer_id=await a_dispatcher(work),
                outcome="confirm",
                observed_at=work.now,
            )
        )
    await send(database, hotline, a_text("Durham, en la Food Lion"))

    [first, second] = await incidents(database)
    assert (first.state, first.reports, first.county) == ("open", 1, "37063")
    assert second.reports == 1
    async with database.transaction() as work:
        assert await work.scalar(select(observation.c.incident_id)) == first.id


async def test_after_a_stop_no_fragment_is_answered(database: Database, hotline: Hotline, clock: ManualClock) -> None:
    await send(database, hotline, a_text("dejen de mandarme mensajes"))
    clock.advance(timedelta(minutes=1))
    assert await send(database, hotline, a_text("hay agentes de ICE afuera de mi trabajo")) is None
    clock.advance(timedelta(seconds=20))
    assert await send(database, hotline, a_text("es la migra en el Food Lion de Durham")) is None

    [found] = await incidents(database)
    assert found.county == "37063"


async def test_a_replay_after_a_stop_is_told_nothing(database: Database, hotline: Hotline, clock: ManualClock) -> None:
    first = a_text("JUNTAR Durham")
    assert await send(database, hotline, first) is not None
    clock.advance(timedelta(minutes=1))
    await send(database, hotline, a_text("ya no me manden mensajes"))

    assert await send(database, hotline, first) is None


async def test_a_recovered_sign_up_does_not_lift_a_later_stop(database: Database, hotline: Hotline, clock: ManualClock) -> None:
    wrote_at = clock()
    clock.advance(timedelta(seconds=20))
    await send(database, hotline, a_text("ALTO"))
    clock.advance(timedelta(minutes=1))
    async with database.transaction() as work:
        assert await recover_text(work, hotline, a_text("JUNTAR Durham"), wrote_at)

    async with database.transaction() as work:
        assert await work.scalar(select(contact.c.stopped_at)) is not None
        assert await work.first(select(subscription.c.id)) is None


async def test_a_recovered_text_is_answered_by_the_outbox_and_its_late_webhook_is_told_nothing(
    database: Database, hotline: Hotline, clock: ManualClock
) -> None:
    form = a_text("ICE agents outside the Food Lion in Durham right now", KEN)
    async with database.transaction() as work:
        assert await recover_text(work, hotline, form, clock())
    async with database.transaction() as work:
        assert not await recover_text(work, hotline, form, clock())

    assert await send(database, hotline, form) is None
    assert len(await incidents(database)) == 1


async def test_a_replayed_deletion_does_not_bring_the_number_back(database: Database, hotline: Hotline) -> None:
    form = a_text("BORRAR")
    await send(database, hotline, a_text("hola"))
    await send(database, hotline, form)
    await send(database, hotline, form)

    async with database.transaction() as work:
        assert await work.scalar(select(contact.c.number_sealed)) is None
        assert await work.scalar(select(contact.c.language)) is None


@pytest.mark.parametrize("aside", ["DERECHOS", "AYUDA", "ENGLISH"])
async def test_the_question_stays_open_when_something_else_is_asked(database: Database, hotline: Hotline, aside: str) -> None:
    await send(database, hotline, a_text("hay agentes de ICE afuera de mi trabajo"))
    await send(database, hotline, a_text(aside))
    await send(database, hotline, a_text("Durham"))

    async with database.transaction() as work:
        assert (await work.execute(select(report.c.county))).scalars().all() == ["37063"]


@pytest.mark.parametrize("form", [{"NumMedia": "1"}, {"NumMedia": "0", "Latitude": "35.994", "Longitude": "-78.8986"}])
async def test_a_photo_or_a_pin_without_words_is_a_report(database: Database, hotline: Hotline, form: dict[str, str]) -> None:
    await send(database, hotline, a_text("", **form))

    async with database.transaction() as work:
        [told] = await work.find(Report, select(report))
    assert told.kind == "report"
    assert told.county == ("37063" if "Latitude" in form else None)


async def test_a_verifier_who_sees_something_else_reports_it(database: Database, hotline: Hotline) -> None:
    await send(database, hotline, a_text("ICE agents outside the Food Lion in Durham right now", KEN))
    async with database.transaction() as work:
        [about] = await work.find(Incident, select(incident))
        luz = Volunteer(
            id=work.new_id(),
            alias="Luz",
            roles=["verifier"],
            trained=True,
            contact_id=await contact_for(work, ROSA),
            created_at=work.now,
        )
        await work.add(luz)
        await make_offer(work, about, luz, await a_dispatcher(work))
    await send(database, hotline, a_text("Y"))
    await send(database, hotline, a_text("On my way but ICE agents are taking a man at the Walmart in Raleigh"))

    assert {i.county for i in await incidents(database)} == {"37063", "37183"}


async def test_whoever_was_marked_unreachable_can_sign_up_again(
    database: Database, hotline: Hotline, clock: ManualClock
) -> None:
    await send(database, hotline, a_text("JOIN Durham", KEN))
    async with database.transaction() as work:
        await work.execute(contact.update().values(unreachable_at=clock(), stopped_at=clock()))
    reply = await send(database, hotline, a_text("JOIN durham county", KEN))

    assert reply is not None
    async with database.transaction() as work:
        row = (await work.execute(select(contact.c.stopped_at, contact.c.unreachable_at))).one()
    assert tuple(row) == (None, None)


async def test_copies_of_a_text_still_wait_for_each_other(database: Database, hotline: Hotline) -> None:
    async with database.transaction() as work:
        first = await receive_text(work, hotline, a_text("hola"))
    assert await send(database, hotline, a_text("hola")) == first
