"""A decision that was a slip is taken back: what waits is not sent, and who heard it hears that it was wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from app.core.clock import ManualClock, local_time
from app.core.database import Database, Transaction
from app.core.errors import Conflict, NotAllowed
from app.delivery.outbox import claim
from app.incidents.join import get_incident
from app.pipeline import Hotline, decide_incident, receive_text
from app.pipeline_alerts import approve, propose
from app.pipeline_undo import undo_decision
from app.records.contacts import contact
from app.records.decisions import Decision, decision
from app.records.deliveries import delivery, outgoing_message
from app.records.events import event, record, verify_chain
from app.records.incidents import Incident
from app.records.states import TRANSITIONS, IncidentState
from app.records.verification import Outcome, Task, task
from app.verification.grounds import Ground, Grounds
from app.verification.offers import record_observation
from app.verification.tasks import LEASE, claim_lock, pull_task
from app.verification.undoing import UNDO_WITHIN
from app.volunteers.roster import add_volunteer
from app.volunteers.tables import Volunteer
from tests.verification.field import ROSA, Field, a_text

ASKER = "+19195550160"
SLIP = Grounds(Ground.SLIP, "pressed one too far")


class Case:
    """An incident that Ana decides and somebody undoes, with Beto, who leads, and Cleo, who does not."""

    def __init__(self, field: Field, beto: Volunteer, cleo: Volunteer) -> None:
        self.field, self.ana, self.beto, self.cleo = field, field.ana, beto, cleo
        self.database: Database = field.database
        self.hotline: Hotline = field.hotline
        self.clock: ManualClock = field.clock

    async def _locked(self, work: Transaction) -> Incident:
        return await get_incident(work, self.field.about.code, lock=True)

    async def decides(self, outcome: Outcome, by: Volunteer | None = None) -> Decision:
        async with self.database.transaction() as work:
            about = await self._locked(work)
            held = await work.get(Task, task.c.incident_id == about.id)
            assert held is not None
            await decide_incident(work, self.hotline, about, outcome, by or self.ana, held.fence)
            made = select(decision).where(decision.c.incident_id == about.id).order_by(decision.c.id.desc()).limit(1)
            [newest] = await work.find(Decision, made)
            return newest

    async def undoes(self, made: Decision, by: Volunteer | None = None) -> int:
        async with self.database.transaction() as work:
            done = await undo_decision(work, self.hotline, await self._locked(work), made.id, by or self.ana, SLIP)
            return done.told

    async def now(self) -> tuple[str, str, Any]:
        """The state, the task's state and who holds it."""
        async with self.database.transaction() as work:
            about = await self._locked(work)
            held = await work.get(Task, task.c.incident_id == about.id)
            assert held is not None
            return about.state, held.state, held.holder_id

    async def fates(self, purpose: str) -> list[str]:
        """What became of the texts of a purpose, in the order of their planning."""
        async with self.database.transaction() as work:
            rows = await work.all(
                select(delivery.c.state, delivery.c.reason)
                .join(outgoing_message, outgoing_message.c.id == delivery.c.message_id)
                .where(outgoing_message.c.purpose == purpose)
                .order_by(outgoing_message.c.created_at, outgoing_message.c.id, delivery.c.id)
            )
            return [":".join(filter(None, row)) for row in rows]

    async def goes_out(self) -> None:
        """Everything that waits is on its way."""
        async with self.database.transaction() as work:
            await claim(work, 100)

    async def reports(
        self, *numbers: str, words: str = "La migra sigue en la Walmart de la Roxboro en Durham con chalecos"
    ) -> None:
        for number in numbers:
            async with self.database.transaction() as work:
                await receive_text(work, self.hotline, a_text(number, words, next(self.field.sids)))

    async def seen(self) -> None:
        """Two trained verifiers, so that neither is the only one, saw it on site."""
        await self.field.enlist("Luz", "Sol")
        async with self.database.transaction() as work:
            for person in await self.field.people("Luz", "Sol"):
                await record_observation(work, await self._locked(work), person.id, Outcome.CONFIRM, on_site=True)


@pytest.fixture
async def case(field: Field) -> Case:
    """Ana holds an incident that Rosa reported."""
    facts: dict[str, Any] = {"languages": ["en", "es"], "counties": [], "trained": False, "number": None}
    async with field.database.transaction() as work:
        beto = await add_volunteer(work, "Beto", roles=["dispatcher", "lead", "organizer"], **facts)
        cleo = await add_volunteer(work, "Cleo", roles=["dispatcher", "organizer"], **facts)
    return Case(field, beto, cleo)


async def test_what_nobody_heard_yet_is_undone_without_a_word_and_is_in_the_hands_of_who_undid_it(case: Case) -> None:
    before = await case.now()
    made = await case.decides(Outcome.NOTHING)
    assert await case.undoes(made) == 0
    assert await case.now() == before == ("open", "leased", case.ana.id)
    assert (await case.fates("outcome"), await case.fates("undone")) == (["skipped:withdrawn"], [])
    async with case.database.transaction() as work:
        row = await work.first(select(event).where(event.c.verb == "incident.decision_undone"))
        assert row is not None and row.actor_id == case.ana.id
        assert row.facts == {"undone": "nothing", "back_to": "open", "ground": "slip", "because": "pressed one too far"}
        assert (await verify_chain(work)).broken_at is None


async def test_who_heard_it_hears_that_it_was_wrong_in_their_language_and_then_the_outcome(case: Case) -> None:
    await case.reports(ASKER, words="Is it true that ICE is at the Walmart on Roxboro in Durham?")
    made = await case.decides(Outcome.POLICE)
    await case.goes_out()
    case.clock.advance(timedelta(minutes=1))
    assert await case.undoes(made) == 2
    told = await case.field.sent("undone")
    decided = {language: local_time(made.at, case.hotline.time_zone, language) for language in ("en", "es")}
    assert f"le dijimos a las {decided['es']} sobre su reporte en el condado de Durham fue un error" in told[ROSA][0]
    assert f"told you at {decided['en']} about your question in Durham County was wrong" in told[ASKER][0]
    await case.decides(Outcome.GONE)
    outcomes = await case.field.sent("outcome")
    assert [len(outcomes[number]) for number in (ROSA, ASKER)] == [2, 2]
    assert await case.fates("undone") == ["skipped:withdrawn"] * 2  # the outcome overtook it


async def test_who_reported_after_the_decision_and_was_answered_with_it_hears_that_it_was_wrong(case: Case) -> None:
    await case.seen()
    made = await case.decides(Outcome.CONFIRM)
    case.clock.advance(timedelta(minutes=1))
    await case.reports(ASKER)
    assert await case.undoes(made) == 1
    assert list(await case.field.sent("undone")) == [ASKER]


async def test_who_began_before_the_decision_and_named_the_place_after_it_hears_that_it_was_wrong(case: Case) -> None:
    await case.seen()
    await case.reports(ASKER, words="La migra con chalecos afuera de la Walmart")
    case.clock.advance(timedelta(minutes=1))
    made = await case.decides(Outcome.CONFIRM)
    assert await case.fates("outcome") == ["pending"]  # for Rosa, as it is not known yet what the other is about
    case.clock.advance(timedelta(minutes=1))
    await case.reports(ASKER, words="La de la Roxboro en Durham")
    assert await case.undoes(made) == 1
    told = await case.field.sent("undone")
    assert list(told) == [ASKER] and "fue un error" in told[ASKER][0]


async def test_who_said_stop_before_the_decision_is_neither_told_that_it_was_wrong_nor_counted(case: Case) -> None:
    await case.reports(ASKER)
    await case.reports(ASKER, words="STOP")
    made = await case.decides(Outcome.POLICE)
    await case.goes_out()
    assert await case.undoes(made) == 1
    assert list(await case.field.sent("undone")) == [ROSA]


async def test_who_never_heard_of_the_first_undo_hears_of_the_second(case: Case) -> None:
    first = await case.decides(Outcome.POLICE)
    await case.goes_out()
    case.clock.advance(timedelta(minutes=1))
    assert await case.undoes(first) == 1
    case.clock.advance(timedelta(minutes=1))
    second = await case.decides(Outcome.NOTHING)
    assert await case.fates("undone") == ["skipped:withdrawn"]
    case.clock.advance(timedelta(minutes=1))
    assert await case.undoes(second) == 1
    assert await case.fates("undone") == ["skipped:withdrawn", "pending"]
    told = await case.field.sent("undone")
    assert list(told) == [ROSA]
    assert all(local_time(first.at, case.hotline.time_zone, "es") in words for words in told[ROSA])  # what they heard


async def test_who_heard_of_the_first_undo_and_not_of_the_second_decision_hears_nothing_more(case: Case) -> None:
    first = await case.decides(Outcome.POLICE)
    await case.goes_out()
    case.clock.advance(timedelta(minutes=1))
    assert await case.undoes(first) == 1
    await case.goes_out()
    case.clock.advance(timedelta(minutes=1))
    assert await case.undoes(await case.decides(Outcome.NOTHING)) == 0
    assert await case.fates("undone") == ["sending"]


async def test_where_an_earlier_decision_holds_again_whoever_heard_another_one_last_hears_it(case: Case) -> None:
    slip = await case.decides(Outcome.POLICE)
    await case.goes_out()
    case.clock.advance(timedelta(minutes=1))
    await case.undoes(slip)
    case.clock.advance(timedelta(minutes=1))
    await case.decides(Outcome.GONE)  # neither the undo nor this went out: they believe it was police
    case.clock.advance(timedelta(minutes=1))
    corrected = await case.decides(Outcome.NOTHING)
    case.clock.advance(timedelta(minutes=1))
    assert await case.undoes(corrected) == 1
    assert (await case.now())[0] == "gone"
    assert await case.fates("outcome") == ["sending", "skipped:withdrawn", "skipped:withdrawn", "pending"]
    assert "ya se habian ido" in (await case.field.sent("outcome"))[ROSA][-1]


async def test_an_undone_correction_leaves_what_was_decided_before_and_tells_that_again(case: Case) -> None:
    first = await case.decides(Outcome.POLICE)
    await case.goes_out()
    case.clock.advance(timedelta(minutes=2))
    second = await case.decides(Outcome.NOTHING)
    await case.goes_out()
    case.clock.advance(timedelta(minutes=2))
    with pytest.raises(Conflict, match="decided anew"):
        await case.undoes(first)
    assert await case.undoes(second) == 1
    assert (await case.now())[:2] == ("police", "done")
    assert len((await case.field.sent("outcome"))[ROSA]) == 3
    assert await case.undoes(first) == 1
    assert await case.now() == ("open", "leased", case.ana.id)


async def test_an_undone_correction_that_nobody_heard_says_nothing_where_the_earlier_one_was_heard(case: Case) -> None:
    await case.decides(Outcome.POLICE)
    await case.goes_out()
    case.clock.advance(timedelta(minutes=2))
    assert await case.undoes(await case.decides(Outcome.NOTHING)) == 0
    assert await case.fates("outcome") == ["sending", "skipped:withdrawn"]


async def test_an_undo_comes_in_ten_minutes_or_not_at_all(case: Case) -> None:
    made = await case.decides(Outcome.GONE)
    case.clock.advance(UNDO_WITHIN)
    with pytest.raises(Conflict, match="ten minutes"):
        await case.undoes(made)
    assert (await case.now())[0] == "gone"


async def test_only_who_decided_or_a_lead_undoes_and_a_lead_holds_it_then(case: Case) -> None:
    made = await case.decides(Outcome.GONE)
    with pytest.raises(NotAllowed, match="or a lead"):
        await case.undoes(made, case.cleo)
    await case.undoes(made, case.beto)
    assert await case.now() == ("open", "leased", case.beto.id)


async def test_who_is_busy_leaves_it_to_the_queue(case: Case) -> None:
    made = await case.decides(Outcome.GONE)
    await case.reports("+17045550188", words="ICE agents outside the courthouse in Charlotte, two vans")
    async with case.database.transaction() as work:
        busy = await pull_task(work, case.hotline.queue, case.ana)
        assert busy is not None
    await case.undoes(made)
    assert await case.now() == ("open", "waiting", None)
    async with case.database.transaction() as work:
        taken = await pull_task(work, case.hotline.queue, case.cleo)
    assert taken is not None and taken.incident_id == case.field.about.id


async def test_an_old_page_saves_nothing_under_the_claim_from_before_the_decision(case: Case) -> None:
    made = await case.decides(Outcome.GONE)
    await case.undoes(made)
    async with case.database.transaction() as work:
        with pytest.raises(Conflict):
            await decide_incident(
                work, case.hotline, await get_incident(work, case.field.about.code), Outcome.POLICE, case.ana, case.field.fence
            )
    case.clock.advance(LEASE)
    async with case.database.transaction() as work:
        assert await pull_task(work, case.hotline.queue, case.cleo)


@pytest.mark.parametrize(("signs", "words"), [(False, "returned to its author"), (True, "propose the correction")])
async def test_an_alert_keeps_the_decision_and_the_refusal_says_what_to_do(case: Case, signs: bool, words: str) -> None:
    await case.seen()
    made = await case.decides(Outcome.CONFIRM)
    async with case.database.transaction() as work:
        proposed = await propose(work, case.hotline, await get_incident(work, case.field.about.code), case.cleo)
    if signs:
        async with case.database.transaction() as work:
            await approve(work, case.hotline, proposed.id, case.beto)
    with pytest.raises(Conflict, match=words):
        await case.undoes(made)
    assert (await case.now())[0] == "confirmed"


async def _together(*steps: Any) -> Sequence[Any]:
    return await asyncio.gather(*steps, return_exceptions=True)


async def test_of_two_who_undo_at_once_one_does_and_the_other_is_told(case: Case) -> None:
    made = await case.decides(Outcome.GONE)
    await case.goes_out()
    ends = await _together(*(case.undoes(made, who) for who in (case.ana, case.beto, case.ana, case.beto)))
    refused = [str(end) for end in ends if isinstance(end, Conflict)]
    assert ([end for end in ends if not isinstance(end, BaseException)], len(refused)) == ([1], 3)
    assert all("undone already" in words for words in refused)
    assert len(await case.fates("undone")) == 1
    assert (await case.now())[:2] == ("open", "leased")


async def test_an_undo_while_who_undoes_is_given_a_task_waits_for_that_and_is_no_deadlock(case: Case) -> None:
    made = await case.decides(Outcome.GONE)
    waiting = text(
        "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database "
        "WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"
    )
    async with case.database.transaction() as work:
        await work.query_together(claim_lock(case.ana.id))
        undo = asyncio.create_task(case.undoes(made))
        for _ in range(500):
            if (await work.execute(waiting)).scalar_one():
                break
            await asyncio.sleep(0.01)
        await record(work, "task.claimed", case.field.about.id, actor_id=case.ana.id)
    assert await undo == 0
    assert await case.now() == ("open", "leased", case.ana.id)


async def test_an_undo_and_a_new_decision_at_once_leave_one_of_them_standing(case: Case) -> None:
    made = await case.decides(Outcome.GONE)
    undo, _ = await _together(case.undoes(made), case.decides(Outcome.POLICE, case.beto))
    state, work_state, _ = await case.now()
    if isinstance(undo, Conflict):
        assert (state, work_state) == ("police", "done")
    else:  # the undo was first: the other's claim is not theirs, and they are told so
        assert (state, work_state) == ("open", "leased")


async def test_while_texts_are_being_sent_everybody_is_either_spared_or_told_that_it_was_wrong(case: Case) -> None:
    await case.reports(*(f"+1919555{170 + who:04d}" for who in range(9)))
    made = await case.decides(Outcome.POLICE)

    async def sends() -> None:
        for _ in range(5):
            async with case.database.transaction() as work:
                await claim(work, 1)

    await _together(sends(), case.undoes(made), sends())
    async with case.database.transaction() as work:
        texts = (
            select(delivery.c.contact_id, outgoing_message.c.purpose, delivery.c.state, delivery.c.reason)
            .join(outgoing_message, outgoing_message.c.id == delivery.c.message_id)
            .where(outgoing_message.c.purpose.in_(("outcome", "undone")))
        )
        rows = await work.all(texts)
        people = await work.scalar(
            select(func.count(contact.c.id.distinct())).where(contact.c.id.in_([r.contact_id for r in rows]))
        )
    spared = {row.contact_id for row in rows if row.purpose == "outcome" and row.state == "skipped"}
    heard = {row.contact_id for row in rows if row.purpose == "outcome" and row.state == "sending"}
    corrected = {row.contact_id for row in rows if row.purpose == "undone"}
    assert len(spared | heard) == people == 10
    assert corrected == heard
    assert not spared & heard


def test_every_outcome_leads_back_to_both_states_that_are_worked_on() -> None:
    ways = TRANSITIONS[IncidentState]
    for outcome in Outcome:
        state = IncidentState.CONFIRMED if outcome is Outcome.CONFIRM else IncidentState(outcome.value)
        assert {IncidentState.OPEN, IncidentState.VERIFYING} <= ways[state]
    assert IncidentState.DISMISSED not in ways[IncidentState.GONE]
