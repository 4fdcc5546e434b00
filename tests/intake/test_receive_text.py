"""A text arrives: kept once, read, answered, and what must follow has followed when the answer leaves."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import Table, func, select

from app.core.clock import ManualClock
from app.core.database import Database
from app.pipeline import Hotline, open_silent_reports, receive_text
from app.records.contacts import contact
from app.records.inbound import inbound_message
from app.records.incidents import Incident, incident, report
from app.records.verification import task
from app.subscribers.tables import ConsentKind, consent_event, subscription
from app.telephony.forms import TextForm, read_form

ROSA, KEN, LINE = "+19195550110", "+19195550111", "+19195550100"


def a_text(body: str, sender: str = ROSA, sid: str | None = None, **more: str) -> TextForm:
    sid = sid or f"SM{abs(hash((body, sender))):032d}"[:34]
    return read_form(TextForm, {"MessageSid": sid, "From": sender, "To": LINE, "Body": body, **more})


async def send(database: Database, hotline: Hotline, form: TextForm) -> str | None:
    async with database.transaction() as work:
        return await receive_text(work, hotline, form)


async def count(database: Database, table: Table) -> int:
    async with database.transaction() as work:
        return int(await work.scalar(select(func.count()).select_from(table)))


async def test_a_report_with_its_place_becomes_an_incident_with_a_task(database: Database, hotline: Hotline) -> None:
    reply = await send(database, hotline, a_text("La migra esta afuera de la Walmart en Durham, traen chalecos"))

    assert reply is not None and "condado de Durham" in reply
    async with database.transaction() as work:
        [found] = await work.find(Incident, select(incident))
        assert (found.county, found.reports, found.state) == ("37063", 1, "open")
        assert await work.scalar(select(task.c.incident_id)) == found.id


async def test_a_hundred_copies_at_once_are_one_record_with_one_answer(database: Database, hotline: Hotline) -> None:
    form = a_text("ICE agents are outside the Food Lion in Durham right now", KEN)

    replies = await asyncio.gather(*(send(database, hotline, form) for _ in range(100)))

    assert len(set(replies)) == 1
    assert await count(database, inbound_message) == 1
    assert await count(database, report) == 1


async def test_who_does_not_say_where_is_asked_once_and_the_answer_completes_the_report(
    database: Database, hotline: Hotline
) -> None:
    asked = await send(database, hotline, a_text("hay agentes de ICE afuera de mi trabajo"))
    thanked = await send(database, hotline, a_text("Durham"))

    assert asked is not None and "ciudad" in asked
    assert thanked is not None and "condado de Durham" in thanked
    async with database.transaction() as work:
        assert await work.scalar(select(report.c.county)) == "37063"
    assert await count(database, report) == 1
    assert await count(database, incident) == 1


async def test_a_sender_who_goes_silent_is_read_all_the_same(database: Database, hotline: Hotline, clock: ManualClock) -> None:
    await send(database, hotline, a_text("vi unas camionetas raras con agentes de migracion"))
    clock.advance(timedelta(minutes=4))
    async with database.transaction() as work:
        opened = await open_silent_reports(work, hotline)

    assert opened in {0, 1}  # an urgent one is with the volunteers already
    assert await count(database, incident) == 1


async def test_three_neighbours_in_two_languages_make_one_incident(database: Database, hotline: Hotline) -> None:
    await send(
        database, hotline, a_text("Hay camionetas de la migra afuera de la Walmart de la Roxboro en Durham, traen chalecos")
    )
    await send(database, hotline, a_text("ICE agents in vests outside the Walmart on Roxboro Rd in Durham right now", KEN))
    await send(database, hotline, a_text("se estan llevando gente de la walmart de la roxboro en durham", "+19195550112"))

    async with database.transaction() as work:
        [found] = await work.find(Incident, select(incident))
    assert (found.reports, found.urgent) == (3, True)


async def test_ice_on_the_road_is_no_report(database: Database, hotline: Hotline) -> None:
    reply = await send(
        database, hotline, a_text("careful everyone, black ice on the road by the bridge in Durham this morning", KEN)
    )

    assert reply is not None and "immigration enforcement" in reply
    assert await count(database, report) == 0


async def test_join_and_a_county_subscribe_with_proof_and_a_confirmation(database: Database, hotline: Hotline) -> None:
    reply = await send(database, hotline, a_text("JUNTAR Durham"))

    assert reply is not None and "condado de Durham" in reply and "ALTO" in reply
    async with database.transaction() as work:
        assert await work.scalar(select(subscription.c.county)) == "37063"
        assert await work.scalar(select(consent_event.c.kind)) == ConsentKind.OPT_IN


async def test_join_with_a_zip_code_or_a_later_answer_subscribes(database: Database, hotline: Hotline) -> None:
    await send(database, hotline, a_text("JOIN 27701", KEN))
    asked = await send(database, hotline, a_text("JOIN"))
    joined = await send(database, hotline, a_text("27601"))

    assert asked is not None and "which county" in asked
    assert joined is not None and "Wake County" in joined
    assert await count(database, subscription) == 2


async def test_stop_means_now_and_reporting_never_resubscribes(database: Database, hotline: Hotline) -> None:
    await send(database, hotline, a_text("JUNTAR Durham"))
    stopped = await send(database, hotline, a_text("ya no me manden mensajes"))
    reported = await send(database, hotline, a_text("la migra esta en el Food Lion de Durham"))

    assert stopped is not None and "ya no le mandaremos" in stopped
    assert reported is None
    async with database.transaction() as work:
        assert await work.scalar(select(contact.c.stopped_at)) is not None
        assert await work.scalar(select(subscription.c.ended_at)) is not None
    assert await count(database, incident) == 1


async def test_where_twilio_confirms_a_stop_we_do_not(database: Database, hotline: Hotline) -> None:
    assert await send(database, hotline, a_text(" Stop ", KEN)) is None


async def test_start_brings_back_what_stop_ended(database: Database, hotline: Hotline) -> None:
    await send(database, hotline, a_text("JOIN Durham", KEN))
    await send(database, hotline, a_text("STOP", KEN))
    reply = await send(database, hotline, a_text("START", KEN))

    assert reply is not None and "Durham County" in reply
    async with database.transaction() as work:
        assert await work.scalar(select(subscription.c.ended_at)) is None


async def test_cars_being_stopped_is_a_report_and_no_opt_out(database: Database, hotline: Hotline) -> None:
    await send(database, hotline, a_text("están parando carros en la 70 en Durham, es la migra"))

    assert await count(database, report) == 1
    async with database.transaction() as work:
        assert await work.scalar(select(contact.c.stopped_at)) is None


async def test_rights_are_answered_in_both_languages_and_marked_unreviewed(database: Database, hotline: Hotline) -> None:
    english = await send(database, hotline, a_text("RIGHTS DOOR", KEN))
    spanish = await send(database, hotline, a_text("DERECHOS PUERTA"))

    assert english is not None and "signed by a judge" in english and "not yet reviewed" in english
    assert spanish is not None and "juez" in spanish and "sin revision" in spanish.replace("ó", "o")


async def test_whoever_asks_to_be_forgotten_is(database: Database, hotline: Hotline) -> None:
    await send(database, hotline, a_text("la migra esta en el Food Lion de Durham"))
    reply = await send(database, hotline, a_text("BORRAR"))

    assert reply is not None and "borramos" in reply
    async with database.transaction() as work:
        row = (await work.execute(select(contact))).one()
        assert row.number_sealed is None and row.stopped_at is not None
        assert set((await work.execute(select(inbound_message.c.body_sealed))).scalars()) == {None}
        assert await work.scalar(select(report.c.text_sealed)) is None
