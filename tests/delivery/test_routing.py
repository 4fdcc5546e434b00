"""Several lines: everybody hears from the same one, each keeps its pace and its campaign's, and a brand's allowance is counted."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis
from sqlalchemy import select

from app.assembly import open_parts
from app.core.clock import ManualClock
from app.core.database import Database
from app.delivery.allowance import FOR_WHAT_CAN_WAIT, count_again, is_for_safety_only, sent_today
from app.delivery.lines import carriers
from app.delivery.pacing import Pacer
from app.delivery.plan import Message, plan_to
from app.delivery.routing import SLOTS, slots_of, write_slots
from app.delivery.sender import From, Sender
from app.delivery.waiting import why_waiting
from app.records.deliveries import Lane, Waits, brand_day, delivery, line_slot
from app.settings import Settings
from app.subscribers.consent import stop
from app.worker import build_senders
from tests.delivery.outgoing import DURHAM, TEXTS, PhoneCompany, consent_of, people, plan_alert, states
from tests.delivery.test_lines import FREE, LONG, inventory

TWO = inventory(LONG | {"segments_per_second": 3}, FREE)


async def drain_all(database: Database, redis: Redis, company: PhoneCompany, *lines: From) -> None:
    await asyncio.gather(
        *(Sender(database, company, Pacer(redis, one.line, None), "http://l/s", sends_from=one).drain() for one in lines)
    )


MAIN, TOLL_FREE = From("main", "+19195550100"), From("free", "+18885550100")


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0.2, 100), min_size=1))
def test_each_line_has_its_part_of_the_people(paces: dict[str, float]) -> None:
    slots = slots_of(paces)

    assert set(slots) == set(range(SLOTS))
    for line, pace in paces.items():
        assert abs(list(slots.values()).count(line) - SLOTS * pace / sum(paces.values())) <= 1


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.floats(1, 4), min_size=2, max_size=7), st.floats(1, 4))
def test_a_new_line_takes_about_its_part_and_leaves_most_people_where_they_were(paces: dict[str, float], pace: float) -> None:
    before, after = slots_of(paces), slots_of(paces | {"new": pace})

    moved = sum(before[slot] != after[slot] for slot in before)
    assert moved <= 1.5 * list(after.values()).count("new") + len(paces) + 8


async def test_a_person_hears_from_the_same_line_every_time_and_a_stop_holds_for_all_lines(
    database: Database, redis: Redis, company: PhoneCompany
) -> None:
    crowd = await people(database, DURHAM, 60)
    async with database.transaction() as work:
        await write_slots(work, TWO)
    for _ in range(2):
        await plan_alert(database)
        await drain_all(database, redis, company, MAIN, TOLL_FREE)
    heard_from: dict[str, set[str | None]] = {}
    for number, line in company.lines:
        heard_from.setdefault(number, set()).add(line)

    assert len(company.lines) == 120
    assert all(len(lines) == 1 for lines in heard_from.values())
    assert {line for lines in heard_from.values() for line in lines} == {MAIN.address, TOLL_FREE.address}

    async with database.transaction() as work:
        for n, who in enumerate(crowd):
            await stop(work, consent_of(database, who, f"+19195550{100 + n}"))
    await plan_alert(database)
    await drain_all(database, redis, company, MAIN, TOLL_FREE)
    assert len(company.lines) == 120


async def test_what_waits_for_a_line_that_is_no_more_goes_out_by_the_others(
    database: Database, redis: Redis, company: PhoneCompany
) -> None:
    await people(database, DURHAM, 40)
    async with database.transaction() as work:
        await write_slots(work, TWO)
    await plan_alert(database)
    async with database.transaction() as work:
        assert await write_slots(work, inventory(LONG)) == 40
        assert await work.all(select(line_slot)) == []
    await drain_all(database, redis, company, From())

    assert len(company.log) == 40
    await plan_alert(database)
    async with database.transaction() as work:
        assert await write_slots(work, TWO) == 40
    await drain_all(database, redis, company, MAIN, TOLL_FREE)
    assert await states(database) == {"sent": 80}


async def test_the_worker_has_a_sender_for_each_line_that_shares_its_campaigns_pace(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("lines") / "senders.toml"
    file.write_text(
        """
[[campaign]]
name = "alerts"
class = "standard_low"
[[line]]
name = "main"
kind = "long_code"
number = "+19195550100"
campaign = "alerts"
[[line]]
name = "pool"
kind = "long_code"
service = "MG0123456789abcdef0123456789abcdef"
numbers = 7
campaign = "alerts"
""",
        encoding="utf-8",
    )
    ours = settings.model_copy(update={"senders": file, "lines": ("+19195550100",)})
    async with open_parts(ours) as parts:
        main, pool = build_senders(ours, parts, None)  # type: ignore[arg-type]  # nothing is sent
        assert main._from == From("main", "+19195550100", "brand", 10_000)
        assert pool._from.address == "MG0123456789abcdef0123456789abcdef"
        assert main._pacer.campaign == pool._pacer.campaign
        now = parts.database.clock()
        await main._pacer.delays([1], now)
        first, second = await main._pacer.delays([4], now), await pool._pacer.delays([1], now)
        assert second[0] >= first[0] + 4 / 4, "four segments of the campaign go in a second, whichever line they are on"


async def test_what_can_wait_leaves_room_for_what_can_not(
    database: Database, redis: Redis, company: PhoneCompany, clock: ManualClock
) -> None:
    """A brand has used most of its day at T-Mobile: the broadcast waits and says so, the alert goes, and tomorrow the broadcast does."""
    lines = inventory(
        LONG | {"name": "main"}, FREE, campaigns=({"name": "alerts", "class": "standard_low", "tmobile_per_day": 1000},)
    )
    who, about = await people(database, DURHAM, 5), database.new_id()
    main = From("main", "+19195550100", "brand", 1000)
    async with database.transaction() as work:
        await write_slots(work, lines)
        await work.execute(line_slot.update().values(line="main"))
        await plan_to(work, Message(Lane.BROADCAST, "news", TEXTS, about, work.now + timedelta(days=2)), who)
        used = int(FOR_WHAT_CAN_WAIT * 1000 / carriers().shares["tmobile"]) + 1
        await work.execute(brand_day.insert().values(brand="brand", day=clock().date(), segments=used))
        assert await is_for_safety_only(work, "brand", 1000)
        assert [one.why for one in await why_waiting(work, about, "news", lines)] == [Waits.ALLOWANCE]
    await drain_all(database, redis, company, main)
    assert company.log == []
    await plan_alert(database)
    await drain_all(database, redis, company, main)
    assert len(company.log) == 5
    async with database.transaction() as work:
        assert await sent_today(work) == {"brand": used + 5}
        assert await count_again(work, lines) == {"brand": 5} == await sent_today(work)
        await work.execute(brand_day.update().values(segments=used))

    clock.advance(timedelta(days=1))
    await drain_all(database, redis, company, main)
    assert len(company.log) == 10


async def test_texts_are_planned_for_a_line_by_their_person_alone(database: Database) -> None:
    await people(database, DURHAM, 50)
    async with database.transaction() as work:
        await write_slots(work, TWO)
    await plan_alert(database)
    async with database.transaction() as work:
        slots = {row.slot: row.line for row in await work.all(select(line_slot))}
        rows = await work.all(select(delivery.c.contact_id, delivery.c.line))

    assert all(row.line == slots[row.contact_id.bytes[15]] for row in rows)
