"""Sending: one text a person whatever happens, and counts that add up."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from datetime import timedelta

import pytest
from redis.asyncio import Redis
from sqlalchemy import select

from app.core.clock import ManualClock
from app.core.database import Database
from app.delivery import outbox
from app.delivery.callbacks import hear_status
from app.delivery.conservation import find_differences, tally_of
from app.delivery.pacing import Pacer
from app.delivery.plan import Message, plan_to, plan_to_county, plan_to_same
from app.delivery.reconcile import ask_after, reconcile
from app.delivery.sender import Sender
from app.delivery.switch import halt, resume_sending
from app.records.deliveries import Lane, delivery
from app.subscribers.consent import stop
from app.telephony.rest import OutcomeUnknown, Refused
from tests.delivery.outgoing import DURHAM, TEXTS, WAKE, PhoneCompany, consent_of, people, plan_alert, states


async def test_exactly_the_subscribers_of_the_county_get_it_in_their_language(
    database: Database, sender: Sender, company: PhoneCompany
) -> None:
    await people(database, DURHAM, 6)
    await people(database, WAKE, 3)
    _, planned = await plan_alert(database)

    await sender.send_some()

    assert planned.recipients == 6
    assert sorted(text.to for text in company.log) == [f"+19195550{100 + i}" for i in range(6)]
    assert {text.body for text in company.log} == set(TEXTS.values())


async def test_many_senders_at_once_send_each_text_once(database: Database, redis: Redis, company: PhoneCompany) -> None:
    await people(database, DURHAM, 60)
    await plan_alert(database)
    senders = [Sender(database, company, Pacer(redis, "test", None), "http://localhost/s") for _ in range(5)]

    await asyncio.gather(*(one.send_some() for one in senders for _ in range(3)))

    assert len(company.log) == len({text.to for text in company.log}) == 60
    assert await states(database) == {"sent": 60}


async def test_who_says_stop_between_the_plan_and_the_sending_gets_nothing(
    database: Database, sender: Sender, company: PhoneCompany
) -> None:
    [first, *_] = await people(database, DURHAM, 3)
    about, _ = await plan_alert(database)
    async with database.transaction() as work:
        await stop(work, consent_of(database, first, "+19195550100"))

    await sender.send_some()

    assert "+19195550100" not in {text.to for text in company.log}
    async with database.transaction() as work:
        tally = await tally_of(work, about, "alert")
    assert (tally.recipients, tally.sent, tally.skipped, tally.adds_up) == (3, 2, 1, True)


async def test_who_says_stop_after_the_claim_still_gets_nothing(database: Database, clock: ManualClock) -> None:
    [first] = await people(database, DURHAM, 1)
    await plan_alert(database)
    async with database.transaction() as work:
        [claimed] = await outbox.claim(work, 10)
    async with database.transaction() as work:
        await stop(work, consent_of(database, first, "+19195550100"))
    async with database.transaction() as work:
        assert await outbox.look_again(work, [claimed]) == set()

    assert await states(database) == {"skipped": 1}


async def test_what_a_worker_had_not_begun_to_send_when_it_stumbled_goes_back_and_is_sent_once(
    database: Database, redis: Redis, company: PhoneCompany
) -> None:
    away = [True, False]

    async def who_waits_to_stop(_numbers: Sequence[str]) -> frozenset[str]:
        if away.pop(0):
            raise OSError("away")
        return frozenset()

    await people(database, DURHAM, 3)
    async with database.transaction() as work:
        await plan_to_county(work, Message(Lane.BROADCAST, "broadcast", TEXTS), DURHAM)
    pacer = Pacer(redis, "test", None)
    sender = Sender(database, company, pacer, "http://localhost/s", who_waits_to_stop=who_waits_to_stop)
    with pytest.raises(OSError, match="away"):
        await sender.drain()
    await sender.drain()
    await sender.drain()

    assert len(company.log) == 3
    assert await states(database) == {"sent": 3}


async def test_an_answer_that_is_lost_after_acceptance_is_found_in_the_log_and_not_sent_again(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock
) -> None:
    await people(database, DURHAM, 4)
    await plan_alert(database)
    company.loses_answers = True
    await sender.send_some()
    assert await states(database) == {"unknown": 4}
    company.loses_answers = False

    clock.advance(timedelta(seconds=30))
    await reconcile(database, company)
    await sender.send_some()

    assert len(company.log) == 4
    assert await states(database) == {"sent": 4}


async def test_a_text_whose_callbacks_were_lost_is_asked_after(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock
) -> None:
    await people(database, DURHAM, 3)
    await plan_alert(database)
    await sender.send_some()
    clock.advance(timedelta(seconds=30))
    company.fate = "delivered"

    assert await ask_after(database, company) == 3
    assert await states(database) == {"delivered": 3}


async def test_a_worker_that_died_before_sending_is_made_up_for_once_the_log_proves_it(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock
) -> None:
    await people(database, DURHAM, 2)
    await plan_alert(database)
    async with database.transaction() as work:
        assert len(await outbox.claim(work, 10)) == 2  # and then the process is gone

    assert await sender.send_some() == 0
    clock.advance(timedelta(minutes=2))
    await reconcile(database, company)
    await sender.send_some()

    assert len(company.log) == 2
    assert await states(database) == {"sent": 2}


async def test_a_broadcast_of_unknown_outcome_is_never_sent_again(
    database: Database, company: PhoneCompany, clock: ManualClock
) -> None:
    await people(database, DURHAM, 1)
    await plan_alert(database, lane=Lane.BROADCAST)
    async with database.transaction() as work:
        await outbox.claim(work, 10)
    clock.advance(timedelta(minutes=2))
    await reconcile(database, company)

    assert await states(database) == {"failed": 1}


async def test_a_worker_that_slept_through_its_lease_sends_nothing(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock
) -> None:
    await people(database, DURHAM, 1)
    await plan_alert(database)
    async with database.transaction() as work:
        [asleep] = await outbox.claim(work, 10)
    clock.advance(timedelta(minutes=2))
    await reconcile(database, company)
    await sender.send_some()
    async with database.transaction() as work:
        assert await outbox.look_again(work, [asleep]) == set()

    assert len(company.log) == 1


async def test_a_callback_proves_that_a_text_waiting_to_be_sent_again_was_taken(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock
) -> None:
    await people(database, DURHAM, 1)
    await plan_alert(database)
    company.answers = [OutcomeUnknown("no answer")]
    await sender.send_some()
    clock.advance(timedelta(seconds=30))
    await reconcile(database, company)
    assert await states(database) == {"pending": 1}
    async with database.transaction() as work:
        [row] = (await work.execute(select(delivery.c.id))).all()
        assert await hear_status(work, row.id, "SM9", "delivered", None)

    assert await sender.send_some() == 0
    assert await states(database) == {"delivered": 1}


async def test_an_alert_is_not_sent_after_its_own_until(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock
) -> None:
    await people(database, DURHAM, 2)
    async with database.transaction() as work:
        message = Message(Lane.ALERT, "alert", TEXTS, database.new_id(), work.now + timedelta(minutes=2))
        await plan_to_county(work, message, DURHAM)
    clock.advance(timedelta(minutes=3))
    await sender.send_some()

    assert company.log == []
    assert await states(database) == {"skipped": 2}


async def test_a_429_holds_the_line_and_costs_no_attempt(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock
) -> None:
    await people(database, DURHAM, 3)
    await plan_alert(database)
    company.answers = [Refused(20429, 429, 1.0), Refused(21610, 400)]

    await sender.send_some()
    assert await states(database) == {"sent": 1, "failed": 1, "pending": 1}
    assert await sender.send_some() == 0  # the whole line waits
    clock.advance(timedelta(seconds=2))
    await sender.send_some()

    assert len(company.log) == 2
    assert await states(database) == {"sent": 2, "failed": 1}
    async with database.transaction() as work:
        assert set((await work.execute(select(delivery.c.attempts))).scalars()) == {0}


async def test_every_order_of_callbacks_ends_the_same(database: Database, sender: Sender, company: PhoneCompany) -> None:
    await people(database, DURHAM, 24)
    await plan_alert(database)
    await sender.send_some()
    async with database.transaction() as work:
        rows = (await work.execute(select(delivery.c.id, delivery.c.sid))).all()
    for row, order in zip(rows, itertools.permutations(["queued", "sent", "delivered", "delivered"]), strict=True):
        for status in order:
            async with database.transaction() as work:
                await hear_status(work, row.id, row.sid, status, None)

    assert await states(database) == {"delivered": 24}


async def test_a_callback_that_comes_before_the_answer_is_kept(database: Database, company: PhoneCompany, redis: Redis) -> None:
    await people(database, DURHAM, 1)
    await plan_alert(database)
    async with database.transaction() as work:
        [claimed] = await outbox.claim(work, 1)
    async with database.transaction() as work:
        assert await hear_status(work, claimed.id, "SM1", "delivered", None)
    async with database.transaction() as work:
        await outbox.record_sent(work, [(claimed, "SM1")])

    assert await states(database) == {"delivered": 1}


async def test_the_kill_switch_stops_everything_and_loses_nothing(
    database: Database, sender: Sender, company: PhoneCompany
) -> None:
    await people(database, DURHAM, 5)
    await plan_alert(database)
    async with database.transaction() as work:
        await halt(work, "a test")
    assert await sender.send_some() == 0
    async with database.transaction() as work:
        await resume_sending(work, "a test")
    await sender.send_some()

    assert len(company.log) == 5


async def test_a_correction_reaches_whom_the_alert_reached_and_no_newcomer(
    database: Database, sender: Sender, company: PhoneCompany
) -> None:
    first, *_ = await people(database, DURHAM, 4)
    about, _ = await plan_alert(database)
    await sender.send_some()
    company.log.clear()
    await people(database, DURHAM, 6)  # two more
    async with database.transaction() as work:
        await stop(work, consent_of(database, first, "+19195550100"))
    async with database.transaction() as work:
        planned = await plan_to_same(work, Message(Lane.CORRECTION, "correction", TEXTS, database.new_id()), about)

    assert planned.recipients == 3


async def test_an_urgent_lane_never_waits_behind_a_lower_one(database: Database, sender: Sender, company: PhoneCompany) -> None:
    await people(database, DURHAM, 3)
    [reporter] = await people(database, WAKE, 1)
    await plan_alert(database, lane=Lane.BROADCAST)
    async with database.transaction() as work:
        await plan_to(work, Message(Lane.REPLY, "outcome", {"en": "first", "es": "first"}), [reporter])

    await sender.send_some()

    assert company.log[0].body == "first"


async def test_counts_that_do_not_add_up_are_found(database: Database) -> None:
    await people(database, DURHAM, 2)
    await plan_alert(database)
    async with database.transaction() as work:
        assert await find_differences(work) == {}
        [one, *_] = (await work.execute(select(delivery.c.id))).scalars().all()
        await work.execute(delivery.delete().where(delivery.c.id == one))
        assert len(await find_differences(work)) == 1


async def test_an_answer_whose_sid_another_text_was_given_keeps_no_other_answer_from_the_record(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock
) -> None:
    """Two texts with the same words to one person: Twilio's log can't tell which of them the one that it has is."""
    [who] = await people(database, DURHAM, 1)
    company.answers = [OutcomeUnknown("the line went dead")]
    await plan_alert(database)
    await sender.send_some()
    clock.advance(timedelta(seconds=25))
    await plan_alert(database)
    async with database.transaction() as work:
        [second] = await outbox.claim(work, 10)
    sid = await company.send(second.number, second.body, "", 60)
    await reconcile(database, company)
    [other] = await people(database, WAKE, 1)
    await plan_alert(database, WAKE)
    async with database.transaction() as work:
        [third] = await outbox.claim(work, 10)
    async with database.transaction() as work:
        await outbox.record_sent(work, [(second, sid), (third, await company.send(third.number, third.body, "", 60))])
    async with database.transaction() as work:
        await hear_status(work, second.id, sid, "sent", None, second.fence)

    async with database.transaction() as work:
        assert await work.scalar(select(delivery.c.state).where(delivery.c.id == third.id)) == "sent"
    assert (second.contact_id, third.contact_id) == (who, other)
    for _ in range(2):
        clock.advance(timedelta(minutes=2))
        await reconcile(database, company)
        await sender.send_some()
    assert sorted(text.to for text in company.log) == ["+17045550100", "+19195550100", "+19195550100"]
    assert await states(database) == {"sent": 3}
