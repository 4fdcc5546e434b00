"""What follows an alert reaches exactly the union of everyone whom any alert about the incident was for, once each; and alerts pause."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from app.alerts.approval import expire_alerts
from app.alerts.published import newest_of, published_alerts
from app.core.clock import ManualClock
from app.core.database import Database
from app.core.errors import Conflict, NotAllowed
from app.delivery.conservation import tally_of
from app.delivery.outbox import claim, look_again
from app.pipeline import Hotline, decide_incident
from app.pipeline_alerts import approve, cancel_alert, hold_alert, let_alert_go, propose_update
from app.records.alerts import Alert, AlertType, references_of
from app.records.deliveries import delivery, outgoing_message
from app.records.phone_book import contact_for
from app.records.verification import Outcome
from app.subscribers.consent import Consent, stop, subscribe
from app.verification.offers import record_observation
from tests.alerts.conftest import DURHAM, Scene, person, proposed, sent


async def joins(database: Database, number: str) -> None:
    async with database.transaction() as work:
        who = await contact_for(work, number, "en")
        await subscribe(work, Consent(who, work.keys.fingerprint("phone", number), "JOIN", "subscribe.joined", "sms"), DURHAM)


async def stops(database: Database, number: str) -> None:
    async with database.transaction() as work:
        who = await contact_for(work, number, "en")
        await stop(work, Consent(who, work.keys.fingerprint("phone", number), "STOP", "stopped", "sms"))


async def everything_leaves(database: Database) -> None:
    async with database.transaction() as work:
        await work.execute(delivery.update().where(delivery.c.state == "pending").values(state="delivered"))


async def test_a_correction_reaches_the_union_of_two_alerts_once_each(
    database: Database, hotline: Hotline, scene: Scene, clock: ManualClock
) -> None:
    about, olga, tom, _ = scene
    first = await sent(database, hotline, about, olga, tom)
    await everything_leaves(database)
    await stops(database, "+19195550120")
    await joins(database, "+19195550125")
    clock.advance(timedelta(hours=3))
    async with database.transaction() as work:
        await expire_alerts(work)
    second = await sent(database, hotline, about, olga, tom)
    await everything_leaves(database)
    await joins(database, "+19195550126")  # came after both
    async with database.transaction() as work:
        changed = await decide_incident(work, hotline, about, Outcome.POLICE, olga, 0)
        correction = await propose_update(work, hotline, changed, olga)
        earlier = (await references_of(work, [correction.id]))[correction.id]
    async with database.transaction() as work:
        _, planned = await approve(work, hotline, correction.id, tom)
        told = select(delivery.c.contact_id).join(outgoing_message, outgoing_message.c.id == delivery.c.message_id)
        people = (await work.execute(told.where(outgoing_message.c.about_id == correction.id))).scalars().all()

    assert [one.code for one in earlier] == [second.code, first.code]
    assert (
        planned.recipients == len(people) == len(set(people)) == 3
    )  # two of the first who did not stop, and who came before the second
    async with database.transaction() as work:
        assert [one.alert.code for one in (await published_alerts(work, timedelta(0))).alerts] == [correction.code]
        for code in (first.code, second.code, correction.code):
            assert (await published_alerts(work, timedelta(0), code)).alerts[0].alert.code == correction.code


async def test_an_update_says_that_it_still_holds_to_the_same_people_and_needs_two(
    database: Database, hotline: Hotline, scene: Scene, clock: ManualClock
) -> None:
    about, olga, tom, _ = scene
    first = await sent(database, hotline, about, olga, tom)
    await everything_leaves(database)
    await joins(database, "+19195550125")
    clock.advance(timedelta(minutes=90))
    async with database.transaction() as work:
        update = await propose_update(work, hotline, about, olga, AlertType.UPDATE)
    with pytest.raises(NotAllowed, match="someone else"):
        async with database.transaction() as work:
            await approve(work, hotline, update.id, olga)
    async with database.transaction() as work:
        _, planned = await approve(work, hotline, update.id, tom)

    assert planned.recipients == 3 and update.expires_at > first.expires_at
    assert first.code in update.texts["es"]
    with pytest.raises(Conflict, match="already an alert"):
        await proposed(database, hotline, about, olga)


async def test_an_update_of_what_is_confirmed_no_longer_is_refused(database: Database, hotline: Hotline, scene: Scene) -> None:
    about, olga, tom, luz = scene
    await sent(database, hotline, about, olga, tom)
    async with database.transaction() as work:
        update = await propose_update(work, hotline, about, olga, AlertType.UPDATE)
        await record_observation(work, about, luz.id, Outcome.GONE, on_site=True)
    with pytest.raises(Conflict, match="took it back"):
        async with database.transaction() as work:
            await approve(work, hotline, update.id, tom)


async def test_the_sole_verifier_approves_not_even_the_correction(database: Database, hotline: Hotline, scene: Scene) -> None:
    about, olga, tom, luz = scene
    await sent(database, hotline, about, olga, tom)
    async with database.transaction() as work:
        await record_observation(work, about, luz.id, Outcome.NOTHING, on_site=True)
        changed = await decide_incident(work, hotline, about, Outcome.NOTHING, olga, 0)
        correction = await propose_update(work, hotline, changed, olga)
    with pytest.raises(NotAllowed, match="only one who saw"):
        async with database.transaction() as work:
            await approve(work, hotline, correction.id, luz)


async def test_a_paused_alert_is_claimed_by_nobody_and_goes_on_where_it_was(
    database: Database, hotline: Hotline, scene: Scene, clock: ManualClock
) -> None:
    about, olga, tom, _ = scene
    out = await sent(database, hotline, about, olga, tom)
    async with database.transaction() as work:
        claimed = await claim(work, 1)
    async with database.transaction() as work:
        await hold_alert(work, hotline, out, tom)
    async with database.transaction() as work:
        assert await claim(work, 10) == []
        assert await look_again(work, claimed) == set()  # back in the outbox
        assert (await tally_of(work, out.id, "alert")).pending == 3
        await let_alert_go(work, hotline, out, tom)
    async with database.transaction() as work:
        assert len(await claim(work, 10)) == 3


async def test_a_paused_alert_that_gets_too_old_is_skipped_and_counted(
    database: Database, hotline: Hotline, scene: Scene, clock: ManualClock
) -> None:
    about, olga, tom, _ = scene
    out = await sent(database, hotline, about, olga, tom)
    async with database.transaction() as work:
        await hold_alert(work, hotline, out, tom)
    clock.advance(timedelta(hours=3))
    async with database.transaction() as work:
        assert await claim(work, 10) == []
        assert (await tally_of(work, out.id, "alert")).skipped == 3


async def test_a_cancelled_alert_counts_exactly_who_got_it_and_who_did_not(
    database: Database, hotline: Hotline, scene: Scene
) -> None:
    about, olga, tom, _ = scene
    out = await sent(database, hotline, about, olga, tom)
    async with database.transaction() as work:
        [one] = await claim(work, 1)
        await work.execute(delivery.update().where(delivery.c.id == one.id).values(state="sent"))
    async with database.transaction() as work:
        assert await cancel_alert(work, hotline, out, tom) == 2
    with pytest.raises(Conflict, match="stopped already"):
        async with database.transaction() as work:
            await cancel_alert(work, hotline, out, tom)
    async with database.transaction() as work:
        tally = await tally_of(work, out.id, "alert")
        assert (tally.sent, tally.skipped, tally.pending) == (1, 2, 0) and tally.adds_up
    ben = await person(database, "Ben", "dispatcher")
    with pytest.raises(NotAllowed, match="Only organizers"):
        async with database.transaction() as work:
            await hold_alert(work, hotline, out, ben)


def test_what_is_taken_back_gives_way_to_the_newest_word() -> None:
    ids = [UUID(int=n) for n in range(5)]
    alert_one, alert_two, correction, another, lone = (
        Alert(id=one, code="", county="", texts={}, author_id=one) for one in ids
    )
    references = {ids[2]: {ids[0], ids[1]}, ids[3]: {ids[0], ids[1]}}

    assert newest_of([another, correction, lone, alert_two, alert_one], references) == [another, lone]
