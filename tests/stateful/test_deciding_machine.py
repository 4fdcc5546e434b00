"""Any order of telling, deciding, undoing, texting, alerting and waiting: an incident stays what a model says, by whom and since when."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select, text, update

from app.alerts.approval import return_alert
from app.core.clock import ManualClock
from app.core.database import Database, Transaction
from app.core.errors import Conflict, NotAllowed
from app.core.ids import new_id
from app.core.keys import Keys
from app.core.redis_client import connect_redis
from app.incidents.join import get_incident
from app.pipeline import Hotline, decide_incident, receive_text
from app.pipeline_alerts import approve, propose
from app.pipeline_undo import undo_decision
from app.records.alerts import Alert
from app.records.decisions import Decision, decision
from app.records.deliveries import delivery, outgoing_message
from app.records.events import verify_chain
from app.records.incidents import Incident, incident
from app.records.states import IllegalTransition
from app.records.verification import Outcome, Task, task
from app.verification.grounds import NONE_GIVEN
from app.verification.offers import record_observation
from app.verification.queue import TaskQueue
from app.verification.tasks import LostClaim, pull_task
from app.volunteers.roster import add_volunteer
from app.volunteers.tables import Volunteer, volunteer
from tests.conftest import NOON
from tests.verification.field import SEEN, a_text

Step = Callable[[Transaction], Awaitable[Any]]

DISPATCHERS = ("Ana", "Beto", "Cleo")
WITNESSES = ("Luz", "Tim", "Vera", "Vito", "Rosa")
PEOPLE: dict[str, dict[str, Any]] = {
    "Ana": {"roles": ["dispatcher"]},
    "Beto": {"roles": ["dispatcher", "lead"]},
    "Cleo": {"roles": ["dispatcher"]},
    "Olga": {"roles": ["organizer"]},
    "Luz": {"roles": ["verifier"], "trained": True},
    "Tim": {"roles": ["verifier"], "trained": True, "trainee": True, "vetting": "vetted"},
    "Vera": {"roles": ["verifier"], "vetting": "vetted"},
    "Vito": {"roles": ["verifier"], "vetting": "vetted"},
    "Rosa": {"roles": ["verifier"], "trained": True, "vetting": "vetted"},  # who reported it
}
OUTCOMES = st.sampled_from((*(Outcome.CONFIRM,) * 4, *Outcome))
"""Confirming most of all, as most rules are about it."""

STATE = {outcome: {"confirm": "confirmed"}.get(outcome.value, outcome.value) for outcome in Outcome}
DECIDED = set(STATE.values())
UNDO_TIME, ONE_TIME = timedelta(minutes=10), timedelta(minutes=30)


@dataclass(frozen=True)
class Said:
    """What somebody said last: whether it confirms, whether they were sent there, when."""

    confirms: bool
    on_site: bool
    at: datetime


@dataclass(frozen=True)
class Made:
    """A decision as the model has it: what it led to, what stood before with its author and its time, by whom, when."""

    id: UUID
    state: str
    before: tuple[str, str | None, datetime | None]
    by: str
    at: datetime


class DecidingMachine(RuleBasedStateMachine):
    """The steps of the pipeline against a real table, with a model of the rules beside it."""

    database_url: ClassVar[str]
    redis_url: ClassVar[str]
    keys: ClassVar[Keys]
    hotline: ClassVar[Hotline]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = ManualClock(NOON)
        self.database = Database(self.database_url, self.keys, self.clock, new_id, pool_size=2)
        self.redis = connect_redis(self.redis_url)
        self.line = replace(self.hotline, redis=self.redis, queue=TaskQueue(self.redis))
        self.people: dict[str, Volunteer] = {}
        self.said: dict[str, Said] = {}
        self.away: set[str] = set()
        self.now_is: tuple[str, str | None, datetime | None] = ("open", None, None)
        self.standing: list[Made] = []
        self.undone: list[Made] = []
        self.heard = False
        self.alerts: dict[UUID, Alert] = {}  # those that were not given back
        self.signed: set[UUID] = set()
        self.runner.run(self._begin())

    async def _begin(self) -> None:
        await self.redis.flushall()
        async with self.database.transaction() as work:
            await work.execute(text("TRUNCATE volunteer, incident, contact, event, outgoing_message, inbound_message CASCADE"))
            for count, (alias, facts) in enumerate(PEOPLE.items()):
                given: dict[str, Any] = {"languages": ["en", "es"], "counties": [], "trained": False} | facts
                vetting = {name: given.pop(name) for name in ("vetting", "trainee") if name in given}
                made = await add_volunteer(work, alias, number=f"+1919555{140 + count:04d}", **given)
                if vetting:
                    await work.execute(update(volunteer).where(volunteer.c.id == made.id).values(vetting))
                self.people[alias] = await self._person(work, alias)
        async with self.database.transaction() as work:
            rosa = f"+1919555{140 + list(PEOPLE).index('Rosa'):04d}"
            await receive_text(work, self.line, a_text(rosa, SEEN, 1))
            self.code = await work.scalar(select(incident.c.code))

    async def _person(self, work: Transaction, alias: str) -> Volunteer:
        found = await work.get(Volunteer, volunteer.c.alias == alias)
        assert found is not None
        return found

    def teardown(self) -> None:
        report = self.do(verify_chain)
        assert report.broken_at is None
        self.runner.run(self.redis.aclose())
        self.runner.run(self.database.close())
        self.runner.close()

    def do(self, step: Step) -> Any:
        return self.runner.run(self.database.run(step))

    def on_incident(self, step: Callable[[Transaction, Incident], Awaitable[Any]]) -> Any:
        async def run(work: Transaction) -> Any:
            return await step(work, await get_incident(work, self.code, lock=True))

        return self.do(run)

    def held(self) -> Task:
        found = self.do(lambda work: work.get(Task, task.c.id.is_not(None)))
        assert isinstance(found, Task)
        return found

    @property
    def decided(self) -> bool:
        return self.now_is[0] in DECIDED

    def may_confirm(self) -> bool:
        """The rule in the model's own words: one trained on-site word of who no longer learns, or two words of vetted people who don't
        both learn, within half an hour; of nobody who reported it, and of two only while both may act."""
        words = {who: said for who, said in self.said.items() if said.confirms and who != "Rosa"}
        if words.get("Luz") and words["Luz"].on_site:
            return True
        trusted = [who for who in ("Tim", "Vera", "Vito") if who in words and who not in self.away]
        return any(abs(words[one].at - words[two].at) <= ONE_TIME for one, two in combinations(trusted, 2))

    @rule(who=st.sampled_from(WITNESSES), outcome=OUTCOMES, on_site=st.booleans())
    def tells(self, who: str, outcome: Outcome, on_site: bool) -> None:
        person = self.people[who]
        self.on_incident(lambda work, about: record_observation(work, about, person.id, outcome, on_site=on_site))
        self.said[who] = Said(outcome is Outcome.CONFIRM, on_site, self.clock())
        if self.now_is[0] == "open":
            self.now_is = ("verifying", *self.now_is[1:])

    @rule(apart=st.sampled_from((1, 12, 30, 31)), second=st.sampled_from(("Vito", "Tim")))
    def two_tell_and_somebody_confirms(self, apart: int, second: str) -> None:
        self.tells("Vera", Outcome.CONFIRM, False)
        self.time_passes(apart)
        self.tells(second, Outcome.CONFIRM, False)
        self.decides("Ana", Outcome.CONFIRM, True)

    @rule(who=st.sampled_from(("Vera", "Vito")))
    def goes_or_comes_back(self, who: str) -> None:
        self.away ^= {who}
        standing = "suspended" if who in self.away else "active"
        self.do(lambda work: work.execute(update(volunteer).where(volunteer.c.alias == who).values(standing=standing)))

    @rule(who=st.sampled_from(DISPATCHERS), outcome=OUTCOMES, holds=st.sampled_from((True, True, True, False)))
    def decides(self, who: str, outcome: Outcome, holds: bool) -> None:
        held = self.held()
        if holds and not self.decided:
            if held.holder_id is None:
                self.do(lambda work: pull_task(work, self.line.queue, self.people[who]))
                held = self.held()
            who = next(alias for alias, person in self.people.items() if person.id == held.holder_id)

        def step(work: Transaction, about: Incident) -> Awaitable[Incident]:
            return decide_incident(work, self.line, about, outcome, self.people[who], held.fence)

        refusal: type[Exception] | None = None
        if not self.decided and held.holder_id != self.people[who].id:
            refusal = LostClaim
        elif self.now_is[0] == STATE[outcome]:
            refusal = IllegalTransition
        elif outcome is Outcome.CONFIRM and not self.may_confirm():
            refusal = Conflict
        if refusal is not None:
            with pytest.raises(refusal):
                self.on_incident(step)
            return
        self.on_incident(step)
        found = select(decision).order_by(decision.c.id.desc()).limit(1)
        [row] = self.do(lambda work: work.find(Decision, found))
        made = Made(row.id, STATE[outcome], self.now_is, who, self.clock())
        self.standing.append(made)
        self.now_is = (made.state, who, made.at)
        self.heard = False

    @precondition(lambda self: self.standing)
    @rule(
        who=st.sampled_from(DISPATCHERS),
        back=st.sampled_from((0, 0, 0, 1)),
        standing=st.sampled_from((True, True, True, False)),
    )
    def undoes(self, who: str, back: int, standing: bool) -> None:
        among = self.standing if standing else self.undone
        if not among:
            return
        made = among[-1 - min(back, len(among) - 1)]

        def step(work: Transaction, about: Incident) -> Awaitable[Any]:
            return undo_decision(work, self.line, about, made.id, self.people[who], NONE_GIVEN)

        if made in self.undone or made is not self.standing[-1]:
            refusal: type[Exception] | None = Conflict
        elif who not in {made.by, "Beto"}:
            refusal = NotAllowed
        elif self.clock() - made.at >= UNDO_TIME or self.alerts:
            refusal = Conflict
        else:
            refusal = None
        if refusal is not None:
            with pytest.raises(refusal):
                self.on_incident(step)
            return
        done = self.on_incident(step)
        self.standing.remove(made)
        self.undone.append(made)
        if made.before[0] not in DECIDED:
            assert done.told == (1 if self.heard else 0)  # Rosa alone reported it
        self.now_is = made.before
        self.heard = False

    @precondition(lambda self: self.decided)
    @rule()
    def the_texts_go_out(self) -> None:
        about = select(outgoing_message.c.id).where(outgoing_message.c.purpose == "outcome")
        waiting = update(delivery).where(delivery.c.message_id.in_(about), delivery.c.state == "pending")
        gone = self.do(lambda work: work.all(waiting.values(state="delivered").returning(delivery.c.id)))
        self.heard = self.heard or bool(gone)

    @rule()
    def somebody_proposes_an_alert(self) -> None:
        def step(work: Transaction, about: Incident) -> Awaitable[Alert]:
            return propose(work, self.line, about, self.people["Ana"])

        if self.now_is[0] != "confirmed" or any(one.expires_at > self.clock() for one in self.alerts.values()):
            with pytest.raises(Conflict):
                self.on_incident(step)
            return
        made: Alert = self.on_incident(step)
        self.alerts[made.id] = made

    @precondition(lambda self: self.alerts and self.standing)
    @rule()
    def who_decided_would_undo_it_under_an_alert(self) -> None:
        self.undoes(self.standing[-1].by, 0, True)

    @precondition(lambda self: self.alerts.keys() - self.signed)
    @rule(gives_back=st.booleans())
    def one_is_signed_or_given_back(self, gives_back: bool) -> None:
        which, olga = max(self.alerts.keys() - self.signed), self.people["Olga"]
        if gives_back:
            self.do(lambda work: return_alert(work, which, olga, "later"))
            del self.alerts[which]
        elif self.alerts[which].expires_at <= self.clock() or self.now_is[0] != "confirmed" or not self.may_confirm():
            with pytest.raises(Conflict):
                self.do(lambda work: approve(work, self.line, which, olga))
        else:
            self.do(lambda work: approve(work, self.line, which, olga))
            self.signed.add(which)

    @rule(minutes=st.sampled_from((1, 4, 9, 12, 20)))
    def time_passes(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    @invariant()
    def the_incident_is_what_the_model_says(self) -> None:
        about, held = self.do(_as_they_are)
        by = next((alias for alias, person in self.people.items() if person.id == about.decided_by), None)
        assert (about.state, by, about.decided_at) == self.now_is
        assert (held.state == "done") == self.decided


async def _as_they_are(work: Transaction) -> tuple[Incident | None, Task | None]:
    return await work.get(Incident, incident.c.id.is_not(None)), await work.get(Task, task.c.id.is_not(None))


def test_any_order_of_telling_deciding_and_undoing_keeps_an_incident_to_the_model(
    database_url: str, redis_url: str, keys: Keys, hotline: Hotline
) -> None:
    facts = {"database_url": database_url, "redis_url": redis_url, "keys": keys, "hotline": hotline}
    machine = type("Machine", (DecidingMachine,), facts)
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=15, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)),
    )
