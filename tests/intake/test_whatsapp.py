"""WhatsApp is a way in: the same person, the same conversation and the same STOP as by SMS, and no profile is read."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from sqlalchemy import Table, func, select, text

from app.core.database import Database
from app.pipeline import Hotline, receive_text
from app.records.contacts import Contact, contact, conversation
from app.records.incidents import Report, report
from app.subscribers.tables import subscription
from app.telephony.forms import TextForm, read_form

NUMBER, LINE = "+19195550110", "+19195550100"
SIDS = count(1)


async def says(database: Database, hotline: Hotline, body: str = "", *, whatsapp: bool = True, **more: str) -> str | None:
    way = "whatsapp:" if whatsapp else ""
    fields = {"MessageSid": f"SM{next(SIDS):032d}", "From": f"{way}{NUMBER}", "To": f"{way}{LINE}", "Body": body}
    if whatsapp:
        fields |= {"ProfileName": "Rosa Profile", "WaId": NUMBER[1:]}
    async with database.transaction() as work:
        return await receive_text(work, hotline, read_form(TextForm, fields | more))


async def rows(database: Database, table: Table) -> int:
    async with database.transaction() as work:
        return int(await work.scalar(select(func.count()).select_from(table)))


async def only(database: Database, model: type[Any], table: Table) -> Any:
    async with database.transaction() as work:
        [found] = await work.find(model, select(table))
        return found


async def test_a_question_asked_by_sms_may_be_answered_by_whatsapp(database: Database, hotline: Hotline) -> None:
    asked = await says(database, hotline, "hay agentes de ICE afuera de mi trabajo", whatsapp=False)
    thanked = await says(database, hotline, "Durham")

    assert "ciudad" in (asked or "") and "condado de Durham" in (thanked or "")
    assert (await rows(database, contact), await rows(database, conversation), await rows(database, report)) == (1, 1, 1)


@pytest.mark.parametrize("whatsapp", [True, False])
async def test_stop_on_either_way_stops_both_and_is_confirmed_once(
    database: Database, hotline: Hotline, whatsapp: bool
) -> None:
    await says(database, hotline, "JOIN Durham", whatsapp=not whatsapp)
    confirmed = await says(database, hotline, "STOP", whatsapp=whatsapp)

    assert (confirmed is not None) == whatsapp  # by SMS Twilio says it itself
    assert (await only(database, Contact, contact)).stopped_at is not None
    async with database.transaction() as work:
        assert await work.scalar(select(func.count()).where(subscription.c.ended_at.is_(None))) == 0


async def test_where_twilio_says_that_it_answered_a_stop_nothing_is_added(database: Database, hotline: Hotline) -> None:
    assert await says(database, hotline, "STOP", OptOutType="STOP") is None


async def test_a_pin_is_a_place(database: Database, hotline: Hotline) -> None:
    reply = await says(
        database,
        hotline,
        Latitude="36.0352",
        Longitude="-78.8989",
        Label="Walmart Supercenter",
        Address="1525 Glenn School Rd, Durham",
    )

    told: Report = await only(database, Report, report)
    assert "Durham County" in (reply or "")
    assert (told.county, told.channel, told.latitude, told.longitude) == ("37063", "whatsapp", 36.0352, -78.8989)
    assert "Walmart" in (told.place or "")


async def test_a_pin_alone_answers_where_it_is(database: Database, hotline: Hotline) -> None:
    await says(database, hotline, "ICE agents are outside my work right now")
    thanked = await says(database, hotline, Latitude="35.2271", Longitude="-80.8431")

    assert "Mecklenburg County" in (thanked or "")
    assert await rows(database, report) == 1


async def test_the_last_way_they_wrote_is_remembered_and_forgotten_with_them(database: Database, hotline: Hotline) -> None:
    await says(database, hotline, "hola")
    assert (await only(database, Contact, contact)).whatsapp_at is not None
    await says(database, hotline, "hola", whatsapp=False)
    assert (await only(database, Contact, contact)).whatsapp_at is None
    await says(database, hotline, "BORRAR")
    assert (await only(database, Contact, contact)).whatsapp_at is None


async def test_the_name_of_a_profile_stands_nowhere(database: Database, hotline: Hotline) -> None:
    await says(database, hotline, "ICE agents in vests outside the Walmart in Durham")

    async with database.transaction() as work:
        tables = await work.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        for table in tables.scalars().all():
            found = await work.execute(text(f"SELECT count(*) FROM {table} t WHERE t::text ILIKE '%Rosa Profile%'"))  # noqa: S608  # our own tables
            assert found.scalar_one() == 0
