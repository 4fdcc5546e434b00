"""Drain: the outbox into a simulated Twilio, claims and records included, beside a bare loop of concurrent posts to the same server."""

from __future__ import annotations

import asyncio
import random
import time

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
from app.telephony.rest import TwilioRest
from bench.rows import Row
from bench.servers import free_port, process, servers

PEOPLE = 4000
AT_ONCE = 100
COUNTY = "37063"


def measure() -> list[Row]:
    """Texts a second from the outbox and from the bare loop."""
    with servers() as environment:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        with process(
            ["-m", "uvicorn", "bench.accepts:app", "--port", str(port), "--no-access-log", "--log-level", "error"],
            environment,
            url,
        ):
            bare = asyncio.run(_bare_loop(url))
            drained = asyncio.run(_drain(environment, url))
            bare = max(bare, asyncio.run(_bare_loop(url)))
    return [
        Row(
            "drain throughput",
            drained,
            bare,
            drained / bare,
            0.35,
            "texts/s",
            "outbox against a bare concurrent aiohttp POST loop",
        )
    ]


async def _drain(environment: dict[str, str], url: str) -> float:
    keys = Keys(environment["VIGIA_KEYS"], environment["VIGIA_HASH_KEY"])
    database = Database(environment["VIGIA_DATABASE_URL"], keys, system_clock, new_id)
    redis = connect_redis(environment["VIGIA_REDIS_URL"])
    carrier = TwilioRest("ACsimulator0000000000000000000000a", "SK", "secret", "+19195550100", api_url=url)
    async with database.transaction() as work:
        for n in range(PEOPLE):
            number = f"+1{200 + n // 100}5550{100 + n % 100}"
            who = await contact_for(work, number, random.choice(["en", "es"]))  # noqa: S311  # load, not a secret
            await subscribe(work, Consent(who, keys.fingerprint("phone", number), "JOIN", "subscribe.joined", "sms"), COUNTY)
    async with database.transaction() as work:
        message = Message(
            Lane.ALERT, "alert", {"en": "An alert of usual length. " * 5, "es": "Una alerta de largo normal. " * 5}, new_id()
        )
        await plan_to_county(work, message, COUNTY)
    sender = Sender(database, carrier, Pacer(redis, "bench", None), "http://localhost/twilio/messages/status")
    began = time.perf_counter()
    sent = 0
    while handled := await sender.send_some():
        sent += handled
    seconds = time.perf_counter() - began
    await carrier.close()
    await redis.aclose()
    await database.close()
    assert sent == PEOPLE
    return PEOPLE / seconds


async def _bare_loop(url: str) -> float:
    left = iter(range(PEOPLE))
    address = f"{url}/2010-04-01/Accounts/AC/Messages.json"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:

        async def post() -> None:
            for n in left:
                form = {"To": f"+1919555{n % 10000:04d}", "From": "+19195550100", "Body": "An alert of usual length. " * 5}
                async with session.post(address, data=form) as answer:
                    await answer.read()

        began = time.perf_counter()
        await asyncio.gather(*(post() for _ in range(AT_ONCE)))
        return PEOPLE / (time.perf_counter() - began)
