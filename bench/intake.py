"""Intake: signed webhooks through the whole line up to the committed answer, beside the plain one-row route, one process each."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from urllib.parse import urlencode

import aiohttp
from twilio.request_validator import RequestValidator

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


def measure() -> list[Row]:
    """Throughput of the whole line and of the plain route, in turns, best of three each."""
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
            for turn in range(3):
                for name, url in (
                    ("plain route", f"http://localhost:{plain}/texts"),
                    ("whole line", f"http://localhost:{ours}/twilio/messages"),
                ):
                    rates[name].append(asyncio.run(_rate(url, _requests(url, f"{name[0]}{turn}"))))
    whole, baseline = max(rates["whole line"]), max(rates["plain route"])
    return [Row("intake throughput", whole, baseline, whole / baseline, 0.7, "texts/s", "whole line against a one-row route")]


def _requests(url: str, salt: str) -> list[tuple[str, str]]:
    """Bodies and signatures, made beforehand."""
    chance, validator = random.Random(salt), RequestValidator(TOKEN)  # noqa: S311  # repeatable load, not a secret
    made = []
    for n in range(TEXTS):
        form = {
            "MessageSid": f"SM{salt}{n:029d}".replace(" ", "0"),
            "From": f"+1{chance.randrange(200, 999)}5550{chance.randrange(100, 200)}",
            "To": "+19195550100",
            "Body": chance.choice(SAID).format(chance.choice(PLACES)),
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
