"""Doubt: workers that were away, answers that got lost, and what is made of them."""

from __future__ import annotations

from datetime import timedelta

from app.core.clock import ManualClock
from app.core.database import Database
from app.delivery import outbox
from app.delivery.reconcile import reconcile
from app.delivery.sender import Sender
from tests.delivery.phone_company import DURHAM, PhoneCompany, people, plan_alert, states


async def test_a_worker_that_was_suspended_past_its_lease_sends_nothing_that_another_sent(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock
) -> None:
    await people(database, DURHAM, 2)
    await plan_alert(database)
    async with database.transaction() as work:
        claimed = await outbox.claim(work, 10)
    clock.advance(timedelta(seconds=90))
    async with database.transaction() as work:
        assert await outbox.keep_what_still_goes(work, claimed) == set()
    await reconcile(database, company)
    await sender.send_some()

    async with database.transaction() as work:
        assert await outbox.keep_what_still_goes(work, claimed) == set()
    assert await states(database) == {"sent": 2}


async def test_what_is_about_to_be_sent_has_its_lease_renewed(database: Database, clock: ManualClock) -> None:
    await people(database, DURHAM, 1)
    await plan_alert(database)
    async with database.transaction() as work:
        claimed = await outbox.claim(work, 10)
    for _ in range(3):
        clock.advance(timedelta(seconds=40))
        async with database.transaction() as work:
            assert await outbox.keep_what_still_goes(work, claimed) == {claimed[0].id}
