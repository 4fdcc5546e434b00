"""What is old enough goes, here and at Twilio, and what is not stays."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, text

from app.core.clock import ManualClock
from app.core.database import Database
from app.pipeline import Hotline, receive_text
from app.privacy.purge import FORGET_TEXTS_AT_TWILIO, KEPT_FOR, purge_old
from app.records.inbound import inbound_message
from app.records.incidents import incident, report
from app.telephony.forms import TextForm, read_form

SEEN = "La migra esta afuera de la Walmart de la Roxboro en Durham, traen chalecos"


async def texted(database: Database, hotline: Hotline, sid: str) -> None:
    form = read_form(TextForm, {"MessageSid": sid, "From": "+19195550123", "To": "+19195550100", "Body": SEEN})
    async with database.transaction() as work:
        await receive_text(work, hotline, form)


async def test_words_go_after_a_month_and_the_incident_stays(database: Database, hotline: Hotline, clock: ManualClock) -> None:
    await texted(database, hotline, f"SM{1:032d}")
    clock.advance(KEPT_FOR - timedelta(hours=1))
    await texted(database, hotline, f"SM{2:032d}")
    assert await database.run(purge_old) == 0

    clock.advance(timedelta(hours=2))
    assert await database.run(purge_old) == 2

    async with database.transaction() as work:
        assert list((await work.execute(select(inbound_message.c.sid))).scalars()) == [f"SM{2:032d}"]
        assert await work.scalar(select(func.count()).where(report.c.text_sealed.is_(None))) == 1
        assert await work.scalar(select(func.count()).select_from(incident)) == 2
    assert await database.run(purge_old) == 0


async def test_twilio_is_asked_to_forget_what_was_purged(database: Database, hotline: Hotline, clock: ManualClock) -> None:
    await texted(database, hotline, f"SM{1:032d}")
    clock.advance(KEPT_FOR + timedelta(hours=1))
    await database.run(purge_old)

    async with database.transaction() as work:
        asked = text("SELECT args ->> 'sids' FROM procrastinate_jobs WHERE task_name = :job").bindparams(
            job=FORGET_TEXTS_AT_TWILIO
        )
        assert (await work.execute(asked)).scalars().all() == [f"SM{1:032d}"]
