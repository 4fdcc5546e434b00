"""`vigia drill`: an hour of reports, with simulated people, against the real pipeline, in simulated time, and a score card at the end.

PostgreSQL and Valkey are real, in a folder of their own, and so are pipeline, queue, waves, sweeps and outbox. What is not there is HTTP: a
webhook's answer and a page's form would come at the world's time and not at the drill's, so the people call the functions behind them. The
carrier at the end of the outbox is a double that takes every text and brings it to the phone a few seconds later.
"""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import SecretStr
from sqlalchemy import select

from app.assembly import Parts, open_parts
from app.core.clock import ManualClock
from app.core.database import Transaction
from app.core.keys import new_key
from app.delivery.pacing import Pacer
from app.delivery.sender import Sender
from app.operations.drill_people import LINE, UNDECIDED, Dispatcher, Verifier, World, people_of, report_it
from app.operations.drill_scenario import Scenario, homes_of, script_of
from app.operations.drill_score import ScoreCard, score
from app.operations.drill_time import Timeline
from app.operations.embedded import EmbeddedPostgres, EmbeddedValkey
from app.operations.migrations import migrate
from app.records.incidents import incident
from app.settings import Settings
from app.telephony.rest import LoggedText
from app.volunteers.roster import add_volunteer
from app.worker import order_work, sweep

SWEEPS_S: Final = 10.0
"""Simulated seconds between two sweeps. The worker sweeps every two; fewer of them make a drill quicker and its figures no better."""

ORDERS_S: Final = 60.0
CARRIES_S: Final = (1.0, 4.0)
"""How long a carrier takes to bring a text."""


class Carrier:
    """A phone company that brings every text, in simulated time."""

    def __init__(self, world: World, phones: dict[str, Verifier]) -> None:
        self._world, self._phones = world, phones
        self._chance = world.chance_of("carrier")
        self._sent = 0

    async def send(self, to: str, body: str, callback: str, validity_seconds: int, sender: str | None = None) -> str:
        """Take a text; its phone gets it in a moment."""
        self._sent += 1
        wait = timedelta(seconds=self._chance.uniform(*CARRIES_S))
        if (phone := self._phones.get(to)) is not None:
            self._world.timeline.begin(phone.reads(body), wait)
        return f"SM{self._sent:032d}"

    async def log_of(self, to: str, since: datetime) -> list[LoggedText]:
        """Nothing is ever in doubt."""
        return []

    async def status_of(self, sid: str) -> tuple[str, int | None] | None:
        """Every text arrives."""
        return "delivered", None


async def play(
    scenario: Scenario, seed: int, verifiers: int, name: str, *, database_url: str, redis_url: str, data: Path
) -> ScoreCard:
    """Play a drill on an empty database and an empty Redis, and score it."""
    clock = ManualClock(scenario.begins - timedelta(minutes=1))
    async with open_parts(_settings(database_url, redis_url, data), clock) as parts:
        await parts.redis.flushdb()
        timeline = Timeline(clock)
        phones: dict[str, Verifier] = {}

        async def send() -> None:
            await sender.drain()

        world = World(parts, timeline, scenario, seed, send)
        sender = Sender(parts.database, Carrier(world, phones), Pacer(parts.redis, "drill", None), "http://localhost/status")
        await _enlist(world, verifiers, phones)
        async with parts.database.transaction() as work:
            dispatchers = await people_of(work, "dispatcher")
        for person in dispatchers:
            timeline.begin(Dispatcher(world, person).works(), scenario.begins - clock.now)
        script = script_of(scenario, seed)
        for told in script:
            timeline.begin(report_it(world, told), told.at - clock.now)
        timeline.begin(_sweeps(world, script[-1].at))
        await timeline.run(script[-1].at + timedelta(minutes=scenario.drains_min))
        async with parts.database.transaction() as work:
            return await score(work, world, name)


async def play_alone(scenario: Scenario, seed: int, verifiers: int, name: str) -> ScoreCard:
    """The same with servers of its own, which are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="vigia-drill-") as folder:
        postgres = EmbeddedPostgres(Path(folder) / "postgres", forgetful=True)
        valkey = EmbeddedValkey(Path(folder) / "valkey")
        try:
            urls = {"database_url": postgres.start(), "redis_url": valkey.start()}
            migrate(urls["database_url"])
            return await play(scenario, seed, verifiers, name, **urls, data=Path(folder))
        finally:
            if valkey.url:
                valkey.stop()
            if postgres.url:
                postgres.stop()


async def _enlist(world: World, verifiers: int, phones: dict[str, Verifier]) -> None:
    """Put the people of the drill on the roster, on shift."""
    async with world.parts.database.transaction() as work:
        for n in range(world.scenario.dispatchers.count):
            languages, roles = ["en", "es"], ["dispatcher", "backup", "lead"] if n == 0 else ["dispatcher"]
            number = f"+1919555018{n % 10}"
            await add_volunteer(
                work, f"Desk {n + 1}", roles=roles, languages=languages, counties=[], trained=False, number=number
            )
        for n, home in enumerate(homes_of(world.scenario, verifiers)):
            number, language = f"+191955501{20 + n:02d}", ("es", "en")[n % 2]
            alias, languages = f"Field {n + 1}", [language, "en" if language == "es" else "es"]
            await add_volunteer(
                work, alias, roles=["verifier"], languages=languages, counties=home, trained=True, number=number
            )
            phones[number] = Verifier(world, alias, number, language)


async def _sweeps(world: World, last: datetime) -> None:
    """The worker, as time goes on; the drill is over when all who reported until `last` were heard and everything is decided."""
    parts: Parts = world.parts
    ordered_at = world.timeline.now
    while True:
        await world.timeline.sleep(SWEEPS_S)
        await sweep(parts)
        if (world.timeline.now - ordered_at).total_seconds() >= ORDERS_S:
            ordered_at = world.timeline.now
            await order_work(parts)
            if ordered_at > last + timedelta(minutes=5) and await parts.database.run(_is_all_decided):
                world.timeline.is_over = True
        await world.send()


async def _is_all_decided(work: Transaction) -> bool:
    return await work.first(select(incident.c.id).where(incident.c.state.in_(UNDECIDED)).limit(1)) is None


def _settings(database_url: str, redis_url: str, data: Path) -> Settings:
    return Settings(
        _env_file=None,
        database_url=database_url,
        redis_url=redis_url,
        data=data,
        keys=SecretStr(new_key()),
        hash_key=SecretStr(new_key()),
        lines=(LINE,),
    )
