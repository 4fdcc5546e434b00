"""The soak: real processes under every fault that the simulator knows, while workers and web are killed, Redis is flushed and PostgreSQL
crashes. Then the books of the phone company and of the hotline are laid beside each other.

    python -m tests.soak                     # about ten minutes: 5,000 texts in, 20,000 out
    python -m tests.soak --inbound 200 --outbound 1000 --seconds 25 --seed 3

One seed gives the same texts, the same faults and the same blows.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs
from uuid import UUID

import httpx2
import redis as redis_sync
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.assembly import Parts, open_parts
from app.core.keys import new_key
from app.delivery.conservation import find_differences
from app.delivery.plan import Message, plan_to_county
from app.delivery.switch import resume_sending, switch_now
from app.operations.embedded import EmbeddedPostgres, EmbeddedValkey
from app.operations.migrations import migrate
from app.operations.supervise import Process, Supervisor, wait_until_ready
from app.records.deliveries import Lane
from app.records.phone_book import contact_for
from app.settings import Settings
from app.simulator.account import SIMULATED_ACCOUNT_SID
from app.subscribers.consent import Consent, subscribe

LINE: Final = "+19195550100"
DURHAM: Final = "37063"
OVERRIDES: Final = "#ct=2000&rt=10000&rc=5&rp=all"
TOWNS: Final = ("Durham", "Raleigh", "Charlotte", "Greensboro", "Asheville", "Wilmington", "Fayetteville", "Sanford")
SAID: Final = (
    "la migra esta afuera de la Walmart en {town}, caso {n}",
    "ICE agents outside the Food Lion in {town} right now, number {n}",
    "is it true there is a checkpoint in {town}? {n}",
    "hay un reten en {town}, estan parando carros, {n}",
    "what are my rights at the door {n}",
    "se llevaron a mi primo en {town} hace rato {n}",
    "gracias por todo {n}",
    "JOIN {town} {n}",
)


@dataclass(frozen=True)
class Course:
    """How long and how much: texts in, texts out, the seconds over which they come, segments a second of our line, and the seed."""

    inbound: int = 5_000
    outbound: int = 20_000
    seconds: float = 540.0
    rate: float = 60.0
    alerts: int = 5
    seed: int = 1
    stops: float = 0.02
    """The share of subscribers who say stop meanwhile."""
    quiet_seconds: float = 180.0
    """How long everything may take to settle after the last blow."""

    @property
    def subscribers(self) -> int:
        """How many people every alert is for."""
        return self.outbound // self.alerts


@dataclass
class Score:
    """What came of it. Everything that must be 0 stands in `faults_of_ours`."""

    inbound: int = 0
    on_record: int = 0
    recovered: int = 0
    outbound: int = 0
    states: dict[str, int] = field(default_factory=dict)
    blows: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    faults_of_ours: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def table(self) -> str:
        """For people to read."""
        lines = [
            f"  texts in            {self.inbound:>8,}   on record {self.on_record:,}, {self.recovered:,} of them out of Twilio's log",
            f"  texts out           {self.outbound:>8,}   {', '.join(f'{state} {n:,}' for state, n in sorted(self.states.items()))}",
            f"  blows               {sum(self.blows.values()):>8,}   {', '.join(f'{what} {n}' for what, n in self.blows.items())}",
            f"  faults              {sum(self.faults.values()):>8,}   {', '.join(f'{what} {n}' for what, n in self.faults.items())}",
            *(f"  {what:<28}{n:>8,}   {'ok' if n == 0 else 'WRONG'}" for what, n in self.faults_of_ours.items()),
            f"  took                {self.seconds:>8.0f} s",
        ]
        return "\n".join(lines)


async def soak(course: Course, folder: Path, ports: tuple[int, int], tell: Callable[[str], None]) -> Score:
    """Run the course in `folder` with web and simulator on these ports; `tell` hears what happens."""
    began, score = time.monotonic(), Score()
    async with _everything(course, folder, ports) as world:
        await world.subscribe_everybody()
        tell(f"{course.subscribers:,} people subscribed")
        await world.http.put("/simulator/api/faults", json={"plan": "everything", "seed": course.seed})
        blows = asyncio.create_task(world.strike(score, tell))
        try:
            sids = (await asyncio.gather(world.texts_come(), world.alerts_go()))[0]
        finally:
            blows.cancel()
            with suppress(asyncio.CancelledError):
                await blows
        tell(f"{len(sids):,} texts sent to the hotline, {course.outbound:,} planned; now it may settle")
        score.faults = (await world.http.get("/simulator/api/faults")).json()["happened"]
        await world.http.delete("/simulator/api/faults")
        await world.settle(sids, tell)
        await world.lay_the_books_together(score, sids)
    score.seconds = time.monotonic() - began
    return score


@dataclass
class _World:
    course: Course
    supervisor: Supervisor
    postgres: EmbeddedPostgres
    redis_url: str
    parts: Parts
    http: httpx2.AsyncClient
    chance: random.Random
    planned: list[UUID] = field(default_factory=list)

    async def subscribe_everybody(self) -> None:
        """Everybody who the alerts are for."""
        numbers = [_number(n) for n in range(self.course.subscribers)]
        for at in range(0, len(numbers), 200):
            async with self.parts.database.transaction() as work:
                for number in numbers[at : at + 200]:
                    who = await contact_for(work, number, self.chance.choice(("en", "es")))
                    proof = Consent(who, work.keys.fingerprint("phone", number), "JOIN DURHAM", "subscribe.joined", "sms")
                    await subscribe(work, proof, DURHAM)

    async def texts_come(self) -> list[str]:
        """Neighbours write, evenly over the time, and some subscribers say stop."""
        choose = self.chance.choice
        texts = [
            {"number": _number(40_000 + self.chance.randrange(2_000)), "body": choose(SAID).format(town=choose(TOWNS), n=n)}
            for n in range(self.course.inbound)
        ]
        for n in self.chance.sample(range(self.course.subscribers), int(self.course.subscribers * self.course.stops)):
            stop = choose(("STOP", "alto", "ya no me manden"))
            texts[self.chance.randrange(len(texts))] = {"number": _number(n), "body": stop}
        sids: list[str] = []
        steps = max(1, min(len(texts), int(self.course.seconds)))
        for step in range(steps):
            some = texts[step * len(texts) // steps : (step + 1) * len(texts) // steps]
            if some:
                sids += (await self.http.post("/simulator/api/texts", json={"texts": some})).json()["sids"]
            await asyncio.sleep(self.course.seconds / steps)
        return sids

    async def alerts_go(self) -> None:
        """An alert to everybody, one after another over the first half of the time."""
        for n in range(self.course.alerts):
            about, words = (
                self.parts.database.new_id(),
                {x: f"Vigia {x} exercise {n}. Nothing is the matter." for x in ("en", "es")},
            )
            planned = None
            while planned is None:
                with suppress(SQLAlchemyError, OSError):  # PostgreSQL was struck right now; whoever approves presses again
                    async with self.parts.database.transaction() as work:
                        planned = await plan_to_county(work, Message(Lane.ALERT, "alert", words, about), DURHAM)
                await asyncio.sleep(0.5)
            self.planned.append(planned.id)
            await asyncio.sleep(self.course.seconds / 2 / self.course.alerts)

    async def strike(self, score: Score, tell: Callable[[str], None]) -> None:
        """Kill, flush and crash, one blow after another, at moments that the seed decides."""
        blows: Sequence[tuple[str, Callable[[], object]]] = (
            ("worker killed", lambda: self.supervisor.kill(self.chance.choice(("worker 1", "worker 2")))),
            ("web killed", lambda: self.supervisor.kill("web")),
            ("Redis flushed", self._flush),
            ("worker killed", lambda: self.supervisor.kill(self.chance.choice(("worker 1", "worker 2")))),
            ("PostgreSQL crashed", lambda: self.postgres.restart(crash=True)),
        )
        pause = max(self.course.seconds / 20, 3.0)
        while True:
            for what, blow in blows:
                await asyncio.sleep(pause * self.chance.uniform(0.5, 1.5))
                await asyncio.to_thread(blow)
                score.blows[what] = score.blows.get(what, 0) + 1
                tell(what)
            await self._resume_if_halted(tell)

    async def settle(self, sids: Sequence[str], tell: Callable[[str], None]) -> None:
        """Wait until nothing is under way any more: all sent that is to be sent, then every callback posted. Raises TimeoutError."""
        async with asyncio.timeout(self.course.quiet_seconds + self.course.outbound / self.course.rate):
            while True:
                with suppress(SQLAlchemyError, OSError):
                    await self._resume_if_halted(tell)
                    async with self.parts.database.transaction() as work:
                        open_ones = await work.scalar(
                            text("SELECT count(*) FROM delivery WHERE state IN ('pending', 'sending', 'unknown')")
                        )
                        unheard = await work.scalar(text("SELECT count(*) FROM delivery WHERE state = 'sent'"))
                        here = await work.scalar(
                            text("SELECT count(*) FROM inbound_message WHERE sid = ANY(:sids)").bindparams(sids=list(sids))
                        )
                    tell(f"open {open_ones:,}, sent without an end {unheard:,}, on record {here:,} of {len(sids):,}")
                    if not open_ones and here == len(sids):
                        break
                await asyncio.sleep(2)
        await self.http.post("/simulator/api/settle", timeout=self.course.quiet_seconds)

    async def lay_the_books_together(self, score: Score, sids: Sequence[str]) -> None:
        """Compare what the phone company did with what the hotline believes."""
        ledger = (await self.http.get("/simulator/api/ledger/outbound", timeout=60)).json()
        async with self.parts.database.transaction() as work:

            async def number(query: str, **values: Any) -> int:
                return int(await work.scalar(text(query).bindparams(**values)))

            score.inbound, score.outbound = len(sids), await number("SELECT count(*) FROM delivery")
            score.on_record = await number("SELECT count(*) FROM inbound_message WHERE sid = ANY(:sids)", sids=list(sids))
            score.recovered = await number(
                "SELECT count(*) FROM outgoing_message WHERE purpose = 'answer' AND about_id IN (SELECT id FROM inbound_message)"
            )
            states = await work.all(text("SELECT state, count(*) AS texts FROM delivery GROUP BY state"))
            score.states = {row.state: row.texts for row in states}
            sent = {sid for row in _rows(ledger) for sid in row["sids"]}
            ours = text("SELECT sid FROM delivery WHERE sid IS NOT NULL")
            believed = set((await work.execute(ours)).scalars())
            score.faults_of_ours = {
                "texts to us lost": len(set(sids)) - score.on_record,
                "texts on record twice": await number("SELECT count(*) - count(DISTINCT sid) FROM inbound_message"),
                "alert texts doubled": sum(row["copies"] > 1 for row in _rows(ledger) if "exercise" in (row["body"] or "")),
                "other texts doubled": sum(_doubled(row) for row in _rows(ledger)),
                "alert texts never sent": await number(
                    "SELECT count(*) FROM delivery WHERE message_id = ANY(:ids) AND sid IS NULL AND state NOT IN ('skipped', 'failed')",
                    ids=self.planned,
                ),
                "sent, but not on our books": len(sent - believed),
                "on our books, but not sent": len(believed - sent),
                "sent after a stop": await number(
                    "SELECT count(*) FROM delivery d JOIN contact c ON c.id = d.contact_id"
                    " WHERE c.stopped_at IS NOT NULL AND d.claimed_at > c.stopped_at AND d.sid IS NOT NULL AND d.lane > 0"
                ),
                "messages that don't add up": len(await find_differences(work)),
                "incidents without a task": await number(
                    "SELECT count(*) FROM incident i WHERE NOT EXISTS (SELECT FROM task t WHERE t.incident_id = i.id)"
                ),
            }

    async def _resume_if_halted(self, tell: Callable[[str], None]) -> None:
        """What a person does when the breaker stopped everything: look, and let it go on."""
        async with self.parts.database.transaction() as work:
            if (await switch_now(work)).halted:
                await resume_sending(work, "the soak goes on")
                tell("sending was stopped, and resumed")

    def _flush(self) -> None:
        with suppress(RedisError), redis_sync.Redis.from_url(self.redis_url) as client:
            client.flushall()


@asynccontextmanager
async def _everything(course: Course, folder: Path, ports: tuple[int, int]) -> AsyncIterator[_World]:
    web, simulator = (f"http://localhost:{port}" for port in ports)
    postgres, valkey = EmbeddedPostgres(folder / "postgres"), EmbeddedValkey(folder / "valkey")
    try:
        environment = _environment(course, folder, web, simulator) | {
            "VIGIA_DATABASE_URL": postgres.start(),
            "VIGIA_REDIS_URL": valkey.start(),
        }
        migrate(environment["VIGIA_DATABASE_URL"])
        without_key = environment | {"TWILIO_API_KEY_SECRET": ""}
        supervisor = Supervisor(
            [
                Process("simulator", ["simulator", "--port", str(ports[1])], environment),
                Process("web", ["web", "--port", str(ports[0])], without_key),
                Process("worker 1", ["worker"], environment),
                Process("worker 2", ["worker"], environment),
            ]
        )
        supervisor.start()
        try:
            await wait_until_ready(f"{simulator}/simulator/api/phones")
            await wait_until_ready(f"{web}/health/ready")
            settings = Settings.model_validate(
                {name.removeprefix("VIGIA_").lower(): value for name, value in environment.items() if "_SIMULATOR_" not in name}
            )
            async with (
                open_parts(settings) as parts,
                httpx2.AsyncClient(base_url=simulator, trust_env=False, timeout=30) as http,
            ):
                chance = random.Random(course.seed)  # noqa: S311  # a course that can be run again
                yield _World(course, supervisor, postgres, valkey.url, parts, http, chance)
        finally:
            await supervisor.stop()
    finally:
        valkey.stop()
        postgres.stop()


def _environment(course: Course, folder: Path, web: str, simulator: str) -> dict[str, str]:
    return {
        "VIGIA_DATA": str(folder),
        "VIGIA_PUBLIC_URL": web,
        "VIGIA_KEYS": new_key(),
        "VIGIA_HASH_KEY": new_key(),
        "VIGIA_LINES": LINE,
        "VIGIA_SEGMENTS_PER_SECOND": str(course.rate),
        "VIGIA_ALERT_LIFETIME": "PT2H",
        "VIGIA_UNKNOWN_GRACE": "PT3S",
        "VIGIA_RECOVER_EVERY": "PT3S",
        "VIGIA_RECOVER_GRACE": "PT5S",
        "VIGIA_LOG_LEVEL": os.environ.get("VIGIA_LOG_LEVEL", "CRITICAL"),
        "TWILIO_ACCOUNT_SID": SIMULATED_ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": new_key(),
        "TWILIO_API_KEY_SID": "SKsimulator0000000000000000000000a",
        "TWILIO_API_KEY_SECRET": new_key(),
        "TWILIO_API_URL": simulator,
        "VIGIA_SIMULATOR_SMS_URL": f"{web}/twilio/messages{OVERRIDES}",
        "VIGIA_SIMULATOR_VOICE_URL": f"{web}/twilio/calls{OVERRIDES}",
        "VIGIA_SIMULATOR_CALL_STATUS_URL": f"{web}/twilio/calls/status{OVERRIDES}",
    }


def _rows(ledger: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = ledger["rows"] if isinstance(ledger, dict) and "rows" in ledger else ledger
    return rows


def _doubled(row: dict[str, Any]) -> int:
    """How many copies more there are than deliveries that asked for them: somebody may be told the same twice for two texts of theirs."""
    deliveries = {parse_qs(query).get("d", [""])[0] for query in row["callbacks"]}
    return int(row["copies"]) - len(deliveries)


def _number(n: int) -> str:
    """The n-th of some eighty thousand numbers that nobody has."""
    return f"+1{200 + n // 100}555{100 + n % 100:04d}"


def as_json(score: Score) -> dict[str, Any]:
    """For a file."""
    return asdict(score)
