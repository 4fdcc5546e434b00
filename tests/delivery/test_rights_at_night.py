"""Raids begin before dawn: who has them at the door is told their rights then, and not at ten past eight."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from app.core.clock import ManualClock
from app.core.database import Database
from app.delivery.quiet_hours import hold_for_the_night
from app.delivery.sender import Sender
from app.pipeline import Hotline, receive_text
from app.records.deliveries import delivery
from tests.delivery.outgoing import PhoneCompany
from tests.intake.test_receive_text import a_text


async def test_rights_for_who_has_them_at_the_door_do_not_wait_for_the_morning(
    database: Database, hotline: Hotline, clock: ManualClock, sender: Sender, company: PhoneCompany
) -> None:
    clock.advance(timedelta(hours=17, minutes=30))  # half past five
    async with database.transaction() as work:
        await receive_text(work, hotline, a_text("ICE is at the door of my house in Durham, they are knocking"))
    async with database.transaction() as work:
        assert await work.scalar(select(delivery.c.state)) == "pending"
        await hold_for_the_night(work, hotline.time_zone)
    await sender.send_some()

    assert len(company.log) == 1
