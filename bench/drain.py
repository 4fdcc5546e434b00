"""Drain: the outbox into a phone company that takes everything, claims and records included, beside a bare loop of concurrent posts to
the same server, beside Celery with a task a recipient, and at a pace."""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import time
import urllib.request
from bisect import bisect_left
from collections.abc import Sequence

import aiohttp

from app.core.clock import system_clock
from app.core.database import Database
from app.core.ids import new_id
from app.core.keys import Keys
from app.core.redis_client import connect_redis
from app.delivery.pacing import Pacer
from app.delivery.plan import Message, plan_to_county
from app.delivery.sender import Sender
from app.records.deliveries import Lane
from app.records.phone_book import contact_for
from app.subscribers.consent import Consent, subscribe
from app.subscribers.waiting_stops import WaitingStops
from app.telephony.rest import TwilioRest
from bench.rows import Row
from bench.servers import free_port, process, servers

PEOPLE = 4000
ROUNDS = 3
AT_ONCE = 100
COUNTY = "37063"
TEXT = {"en": "An alert of usual length. " * 5, "es": "Una alerta de largo normal. " * 5}
TASKS = 1500
CELERY_PROCESSES = 4
RATE = 150.0
"""Segments a second of the paced run; its text is one segment, so that texts can be counted instead."""

PACED_PEOPLE = 3000


def measure() -> list[Row]:
    """Texts a second from the outbox, from the bare loop and from Celery; the rate of a paced drain and the fullest second of it."""
    with servers() as environment:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        words = ["-m", "uvicorn", "bench.accepts:app", "--port", str(port), "--no-access-log", "--log-level", "error"]
        with process(words, environment, url):
            asyncio.run(_subscribe(environment))
            rounds = [_round(environment, url) for _ in range(ROUNDS)]
            drained = statistics.median(value for value, _ in rounds)
            bare = statistics.median(value for _, value in rounds)
            ratio = statistics.median(value / baseline for value, baseline in rounds)
            celery, beside = celery_beside_outbox(environment, url)
            rate, fullest = _paced(environment, url)
    return [
        Row("drain throughput", drained, bare, ratio, 0.35, "texts/s", "outbox against a bare concurrent aiohttp POST loop"),
        Row("drain against Celery", beside, celery, beside / celery, 4, "texts/s", "a task a recipient, synchronous client"),
        Row(
            "drain at a pace",
            rate,
            RATE,
            min(rate / RATE, RATE / rate),
            0.99,
            "segments/s",
            "within 1 % of the configured rate",
        ),
        Row(
            "drain at a pace, fullest second",
            fullest,
            RATE,
            RATE / fullest,
            1.0,
            "segments",
            "any second, as handed to the network",
        ),
    ]


def _round(environment: dict[str, str], url: str) -> tuple[float, float]:
    before = asyncio.run(bare_loop(url))
    drained = PEOPLE / asyncio.run(_drain(environment, url, None))
    return drained, max(before, asyncio.run(bare_loop(url)))


def celery_beside_outbox(environment: dict[str, str], url: str) -> tuple[float, float]:
    """Texts a second between the first and the last that Celery sent (its start and the queueing of tasks don't count), and those of the
    outbox measured right before and after."""
    surroundings = environment | {"BENCH_CARRIER": url}
    worker = ["worker", "-c", str(CELERY_PROCESSES), "-l", "ERROR", "--without-gossip", "--without-mingle"]
    words = ["-m", "celery", "-q", "-A", "bench.celery_sender", *worker]
    queue = (
        "from bench.celery_sender import send\n"
        f"for n in range({TASKS}): send.delay(f'+1919555{{n % 10000:04d}}', {TEXT['en']!r})"
    )
    subprocess.run([sys.executable, "-c", queue], env=os.environ | surroundings, check=True)
    before = asyncio.run(_drain(environment, url, None))
    forget_arrivals(url)
    with process(words, surroundings):
        until = time.monotonic() + 120
        while len(arrivals := arrivals_of(url)) < TASKS and time.monotonic() < until:
            time.sleep(0.5)
    assert len(arrivals) == TASKS, f"Celery sent {len(arrivals)} of {TASKS}"
    after = asyncio.run(_drain(environment, url, None))
    return TASKS / (arrivals[-1] - arrivals[0]), 2 * PEOPLE / (before + after)


def _paced(environment: dict[str, str], url: str) -> tuple[float, float]:
    """The rate at which texts of a paced drain arrived, and how many were handed to the network in the fullest second."""
    forget_arrivals(url)
    gone: list[float] = []
    asyncio.run(_drain(environment, url, RATE, gone))
    arrivals = arrivals_of(url)
    fullest = max(bisect_left(gone, at + 1.0) - n for n, at in enumerate(gone))
    return (len(arrivals) - 1) / (arrivals[-1] - arrivals[0]), fullest


def arrivals_of(url: str) -> Sequence[float]:
    with urllib.request.urlopen(url) as answer:  # noqa: S310  # loopback
        return sorted(json.load(answer))


def forget_arrivals(url: str) -> None:
    urllib.request.urlopen(urllib.request.Request(url, method="DELETE")).close()  # noqa: S310  # loopback


async def _subscribe(environment: dict[str, str]) -> None:
    keys = Keys(environment["VIGIA_KEYS"], environment["VIGIA_HASH_KEY"])
    database = Database(environment["VIGIA_DATABASE_URL"], keys, system_clock, new_id)
    async with database.transaction() as work:
        for n in range(PEOPLE):
            number = f"+1{200 + n // 100}5550{100 + n % 100}"
            who = await contact_for(work, number, random.choice(["en", "es"]))  # noqa: S311  # load, not a secret
            await subscribe(work, Consent(who, keys.fingerprint("phone", number), "JOIN", "subscribe.joined", "sms"), COUNTY)
    await database.close()


class Watched(TwilioRest):
    """Notes when each text is handed to the network."""

    gone: list[float]

    async def send(self, to: str, body: str, callback: str, validity_seconds: int, sender: str | None = None) -> str:
        self.gone.append(time.monotonic())
        return await super().send(to, body, callback, validity_seconds, sender)


async def _drain(environment: dict[str, str], url: str, rate: float | None, gone: list[float] | None = None) -> float:
    """The seconds that an alert to everybody takes, or a paced one to some; `gone` is told when each text went."""
    keys = Keys(environment["VIGIA_KEYS"], environment["VIGIA_HASH_KEY"])
    database = Database(environment["VIGIA_DATABASE_URL"], keys, system_clock, new_id)
    redis = connect_redis(environment["VIGIA_REDIS_URL"])
    carrier = (TwilioRest if gone is None else Watched)(
        "ACsimulator0000000000000000000000a", "SK", "secret", "+19195550100", api_url=url
    )
    if isinstance(carrier, Watched) and gone is not None:
        carrier.gone = gone
    async with database.transaction() as work:
        texts = TEXT if rate is None else {"en": "An alert of one segment.", "es": "Una alerta de un segmento."}
        await plan_to_county(work, Message(Lane.ALERT, "alert", texts, new_id()), COUNTY)
        if rate is not None:
            await work.connection.exec_driver_sql(
                "DELETE FROM delivery WHERE id IN (SELECT id FROM delivery WHERE state = 'pending' LIMIT %(most)s)",
                {"most": PEOPLE - PACED_PEOPLE},
            )
    pacer, stops = Pacer(redis, "bench", rate), WaitingStops(redis, keys)
    sender = Sender(database, carrier, pacer, "http://localhost/twilio/messages/status", who_waits_to_stop=stops.among)
    began = time.perf_counter()
    sent = await sender.drain()
    seconds = time.perf_counter() - began
    await carrier.close()
    await redis.aclose()
    await database.close()
    assert sent == (PEOPLE if rate is None else PACED_PEOPLE)
    return seconds


async def bare_loop(url: str) -> float:
    left = iter(range(PEOPLE))
    address = f"{url}/2010-04-01/Accounts/AC/Messages.json"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:

        async def post() -> None:
            for n in left:
                form = {"To": f"+1919555{n % 10000:04d}", "From": "+19195550100", "Body": TEXT["en"]}
                async with session.post(address, data=form) as answer:
                    await answer.read()

        began = time.perf_counter()
        await asyncio.gather(*(post() for _ in range(AT_ONCE)))
        return PEOPLE / (time.perf_counter() - began)
