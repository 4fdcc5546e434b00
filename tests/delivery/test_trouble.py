"""Trouble with our line, with a number, with one text: what the table of error codes says follows, and no more than that."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from app.core.clock import ManualClock
from app.core.database import Database
from app.delivery import outbox
from app.delivery.callbacks import hear_status
from app.delivery.failures import REST
from app.delivery.plan import Message, plan_to_county
from app.delivery.reconcile import ask_after, reconcile
from app.delivery.sender import Sender
from app.delivery.switch import FIRST_PAUSE, halt, resume_sending, switch_now
from app.records.contacts import contact
from app.records.deliveries import Lane, delivery, outgoing_text
from app.subscribers.consent import stop, subscribe
from app.subscribers.tables import consent_event, subscription
from app.telephony.rest import OutcomeUnknown, Refused
from tests.delivery.outgoing import DURHAM, TEXTS, PhoneCompany, consent_of, people, plan_alert, states


async def told(database: Database, status: str, code: int | None = None) -> None:
    """Every text that Twilio has gets this callback."""
    async with database.transaction() as work:
        rows = await work.all(select(delivery).where(delivery.c.state == "sent"))
    for row in rows:
        async with database.transaction() as work:
            await hear_status(work, row.id, row.sid, status, code, row.fence)


async def standing(database: Database, who: UUID) -> tuple[bool, bool]:
    """Whether a contact is stopped, and whether its number rests for good."""
    async with database.transaction() as work:
        row = (await work.execute(select(contact).where(contact.c.id == who))).one()
    return row.stopped_at is not None, row.unreachable_at is not None and row.unreachable_until is None


# Our line


@pytest.mark.parametrize("refusal", [Refused(20003, 401), Refused(30034, 400), Refused(None, 403)])
async def test_when_twilio_refuses_us_the_line_pauses_and_no_text_fails(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock, refusal: Refused
) -> None:
    await people(database, DURHAM, 4)
    await plan_alert(database)
    company.answers = [refusal] * 4
    await sender.send_some()

    assert await states(database) == {"pending": 4}
    assert await sender.send_some() == 0
    async with database.transaction() as work:
        assert set((await work.execute(select(delivery.c.attempts))).scalars()) == {0}
        switch = await switch_now(work)
    assert switch.pause is not None and not switch.halted

    clock.advance(FIRST_PAUSE + timedelta(seconds=1))
    assert await sender.send_some() == 1  # one text tries whether it is mended
    assert await sender.send_some() == 0  # and the others wait for what becomes of it
    await told(database, "sent")
    assert await sender.send_some() == 3
    assert len(company.log) == 4


async def test_a_line_that_is_still_refused_pauses_for_twice_as_long(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock
) -> None:
    await people(database, DURHAM, 2)
    await plan_alert(database)
    company.answers = [Refused(20003, 401)] * 3
    await sender.send_some()
    clock.advance(FIRST_PAUSE + timedelta(seconds=1))
    assert await sender.send_some() == 1

    clock.advance(FIRST_PAUSE + timedelta(seconds=1))
    assert await sender.send_some() == 0
    clock.advance(FIRST_PAUSE)
    assert await sender.send_some() == 1


async def test_a_callback_that_our_number_is_not_registered_brings_the_text_back(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock
) -> None:
    """Twilio takes a text from an unregistered number and only then says 30034."""
    await people(database, DURHAM, 2)
    await plan_alert(database)
    await sender.send_some()
    await told(database, "undelivered", 30034)

    assert await states(database) == {"pending": 2}
    async with database.transaction() as work:
        await resume_sending(work, "registered")
    assert await sender.send_some() == 2
    await told(database, "delivered")
    assert await states(database) == {"delivered": 2}


async def test_word_of_an_earlier_try_is_not_taken_for_word_of_this_one(
    database: Database, sender: Sender, company: PhoneCompany
) -> None:
    await people(database, DURHAM, 1)
    await plan_alert(database)
    await sender.send_some()
    async with database.transaction() as work:
        [first] = await work.all(select(delivery))
    await told(database, "undelivered", 30034)
    async with database.transaction() as work:
        await resume_sending(work, "registered")
    await sender.send_some()
    async with database.transaction() as work:
        assert not await hear_status(work, first.id, first.sid, "undelivered", 30003, first.fence)

    assert await states(database) == {"sent": 1}


async def test_a_full_queue_at_twilio_costs_no_text(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock
) -> None:
    await people(database, DURHAM, 1)
    await plan_alert(database)
    company.answers = [Refused(21611, 400)] * 8
    for _ in range(8):
        await sender.send_some()
        clock.advance(timedelta(minutes=1))
    await sender.send_some()

    assert await states(database) == {"sent": 1}


async def test_what_is_over_a_daily_cap_waits_for_the_carriers_next_day_or_fails_at_once_if_it_would_be_too_old(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock
) -> None:
    await people(database, DURHAM, 1)
    async with database.transaction() as work:
        await plan_to_county(work, Message(Lane.BROADCAST, "news", TEXTS, None, work.now + timedelta(days=2)), DURHAM)
    await plan_alert(database)
    await sender.send_some()
    clock.advance(timedelta(minutes=1))  # after an alert a person has a minute of rest from broadcasts
    await sender.send_some()
    await told(database, "undelivered", 30027)

    assert await states(database) == {"pending": 1, "failed": 1}
    clock.advance(timedelta(hours=14))  # noon on the east coast is nine in the morning where the caps begin anew
    assert await sender.send_some() == 0
    clock.advance(timedelta(hours=2))
    assert await sender.send_some() == 1


# The order and the time of sending


async def test_a_message_goes_out_whole_before_the_next_of_its_lane(
    database: Database, sender: Sender, company: PhoneCompany
) -> None:
    await people(database, DURHAM, 8)
    for words in ("first", "second", "third"):
        async with database.transaction() as work:
            await plan_to_county(work, Message(Lane.ALERT, "alert", {"en": words, "es": words}, None), DURHAM)
    async with database.transaction() as work:
        claimed = await outbox.claim(work, 100)

    assert [text.body for text in claimed] == ["first"] * 8 + ["second"] * 8 + ["third"] * 8


async def test_twilio_is_told_to_drop_a_text_when_its_alert_ends(
    database: Database, sender: Sender, company: PhoneCompany
) -> None:
    await people(database, DURHAM, 1)
    async with database.transaction() as work:
        await plan_to_county(work, Message(Lane.ALERT, "alert", TEXTS, None, work.now + timedelta(minutes=7)), DURHAM)
        await plan_to_county(work, Message(Lane.CORRECTION, "correction", TEXTS, None, work.now + timedelta(days=3)), DURHAM)
    await sender.send_some()

    assert [validity for _, _, validity in company.asked] == [7 * 60, 4 * 3600]


async def test_handing_a_text_back_is_no_attempt(database: Database) -> None:
    await people(database, DURHAM, 1)
    await plan_alert(database)
    for _ in range(3):
        async with database.transaction() as work:
            await outbox.give_back(work, await outbox.claim(work, 10))
    async with database.transaction() as work:
        [again] = await outbox.claim(work, 10)

    assert (again.attempts, again.fence) == (0, 4)


async def test_a_worker_whose_claim_is_over_can_not_drop_what_another_holds(database: Database, clock: ManualClock) -> None:
    [who] = await people(database, DURHAM, 1)
    await plan_alert(database)
    async with database.transaction() as work:
        [asleep] = await outbox.claim(work, 10)
        await outbox.give_back(work, [asleep])
    async with database.transaction() as work:
        [awake] = await outbox.claim(work, 10)
    async with database.transaction() as work:
        await stop(work, consent_of(database, who, "+19195550100"))
        assert await outbox.look_again(work, [asleep]) == set()
    assert await states(database) == {"sending": 1}
    async with database.transaction() as work:
        await outbox.look_again(work, [awake])
    assert await states(database) == {"skipped": 1}


async def test_what_was_claimed_goes_back_when_the_switch_is_turned(database: Database) -> None:
    await people(database, DURHAM, 2)
    await plan_alert(database)
    async with database.transaction() as work:
        claimed = await outbox.claim(work, 10)
    async with database.transaction() as work:
        await halt(work, "a test")
        assert await outbox.look_again(work, claimed) == set()

    assert await states(database) == {"pending": 2}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE contact SET stopped_at = now()", "stopped"),
        ("UPDATE contact SET number_sealed = NULL", "erased"),
        ("UPDATE contact SET unreachable_at = now()", "unreachable"),
        ("UPDATE outgoing_message SET withdrawn_at = now()", "withdrawn"),
        ("UPDATE outgoing_message SET expires_at = created_at", "expired"),
    ],
)
@pytest.mark.parametrize("claimed_before", [False, True])
async def test_what_must_not_go_any_more_is_skipped_and_says_why(
    database: Database, sender: Sender, company: PhoneCompany, change: str, reason: str, claimed_before: bool
) -> None:
    await people(database, DURHAM, 1)
    await plan_alert(database)
    async with database.transaction() as work:
        claimed = await outbox.claim(work, 10) if claimed_before else []
    async with database.transaction() as work:
        await work.connection.exec_driver_sql(change)
        assert not claimed_before or await outbox.look_again(work, claimed) == set()
    assert await sender.send_some() == 0

    async with database.transaction() as work:
        rows = await work.all(select(delivery.c.state, delivery.c.reason))
    assert [tuple(row) for row in rows] == [("skipped", reason)]
    assert company.asked == []


# Numbers and people


@pytest.mark.parametrize("code", [21211, 21614, 30005, 30006])
async def test_a_number_that_can_not_get_texts_rests_until_its_owner_wants_some(
    database: Database, sender: Sender, company: PhoneCompany, code: int
) -> None:
    [who] = await people(database, DURHAM, 1)
    await plan_alert(database)
    company.answers = [Refused(code, 400)]
    await sender.send_some()

    assert await standing(database, who) == (False, True)
    assert (await plan_alert(database))[1].recipients == 0
    async with database.transaction() as work:
        await subscribe(work, consent_of(database, who, "+19195550100"), DURHAM)
    assert (await plan_alert(database))[1].recipients == 1


async def test_a_phone_that_is_off_rests_after_the_third_time_and_for_a_day_only(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock
) -> None:
    await people(database, DURHAM, 1)
    for _ in range(3):
        await plan_alert(database)
        assert await sender.send_some() == 1
        await told(database, "undelivered", 30003)
    await plan_alert(database)
    assert await sender.send_some() == 0
    assert await states(database) == {"failed": 3, "skipped": 1}

    clock.advance(REST)
    await plan_alert(database)
    assert await sender.send_some() == 1


async def test_a_delivery_between_failures_shows_that_the_phone_works(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock
) -> None:
    for failures in (2, 1):
        await people(database, DURHAM, 1)
        for status in ["undelivered"] * failures + ["delivered"]:
            clock.advance(timedelta(seconds=1))
            await plan_alert(database)
            assert await sender.send_some() == 1
            await told(database, status, 30003 if status == "undelivered" else None)

    await plan_alert(database)
    assert await sender.send_some() == 1


async def test_a_carriers_opt_out_is_one_here_too_and_stands_in_the_ledger_once(
    database: Database, sender: Sender, company: PhoneCompany
) -> None:
    [who] = await people(database, DURHAM, 1)
    await plan_alert(database)
    await plan_alert(database)
    company.answers = [Refused(21610, 400)]
    await sender.send_some()
    await told(database, "failed", 21610)

    assert await standing(database, who) == (True, False)
    async with database.transaction() as work:
        written = await work.all(select(consent_event).where(consent_event.c.kind == "opt_out"))
        running = await work.all(select(subscription).where(subscription.c.ended_at.is_(None)))
    assert [(line.source, line.wording) for line in written] == [("carrier", "carrier.opt_out")]
    assert running == []


async def test_an_error_that_nobody_knows_is_recorded_and_not_tried_again(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock
) -> None:
    await people(database, DURHAM, 1)
    await plan_alert(database)
    company.answers = [Refused(39999, 400)]
    await sender.send_some()
    clock.advance(timedelta(minutes=1))

    assert await sender.send_some() == 0
    assert await states(database) == {"failed": 1}


# Outcomes that stay in doubt


async def test_a_text_that_twilio_has_no_more_is_asked_after_once(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock
) -> None:
    await people(database, DURHAM, 1)
    await plan_alert(database)
    await sender.send_some()
    company.fate = ""
    asked = []
    for _ in range(4):
        clock.advance(timedelta(minutes=2))
        asked.append(await ask_after(database, company))

    assert asked == [1, 0, 0, 0]
    assert await states(database) == {"sent": 1}


@pytest.mark.parametrize("gone", ["number", "words"])
async def test_a_doubt_about_someone_who_was_erased_ends(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock, gone: str
) -> None:
    await people(database, DURHAM, 1)
    await plan_alert(database)
    company.answers = [OutcomeUnknown("no answer")]
    await sender.send_some()
    async with database.transaction() as work:
        await work.execute(
            contact.update().values(number_sealed=None) if gone == "number" else outgoing_text.update().values(body_sealed=None)
        )
    clock.advance(timedelta(minutes=1))
    await reconcile(database, company)

    assert await states(database) == {"failed": 1}


async def test_what_was_settled_meanwhile_is_not_settled_again(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock
) -> None:
    """Two workers look up the same doubt; the slower must not send again what the faster already did."""
    await people(database, DURHAM, 1)
    await plan_alert(database)
    company.answers = [OutcomeUnknown("no answer"), OutcomeUnknown("no answer")]
    await sender.send_some()
    clock.advance(timedelta(minutes=1))

    class Slow(PhoneCompany):
        async def log_of(self, to: str, since: object) -> list[object]:  # type: ignore[override]  # it never lists anything
            await reconcile(database, company)
            await sender.send_some()
            return []

    await reconcile(database, Slow(clock))  # type: ignore[arg-type]
    assert await states(database) == {"unknown": 1}


async def test_a_text_that_can_not_be_opened_keeps_nobody_elses(
    database: Database, sender: Sender, company: PhoneCompany
) -> None:
    [first, *_] = await people(database, DURHAM, 3)
    await plan_alert(database)
    async with database.transaction() as work:
        await work.execute(contact.update().where(contact.c.id == first).values(number_sealed=b"not to be opened"))
    await sender.send_some()

    assert await states(database) == {"pending": 1, "sent": 2}
