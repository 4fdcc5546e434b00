"""A person moves an incident to another county while neighbours still report it."""

from __future__ import annotations

import asyncio

from sqlalchemy import select, text

from app.core.database import Database
from app.incidents.join import get_incident, lock_counties, set_county
from app.pipeline import Hotline, receive_text
from app.records.incidents import incident
from app.telephony.forms import TextForm, read_form
from app.volunteers.tables import Volunteer

WAKE = "37183"
SEEN = "La migra esta afuera de la Walmart de la Roxboro en Durham, traen chalecos"


async def texted(database: Database, hotline: Hotline, number: str, sid: str) -> None:
    form = read_form(TextForm, {"MessageSid": sid, "From": number, "To": "+19195550100", "Body": SEEN})
    async with database.transaction() as work:
        await receive_text(work, hotline, form)


async def test_a_report_never_joins_an_incident_that_was_moved_to_another_county(database: Database, hotline: Hotline) -> None:
    await texted(database, hotline, "+19195550121", f"SM{1:032d}")
    async with database.transaction() as work:
        ana = Volunteer(id=work.new_id(), alias="Ana", roles=["dispatcher"], created_at=work.now)
        await work.add(ana)
        code = str(await work.scalar(select(incident.c.code)))
    async with database.transaction() as work:
        await lock_counties(work, (await get_incident(work, code)).county, WAKE)
        about = await get_incident(work, code, lock=True)
        reporting = asyncio.create_task(texted(database, hotline, "+19195550122", f"SM{2:032d}"))
        await asyncio.wait([reporting], timeout=0.5)
        assert not reporting.done()
        await set_county(work, about, WAKE, ana.id)
    await reporting

    async with database.transaction() as work:
        strangers = "SELECT count(*) FROM report r JOIN incident i ON i.id = r.incident_id WHERE r.county <> i.county AND i.code <> :code"
        assert await work.scalar(text(strangers).bindparams(code=code)) == 0
        assert await work.scalar(text("SELECT reports FROM incident WHERE code = :code").bindparams(code=code)) == 1
