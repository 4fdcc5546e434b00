"""Intake: signed webhooks through the whole line up to the committed answer, beside the plain one-row route, one process each."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Sequence
from urllib.parse import urlencode

import aiohttp
import psycopg
from twilio.request_validator import RequestValidator

from app.core.database import without_driver
from bench.rows import Row
from bench.servers import TOKEN, free_port, process, servers

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
    """Throughput of the whole line and of the plain route, in turns, best of three each; then how long a text waits for its answer: at
    half load, with a million reports and subscribers on record, and in a flood."""
    with servers() as environment:
        ours, plain = free_port(), free_port()
        environment |= {"VIGIA_PUBLIC_URL": f"http://localhost:{ours}"}
        with (
            process(["-m", "app.cli", "web", "--port", str(ours)], environment, f"http://localhost:{ours}/health/live"),
            process(
                ["-m", "uvicorn", "bench.plain_app:app", "--port", str(plain), "--no-access-log", "--log-level", "error"],
                environment,
                f"http://localhost:{plain}/",
            ),
        ):
            rates: dict[str, list[float]] = {"whole line": [], "plain route": []}
            url = f"http://localhost:{ours}/twilio/messages"
            for turn in range(3):
                for name, address in (("plain route", f"http://localhost:{plain}/texts"), ("whole line", url)):
                    rates[name].append(asyncio.run(_rate(address, _requests(address, f"{name[0]}{turn}"))))
            whole, baseline = max(rates["whole line"]), max(rates["plain route"])
            half = whole / 2
            empty = asyncio.run(_waits(url, _requests(url, "half"), half))
            quiet = asyncio.run(_waits(url, _reports(url, "quiet", 60), 4.0))
            flood = asyncio.run(_in_a_flood(url))
            fill(environment["VIGIA_DATABASE_URL"])
            full = asyncio.run(_waits(url, _requests(url, "full"), half))
    return [
        Row("intake throughput", whole, baseline, whole / baseline, 0.7, "texts/s", "whole line against a one-row route"),
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
