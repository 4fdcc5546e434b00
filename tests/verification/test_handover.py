"""A task changes hands, and a queue that forgot or misheard something is put right."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from redis.asyncio import Redis

from app.core.clock import ManualClock
from app.core.database import Database
from app.core.errors import BadInput, Conflict
from app.records.incidents import Incident, incident
from app.records.verification import HandedOver, Task, task
from app.verification.handover import (
    break_claim,
    end_claims,
    find_takers,
    held_by,
    notes_of,
    release_task,
    skip_task,
    transfer_task,
)
from app.verification.queue import TaskQueue
from app.verification.sweep import heal, picture_of, sweep_tasks
from app.verification.tasks import LostClaim, open_task, renew_task
from app.volunteers.tables import Volunteer, volunteer
from tests.verification.test_tasks import a_volunteer, an_incident, pull


@pytest.fixture
def queue(redis: Redis) -> TaskQueue:
    return TaskQueue(redis)


async def taken(database: Database, queue: TaskQueue, person: Volunteer) -> Task:
    held = await pull(database, queue, person)
    assert held is not None
    return held


async def agree(database: Database, queue: TaskQueue) -> bool:
    async with database.transaction() as work:
        seen, _ = await queue.look()
        return seen == await picture_of(work)


async def test_a_skipped_task_goes_to_others_at_once_and_never_back(database: Database, queue: TaskQueue, redis: Redis) -> None:
    incident_id = await an_incident(database, queue, urgent=True)
    ana, ben = await a_volunteer(database, "Ana"), await a_volunteer(database, "Ben")
    held = await taken(database, queue, ana)
    async with database.transaction() as work:
        await skip_task(work, queue, held.id, held.fence, ana.id, "I know the family.")
    again = await pull(database, queue, ana)
    agreed = await agree(database, queue)
    await redis.flushall()
    without_redis = await pull(database, queue, ana)
    async with database.transaction() as work:
        assert await heal(work, queue)
    drawn_anew = await pull(database, queue, ana)
    given = await taken(database, queue, ben)
    async with database.transaction() as work:
        read = await notes_of(work, given.id)

    assert (again, without_redis, drawn_anew, agreed) == (None, None, None, True)
    assert given.incident_id == incident_id
    assert [(note.how, alias, words) for note, alias, words in read] == [("skipped", "Ana", "I know the family.")]


async def test_a_queue_that_never_heard_of_a_skip_does_not_show_the_task_again(database: Database, queue: TaskQueue) -> None:
    await an_incident(database, queue)
    ana = await a_volunteer(database, "Ana")
    held = await taken(database, queue, ana)
    async with database.transaction() as work:
        await skip_task(work, queue, held.id, held.fence, ana.id)
        work.after_commit.clear()
        work.after_commit.append(lambda: queue.release(held))

    assert await pull(database, queue, ana) is None
    assert await agree(database, queue)  # the pull that met it told the queue


async def test_a_task_given_to_somebody_is_theirs_alone(database: Database, queue: TaskQueue) -> None:
    await an_incident(database, queue)
    await an_incident(database, queue)
    ana, ben, cleo = [await a_volunteer(database, alias) for alias in ("Ana", "Ben", "Cleo")]
    held = await taken(database, queue, ana)
    other = await taken(database, queue, cleo)
    async with database.transaction() as work:
        assert [person.alias for person in await find_takers(work, ana.id)] == ["Ben"]
        given = await transfer_task(work, queue, held.id, held.fence, ana.id, "Ben", "They wait for a call.")
    seen, _ = await queue.look()

    assert seen is not None and seen.holders == {held.id: ben.id, other.id: cleo.id}
    assert (await taken(database, queue, ben)).id == held.id
    async with database.transaction() as work:
        with pytest.raises(LostClaim, match="someone else may have taken it"):
            await renew_task(work, queue, held.id, held.fence, ana.id)
        await renew_task(work, queue, given.id, given.fence, ben.id)


@pytest.mark.parametrize("alias", ["Cleo", "Nobody", "Ana"])
async def test_a_task_is_given_to_nobody_who_is_busy_or_unknown(database: Database, queue: TaskQueue, alias: str) -> None:
    await an_incident(database, queue)
    await an_incident(database, queue)
    ana, cleo = await a_volunteer(database, "Ana"), await a_volunteer(database, "Cleo")
    held = await taken(database, queue, ana)
    await taken(database, queue, cleo)
    async with database.transaction() as work:
        with pytest.raises(Conflict, match="can't take it now"):
            await transfer_task(work, queue, held.id, held.fence, ana.id, alias)


async def test_a_lead_takes_a_task_from_who_does_not_answer(database: Database, queue: TaskQueue) -> None:
    await an_incident(database, queue)
    ana, lea = await a_volunteer(database, "Ana"), await a_volunteer(database, "Lea")
    held = await taken(database, queue, ana)
    async with database.transaction() as work:
        with pytest.raises(BadInput):
            await break_claim(work, queue, held.id, "  ", lea)
        await break_claim(work, queue, held.id, "No answer on the phone.", lea)
    async with database.transaction() as work:
        with pytest.raises(LostClaim):
            await release_task(work, queue, held.id, held.fence, ana.id)
        with pytest.raises(Conflict, match="Nobody holds"):
            await break_claim(work, queue, held.id, "Again.", lea)

    assert (await taken(database, queue, lea)).id == held.id


async def test_who_leaves_holds_nothing_any_more(database: Database, queue: TaskQueue) -> None:
    await an_incident(database, queue)
    ana, ben = await a_volunteer(database, "Ana"), await a_volunteer(database, "Ben")
    held = await taken(database, queue, ana)
    async with database.transaction() as work:
        assert await held_by(work, ana.id) is not None
        await end_claims(work, queue, ana.id, HandedOver.SIGNED_OUT, ana.id, "Ask for the plates of the building.")
    async with database.transaction() as work:
        assert await held_by(work, ana.id) is None
        assert await end_claims(work, queue, ana.id, HandedOver.SIGNED_OUT, ana.id) == []

    assert (await taken(database, queue, ben)).fence == held.fence + 2


async def test_a_button_pressed_twice_takes_one(database: Database, queue: TaskQueue) -> None:
    for _ in range(5):
        await an_incident(database, queue)
    ana = await a_volunteer(database, "Ana")
    both = await asyncio.gather(*(pull(database, queue, ana) for _ in range(5)))

    assert len({one.id for one in both if one is not None}) == 1
    assert await queue.counts() == (4, 1)


async def test_a_word_of_new_urgency_that_got_lost_is_made_up_for(database: Database, queue: TaskQueue) -> None:
    first = await an_incident(database, queue)
    second = await an_incident(database, queue)
    async with database.transaction() as work:
        about = await work.get(Incident, incident.c.id == second)
        assert about is not None
        about.urgent = True
        await open_task(work, queue, about, "en")
        await work.query_together()  # the task is as urgent now, and the queue would hear of it
        work.after_commit.clear()
    before = await agree(database, queue)
    async with database.transaction() as work:
        await sweep_tasks(work, queue)
    taken_first = await taken(database, queue, await a_volunteer(database, "Ana"))

    assert not before
    assert (taken_first.incident_id, first != second) == (second, True)


async def test_a_queue_that_holds_the_same_is_left_alone(database: Database, queue: TaskQueue) -> None:
    for n in range(3):
        await an_incident(database, queue, county=(None, "37063", "37183")[n], language=("", "en", "es")[n], urgent=n == 1)
    ana = await a_volunteer(database, "Ana")
    held = await taken(database, queue, ana)
    async with database.transaction() as work:
        await skip_task(work, queue, held.id, held.fence, ana.id)
    await taken(database, queue, ana)
    async with database.transaction() as work:
        assert not await heal(work, queue)


async def test_a_skill_that_nobody_comes_with_is_let_go(database: Database, queue: TaskQueue, clock: ManualClock) -> None:
    incident_id = await an_incident(database, queue, urgent=True)
    new = await a_volunteer(database, "Nia")
    async with database.transaction() as work:
        await work.execute(volunteer.update().where(volunteer.c.id == new.id).values(skills=["detention"]))
    new.skills = ["detention"]
    too_soon = await pull(database, queue, new)
    clock.advance(timedelta(minutes=8, seconds=1))
    async with database.transaction() as work:
        await sweep_tasks(work, queue)

    assert too_soon is None
    assert (await taken(database, queue, new)).incident_id == incident_id


async def test_a_redis_that_dies_in_the_middle_of_a_pull_costs_no_task(
    database: Database, queue: TaskQueue, redis: Redis
) -> None:
    stale = await an_incident(database, queue)
    async with database.transaction() as work:
        await work.execute(task.update().where(task.c.incident_id == stale).values(state="done"))
    good = await an_incident(database, queue)
    dying = Dying(redis)

    assert (await taken(database, dying, await a_volunteer(database, "Ana"))).incident_id == good


class Dying(TaskQueue):
    """A client whose connection breaks after its first answer."""

    answered: UUID | None = None

    async def _run(self, verb: str, *said: str | float) -> Any:
        if self.answered is not None:
            return await TaskQueue(Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2))._run(verb, *said)
        found = await super()._run(verb, *said)
        self.answered = UUID(found)
        return found
