"""Two machines, each with a disk of its own. One is cut off from PostgreSQL when somebody says stop to it; the other can send, and sends
that person nothing until the stop is on record."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from redis.asyncio import Redis
from sqlalchemy import select

from app.assembly import Parts, build_carrier, open_parts
from app.core.keys import Keys
from app.core.metrics import STOPS_NOT_ASKED
from app.core.redis_client import connect_redis
from app.delivery.pacing import Pacer
from app.delivery.plan import Message, plan_to
from app.delivery.sender import Sender
from app.delivery.waiting import why_waiting
from app.records.contacts import contact
from app.records.deliveries import Lane, Waits, delivery
from app.records.phone_book import contact_for
from app.settings import Settings
from app.simulator.account import SimulatedLine
from app.simulator.application import SimulatorConfig, create_simulator
from app.simulator.exchange import Exchange
from app.simulator.server import address_of, loopback_socket, serving
from app.subscribers.waiting_stops import LINGERS, MARKED_FOR, WaitingStops
from app.telephony.rest import TwilioRest
from app.worker import build_senders
from tests.conftest import HOTLINE_NUMBER, LogBook
from tests.journeys.dark import Web, web_of

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

KEN, ROSA = "+19195550111", "+19195550110"
NOBODY = "http://localhost:1"
NO_MORE = "por favor ya no me manden mensajes"
SOON = 30.0
ABOUT = UUID("0198c7a0-0000-7000-8000-000000000001")


class Machines:
    """The machine that is cut off, `here`, the one that can send, and the phone company that both have."""

    def __init__(self, here: Settings, parts: Parts, carrier: TwilioRest, exchange: Exchange) -> None:
        self.here = here
        self.parts = parts
        self.carrier = carrier
        self.exchange = exchange
        [self.sender] = build_senders(parts.settings, parts, carrier)

    @asynccontextmanager
    async def cut_off(self) -> AsyncIterator[Web]:
        """The web process of the one machine, while that can't reach PostgreSQL."""
        nowhere = "postgresql://nobody@127.0.0.1:1/vigia"
        async with web_of(self.here.model_copy(update={"database_url": nowhere})) as web:
            yield web

    @asynccontextmanager
    async def reached_again(self) -> AsyncIterator[Web]:
        """The same machine and disk when it can, and what waited is on record."""
        async with web_of(self.here) as web:
            await web.replayed()
            yield web

    async def plan(self, lane: Lane = Lane.ALERT) -> None:
        """A text to both people."""
        async with self.parts.database.transaction() as work:
            people = [await contact_for(work, number, "en") for number in (KEN, ROSA)]
            await plan_to(work, Message(lane, "alert", {"en": "an alert", "es": "una alerta"}, ABOUT), people)

    async def fate(self, number: str) -> tuple[str, str | None]:
        """How the text to a number stands, and why."""
        known_as = self.parts.database.keys.fingerprint("phone", number)
        async with self.parts.database.transaction() as work:
            row = await work.first(
                select(delivery.c.state, delivery.c.reason)
                .join(contact, contact.c.id == delivery.c.contact_id)
                .where(contact.c.number_hash == known_as)
            )
        assert row is not None
        return row.state, row.reason

    def reached(self) -> list[str]:
        """Whom the text was sent to."""
        return sorted(message.to for message in self.exchange.messages.values() if message.body == "an alert")


@pytest.fixture
async def machines(settings: Settings, tmp_path: Path, log_book: LogBook, redis: Redis) -> AsyncIterator[Machines]:
    """At the end no number stands in the log, on the disk that was cut off or in Redis."""
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
    both = settings.model_copy(update={"public_url": NOBODY, "api_url": address})
    here, there = (both.model_copy(update={"data": tmp_path / name}) for name in ("here", "there"))
    async with serving(double, listener), open_parts(there) as parts:
        carrier = build_carrier(there)
        yield Machines(here, parts, carrier, double.state.exchange)
        await carrier.close()
    written = b"".join(file.read_bytes() for file in (tmp_path / "here").rglob("*") if file.is_file())
    assert not re.search(r"\d{3}55501\d\d", log_book.text.getvalue())
    assert b"55501" not in written
    assert not [key for key in await redis.keys() if re.search(r"\d{3}55501\d\d", str(key))]


async def test_a_stop_on_the_disk_of_a_machine_that_is_cut_off_holds_back_the_workers_of_the_others_until_it_is_read(
    machines: Machines,
) -> None:
    await machines.plan()
    async with machines.cut_off() as web:
        await web.text(NO_MORE, KEN)
        assert web.waiting() == 1
        assert machines.parts.spool.is_empty()
        await machines.sender.send_some()

        assert machines.reached() == [ROSA]
        assert await machines.fate(KEN) == ("pending", "stop_waits")
        async with machines.parts.database.transaction() as work:
            [why] = await why_waiting(work, ABOUT, "alert")
        assert (why.why, why.texts) == (Waits.STOP, 1)
    async with machines.reached_again():
        assert await machines.fate(KEN) == ("skipped", "stopped")
    await machines.sender.send_some()

    assert machines.reached() == [ROSA]


async def test_who_joins_again_behind_the_stop_gets_the_text_when_both_are_read(machines: Machines, redis: Redis) -> None:
    async with machines.cut_off() as web:
        await web.text(NO_MORE, KEN)
        await web.text("JOIN Durham", KEN)
    [mark] = await redis.keys("vigia:{stops}:*")
    assert await redis.ttl(mark) > LINGERS.total_seconds()
    async with machines.reached_again():
        pass
    assert 0 <= await redis.ttl(mark) <= LINGERS.total_seconds()
    await redis.delete(mark)  # as it ends by itself in those seconds
    await machines.plan()
    await machines.sender.send_some()

    assert machines.reached() == [ROSA, KEN]


async def test_redis_may_be_emptied_while_a_stop_waits(machines: Machines, redis: Redis) -> None:
    await machines.plan()
    async with machines.cut_off() as web:
        await web.text("STOP", KEN)
        await redis.flushall()
        await until(lambda: redis.keys("vigia:{stops}:*"))
        await machines.sender.send_some()

    assert machines.reached() == [ROSA]


async def test_a_caller_who_says_stop_in_the_dark_is_sent_nothing_by_the_other_machine(machines: Machines) -> None:
    await machines.plan()
    async with machines.cut_off() as web:
        call = {"CallSid": "CA00000000000000000000000000000001", "From": KEN, "To": HOTLINE_NUMBER}
        said = {"SpeechResult": NO_MORE, "CallStatus": "in-progress"}
        assert (await web.post("/twilio/calls/menu?n=1", call | said)).status_code == 200
        await machines.sender.send_some()

    assert machines.reached() == [ROSA]


async def test_a_worker_that_finds_no_redis_sends_and_counts_that_it_could_not_look(machines: Machines) -> None:
    """Alerts don't wait for Redis: this is the hole that docs/reliability.md names."""
    await machines.plan()
    nowhere = connect_redis("redis://127.0.0.1:1")
    blind = WaitingStops(nowhere, machines.parts.database.keys)
    pacer = Pacer(nowhere, "line", None)
    sender = Sender(machines.parts.database, machines.carrier, pacer, f"{NOBODY}/s", who_waits_to_stop=blind.among)
    before = STOPS_NOT_ASKED._value.get()
    await sender.send_some()
    await nowhere.aclose()

    assert machines.reached() == [ROSA, KEN]
    assert STOPS_NOT_ASKED._value.get() == before + 1


async def test_a_mark_outlives_its_machine_by_hours_and_not_for_ever(redis: Redis, keys: Keys) -> None:
    stops = WaitingStops(redis, keys)
    await stops.let_lapse([ROSA])
    assert await stops.among([KEN, ROSA]) == set()
    await stops.mark([KEN])

    assert await stops.among([f"whatsapp:{KEN}", ROSA]) == {f"whatsapp:{KEN}"}
    [mark] = await redis.keys()
    assert 0 < await redis.ttl(mark) <= MARKED_FOR.total_seconds()


async def until(look: Callable[[], Awaitable[object]]) -> None:
    """Wait until a look finds something."""
    async with asyncio.timeout(SOON):
        while True:
            if await look():
                return
            await asyncio.sleep(0.05)
