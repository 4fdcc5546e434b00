"""The crash matrix of receiving: the process dies at every await of taking a text in, and of taking it in again from the disk; then Twilio
asks again, or the next process replays. There is one record, one report and one answer."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from redis.asyncio import Redis
from sqlalchemy import Table, func, select

from app.api.kept import try_database
from app.assembly import build_hotline
from app.core.clock import ManualClock
from app.core.database import Database, Transaction
from app.core.ids import new_id
from app.core.keys import Keys
from app.core.redis_client import connect_redis
from app.intake.spool import Request, name_of, spooled
from app.intake.spool_folder import Spool
from app.pipeline import Hotline, receive_text
from app.pipeline_late import marks_of, replay_of
from app.records.deliveries import delivery
from app.records.inbound import inbound_message
from app.records.incidents import report
from app.settings import Settings
from app.subscribers.waiting_stops import WaitingStops
from app.telephony.forms import TextForm, read_form
from tests.chaos.dying import every_death

WORDS = "ICE agents outside the Food Lion on Roxboro in Durham"


def fields(run: int) -> dict[str, str]:
    """A text of somebody new in each run."""
    return {"MessageSid": f"SM{run:032}", "From": f"+1{200 + run}5550110", "To": "+19195550100", "Body": f"{WORDS} {run}"}


async def count(database: Database, table: Table) -> int:
    async with database.transaction() as work:
        return int(await work.scalar(select(func.count()).select_from(table)))


async def test_whoever_dies_while_taking_a_text_in_it_is_on_record_once_when_twilio_has_asked_again(
    database: Database, database_url: str, keys: Keys, clock: ManualClock, hotline: Hotline, settings: Settings, redis_url: str
) -> None:
    runs, in_doubt = 0, 0
    async for life in every_death():
        runs += 1
        form = read_form(TextForm, fields(runs))
        told: list[str | None] = []
        async with life:
            process, client = Database(database_url, keys, clock, new_id, pool_size=1), connect_redis(redis_url)
            mortal = build_hotline(settings, client)
            told.append(await try_database(process, partial(_receive, mortal, form)))
            await process.close()
            await client.aclose()
        in_doubt += life.died is not None and await count(database, inbound_message) == runs
        again = await try_database(database, partial(_receive, hotline, form))

        assert again is not None and told in ([], [again]), life.died
        assert (await count(database, inbound_message), await count(database, report)) == (runs, runs), life.died
    assert runs > 10
    assert in_doubt > 0  # among them a death between the commit and its news


async def test_whoever_dies_while_replaying_what_waits_is_on_record_once_and_answered_once(
    database: Database,
    database_url: str,
    keys: Keys,
    clock: ManualClock,
    redis: Redis,
    hotline: Hotline,
    settings: Settings,
    redis_url: str,
    tmp_path: Path,
) -> None:
    runs, left_on_disk = 0, 0
    async for life in every_death():
        runs += 1
        form = fields(runs)
        spool = Spool(tmp_path, keys)
        entry = spooled(Request.TEXT, form.items(), clock(), new_id(), told="we have it")
        spool.keep(name_of(keys, Request.TEXT, form["MessageSid"]), entry)
        async with life:
            process, client = Database(database_url, keys, clock, new_id, pool_size=1), connect_redis(redis_url)
            dying = build_hotline(settings, client)
            await replay_of(dying, Spool(tmp_path, keys), process, marks_of(dying, WaitingStops(client, keys))).run()
            await process.close()
            await client.aclose()
        left_on_disk += not spool.is_empty()
        await replay_of(hotline, spool, database, marks_of(hotline, WaitingStops(redis, keys))).run()

        assert spool.is_empty(), life.died
        assert not list((tmp_path / "quarantine").iterdir()), life.died
        totals = [await count(database, table) for table in (inbound_message, report, delivery)]
        assert totals == [runs, runs, runs], life.died
    assert runs > 10
    assert left_on_disk > 0


async def _receive(hotline: Hotline, form: TextForm, work: Transaction) -> str | None:
    return await receive_text(work, hotline, form)
