"""Intake: signed webhooks through the whole line up to the committed answer, beside the plain one-row route, one process each."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

import aiohttp
import psutil
import psycopg
from twilio.request_validator import RequestValidator

from app.core.database import without_driver
from app.operations.migrations import migrate
from bench.rows import Row
from bench.servers import TOKEN, free_port, process, servers

TURNS = 3
TEXTS = 1000
AT_ONCE = 32
PLACES = ("Durham", "Raleigh", "Charlotte", "Greensboro", "Winston-Salem", "Asheville", "Wilmington", "Fayetteville")
SAID = (
    "la migra esta afuera de la Walmart en {}",
    "ICE agents outside the Food Lion in {} right now",
    "JUNTAR {}",
    "is it true there is a checkpoint in {}?",
    "hay un reten en {}, estan parando carros",
    "careful, black ice on the road in {}",
    "RIGHTS",
    "gracias",
)

HOSTILE = (
    "ICE is at the Walmart in {}",
    "la migra esta en el Food Lion de {}",
    "you people should all be deported",
    "win a free cruise, click here",
    "ICE ICE baby in {}",
)
FLOOD, FLOOD_RATE, FLOODERS = 4_000, 90, 2_000
"""A quarter of 16,000 texts in three minutes, at the same rate."""

MILLION = 1_000_000
FILL = (
    f"""INSERT INTO contact (id, number_hash, number_sealed, language, language_chosen, created_at)
        SELECT gen_random_uuid(), sha256(int4send(n)), sha256(int4send(-n)) || sha256(int4send(-n)), 'es', false, now() - interval '1 year'
        FROM generate_series(1, {MILLION}) n""",  # noqa: S608  # a constant of ours
    """INSERT INTO subscription (id, contact_id, county, topic, any_hour, created_at)
        SELECT gen_random_uuid(), id, '37' || lpad((2 * (abs(hashtext(id::text)) % 100) + 1)::text, 3, '0'), 'alerts', true, created_at
        FROM contact WHERE NOT EXISTS (SELECT FROM subscription s WHERE s.contact_id = contact.id)""",
    f"""INSERT INTO incident (id, code, state, kind, county, place, urgent, reports, first_report_at, last_report_at)
        SELECT gen_random_uuid(), 'X' || n, (ARRAY['nothing', 'open', 'police', 'confirmed'])[1 + n % 4], 'report',
            '37' || lpad((2 * (n % 100) + 1)::text, 3, '0'), 'Walmart', false, 5,
            now() - interval '1 year' * n / {MILLION // 5}, now() - interval '1 year' * n / {MILLION // 5}
        FROM generate_series(1, {MILLION // 5}) n""",  # noqa: S608  # a constant of ours
    f"""INSERT INTO report (id, state, channel, contact_id, incident_id, language, kind, urgent, county, place, text_sealed, received_at)
        SELECT gen_random_uuid(), 'joined', 'sms', c.id, i.id, 'es', 'report', false, i.county, 'Walmart',
            NULL, i.last_report_at
        FROM (SELECT id, row_number() OVER () AS n FROM contact LIMIT {MILLION}) c
        JOIN (SELECT id, county, last_report_at, row_number() OVER () AS n FROM incident) i ON i.n = 1 + c.n / 5""",  # noqa: S608  # a constant of ours
    "VACUUM ANALYZE",
)


def measure() -> list[Row]:
    """What a text costs and how many there can be, of the plain route, the whole line, and the whole line with a million reports and
    subscribers on record, in turns, the best of three each; then how long a text waits for its answer: at half load, in turns with and
    without the million, and in a flood. Processor time is what the web process took: it tells more than texts a second where the
    machine does other things besides."""
    with servers() as environment, ExitStack() as running:
        database = environment["VIGIA_DATABASE_URL"]
        filled = _in_place_of(database, "filled")
        with psycopg.connect(without_driver(database), autocommit=True) as connection:
            connection.execute("CREATE DATABASE filled")
        migrate(filled)
        fill(filled)
        routes = {
            "plain route": _start_plain(running, environment),
            "whole line": _start_ours(running, environment, database, "0"),
            "a million": _start_ours(running, environment, filled, "1"),
        }
        url, crowded = routes["whole line"].url, routes["a million"].url
        rates: dict[str, list[float]] = {name: [] for name in routes}
        costs: dict[str, list[float]] = {name: [] for name in routes}
        for turn in range(TURNS):
            for name, route in routes.items():
                before = route.processor_seconds
                rates[name].append(asyncio.run(_rate(route.url, _requests(route.url, f"{name[0]}{turn}"))))
                costs[name].append((route.processor_seconds - before) / TEXTS * 1000)
        best, cost = {name: max(those) for name, those in rates.items()}, {name: min(those) for name, those in costs.items()}
        whole, baseline = best["whole line"], best["plain route"]
        half = whole / 2
        empty, full = [], []
        for turn in range(TURNS):
            empty += asyncio.run(_waits(url, _requests(url, f"half{turn}"), half))
            full += asyncio.run(_waits(crowded, _requests(crowded, f"full{turn}"), half))
        quiet = asyncio.run(_waits(url, _reports(url, "quiet", 60), 4.0))
        flood = asyncio.run(_in_a_flood(url))
    return [
        Row("intake throughput", whole, baseline, whole / baseline, 0.7, "texts/s", "whole line against a one-row route"),
        Row(
            "intake throughput by processor",
            cost["whole line"],
            cost["plain route"],
            cost["plain route"] / cost["whole line"],
            0.7,
            "ms a text",
            "time of the web process; the ratio is how many texts of ours one of theirs is worth",
        ),
        Row(
            "intake processor, a million",
            cost["a million"],
            cost["whole line"],
            cost["a million"] / cost["whole line"],
            1.3,
            "ms a text",
            "against the empty database",
            at_most=True,
        ),
        Row("intake p99 at half load", _p99(empty), None, None, 50, "ms", f"{half:.0f} texts/s", at_most=True),
        Row(
            "intake p99, a million on record",
            _p99(full),
            _p99(empty),
            _p99(full) / _p99(empty),
            1.3,
            "ms",
            "against the same load on an empty database",
            at_most=True,
        ),
        Row(
            "a report's wait in a flood",
            statistics.median(flood),
            statistics.median(quiet),
            statistics.median(flood) / statistics.median(quiet),
            2.0,
            "ms",
            f"median; {FLOOD:,} texts at {FLOOD_RATE}/s from {FLOODERS:,} numbers, 1 % real, all in one county",
            at_most=True,
        ),
    ]


@dataclass(frozen=True)
class _Route:
    """Where one web process takes texts, and its number."""

    url: str
    process: int

    @property
    def processor_seconds(self) -> float:
        """How much processor time the process took so far."""
        times = psutil.Process(self.process).cpu_times()
        return float(times.user + times.system)


def _start_ours(running: ExitStack, environment: Mapping[str, str], database_url: str, queue: str) -> _Route:
    """A web process of ours with a database, a Redis database and a spool of its own."""
    port = free_port()
    own = {
        "VIGIA_DATABASE_URL": database_url,
        "VIGIA_REDIS_URL": _in_place_of(environment["VIGIA_REDIS_URL"], queue),
        "VIGIA_DATA": str(Path(environment["VIGIA_DATA"]) / f"web{queue}"),
        "VIGIA_PUBLIC_URL": f"http://localhost:{port}",
    }
    words = ["-m", "app.cli", "web", "--port", str(port)]
    started = running.enter_context(process(words, {**environment, **own}, f"http://localhost:{port}/health/live"))
    return _Route(f"http://localhost:{port}/twilio/messages", started)


def _in_place_of(url: str, database: str) -> str:
    """The URL of another database of the same server."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, f"/{database}", parts.query, parts.fragment))


def _start_plain(running: ExitStack, environment: Mapping[str, str]) -> _Route:
    port = free_port()
    words = ["-m", "uvicorn", "bench.plain_app:app", "--port", str(port), "--no-access-log", "--log-level", "error"]
    started = running.enter_context(process(words, environment, f"http://localhost:{port}/"))
    return _Route(f"http://localhost:{port}/texts", started)


def fill(database_url: str) -> None:
    """Put a million reports of a year and a million subscribers on record, as sealed as real ones are long."""
    with psycopg.connect(without_driver(database_url), autocommit=True) as connection:
        for statement in FILL:
            connection.execute(statement)


async def _waits(url: str, requests: Sequence[tuple[str, str]], rate: float) -> list[float]:
    """Milliseconds until each request was answered, when they come evenly at `rate` a second whether we keep up or not."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        loop = asyncio.get_running_loop()
        began = loop.time() + 0.1

        async def send(n: int, body: str, signature: str) -> float:
            await asyncio.sleep(began + n / rate - loop.time())
            due = loop.time()
            headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
            while True:  # as Twilio does when it is told 503
                async with session.post(url, data=body, headers=headers) as answer:
                    await answer.read()
                    if answer.status != 503:
                        answer.raise_for_status()
                        return (loop.time() - due) * 1000

        return await asyncio.gather(*(send(n, *request) for n, request in enumerate(requests)))


async def _in_a_flood(url: str) -> list[float]:
    """How long the real reports waited among the others."""
    real = _reports(url, "real", FLOOD // 100)
    false = _forms(url, "false", FLOOD - len(real), FLOODERS, HOSTILE, ("Durham",))
    waits = await asyncio.gather(_waits(url, real, FLOOD_RATE / 100), _waits(url, false, FLOOD_RATE * 0.99))
    return waits[0]


def _p99(waits: Sequence[float]) -> float:
    return statistics.quantiles(waits, n=100)[98]


def _reports(url: str, salt: str, count: int) -> list[tuple[str, str]]:
    return _forms(url, salt, count, 100, SAID[:2], ("Durham",))


def _requests(url: str, salt: str) -> list[tuple[str, str]]:
    return _forms(url, salt, TEXTS, 80_000, SAID, PLACES)


def _forms(url: str, salt: str, count: int, senders: int, said: Sequence[str], places: Sequence[str]) -> list[tuple[str, str]]:
    """Bodies and signatures, made beforehand."""
    chance, validator = random.Random(salt), RequestValidator(TOKEN)  # noqa: S311  # repeatable load, not a secret
    made = []
    for n in range(count):
        who = chance.randrange(senders)
        form = {
            "MessageSid": f"SM{salt}{n:029d}".replace(" ", "0"),
            "From": f"+1{200 + who // 100}555{100 + who % 100:04d}",
            "To": "+19195550100",
            "Body": chance.choice(said).format(chance.choice(places)),
            "NumMedia": "0",
        }
        made.append((urlencode(form), validator.compute_signature(url, form)))
    return made


async def _rate(url: str, requests: Sequence[tuple[str, str]]) -> float:
    left = iter(requests)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:

        async def send() -> None:
            for body, signature in left:
                headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
                async with session.post(url, data=body, headers=headers) as answer:
                    await answer.read()
                    answer.raise_for_status()

        began = time.perf_counter()
        await asyncio.gather(*(send() for _ in range(AT_ONCE)))
        return len(requests) / (time.perf_counter() - began)
