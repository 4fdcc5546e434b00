"""Fanout: telling many people. Planning beside a bare INSERT … SELECT of the same rows, draining beside a bare loop and with a second
worker, a pace that holds, replies that don't wait meanwhile, and a worker that a million rows make neither larger nor slower."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.core.database import Database
from app.core.ids import new_id
from app.delivery.nearness import turns_by_zip
from app.delivery.plan import Message, plan_to_county
from app.records.deliveries import Lane
from bench import drain
from bench.audience import middles, open_database, subscribe_many
from bench.rows import Row
from bench.servers import free_port, process, servers

FEW, SOME, MANY, MOST = "37001", "37003", "37005", "37007"
COUNTIES = {FEW: 1000, drain.COUNTY: drain.PEOPLE, SOME: 10_000, MANY: 100_000, MOST: 1_000_000}
ROUNDS = 3
PACE = 100.0
HAPPENS_AT = (35.994, -78.8986)
"""Durham; nearest first, as alerts are told."""
REPLY_EVERY = 0.1
SHORT = {"en": "An alert of one segment.", "es": "Una alerta de un segmento."}
WINDOW = 1000
"""What a text costs is taken from the quickest so many in a row, as other work on the machine only ever adds to it."""

PATIENCE = 300.0
"""Seconds after which texts are no longer waited for."""


@dataclass
class Told:
    """What came of telling people: when the texts arrived (seconds), how long each reply planned meanwhile waited, and the most memory that
    a worker took, in megabytes."""

    arrivals: Sequence[float] = ()
    waits: list[float] = field(default_factory=list)
    megabytes: float = 0.0

    @property
    def rate(self) -> float:
        """Texts a second from the first to the last."""
        return (len(self.arrivals) - 1) / (self.arrivals[-1] - self.arrivals[0])

    @property
    def cost(self) -> float:
        """Seconds a text in the quickest window."""
        windows = pairwise(self.arrivals[::WINDOW])
        return min(end - start for start, end in windows) / WINDOW


def measure() -> list[Row]:
    """Every figure that telling a county must hold, in one run."""
    with servers() as environment:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        words = ["-m", "uvicorn", "bench.accepts:app", "--port", str(port), "--no-access-log", "--log-level", "error"]
        with process(words, environment, url):
            subscribe_many(environment, COUNTIES)
            return [
                *_planning(environment),
                *_draining(environment, url),
                *_pacing(environment, url),
                *_celery(environment, url),
                *_a_million(environment, url),
            ]


def _planning(environment: Mapping[str, str]) -> list[Row]:
    rounds = [asyncio.run(_plan_beside_copy(environment)) for _ in range(ROUNDS)]
    planned, bare = (statistics.median(pair[n] for pair in rounds) for n in (0, 1))
    ratio = statistics.median(a / b for a, b in rounds)
    note = "against one bare INSERT … SELECT of the same rows"
    return [Row("plan 100,000", planned, bare, ratio, 1.5, "s", note, at_most=True)]


async def _plan_beside_copy(environment: Mapping[str, str]) -> tuple[float, float]:
    """Seconds for planning a county of 100,000, and for writing the very same rows again from a table that holds nothing else."""
    database = open_database(environment)
    await _empty_outbox(database)
    planned, message = await _plan(database, MANY)
    async with database.transaction() as work:
        await work.execute(text("CREATE TEMP TABLE same AS SELECT * FROM delivery"))
        await work.execute(text("TRUNCATE delivery"))
    async with database.transaction() as work:
        await work.execute(text("SELECT FROM outgoing_message WHERE id = :id"), {"id": message})
        began = time.perf_counter()
        await work.execute(text("INSERT INTO delivery SELECT * FROM same"))
        copied = time.perf_counter() - began
    await database.close()
    return planned, copied


def _draining(environment: Mapping[str, str], url: str) -> list[Row]:
    """One worker beside a bare loop, in turn; then two. What two add depends on the cores that PostgreSQL and the carrier leave them."""
    rates, bares, waits = [], [], []
    for _ in range(ROUNDS):
        before = asyncio.run(drain.bare_loop(url))
        told = _tell(environment, url, drain.COUNTY, replies=True)
        bares.append(max(before, asyncio.run(drain.bare_loop(url))))
        rates.append(told.rate)
        waits += told.waits
    two = _tell(environment, url, drain.COUNTY, workers=2, replies=True)
    one, ratio = statistics.median(rates), statistics.median(a / b for a, b in zip(rates, bares, strict=True))
    on = f"{os.cpu_count()} cores for workers, PostgreSQL and carrier"
    return [
        Row(
            "drain, one worker",
            one,
            statistics.median(bares),
            ratio,
            0.35,
            "texts/s",
            "against a bare concurrent aiohttp POST loop",
        ),
        Row("drain, two workers", two.rate, one, two.rate / one, None, "texts/s", on),
        _waits("reply beside a drain", waits + two.waits),
    ]


def _pacing(environment: Mapping[str, str], url: str) -> list[Row]:
    """Two workers, one pace, and replies that take their share of it."""
    told = _tell(environment, url, FEW, words=SHORT, workers=2, rate=PACE, replies=True)
    alone = _tell(environment, url, FEW, words=SHORT, workers=2, rate=PACE)
    took = alone.arrivals[-1] - alone.arrivals[0]
    ideal = COUNTIES[FEW] / PACE
    return [
        Row(
            "pace of two workers", alone.rate, PACE, min(alone.rate / PACE, PACE / alone.rate), 0.99, "segments/s", "within 1 %"
        ),
        Row("last phone at that pace", took, ideal, took / ideal, 1.02, "s", "against recipients ÷ pace", at_most=True),
        _waits("reply beside a paced alert", told.waits),
    ]


def _celery(environment: dict[str, str], url: str) -> list[Row]:
    _empty(environment)
    celery, beside = drain.celery_beside_outbox(environment, url)
    return [
        Row("drain against Celery", beside, celery, beside / celery, 4, "texts/s", "a task a recipient, synchronous client")
    ]


def _a_million(environment: Mapping[str, str], url: str) -> list[Row]:
    """What a row costs to plan and to send where a million wait beside where ten thousand do, and how large a worker grows."""
    rounds = [(county, _plan_alone(environment, county)) for county in (SOME, SOME, MOST, SOME, SOME, MOST)]
    a_row = {
        which: statistics.mean(s for county, s in rounds if county == which) / COUNTIES[which] * 1e6 for which in (SOME, MOST)
    }
    told = {MOST: _tell(environment, url, None, most=4 * WINDOW + 1, replies=True)}
    told |= {county: _tell(environment, url, county, most=4 * WINDOW + 1, replies=True) for county in (SOME, FEW)}
    cost = {county: told[county].cost * 1e6 for county in (SOME, MOST)}
    beside = "a row where 1,000,000 wait, against 10,000"
    return [
        Row("plan a million", a_row[MOST], a_row[SOME], a_row[MOST] / a_row[SOME], 1.2, "µs", beside, at_most=True),
        Row("drain a million", cost[MOST], cost[SOME], cost[MOST] / cost[SOME], 1.2, "µs", beside, at_most=True),
        _waits("reply before a million", told[MOST].waits),
        Row("worker's memory, 1,000 rows", told[FEW].megabytes, None, None, 250, "MB", at_most=True),
        Row("worker's memory, 1,000,000 rows", told[MOST].megabytes, None, None, 250, "MB", at_most=True),
    ]


def _plan_alone(environment: Mapping[str, str], county: str) -> float:
    async def plan() -> float:
        database = open_database(environment)
        await _empty_outbox(database)
        seconds, _ = await _plan(database, county)
        await database.close()
        return seconds

    return asyncio.run(plan())


async def _plan(database: Database, county: str, words: Mapping[str, str] = drain.TEXT) -> tuple[float, UUID]:
    """The seconds that planning an alert to a county takes, commit included, and the message."""
    places = middles()
    async with database.transaction():  # opens a connection
        pass
    began = time.perf_counter()
    async with database.transaction() as work:
        turns = turns_by_zip(HAPPENS_AT, places)
        planned = await plan_to_county(work, Message(Lane.ALERT, "alert", words, new_id()), county, turns=turns)
    seconds = time.perf_counter() - began
    assert planned.recipients == COUNTIES[county]
    return seconds, planned.id


def _tell(
    environment: Mapping[str, str],
    url: str,
    county: str | None,
    *,
    words: Mapping[str, str] = drain.TEXT,
    workers: int = 1,
    rate: float = 0.0,
    most: int = 0,
    replies: bool = False,
) -> Told:
    """Plan an alert to a county (None: what is planned stays) before as many workers as wanted; wait until everyone, or `most`, got it."""
    told = Told()
    if county is not None:
        _empty(environment)
    drain.forget_arrivals(url)
    with ExitStack() as running:
        people = COUNTIES[county or MOST]
        lives = [running.enter_context(_living(environment, "bench.telling", url, str(rate))) for _ in range(workers)]
        answering = [running.enter_context(_living(environment, "bench.replies", url, str(REPLY_EVERY)))] if replies else []
        if county is not None:
            asyncio.run(_plan_now(environment, county, words))
        wanted, until = min(people, most or people), time.monotonic() + PATIENCE
        while len(arrivals := drain.arrivals_of(url)) < wanted:
            assert time.monotonic() < until, f"{len(arrivals)} of {wanted} texts came"
            time.sleep(0.2)
        told.arrivals = arrivals[:wanted]
        for one in answering:
            told.waits = _end(one)
        told.megabytes = max(_end(one)["megabytes"] for one in lives)
    return told


async def _plan_now(environment: Mapping[str, str], county: str, words: Mapping[str, str]) -> None:
    database = open_database(environment)
    await _plan(database, county, words)
    await database.close()


@contextmanager
def _living(environment: Mapping[str, str], module: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A process of ours that said it is ready."""
    command = [sys.executable, "-m", module, *words]
    running = subprocess.Popen(
        command, env={**os.environ, **environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        yield running
    finally:
        if running.poll() is None:
            running.kill()
        running.wait()


def _end(one: subprocess.Popen[str]) -> Any:
    """Tell a process that it is enough; what it has to say at its end."""
    told, _ = one.communicate("enough\n", timeout=60)
    return json.loads(told)


def _waits(name: str, waits: Sequence[float]) -> Row:
    p99 = statistics.quantiles(waits, n=100)[98]
    return Row(name, p99, None, None, 1.0, "s", f"p99 of {len(waits)}, from planned to taken by the carrier", at_most=True)


def _empty(environment: Mapping[str, str]) -> None:
    async def empty() -> None:
        database = open_database(environment)
        await _empty_outbox(database)
        await database.close()

    asyncio.run(empty())


async def _empty_outbox(database: Database) -> None:
    async with database.transaction() as work:
        await work.execute(text("DROP TABLE IF EXISTS same"))
        await work.execute(text("TRUNCATE delivery, outgoing_text, outgoing_message CASCADE"))
