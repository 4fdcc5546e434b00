"""Taking work: one winner, nothing lost, nothing held by two, whatever Redis forgets."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from redis.asyncio import Redis
from sqlalchemy import select

from app.core.clock import ManualClock
from app.core.database import Database
from app.records.incidents import Incident, incident
from app.records.verification import Outcome, Task, task
from app.verification.handover import release_task
from app.verification.offers import record_observation
from app.verification.queue import TaskQueue
from app.verification.sweep import picture_of, sweep_tasks
from app.verification.tasks import MOST_HELD, LostClaim, check_claim, finish_task, open_task, pull_task, renew_task
from app.verification.waves import start_search
from app.volunteers.tables import Volunteer, volunteer

DURHAM, WAKE = "37063", "37183"


@pytest.fixture
def queue(redis: Redis) -> TaskQueue:
    return TaskQueue(redis)


async def a_volunteer(
    database: Database, alias: str, counties: list[str] | None = None, languages: list[str] | None = None
) -> Volunteer:
    async with database.transaction() as work:
        person = Volunteer(
            id=work.new_id(),
            alias=alias,
            roles=["dispatcher"],
            counties=counties or [],
            languages=languages or [],
            created_at=work.now,
        )
        await work.add(person)
    return person


async def an_incident(
    database: Database,
    queue: TaskQueue,
    *,
    county: str | None = DURHAM,
    urgent: bool = False,
    kind: str = "report",
    language: str = "en",
) -> UUID:
    async with database.transaction() as work:
        about = Incident(
            id=work.new_id(),
            code=str(work.new_id())[-12:],
            kind=kind,
            county=county,
            urgent=urgent,
            reports=1,
            first_report_at=work.now,
            last_report_at=work.now,
        )
        await work.add(about)
        await open_task(work, queue, about, language)
    return about.id


async def pull(database: Database, queue: TaskQueue, person: Volunteer) -> Task | None:
    async with database.transaction() as work:
        return await pull_task(work, queue, person)


async def test_the_most_urgent_task_comes_first(database: Database, queue: TaskQueue, clock: ManualClock) -> None:
    await an_incident(database, queue)
    clock.advance(timedelta(minutes=10))
    urgent = await an_incident(database, queue, urgent=True)
    taken = await pull(database, queue, await a_volunteer(database, "Ana"))

    assert taken is not None and taken.incident_id == urgent


async def test_waiting_long_enough_beats_urgency(database: Database, queue: TaskQueue, clock: ManualClock) -> None:
    old = await an_incident(database, queue)
    clock.advance(timedelta(hours=3, minutes=1))
    await an_incident(database, queue, urgent=True, kind="detention")
    taken = await pull(database, queue, await a_volunteer(database, "Ana"))

    assert taken is not None and taken.incident_id == old


async def test_a_thousand_pulls_on_one_task_have_one_winner(database: Database, queue: TaskQueue) -> None:
    await an_incident(database, queue)
    people = [await a_volunteer(database, f"V{n}") for n in range(50)]

    crowd = asyncio.Semaphore(40)  # twice the connections: on a busy machine nobody waits too long for one

    async def pulls(person: Volunteer) -> Task | None:
        async with crowd:
            return await pull(database, queue, person)

    taken = await asyncio.gather(*(pulls(people[n % 50]) for n in range(1000)))

    assert len({t.holder_id for t in taken if t is not None}) == 1
    assert {t.fence for t in taken if t is not None} == {1}


async def test_a_task_goes_only_to_who_fits(database: Database, queue: TaskQueue) -> None:
    await an_incident(database, queue, county=WAKE)
    await an_incident(database, queue, language="es")
    elsewhere = await pull(database, queue, await a_volunteer(database, "Bo", counties=[DURHAM], languages=["en"]))
    fits = await pull(database, queue, await a_volunteer(database, "Ana", counties=[DURHAM], languages=["en", "es"]))

    assert elsewhere is None
    assert fits is not None and fits.language == "es"


async def test_who_pulls_again_keeps_what_they_hold(database: Database, queue: TaskQueue) -> None:
    await an_incident(database, queue)
    await an_incident(database, queue)
    ana = await a_volunteer(database, "Ana")

    first, second = await pull(database, queue, ana), await pull(database, queue, ana)

    assert first is not None and second is not None and first.id == second.id


async def test_a_volunteer_who_goes_silent_loses_the_claim(database: Database, queue: TaskQueue, clock: ManualClock) -> None:
    incident_id = await an_incident(database, queue)
    ana, ben = await a_volunteer(database, "Ana"), await a_volunteer(database, "Ben")
    lost = await pull(database, queue, ana)
    clock.advance(timedelta(minutes=5, seconds=1))
    async with database.transaction() as work:
        assert await sweep_tasks(work, queue) == 1
    won = await pull(database, queue, ben)

    assert lost is not None and won is not None and won.fence == lost.fence + 1
    async with database.transaction() as work:
        with pytest.raises(LostClaim, match="claim on this incident has ended"):
            await check_claim(work, incident_id, lost.fence, ana.id)


async def test_a_sign_of_life_keeps_the_claim(database: Database, queue: TaskQueue, clock: ManualClock) -> None:
    await an_incident(database, queue)
    ana = await a_volunteer(database, "Ana")
    held = await pull(database, queue, ana)
    assert held is not None
    for _ in range(3):
        clock.advance(timedelta(minutes=4))
        async with database.transaction() as work:
            await renew_task(work, queue, held.id, held.fence, ana.id)
        async with database.transaction() as work:
            assert await sweep_tasks(work, queue) == 0


async def test_a_released_task_returns_to_its_old_place(database: Database, queue: TaskQueue, clock: ManualClock) -> None:
    first = await an_incident(database, queue)
    clock.advance(timedelta(minutes=1))
    await an_incident(database, queue)
    ana, ben = await a_volunteer(database, "Ana"), await a_volunteer(database, "Ben")
    held = await pull(database, queue, ana)
    assert held is not None
    async with database.transaction() as work:
        await release_task(work, queue, held.id, held.fence, ana.id)
    taken = await pull(database, queue, ben)

    assert taken is not None and taken.incident_id == first


async def test_redis_may_forget_everything_at_any_moment(database: Database, queue: TaskQueue, redis: Redis) -> None:
    ids = {await an_incident(database, queue) for _ in range(5)}
    ana, ben = await a_volunteer(database, "Ana"), await a_volunteer(database, "Ben")
    held = await pull(database, queue, ana)
    await redis.flushall()
    at_once = await pull(database, queue, ben)  # found in the table
    async with database.transaction() as work:
        await sweep_tasks(work, queue)

    assert held is not None and at_once is not None and held.incident_id != at_once.incident_id
    assert {held.incident_id, at_once.incident_id} <= ids
    assert await queue.counts() == (3, 2)


async def test_without_redis_work_is_still_handed_out(database: Database) -> None:
    away = TaskQueue(Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2))
    await an_incident(database, away)
    taken = await pull(database, away, await a_volunteer(database, "Ana"))

    assert taken is not None


async def test_a_finished_task_is_never_handed_out_again(database: Database, queue: TaskQueue) -> None:
    incident_id = await an_incident(database, queue)
    ana = await a_volunteer(database, "Ana")
    async with database.transaction() as work:
        await finish_task(work, queue, incident_id)

    assert await pull(database, queue, ana) is None
    assert await queue.counts() == (0, 0)


async def test_every_task_is_finished_once_by_many_hands(database: Database, queue: TaskQueue, redis: Redis) -> None:
    for _ in range(60):
        await an_incident(database, queue)
    people = [await a_volunteer(database, f"V{n}") for n in range(12)]
    finished: list[UUID] = []

    async def works(person: Volunteer, flushes: bool) -> None:
        while (held := await pull(database, queue, person)) is not None:
            if flushes and len(finished) == 20:
                await redis.flushall()
            async with database.transaction() as work:
                await check_claim(work, held.incident_id, held.fence, person.id)
                await finish_task(work, queue, held.incident_id)
            finished.append(held.incident_id)

    await asyncio.gather(*(works(person, n == 0) for n, person in enumerate(people)))

    assert len(finished) == len(set(finished)) == 60
    async with database.transaction() as work:
        assert set((await work.execute(select(task.c.state))).scalars()) == {"done"}
        assert await work.scalar(select(volunteer.c.id).limit(1)) is not None


async def seen(database: Database, incident_id: UUID, person: Volunteer) -> None:
    """Somebody was there and tells."""
    async with database.transaction() as work:
        about = await work.get(Incident, incident.c.id == incident_id, lock=True)
        assert about is not None
        await record_observation(work, about, person.id, Outcome.NOTHING, on_site=True)


async def asked(database: Database, held: Task) -> None:
    """The nearest are asked about what somebody holds."""
    async with database.transaction() as work:
        about = await work.get(Incident, incident.c.id == held.incident_id, lock=True)
        assert about is not None and held.holder_id is not None
        await start_search(work, about, held.holder_id)


async def test_while_the_nearest_are_asked_their_dispatcher_takes_the_next_and_keeps_the_first(
    database: Database, queue: TaskQueue, clock: ManualClock
) -> None:
    await an_incident(database, queue, urgent=True)
    await an_incident(database, queue)
    ana, luz = await a_volunteer(database, "Ana"), await a_volunteer(database, "Luz")
    first = await pull(database, queue, ana)
    assert first is not None
    await asked(database, first)
    second = await pull(database, queue, ana)
    assert second is not None and second.id != first.id
    again = await pull(database, queue, ana)
    clock.advance(timedelta(minutes=4))
    async with database.transaction() as work:
        await renew_task(work, queue, second.id, second.fence, ana.id)
    clock.advance(timedelta(minutes=4))
    async with database.transaction() as work:
        ended = await sweep_tasks(work, queue)
        looked, _ = await queue.look()
        agrees = looked == await picture_of(work)
    await asked(database, second)
    await seen(database, first.incident_id, luz)
    back = await pull(database, queue, ana)

    assert again is not None and again.id == second.id
    assert ended == 0 and agrees
    assert back is not None and back.id == first.id  # somebody told what is there, so that it must be decided


async def test_nobody_holds_more_than_they_can_see_through(database: Database, queue: TaskQueue) -> None:
    ana = await a_volunteer(database, "Ana")
    held: set[UUID] = set()
    for _ in range(MOST_HELD + 1):
        await an_incident(database, queue)
        taken = await pull(database, queue, ana)
        assert taken is not None
        if taken.id not in held:
            await asked(database, taken)
        held.add(taken.id)

    assert len(held) == MOST_HELD
