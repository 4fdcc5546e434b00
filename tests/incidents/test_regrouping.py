"""Merging, splitting and undoing by a person: reports stay in exactly one incident, tasks, offers and answers follow."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.core.clock import ManualClock
from app.core.database import Database
from app.core.errors import BadInput, Conflict, VigiaError
from app.pipeline import Hotline
from app.pipeline_corrections import put_place_right
from app.records.alerts import Alert, AlertType
from app.records.contacts import conversation
from app.records.events import event, verify_chain
from app.records.inbound import inbound_message
from app.records.incidents import Incident, Report, incident, report
from app.records.reading import Location
from app.records.regroupings import Regrouping, regrouping
from app.records.states import AlertState, IncidentState
from app.records.verification import Outcome, observation, offer, task
from app.verification.offers import make_offer
from app.verification.tasks import pull_task
from tests.incidents.room import ELSEWHERE, PHONES, WALMART, Room, a_person


@pytest.fixture
async def room(database: Database, hotline: Hotline, clock: ManualClock) -> Room:
    return await Room(database, hotline, clock).open()


async def an_alert(room: Room, about: Incident, state: AlertState = AlertState.APPROVED) -> None:
    async with room.database.transaction() as work:
        await work.add(
            Alert(
                id=work.new_id(), code=f"A{work.new_id().hex[:5].upper()}", state=state.value, type=AlertType.ALERT.value,
                incident_id=about.id, county="37063", texts={"en": "x", "es": "x"}, author_id=room.ana.id,
                approver_id=room.beto.id, proposed_at=work.now, approved_at=work.now,
                expires_at=work.now + timedelta(hours=2),
            )
        )  # fmt: skip


async def test_merging_keeps_the_older_incident_with_all_reports_and_closes_the_task_of_the_other(room: Room) -> None:
    one, two = await room.two()
    kept = await room.merges(two.code, one.code)

    assert (kept.id, kept.reports) == (one.id, 2)
    [first, gone] = await room.incidents()
    assert (first.reports, gone.reports, gone.state) == (2, 0, IncidentState.DISMISSED)
    assert first.last_report_at == two.last_report_at
    assert await room.task_state(gone) == "done"
    assert await room.task_state(kept) == "waiting"


async def test_an_act_has_an_author_and_a_reason_in_the_chain(room: Room) -> None:
    one, two = await room.two()
    await room.merges(one.code, two.code)

    async with room.database.transaction() as work:
        [line] = await work.all(select(event).where(event.c.verb == "incident.merged"))
        assert (line.actor_id, line.facts["into"], line.facts["reason"]) == (room.ana.id, one.code, "same_event")
        assert (await verify_chain(work)).broken_at is None


async def test_whoever_reported_the_merged_one_hears_what_became_of_the_other_once(room: Room) -> None:
    one, two = await room.two()
    await room.texts(WALMART, PHONES[1])  # the sender of the second saw the first too
    await room.merges(one.code, two.code)
    await room.decides(one, Outcome.NOTHING)

    assert await room.outcomes_told(one) == 2
    assert await room.outcomes_told(two) == 0


async def test_merged_into_a_decided_incident_its_reporters_hear_the_outcome_at_once_and_nobody_twice(room: Room) -> None:
    one, two = await room.two()
    await room.decides(one, Outcome.POLICE)
    await room.merges(two.code, one.code)
    assert await room.outcomes_told(one) == 2
    await room.undoes()
    await room.merges(two.code, one.code)
    assert await room.outcomes_told(one) == 2


async def test_a_verifier_who_was_sent_goes_on_for_the_incident_that_stays(room: Room) -> None:
    one, two = await room.two()
    async with room.database.transaction() as work:
        luz = await a_person(work, "Luz", "verifier", PHONES[7])
        await make_offer(work, two, luz, room.ana.id)
    await room.merges(one.code, two.code)
    await room.texts("Y", PHONES[7])
    await room.texts("nothing", PHONES[7])

    assert await room.scalar(select(observation.c.incident_id)) == one.id
    assert await room.scalar(select(offer.c.incident_id)) == one.id


async def test_incidents_of_different_counties_are_never_merged(room: Room) -> None:
    await room.texts(WALMART, PHONES[0])
    await room.texts("ICE agents at the Walmart in Charlotte", PHONES[1])
    one, two = await room.incidents()
    with pytest.raises(Conflict, match="same county"):
        await room.merges(one.code, two.code)


async def test_an_incident_is_not_merged_with_itself_nor_twice(room: Room) -> None:
    one, two = await room.two()
    with pytest.raises(BadInput, match="another incident"):
        await room.merges(one.code, one.code)
    await room.merges(one.code, two.code)
    with pytest.raises(Conflict, match="already"):
        await room.merges(one.code, two.code)


async def test_an_incident_with_an_active_alert_is_changed_only_by_who_says_that_they_know(room: Room) -> None:
    one, two = await room.two()
    await an_alert(room, one)
    with pytest.raises(Conflict, match="Tick the box"):
        await room.merges(one.code, two.code)
    await room.merges(one.code, two.code, knowing=True)


async def test_what_has_an_alert_is_not_merged_away(room: Room) -> None:
    one, two = await room.two()
    await an_alert(room, two)
    with pytest.raises(Conflict, match="has to stay"):
        await room.merges(one.code, two.code, knowing=True)


async def test_what_somebody_else_works_on_is_not_merged_away(room: Room) -> None:
    one, two = await room.two()
    async with room.database.transaction() as work:
        for _ in range(2):
            await pull_task(work, room.hotline.queue, room.beto)
        await work.execute(
            task.update()
            .where(task.c.incident_id == two.id)
            .values(state="leased", holder_id=room.beto.id, lease_until=work.now + timedelta(minutes=5))
        )
    with pytest.raises(Conflict, match="give it back"):
        await room.merges(one.code, two.code)
    assert [i.reports for i in await room.incidents()] == [1, 1]


async def test_an_undone_merge_puts_both_back_and_the_task_waits_again(room: Room) -> None:
    one, two = await room.two()
    before = await room.incidents()
    await room.merges(one.code, two.code)
    room.clock.advance(timedelta(minutes=1))
    back = await room.undoes()

    assert back.id == two.id
    assert await room.incidents() == before
    assert await room.task_state(two) == "waiting"
    async with room.database.transaction() as work:
        assert await work.scalar(select(func.count()).where(event.c.verb == "incident.merge_undone")) == 2


async def test_what_came_in_since_a_merge_stays_where_it_came(room: Room) -> None:
    one, two = await room.two()
    await room.merges(one.code, two.code)
    await room.texts(WALMART + " right now", PHONES[2])
    await room.undoes()

    [first, second] = await room.incidents()
    assert (first.reports, second.reports) == (2, 1)
    assert first.urgent


async def test_nothing_is_undone_once_an_alert_was_written(room: Room) -> None:
    one, two = await room.two()
    await room.merges(one.code, two.code)
    room.clock.advance(timedelta(minutes=1))
    await an_alert(room, one, AlertState.PROPOSED)
    with pytest.raises(Conflict, match="An alert was written"):
        await room.undoes()


async def test_acts_are_undone_in_their_order(room: Room) -> None:
    one, two = await room.two()
    await room.merges(one.code, two.code)
    first = await room.scalar(select(regrouping.c.id))
    room.clock.advance(timedelta(minutes=1))
    [told, _] = await room.reports_of(one)
    await room.splits(one.code, told.id)
    with pytest.raises(Conflict, match="Undo that first"):
        await room.undoes(first)
    await room.undoes()
    await room.undoes(first)
    with pytest.raises(Conflict, match="undone already"):
        await room.undoes(first)


async def test_a_split_makes_a_new_incident_of_the_chosen_reports_that_waits_to_be_looked_into(room: Room) -> None:
    one, two = await room.two()
    await room.merges(one.code, two.code)
    _, second = await room.reports_of(one)
    opened = await room.splits(one.code, second.id)

    assert (opened.state, opened.county, opened.reports, opened.place) == ("open", "37063", 1, second.place)
    assert await room.task_state(opened) == "waiting"
    [about] = [i for i in await room.incidents() if i.id == one.id]
    assert (about.reports, about.last_report_at) == (1, one.last_report_at)


async def test_a_split_takes_some_and_leaves_some(room: Room) -> None:
    one, two = await room.two()
    await room.merges(one.code, two.code)
    told = [r.id for r in await room.reports_of(one)]
    for chosen in ([], told, [one.id]):
        with pytest.raises(BadInput, match="at least one"):
            await room.splits(one.code, *chosen)


async def test_two_people_who_merge_the_same_two_at_once_merge_them_once(room: Room) -> None:
    one, two = await room.two()
    answers = await asyncio.gather(
        room.merges(one.code, two.code), room.merges(two.code, one.code, by=room.beto), return_exceptions=True
    )

    assert sorted(type(a).__name__ for a in answers) == ["Conflict", "Incident"]
    assert [i.reports for i in await room.incidents()] == [2, 0]


async def test_neighbours_who_text_while_people_merge_and_split_are_each_in_one_incident(room: Room) -> None:
    one, two = await room.two()

    async def regroup() -> None:
        for _ in range(4):
            await room.merges(one.code, two.code)
            await room.undoes()

    await asyncio.gather(
        regroup(), *(room.texts(f"{WALMART if n % 2 else ELSEWHERE} right now", PHONES[2 + n % 6]) for n in range(12))
    )
    await each_report_is_in_one_incident(room)


STEPS = st.lists(st.tuples(st.sampled_from(["merge", "split", "undo"]), st.integers(0, 99), st.integers(0, 99)), max_size=9)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_after_any_acts_each_report_is_in_one_incident_and_undoing_all_restores(room: Room, steps: Any) -> None:
    async with room.database.transaction() as work:
        for table in (regrouping, task, conversation, inbound_message, report, incident):
            await work.execute(table.delete())
    for n in range(4):
        await room.texts(ELSEWHERE if n % 2 else WALMART, PHONES[n])
        room.clock.advance(timedelta(minutes=2))
    start = {i.id: i for i in await room.incidents()}
    for act, a, b in steps:
        room.clock.advance(timedelta(seconds=1))
        here = await room.incidents()
        try:
            if act == "merge":
                await room.merges(here[a % len(here)].code, here[b % len(here)].code)
            elif act == "split":
                about = here[a % len(here)]
                told = await room.reports_of(about)
                await room.splits(about.code, *[r.id for n, r in enumerate(told) if b >> n & 1])
            else:
                await room.undoes()
        except VigiaError:
            continue
        finally:
            await each_report_is_in_one_incident(room)
    for act_id in await open_acts(room):
        await room.undoes(act_id)
    assert {i.id: i for i in await room.incidents() if i.id in start} == start
    assert all(i.reports == 0 and i.state == "dismissed" for i in await room.incidents() if i.id not in start)


async def open_acts(room: Room) -> list[UUID]:
    async with room.database.transaction() as work:
        acts = await work.find(
            Regrouping, select(regrouping).where(regrouping.c.undone_at.is_(None)).order_by(regrouping.c.at.desc())
        )
    return [act.id for act in acts]


async def each_report_is_in_one_incident(room: Room) -> None:
    async with room.database.transaction() as work:
        rows = await work.all(
            select(incident.c.id, incident.c.state, incident.c.reports, func.count(report.c.id).label("held"))
            .join(report, report.c.incident_id == incident.c.id, isouter=True)
            .group_by(incident.c.id)
        )
        lost = await work.scalar(select(func.count()).where(report.c.state == "joined", report.c.incident_id.is_(None)))
    assert [(row.reports, row.held) for row in rows if row.reports != row.held] == []
    assert all(row.held == 0 for row in rows if row.state == IncidentState.DISMISSED)
    assert lost == 0


async def test_whatever_people_do_at_once_ends_and_no_report_is_lost(room: Room) -> None:
    one, two = await room.two()
    for n in range(2, 6):
        await room.texts(f"{WALMART if n % 2 else ELSEWHERE} right now", PHONES[n])
    [told, *_] = await room.reports_of(one)
    [other, *_] = await room.reports_of(two)
    wake = Location(("37183",), "Wake County")
    durham = Location(("37063",), "Walmart, N Roxboro St, Durham")

    async def correct(told: Report, where: Location) -> None:
        async with room.database.transaction() as work:
            code = await work.scalar(
                select(incident.c.code).join(report, report.c.incident_id == incident.c.id).where(report.c.id == told.id)
            )
            await put_place_right(work, room.hotline, code, told.id, where, room.ana)

    answers = await asyncio.gather(
        *(correct(r, w) for r in (told, other) for w in (wake, durham)),
        room.merges(one.code, two.code),
        room.merges(two.code, one.code, by=room.beto),
        room.undoes(),
        *(room.texts(f"{ELSEWHERE} {n}", PHONES[n]) for n in range(4)),
        return_exceptions=True,
    )
    assert [a for a in answers if isinstance(a, BaseException) and not isinstance(a, VigiaError)] == []
    await each_report_is_in_one_incident(room)
