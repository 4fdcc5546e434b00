"""What is old enough goes, here and at Twilio, and what is not stays."""

from __future__ import annotations

from datetime import timedelta

from redis.asyncio import Redis
from sqlalchemy import func, select, text

from app.core.clock import ManualClock
from app.core.database import Database, Transaction
from app.delivery.pacing import Pacer
from app.delivery.plan import Message, plan_to
from app.delivery.sender import Sender
from app.pipeline import Hotline, receive_text
from app.privacy.purge import FORGET_TEXTS_AT_TWILIO, KEPT_FOR, purge_old, purge_sent
from app.records.deliveries import Lane, delivery, outgoing_text
from app.records.inbound import inbound_message
from app.records.incidents import incident, report
from app.records.phone_book import contact_for
from app.records.states import DeliveryState
from app.telephony.forms import TextForm, read_form
from tests.delivery.outgoing import PhoneCompany

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


async def test_the_words_of_what_we_sent_go_too_and_the_counts_stay(
    database: Database, redis: Redis, clock: ManualClock
) -> None:
    sender = Sender(database, PhoneCompany(clock), Pacer(redis, "test", None), "http://localhost/s")
    async with database.transaction() as work:
        who = await contact_for(work, "+19195550123")
        await plan_to(work, Message(Lane.REPLY, "outcome", {"en": "It was the police, in Durham"}), [who])
    await sender.send_some()
    clock.advance(KEPT_FOR - timedelta(hours=1))
    assert await database.run(purge_sent) == 0

    clock.advance(timedelta(hours=2))
    assert await database.run(purge_sent) == 1

    async with database.transaction() as work:
        assert await work.scalar(select(func.count()).where(outgoing_text.c.body_sealed.is_not(None))) == 0
        assert await work.scalar(select(delivery.c.sid)) is None
        assert await work.scalar(select(delivery.c.state)) == DeliveryState.SENT.value
        assert len(await _asked_of_twilio(work)) == 1
    assert await database.run(purge_sent) == 0


async def test_twilio_is_asked_to_forget_what_was_purged(database: Database, hotline: Hotline, clock: ManualClock) -> None:
    await texted(database, hotline, f"SM{1:032d}")
    clock.advance(KEPT_FOR + timedelta(hours=1))
    await database.run(purge_old)

    async with database.transaction() as work:
        assert await _asked_of_twilio(work) == [f"SM{1:032d}"]


async def _asked_of_twilio(work: Transaction) -> list[str]:
    asked = text("SELECT args ->> 'sids' FROM procrastinate_jobs WHERE task_name = :job").bindparams(job=FORGET_TEXTS_AT_TWILIO)
    return list((await work.execute(asked)).scalars())
