"""The crash matrix of sending: the worker dies at every await of claim, send and record, the web at every await of a callback; then a new
process takes over. No phone ever gets a second copy, and whom an alert is for gets exactly one."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from app.core.clock import system_clock
from app.core.database import Database
from app.core.ids import new_id
from app.core.keys import Keys
from app.delivery.callbacks import hear_status
from app.delivery.conservation import find_differences
from app.delivery.plan import Message, plan_to
from app.delivery.reconcile import reconcile
from app.delivery.sender import Sender
from app.main import create_app
from app.records.deliveries import Lane, delivery
from app.records.phone_book import contact_for
from app.settings import Settings
from app.simulator.account import SimulatedLine
from app.simulator.application import SimulatorConfig, create_simulator
from app.simulator.exchange import Exchange
from app.simulator.faults import Fault, Kind, Point
from app.simulator.server import address_of, loopback_socket, serving
from app.telephony.rest import TwilioRest
from tests.chaos.dying import every_death
from tests.chaos.sending_process import live, open_worker
from tests.conftest import HOTLINE_NUMBER

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

PHONES = ("+19195550121", "+19195550122")
A_WHILE = timedelta(minutes=2)


@dataclass
class World:
    """What outlives a process: the phone company, the web, the database; and `late`, by how much the next process comes later."""

    settings: Settings
    exchange: Exchange
    database: Database
    contacts: list[UUID]
    late: timedelta = timedelta(0)

    def clock(self) -> datetime:
        return system_clock() + self.late

    def worker(self) -> AbstractAsyncContextManager[tuple[Database, TwilioRest, Sender]]:
        return open_worker(self.settings, self.clock, f"line {self.late}")

    async def plan(self, lane: Lane, words: str) -> UUID:
        async with self.database.transaction() as work:
            return (await plan_to(work, Message(lane, "alert", {"en": words, "es": words}), self.contacts)).id

    async def recover(self, message: UUID) -> None:
        """A new worker, a while later: sends what waits and settles what is in doubt, until nothing is open."""
        self.exchange.faults.clear()
        await self.exchange.settled()
        self.late = A_WHILE
        async with self.worker() as (database, carrier, sender):
            for _ in range(4):
                await reconcile(database, carrier, timedelta(0))
                await sender.send_some()
            async with database.transaction() as work:
                open_ones = await work.scalar(
                    select(delivery.c.state).where(
                        delivery.c.message_id == message, delivery.c.state.in_(("pending", "sending", "unknown"))
                    )
                )
                assert open_ones is None
                assert await find_differences(work) == {}
                await work.execute(
                    text("UPDATE delivery SET claimed_at = claimed_at - interval '2 days'")
                )  # each life has its own day
        self.late = timedelta(0)
        await self.exchange.settled()

    def copies(self, words: str) -> list[int]:
        """How many copies of these words each phone was sent, whatever became of them."""
        sent = Counter(message.to for message in self.exchange.messages.values() if message.body == words)
        return [sent[number] for number in PHONES]


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    web_socket, simulator_socket = loopback_socket(), loopback_socket()
    web, simulator = address_of(web_socket), address_of(simulator_socket)
    settings = settings.model_copy(update={"public_url": web, "api_url": simulator})
    double = create_simulator(
        SimulatorConfig(
            account_sid=settings.account_sid,
            auth_token=settings.auth_token.get_secret_value(),
            api_key_sid=settings.api_key_sid,
            api_key_secret=settings.api_key_secret.get_secret_value(),
            lines=[
                SimulatedLine(HOTLINE_NUMBER, f"{web}/twilio/messages", f"{web}/twilio/calls", f"{web}/twilio/calls/status")
            ],
            public_url=simulator,
        )
    )
    keys = Keys(settings.keys.get_secret_value(), settings.hash_key.get_secret_value())
    assert settings.database_url is not None
    database = Database(settings.database_url, keys, system_clock, new_id, pool_size=3)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(double, simulator_socket))
        await stack.enter_async_context(serving(create_app(settings), web_socket))
        stack.push_async_callback(database.close)
        async with database.transaction() as work:
            contacts = [await contact_for(work, number, "en") for number in PHONES]
        yield World(settings, double.state.exchange, database, contacts)


@pytest.mark.parametrize("told", [True, False], ids=["callbacks come", "no callback comes"])
@pytest.mark.parametrize("lane", [Lane.ALERT, Lane.BROADCAST], ids=["alert", "broadcast"])
async def test_the_worker_dies_at_every_await_and_nobody_gets_a_second_copy(world: World, lane: Lane, told: bool) -> None:
    deaths = Counter[str]()
    async for life in every_death():
        words = f"Text {deaths.total()} to two phones"
        message = await world.plan(lane, words)
        if not told:
            world.exchange.faults.add(Fault(point=Point.CALLBACK, kind=Kind.DROP, times=None))
        async with life, world.worker() as (_, _, sender):
            assert await sender.send_some() == len(PHONES)
        deaths[(life.died or "lived").rsplit(" ", 1)[0]] += 1

        await world.recover(message)

        copies = world.copies(words)
        assert copies == [1, 1] if lane is Lane.ALERT else max(copies) <= 1, f"{copies} after dying {life.died}"

    assert {"before psycopg", "after psycopg", "before aiohttp", "after aiohttp", "before redis", "lived"} <= set(deaths)


async def test_the_worker_is_really_killed_at_every_await_and_everybody_gets_one_copy(world: World) -> None:
    """The same with a process of its own and SIGKILL: the device above is no better than what it stands for."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.chaos.sending_process"])
    for n in itertools.count(1):
        words = f"Text {n} to two phones"
        message = await world.plan(Lane.ALERT, words)
        process = processes.Process(target=live, args=(world.settings, n))
        process.start()
        await asyncio.to_thread(process.join)
        assert process.exitcode in {0, -signal.SIGKILL}
        await world.recover(message)

        assert world.copies(words) == [1, 1], n
        if process.exitcode == 0:
            break

    assert n > 20


async def test_the_web_dies_at_every_await_of_a_callback_and_what_twilio_tells_again_is_enough(world: World) -> None:
    lives = itertools.count(1)
    async for life in every_death():
        words = f"Text {next(lives)} to two phones"
        message = await world.plan(Lane.ALERT, words)
        world.exchange.faults.add(Fault(point=Point.CALLBACK, kind=Kind.DROP, times=None))
        async with world.worker() as (_, _, sender):
            await sender.send_some()
        await world.exchange.settled()
        async with world.database.transaction() as work:
            [row, _] = await work.all(select(delivery.c.id, delivery.c.sid).where(delivery.c.message_id == message))
        async with life, world.worker() as (web, _, _), web.transaction() as work:
            await hear_status(work, row.id, row.sid, "delivered", None)
        async with world.database.transaction() as work:
            state = await work.scalar(select(delivery.c.state).where(delivery.c.id == row.id))
            assert state in {"sent", "delivered"}
            assert life.died is not None or state == "delivered"
        if life.died is not None:  # no answer reached Twilio, so it tells again
            async with world.database.transaction() as work:
                await hear_status(work, row.id, row.sid, "delivered", None)
        async with world.database.transaction() as work:
            assert await work.scalar(select(delivery.c.state).where(delivery.c.id == row.id)) == "delivered"
            await work.execute(text("UPDATE delivery SET state = 'delivered' WHERE state = 'sent'"))
        world.exchange.faults.clear()
