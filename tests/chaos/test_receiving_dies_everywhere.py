"""The crash matrix of receiving, deciding and approving: the web dies at every await, and whoever asked asks again, as Twilio and people
do. Every text is on record once and answered alike; every outcome and every alert is planned once a person."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from app.core.clock import ManualClock
from app.core.database import Database, Transaction
from app.core.errors import VigiaError
from app.core.ids import new_id
from app.core.keys import Keys
from app.core.redis_client import connect_redis
from app.pipeline import Hotline, decide_incident, receive_text
from app.pipeline_alerts import approve, propose
from app.records.alerts import Alert, alert
from app.records.contacts import contact
from app.records.inbound import inbound_message
from app.records.incidents import Incident, incident, report
from app.records.phone_book import contact_for
from app.records.states import AlertState
from app.records.verification import Outcome, observation
from app.subscribers.consent import Consent, subscribe
from app.subscribers.tables import consent_event
from app.telephony.forms import TextForm, read_form
from app.verification.offers import record_observation
from app.verification.queue import TaskQueue
from app.verification.tasks import pull_task
from app.volunteers.tables import Volunteer
from tests.chaos.dying import every_death

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

DURHAM = "37063"
Step = Callable[[Transaction, Hotline], Awaitable[Any]]
COPIES = """
    SELECT array_agg(copies) FROM (
        SELECT count(*) AS copies FROM delivery d JOIN outgoing_message m ON m.id = d.message_id
        WHERE m.about_id = :about AND m.purpose = 'alert' GROUP BY d.contact_id
    ) AS counted
"""
SEEN = "La migra esta afuera de la Walmart de la Roxboro en Durham, traen chalecos"


@dataclass
class Web:
    """What each web process opens for itself, against the one database and Redis."""

    database_url: str
    redis_url: str
    keys: Keys
    clock: ManualClock
    pack: Hotline

    @asynccontextmanager
    async def process(self) -> AsyncIterator[tuple[Database, Hotline]]:
        database = Database(self.database_url, self.keys, self.clock, new_id, pool_size=2)
        redis = connect_redis(self.redis_url, connections=2)
        try:
            yield database, replace(self.pack, redis=redis, queue=TaskQueue(redis))
        finally:
            await redis.aclose()
            await database.close()

    async def do(self, step: Step) -> Any:
        """One request in a process of its own."""
        async with self.process() as (database, hotline):
            return await database.run(lambda work: step(work, hotline))

    async def texted(self, number: str, sid: str, body: str) -> str | None:
        fields = {"MessageSid": sid, "From": number, "To": "+19195550100", "Body": body}
        form = read_form(TextForm, fields)
        reply: str | None = await self.do(lambda work, hotline: receive_text(work, hotline, form))
        return reply


@pytest.fixture
def web(database_url: str, redis_url: str, keys: Keys, clock: ManualClock, hotline: Hotline) -> Web:
    return Web(database_url, redis_url, keys, clock, hotline)


def someone(n: int) -> str:
    """A number of our own for the n-th life."""
    return f"+1{201 + n // 100}55501{n % 100:02d}"


@pytest.mark.parametrize(
    ("before", "body", "reports", "consents"),
    [
        ((), SEEN, 1, 0),
        (("hay un reten de la migra",), "Durham", 1, 0),
        ((SEEN,), "son 4 camionetas blancas", 1, 0),
        ((), "JOIN DURHAM", 0, 1),
        (("JOIN DURHAM",), "STOP", 0, 2),
        (("JOIN DURHAM", "alto"), "START", 0, 3),
        ((), "me pueden pedir papeles en el trabajo?", 0, 0),
    ],
    ids=["a report", "its place", "a fragment", "joining", "stopping", "starting", "a question"],
)
async def test_a_text_is_kept_once_and_answered_alike_wherever_the_web_dies(
    web: Web, database: Database, before: tuple[str, ...], body: str, reports: int, consents: int
) -> None:
    n = 0
    async for life in every_death():
        n += 1
        number = someone(n)
        for turn, said in enumerate(before):
            await web.texted(number, f"SM{n:016d}{turn:016d}", said)
        sid, heard = f"SM{n:016d}{99:016d}", None
        async with life:
            heard = await web.texted(number, sid, body)

        again = [await web.texted(number, sid, body) for _ in range(2)]

        assert again[0] == again[1]
        if life.died is None:
            assert heard == again[0]
        async with database.transaction() as work:
            fingerprint = work.keys.fingerprint("phone", number)
            who = select(contact.c.id).where(contact.c.number_hash == fingerprint).scalar_subquery()
            assert await count(work, inbound_message.c.sid == sid) == 1, life.died
            assert await count(work, report.c.contact_id == who) == reports, life.died
            assert await count(work, consent_event.c.number_hash == fingerprint) == consents, life.died
            miscounted = (
                "SELECT count(*) FROM incident i WHERE reports <> (SELECT count(*) FROM report r WHERE r.incident_id = i.id)"
            )
            assert await work.scalar(text(miscounted)) == 0, life.died
            assert (
                await work.scalar(
                    text("SELECT count(*) FROM incident i WHERE NOT EXISTS (SELECT FROM task t WHERE t.incident_id = i.id)")
                )
                == 0
            )
    assert n > 5


async def count(work: Transaction, where: Any) -> int:
    return int(await work.scalar(select(func.count()).where(where)))


@dataclass
class Scene:
    """An incident that Luz saw and Ana holds, with people who asked for Durham's alerts."""

    about: Incident
    fence: int
    ana: Volunteer
    olga: Volunteer
    tom: Volunteer


async def set_the_scene(web: Web, database: Database, n: int) -> Scene:
    web.clock.advance(timedelta(hours=12))  # another event than that of the life before
    await web.texted(someone(n), f"SM{n:032d}", SEEN)
    async with database.transaction() as work:
        people = [
            Volunteer(id=work.new_id(), alias=f"{alias}{n}", roles=roles, trained=True, created_at=work.now)
            for alias, roles in (
                ("Ana", ["dispatcher"]),
                ("Luz", ["verifier"]),
                ("Olga", ["organizer"]),
                ("Tom", ["organizer"]),
            )
        ]
        for one in people:
            await work.add(one)
        ana, luz, olga, tom = people
        held = await pull_task(work, web.pack.queue, ana)
        assert held is not None
        about = await work.get(Incident, incident.c.id == held.incident_id)
        assert about is not None
        await record_observation(work, about, luz.id, Outcome.CONFIRM, on_site=True)
    return Scene(about, held.fence, ana, olga, tom)


async def test_an_outcome_is_told_once_wherever_the_web_dies_while_it_is_decided(web: Web, database: Database) -> None:
    n = 0
    async for life in every_death():
        n += 1
        scene = await set_the_scene(web, database, n)
        decision = decide_as(scene)
        async with life:
            await web.do(decision)

        with_luck = await outcome_of(web, decision)  # Ana sees her page as it was and presses again

        async with database.transaction() as work:
            decided = await work.get(Incident, incident.c.id == scene.about.id)
            assert decided is not None and decided.state == "confirmed", (life.died, with_luck)
            told = await work.scalar(
                text(
                    "SELECT count(*) FROM delivery d JOIN outgoing_message m ON m.id = d.message_id"
                    " WHERE m.about_id = :about AND m.purpose = 'outcome'"
                ).bindparams(about=scene.about.id)
            )
            assert told == 1, life.died
            assert await count(work, observation.c.incident_id == scene.about.id) == 1
    assert n > 5


async def test_an_alert_is_planned_once_a_person_wherever_the_web_dies_while_it_is_approved(
    web: Web, database: Database
) -> None:
    async with database.transaction() as work:
        for n in range(3):
            number = f"+1984555012{n}"
            who = await contact_for(work, number, "es")
            proof = Consent(who, work.keys.fingerprint("phone", number), "JOIN", "subscribe.joined", "sms")
            await subscribe(work, proof, DURHAM)
    n = 0
    async for life in every_death():
        n += 1
        scene = await set_the_scene(web, database, n)
        await web.do(decide_as(scene))
        waiting: Alert = await web.do(proposal_of(scene))
        async with life:
            await web.do(approval_of(waiting, scene.tom))

        await outcome_of(web, approval_of(waiting, scene.tom))

        async with database.transaction() as work:
            signed = await work.get(Alert, alert.c.id == waiting.id)
            assert signed is not None and signed.state == AlertState.APPROVED, life.died
            copies = await work.scalar(text(COPIES).bindparams(about=waiting.id))
            assert copies == [1, 1, 1], life.died
    assert n > 5


def decide_as(scene: Scene) -> Step:
    async def decide(work: Transaction, hotline: Hotline) -> Incident:
        about = await work.get(Incident, incident.c.id == scene.about.id, lock=True)
        assert about is not None
        return await decide_incident(work, hotline, about, Outcome.CONFIRM, scene.ana, scene.fence)

    return decide


def proposal_of(scene: Scene) -> Step:
    async def go(work: Transaction, hotline: Hotline) -> Alert:
        about = await work.get(Incident, incident.c.id == scene.about.id)
        assert about is not None
        return await propose(work, hotline, about, scene.olga)

    return go


def approval_of(waiting: Alert, by: Volunteer) -> Step:
    async def go(work: Transaction, hotline: Hotline) -> Alert:
        return (await approve(work, hotline, waiting.id, by))[0]

    return go


async def outcome_of(web: Web, step: Step) -> str:
    """What a person who does it again is told: that it is done, or why it can't be done a second time."""
    try:
        await web.do(step)
    except VigiaError as refused:
        return str(refused)
    return "done"
