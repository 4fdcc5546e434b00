"""Any order of taking, passing on, giving, finishing, hurrying, forgetting and losing: the table and the queue stay what a model says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select, text

from app.core.clock import ManualClock
from app.core.database import Database, Transaction
from app.core.errors import Conflict
from app.core.ids import new_id
from app.core.keys import Keys
from app.core.redis_client import connect_redis
from app.records.incidents import Incident, incident
from app.records.verification import HandedOver, Task, task
from app.verification.handover import end_claims, release_task, skip_task, transfer_task
from app.verification.lanes import place_of
from app.verification.queue import TaskQueue
from app.verification.sweep import picture_of, sweep_tasks
from app.verification.tasks import LEASE, LostClaim, check_claim, finish_task, open_task, pull_task, renew_task
from app.volunteers.tables import Volunteer
from tests.conftest import NOON

Step = Callable[[Transaction], Awaitable[Any]]

COUNTIES = ("37063", "37183", None)
PEOPLE: dict[str, dict[str, Any]] = {
    "Ana": {"counties": [], "languages": [], "skills": []},
    "Ben": {"counties": ["37063"], "languages": ["en"], "skills": []},
    "Cleo": {"counties": ["37063", "37183"], "languages": ["es"], "skills": ["detention"]},
}
WHO = st.sampled_from(sorted(PEOPLE))


@dataclass
class Known:
    """What the model knows of a task."""

    row: Task
    holder: str | None = None
    until: datetime = NOON
    fence: int = 0
    done: bool = False
    passed_by: set[str] = field(default_factory=set)


class QueueMachine(RuleBasedStateMachine):
    """The verbs against a real table and a real queue."""

    database_url: ClassVar[str]
    redis_url: ClassVar[str]
    keys: ClassVar[Keys]

    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = ManualClock(NOON)
        self.database = Database(self.database_url, self.keys, self.clock, new_id, pool_size=2)
        self.redis = connect_redis(self.redis_url)
        self.queue = TaskQueue(self.redis)
        self.known: dict[UUID, Known] = {}
        self.sound = True
        self.lost = False
        self.people: dict[str, Volunteer] = {}
        self.runner.run(self._begin())

    async def _begin(self) -> None:
        await self.redis.flushall()
        async with self.database.transaction() as work:
            await work.execute(text("TRUNCATE volunteer, incident, event CASCADE"))
            for alias, facts in PEOPLE.items():
                person = Volunteer(id=work.new_id(), alias=alias, roles=["dispatcher"], created_at=work.now, **facts)
                await work.add(person)
                self.people[alias] = person

    def teardown(self) -> None:
        self.runner.run(self.redis.aclose())
        self.runner.run(self.database.close())
        self.runner.close()

    def do(self, step: Step) -> Any:
        """One transaction, whose words to the queue get lost where that was said before."""

        async def run() -> Any:
            async with self.database.transaction() as work:
                gave = await step(work)
                if self.lost and work.after_commit:
                    work.after_commit.clear()
                    self.lost, self.sound = False, False
            return gave

        return self.runner.run(run())

    def candidates(self, alias: str) -> list[Known]:
        person = self.people[alias]
        return sorted(
            (
                one
                for one in self.known.values()
                if not one.done
                and (one.holder is None or one.until <= self.clock())
                and alias not in one.passed_by
                and (not person.counties or one.row.county is None or one.row.county in person.counties)
                and (not person.languages or one.row.language in {*person.languages, ""})
                and (not person.skills or one.row.skill in {*person.skills, ""})
            ),
            key=lambda one: (place_of(one.row), str(one.row.id)),
        )

    def holds(self, alias: str) -> Known | None:
        return next((one for one in self.known.values() if one.holder == alias and one.until > self.clock()), None)

    @rule(county=st.sampled_from(COUNTIES), language=st.sampled_from(("en", "es", "")), urgent=st.booleans())
    def opens(self, county: str | None, language: str, urgent: bool) -> None:
        async def step(work: Transaction) -> Task:
            code = str(work.new_id())[-12:]
            about = Incident(id=work.new_id(), code=code, kind="report", county=county, urgent=urgent, reports=1,
                             first_report_at=work.now, last_report_at=work.now)  # fmt: skip
            await work.add(about)
            await open_task(work, self.queue, about, language)
            made = await work.get(Task, task.c.incident_id == about.id)
            assert made is not None
            return made

        made = self.do(step)
        self.known[made.id] = Known(made)

    @rule(which=st.integers(0, 30))
    def hurries(self, which: int) -> None:
        still = [one for one in self.known.values() if not one.done]
        if not still:
            return
        one = still[which % len(still)]

        async def step(work: Transaction) -> Task:
            about = await work.get(Incident, incident.c.id == one.row.incident_id)
            assert about is not None
            about.urgent = True
            await open_task(work, self.queue, about, one.row.language)
            made = await work.get(Task, task.c.id == one.row.id)
            assert made is not None
            return made

        one.row = self.do(step)

    @rule(target=claims, alias=WHO)
    def pulls(self, alias: str) -> tuple[str, UUID | None, int]:
        before, fitting = self.holds(alias), self.candidates(alias)
        stale = any(one.holder is not None and one.until <= self.clock() for one in self.known.values())
        taken = self.do(lambda work: pull_task(work, self.queue, self.people[alias]))
        if before is not None:
            assert taken is not None and taken.id == before.row.id
            return alias, taken.id, taken.fence
        if taken is None:
            assert not fitting
            return alias, None, 0
        one = self.known[taken.id]
        assert one in fitting
        if self.sound and not stale:
            assert one is fitting[0]
        one.holder, one.until, one.fence = alias, self.clock() + LEASE, one.fence + 1
        assert taken.fence == one.fence
        return alias, taken.id, taken.fence

    def under(self, claim: tuple[str, Any, int]) -> Known | None:
        """The task if the claim is still the newest: only then may it change anything."""
        alias, task_id, fence = claim
        one = self.known.get(task_id) if task_id else None
        return one if one and not one.done and one.holder == alias and one.fence == fence else None

    def attempt(self, claim: tuple[str, Any, int], step: Step) -> Known | None:
        """Do it; it must be refused exactly when the claim is no longer the newest."""
        if claim[1] is None:
            return None
        one = self.under(claim)
        if one is None:
            with pytest.raises(LostClaim):
                self.do(step)
            return None
        self.do(step)
        return one

    @rule(claim=claims)
    def renews(self, claim: tuple[str, Any, int]) -> None:
        who = self.people[claim[0]].id
        if (one := self.attempt(claim, lambda work: renew_task(work, self.queue, claim[1], claim[2], who))) is not None:
            one.until = self.clock() + LEASE

    @rule(claim=claims)
    def releases(self, claim: tuple[str, Any, int]) -> None:
        who = self.people[claim[0]].id
        if (one := self.attempt(claim, lambda work: release_task(work, self.queue, claim[1], claim[2], who, "n"))) is not None:
            one.holder = None

    @rule(claim=claims)
    def skips(self, claim: tuple[str, Any, int]) -> None:
        who = self.people[claim[0]].id
        if (one := self.attempt(claim, lambda work: skip_task(work, self.queue, claim[1], claim[2], who))) is not None:
            one.holder = None
            one.passed_by.add(claim[0])

    @rule(claim=claims, to=WHO)
    def transfers(self, claim: tuple[str, Any, int], to: str) -> None:
        giver = self.people[claim[0]].id
        if claim[1] is None:
            return
        if to == claim[0] or self.holds(to) is not None:
            with pytest.raises(Conflict):
                self.do(lambda work: transfer_task(work, self.queue, claim[1], claim[2], giver, to))
        elif (
            one := self.attempt(claim, lambda work: transfer_task(work, self.queue, claim[1], claim[2], giver, to))
        ) is not None:
            one.holder, one.until, one.fence = to, self.clock() + LEASE, one.fence + 1

    @rule(claim=claims)
    def finishes(self, claim: tuple[str, Any, int]) -> None:
        if claim[1] is None:
            return
        about, who = self.known[claim[1]].row.incident_id, self.people[claim[0]].id

        async def step(work: Transaction) -> None:
            await check_claim(work, about, claim[2], who)
            await finish_task(work, self.queue, about)

        if (one := self.attempt(claim, step)) is not None:
            one.done, one.holder = True, None

    @rule(alias=WHO)
    def leaves(self, alias: str) -> None:
        who = self.people[alias].id
        self.do(lambda work: end_claims(work, self.queue, who, HandedOver.SIGNED_OUT, who))
        for one in self.known.values():
            if one.holder == alias:
                one.holder, one.fence = None, one.fence + 1

    @rule(minutes=st.integers(1, 6))
    def time_passes(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    @rule()
    def forgets(self) -> None:
        self.do(lambda _: self.redis.flushall())
        self.sound = False

    @rule()
    def a_word_gets_lost(self) -> None:
        self.lost = True

    @rule()
    def sweeps(self) -> None:
        self.do(lambda work: sweep_tasks(work, self.queue))
        self.sound = True
        for one in self.known.values():
            if one.holder is not None and one.until <= self.clock():
                one.holder = None
        for one in self.known.values():
            if not one.done and one.row.created_at <= self.clock() - timedelta(minutes=8):
                one.row.skill = ""

        async def both(work: Transaction) -> bool:
            seen, _ = await self.queue.look()
            return bool(seen == await picture_of(work))

        assert self.do(both)

    @invariant()
    def the_table_is_what_the_model_says(self) -> None:
        rows = self.do(lambda work: work.all(select(task)))
        alias_of = {person.id: alias for alias, person in self.people.items()}
        for row in rows:
            one = self.known[row.id]
            assert (row.state == "done") == one.done
            assert alias_of.get(row.holder_id) == one.holder


def test_any_order_of_the_verbs_keeps_table_and_queue_to_the_model(database_url: str, redis_url: str, keys: Keys) -> None:
    machine = type("Machine", (QueueMachine,), {"database_url": database_url, "redis_url": redis_url, "keys": keys})
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)),
    )
