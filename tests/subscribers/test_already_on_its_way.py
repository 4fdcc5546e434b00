"""A wish reaches also what is being sent just then, should it come back to be sent again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from app.core.clock import ManualClock
from app.core.database import Database
from app.delivery.outbox import claim
from app.pipeline import Hotline, recover_text
from app.records.deliveries import delivery
from app.subscribers.consent import revoke_all
from app.telephony.forms import TextForm, read_form
from tests.subscribers.phones import DURHAM, LINE, Phone, fates, tell


@pytest.mark.parametrize(("wish", "reason"), [("PAUSE", "paused"), ("revoke all", "withdrawn"), ("STOP", "stopped")])
async def test_what_is_being_sent_and_comes_back_does_not_go_again(
    database: Database, hotline: Hotline, wish: str, reason: str
) -> None:
    phone = Phone(database, hotline)
    await phone.texts("JOIN Durham")
    planned = await tell(database, DURHAM)
    async with database.transaction() as work:
        assert len(await claim(work, 10)) == 1
    if wish == "revoke all":
        async with database.transaction() as work:
            await revoke_all(work, "a drill")
    else:
        await phone.texts(wish)
    async with database.transaction() as work:  # as after a 429, or when Twilio's log proves that it was never taken
        await work.execute(
            update(delivery).where(delivery.c.message_id == planned.id).values(state="pending", lease_until=None)
        )

    async with database.transaction() as work:
        assert await claim(work, 10) == []
    assert await fates(database, planned) == [("skipped", reason)]


async def test_a_start_that_comes_late_is_overtaken_by_the_stop_after_it(
    database: Database, hotline: Hotline, clock: ManualClock
) -> None:
    phone = Phone(database, hotline)
    await phone.texts("JOIN Durham")
    began = clock()
    clock.advance(timedelta(minutes=5))
    await phone.texts("STOP")
    fields = {"MessageSid": f"SM{7:032d}", "From": phone.number, "To": LINE, "Body": "VUELVO", "OptOutType": "START"}
    late = read_form(TextForm, fields)
    async with database.transaction() as work:
        await recover_text(work, hotline, late, began)

    assert (await tell(database, DURHAM)).recipients == 0
