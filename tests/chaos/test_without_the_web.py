"""The web process is dead: the worker sends, the command line halts and resumes, the counts are audited."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from app.assembly import Parts, open_parts
from app.delivery.breaker import LIMITS
from app.delivery.conservation import tally_of
from app.delivery.plan import Message, plan_to
from app.delivery.reconcile import ask_after
from app.delivery.switch import halt, resume_sending, switch_now
from app.records.deliveries import Lane, delivery
from app.records.phone_book import contact_for
from app.settings import Settings
from app.simulator.account import SimulatedLine
from app.simulator.application import SimulatorConfig, create_simulator
from app.simulator.exchange import Exchange
from app.simulator.faults import Fault, Kind, Point
from app.simulator.server import address_of, loopback_socket, serving
from app.worker import audit, guard_lanes, work
from tests.chaos.sending_process import open_worker
from tests.conftest import HOTLINE_NUMBER, LogBook

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

NOBODY = "http://localhost:1"
PEOPLE = 99
RATE = 5.0
THREE_SECONDS = timedelta(seconds=3)


@pytest.fixture
async def exchange(settings: Settings) -> AsyncIterator[tuple[Settings, Exchange]]:
    """The phone company, and settings of a worker whose web nobody runs."""
    listener = loopback_socket()
    address = address_of(listener)
    double = create_simulator(
        SimulatorConfig(
            account_sid=settings.account_sid,
            auth_token=settings.auth_token.get_secret_value(),
            api_key_sid=settings.api_key_sid,
            api_key_secret=settings.api_key_secret.get_secret_value(),
            lines=[SimulatedLine(HOTLINE_NUMBER, f"{NOBODY}/m", f"{NOBODY}/c", f"{NOBODY}/s")],
            public_url=address,
        )
    )
    settings = settings.model_copy(update={"public_url": NOBODY, "api_url": address, "segments_per_second": RATE})
    async with serving(double, listener):
        yield settings, double.state.exchange


@pytest.fixture
async def parts(exchange: tuple[Settings, Exchange]) -> AsyncIterator[Parts]:
    async with open_parts(exchange[0]) as opened:
        yield opened


async def plan(parts: Parts, lane: Lane) -> UUID:
    """A text to many people."""
    about = parts.database.new_id()
    async with parts.database.transaction() as unit:
        people = [await contact_for(unit, f"+19195550{100 + n}", "en") for n in range(1, PEOPLE + 1)]
        await plan_to(unit, Message(lane, "alert", {"en": "To everybody", "es": "A todos"}, about), people)
    return about


async def start_worker(settings: Settings) -> asyncio.subprocess.Process:
    """`vigia worker`, as its own process."""
    assert settings.database_url is not None and settings.redis_url is not None and settings.api_url is not None
    environment = os.environ | {
        "VIGIA_DATABASE_URL": settings.database_url,
        "VIGIA_REDIS_URL": settings.redis_url,
        "VIGIA_KEYS": settings.keys.get_secret_value(),
        "VIGIA_HASH_KEY": settings.hash_key.get_secret_value(),
        "VIGIA_DATA": str(settings.data),
        "VIGIA_PUBLIC_URL": NOBODY,
        "VIGIA_LINES": ",".join(settings.lines),
        "VIGIA_SEGMENTS_PER_SECOND": str(settings.segments_per_second),
        "TWILIO_ACCOUNT_SID": settings.account_sid,
        "TWILIO_AUTH_TOKEN": settings.auth_token.get_secret_value(),
        "TWILIO_API_KEY_SID": settings.api_key_sid,
        "TWILIO_API_KEY_SECRET": settings.api_key_secret.get_secret_value(),
        "TWILIO_API_URL": settings.api_url,
    }
    words = [sys.executable, "-m", "app.cli", "worker"]
    quiet = asyncio.subprocess.DEVNULL
    return await asyncio.create_subprocess_exec(*words, env=environment, stdout=quiet, stderr=quiet)


async def command(settings: Settings, word: str) -> None:
    """`vigia WORD`, as its own process with nothing but the database."""
    assert settings.database_url is not None
    environment = os.environ | {
        "VIGIA_DATABASE_URL": settings.database_url,
        "VIGIA_KEYS": settings.keys.get_secret_value(),
        "VIGIA_HASH_KEY": settings.hash_key.get_secret_value(),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.cli", word, env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    assert await process.wait() == 0


async def test_the_command_line_stops_everything_in_three_seconds_and_lets_it_go_again(
    exchange: tuple[Settings, Exchange], parts: Parts
) -> None:
    settings, company = exchange
    about = await plan(parts, Lane.ALERT)
    stopping = asyncio.Event()
    worker = asyncio.create_task(work(settings, stopping))
    assert await company.until(lambda: len(company.messages) >= 5 or None, 30)
    await command(settings, "halt")
    halted_at = datetime.now(UTC)
    await company.until(lambda: None, 4.5)

    sent = list(company.messages.values())
    assert len(sent) < PEOPLE
    assert max(message.created for message in sent) < halted_at + THREE_SECONDS

    await command(settings, "resume")
    assert await company.until(lambda: len(company.messages) == PEOPLE or None, 60)
    async with asyncio.timeout(60):  # no callback comes, so the worker asks
        while True:
            async with parts.database.transaction() as unit:
                tally = await tally_of(unit, about, "alert")
            if tally.delivered == PEOPLE:
                break
            await company.until(lambda: None, 0.5)
    assert tally.adds_up
    stopping.set()
    await worker
    assert len({message.to for message in company.messages.values()}) == len(company.messages) == PEOPLE


@pytest.mark.timeout(400)
async def test_two_workers_that_are_processes_stop_within_three_seconds_and_share_what_is_left(
    exchange: tuple[Settings, Exchange], parts: Parts
) -> None:
    """Nobody runs a web process: one row stops both and lets both go on, and everybody gets one text."""
    settings, company = exchange
    await plan(parts, Lane.ALERT)
    workers = [await start_worker(settings) for _ in range(2)]
    try:
        assert await company.until(lambda: len(company.messages) >= 5 or None, 120)
        async with parts.database.transaction() as unit:
            await halt(unit, "a test")
        halted_at = datetime.now(UTC)
        await company.until(lambda: None, 4.5)
        sent = list(company.messages.values())

        assert len(sent) < PEOPLE
        assert max(message.created for message in sent) < halted_at + THREE_SECONDS

        async with parts.database.transaction() as unit:
            await resume_sending(unit, "a test")
        assert await company.until(lambda: len(company.messages) == PEOPLE or None, 120)
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            await worker.wait()
    assert len({message.to for message in company.messages.values()}) == len(company.messages) == PEOPLE


async def test_counts_that_differ_are_alarmed(parts: Parts, log_book: LogBook) -> None:
    await plan(parts, Lane.ALERT)
    await audit(parts)
    assert log_book.errors() == []
    async with parts.database.transaction() as unit:
        one = await unit.scalar(select(delivery.c.id).limit(1))
        await unit.execute(delivery.delete().where(delivery.c.id == one))
    await audit(parts)

    [line] = log_book.errors()
    assert "counts_differ" in line


async def test_the_circuit_breaker_stops_a_broadcast(exchange: tuple[Settings, Exchange], parts: Parts) -> None:
    """No callback can come, so the worker learns from Twilio's log that carriers filter its broadcast."""
    settings, company = exchange
    company.faults.add(Fault(point=Point.DELIVERY, kind=Kind.FAIL, code=30007, times=None))
    company.faults.add(Fault(point=Point.CALLBACK, kind=Kind.DROP, times=None))
    await plan(parts, Lane.BROADCAST)
    async with open_worker(settings, parts.database.clock, "line", 120.0) as (database, carrier, sender):
        assert await sender.send_some() == LIMITS[30007].texts + 2
        await company.settled()
        await ask_after(database, carrier, timedelta(0))
        await guard_lanes(parts)

        assert await sender.send_some() == 0
    async with parts.database.transaction() as unit:
        [(lane, _, texts, _)] = (await switch_now(unit)).stopped_lanes
    assert (lane, texts) == ("broadcast", LIMITS[30007].texts + 2)
