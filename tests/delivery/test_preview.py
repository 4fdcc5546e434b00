"""The preview of an alert and its planning reckon alike, and progress adds up."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from app.core.clock import ManualClock
from app.core.database import Database
from app.delivery.lines import one_line
from app.delivery.plan import Message, plan_to_county, plan_to_same
from app.delivery.preview import preview_county, preview_same
from app.delivery.progress import progress_of
from app.delivery.quiet_hours import next_opening
from app.records.contacts import contact
from app.records.deliveries import Lane, delivery
from app.records.phone_book import contact_for
from app.subscribers.choices import choose_hours, pause
from app.subscribers.consent import Consent, stop, subscribe
from app.subscribers.tables import sign_up

DURHAM, ZONE = "37063", "America/New_York"
TEXTS = {"en": "a" * 200, "es": "b" * 100}


async def crowd(database: Database) -> None:
    """Ten subscribers: two stopped, one pauses, one can't be reached, one rests, two sleep at night; and one never confirmed."""
    async with database.transaction() as work:
        consents = []
        for n in range(10):
            number = f"+191955501{40 + n}"
            who = await contact_for(work, number, ("en", "es", "pt")[n % 3])
            consents.append(Consent(who, work.keys.fingerprint("phone", number), "JOIN", "subscribe.joined", "sms"))
            await subscribe(work, consents[-1], DURHAM)
        for one in consents[:2]:
            await stop(work, one)
        await pause(work, consents[2])
        for one, until in ((consents[3], None), (consents[4], work.now + timedelta(days=1))):
            change = {"unreachable_at": work.now, "unreachable_until": until}
            await work.execute(contact.update().where(contact.c.id == one.contact_id).values(change))
        for one in consents[5:7]:
            await choose_hours(work, one, any_hour=False)
        stranger = await contact_for(work, "+19195550160", "en")
        await work.execute(
            sign_up.insert().values(
                contact_id=stranger, county=DURHAM, language="en", asked_at=work.now, ends_at=work.now + timedelta(hours=1)
            )
        )


@pytest.mark.parametrize(("hour", "lasts"), [(0, 2), (11, 2), (11, 12)], ids=["by day", "over by morning", "till morning"])
async def test_the_preview_counts_whom_planning_reaches(database: Database, clock: ManualClock, hour: int, lasts: int) -> None:
    await crowd(database)
    clock.advance(timedelta(hours=hour))
    async with database.transaction() as work:
        expires, opens = work.now + timedelta(hours=lasts), next_opening(work.now, ZONE)
        seen = await preview_county(work, DURHAM, expires_at=expires, opens_at=opens)
        planned = await plan_to_county(work, Message(Lane.ALERT, "alert", TEXTS, work.new_id(), expires, opens), DURHAM)
        rows = await work.all(select(delivery.c.state, delivery.c.reason, delivery.c.not_before, delivery.c.language))

    goes = [row for row in rows if row.state == "pending"]
    assert seen.recipients == len(goes) == planned.recipients - seen.held.get("quiet_hours", 0)
    assert seen.waits == sum(row.not_before is not None for row in goes)
    assert seen.people == {one: sum(row.language == one for row in goes) for one in ("en", "es")}
    assert {name: seen.held[name] for name in ("stopped", "paused", "unreachable", "unconsented")} == {
        "stopped": 2, "paused": 1, "unreachable": 1, "unconsented": 1,
    }  # fmt: skip


async def test_nobody_hears_of_one_incident_from_two_alerts_that_hold(database: Database) -> None:
    await crowd(database)
    async with database.transaction() as work:
        expires = work.now + timedelta(hours=2)
        first = await plan_to_county(work, Message(Lane.ALERT, "alert", TEXTS, UUID(int=7), expires), DURHAM)
        seen = await preview_county(work, DURHAM, expires_at=expires, opens_at=None, besides=[UUID(int=7)])
        second = await plan_to_county(
            work, Message(Lane.ALERT, "alert", TEXTS, UUID(int=8), expires), DURHAM, besides=[UUID(int=7)]
        )

    assert (seen.recipients, seen.held["told"]) == (second.recipients, first.recipients) == (0, 6)


async def test_the_preview_of_a_correction_leaves_out_who_stopped_since(database: Database) -> None:
    await crowd(database)
    async with database.transaction() as work:
        await plan_to_county(work, Message(Lane.ALERT, "alert", TEXTS, UUID(int=7)), DURHAM)
        await work.execute(delivery.update().values(state="delivered"))
        gone = await work.scalar(select(delivery.c.contact_id).limit(1))
        await stop(work, Consent(gone, b"x" * 32, "STOP", "stopped", "sms"))
        seen = await preview_same(work, [UUID(int=7)])
        planned = await plan_to_same(work, Message(Lane.CORRECTION, "correction", TEXTS, UUID(int=8)), UUID(int=7))

    assert (seen.recipients, dict(seen.held)) == (planned.recipients, {"stopped": 1}) == (5, {"stopped": 1})


async def test_progress_says_the_pace_the_time_left_and_why_texts_failed(database: Database, clock: ManualClock) -> None:
    await crowd(database)
    async with database.transaction() as work:
        await plan_to_county(work, Message(Lane.ALERT, "alert", TEXTS, UUID(int=7), work.now + timedelta(hours=2)), DURHAM)
        ids = list((await work.execute(select(delivery.c.id).order_by(delivery.c.id))).scalars())
        for one, values in (
            (ids[0], {"state": "delivered", "sent_at": work.now}),
            (ids[1], {"state": "sent", "sent_at": work.now}),
            (ids[2], {"state": "failed", "error_code": 30007, "sent_at": work.now - timedelta(minutes=5)}),
            (ids[3], {"state": "skipped", "reason": "stopped"}),
        ):
            await work.execute(delivery.update().where(delivery.c.id == one).values(values))
        seen = await progress_of(work, UUID(int=7), "alert", one_line(0.5))
        languages = list((await work.execute(select(delivery.c.language).where(delivery.c.state == "pending"))).scalars())

    assert seen.tally.adds_up and seen.tally.pending == 2
    assert (seen.rate, [(one.code, one.texts) for one in seen.failures], dict(seen.skipped)) == (
        2,
        [(30007, 1)],
        {"stopped": 1},
    )
    assert seen.left == timedelta(seconds=2 * sum({"en": 2, "es": 1}[one] for one in languages))
