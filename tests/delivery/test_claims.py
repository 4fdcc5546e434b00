"""What claiming promises beside its order: one person is never texted twice at once, and what is held costs those behind it nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.core.clock import ManualClock
from app.core.database import Database
from app.delivery import outbox
from app.delivery.holding import hold_message, let_message_go
from app.delivery.plan import Message, plan_to
from app.records.deliveries import Lane, lane_halt
from tests.delivery.outgoing import DURHAM, TEXTS, people

MANY = 4000
"""Texts that a person holds back."""

FEW = 500
"""Entries of the index that may be read for a hundred texts behind them."""


async def tell(database: Database, lane: Lane, who: list[UUID]) -> UUID:
    async with database.transaction() as work:
        about = database.new_id()
        await plan_to(work, Message(lane, "told", TEXTS, about), who)
        return about


async def test_two_workers_that_look_in_the_same_instant_send_one_person_one_of_two_broadcasts(database: Database) -> None:
    """The second waits for its turn, shortly, as the first may be suspended; once the first has said what it took, it sees that."""
    [who] = await people(database, DURHAM, 1)
    for _ in range(2):
        await tell(database, Lane.BROADCAST, [who])

    async def look() -> list[outbox.Claimed]:
        async with database.transaction() as work:
            return await outbox.claim(work, 10)

    async with database.transaction() as work:
        assert len(await outbox.claim(work, 1)) == 1
        assert await look() == []
    assert await look() == []


async def test_whoever_waits_for_a_turn_has_it_as_soon_as_it_is_free(database: Database) -> None:
    whom = await people(database, DURHAM, 2)
    await tell(database, Lane.BROADCAST, whom)

    async def look() -> list[outbox.Claimed]:
        async with database.transaction() as work:
            return await outbox.claim(work, 1)

    taken = await asyncio.gather(look(), look())
    assert {one.contact_id for batch in taken for one in batch} == set(whom)


async def test_what_is_pressing_waits_for_nobody_who_claims_broadcasts(database: Database) -> None:
    [who] = await people(database, DURHAM, 1)
    await tell(database, Lane.BROADCAST, [who])
    async with database.transaction() as work:
        assert len(await outbox.claim(work, 10)) == 1
        for lane in (Lane.REPLY, Lane.DISPATCH, Lane.ALERT, Lane.CORRECTION):
            await tell(database, lane, [who])
            async with database.transaction() as beside:
                assert [one.lane for one in await outbox.claim(beside, 10)] == [lane]


@pytest.mark.parametrize("held", ["message", "lane"])
async def test_texts_that_are_held_are_not_walked_over_by_each_claim(database: Database, held: str) -> None:
    """Counted by PostgreSQL itself: how many entries of the index were read and thrown away."""
    [who] = await people(database, DURHAM, 1)
    about = await tell(database, Lane.ALERT, [who])
    later = await tell(database, Lane.CORRECTION, [who])
    async with database.transaction() as work:
        await work.execute(text(COPIES), {"about": about, "many": MANY})
        await work.execute(text(COPIES), {"about": later, "many": 100})
        if held == "message":
            assert await hold_message(work, about, "told")
        else:
            await work.execute(lane_halt.insert().values(lane=int(Lane.ALERT), error_code=30007, texts=9, since=work.now))
    async with database.transaction() as work:
        await work.execute(text("ANALYZE delivery"))
        for setting in ("enable_seqscan", "enable_bitmapscan"):
            await work.execute(text(f"SET LOCAL {setting} = off"))
        asked = {
            "now": work.now, "most": 100, "line": "", "first": 0, "last": 3, "lease_until": work.now, "probe_until": work.now,
            "session": work.now,
        }  # fmt: skip
        plan = (await work.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {outbox.CLAIM_AROUND_HELD.text}"), asked)).scalar_one()
    [top] = json.loads(plan) if isinstance(plan, str) else plan
    steps = list(every_step(top["Plan"]))
    read = [step for step in steps if step.get("Index Name") == "ix_delivery_due"]

    async with database.transaction() as work:
        assert await outbox.holds_something(work)
    assert read
    assert sum(step["Actual Rows"] * step["Actual Loops"] for step in read) >= 100
    assert sum(step.get("Rows Removed by Filter", 0) * step["Actual Loops"] for step in read) < FEW


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lanes=st.lists(st.sampled_from(sorted(Lane)), min_size=1, max_size=9),
    paused=st.sets(st.integers(0, 8)),
    halted=st.sets(st.sampled_from((Lane.ALERT, Lane.RIGHTS, Lane.BROADCAST))),
    most=st.integers(1, 4),
    around=st.booleans(),
)
async def test_exactly_what_is_not_held_goes_lane_by_lane_and_the_rest_when_it_is_let_go(
    database: Database, clock: ManualClock, lanes: list[Lane], paused: set[int], halted: set[Lane], most: int, around: bool
) -> None:
    async with database.transaction() as work:  # an example knows nothing of the one before
        await work.execute(text("TRUNCATE delivery, outgoing_text, outgoing_message, lane_halt CASCADE"))
    crowd = await people(database, DURHAM, 9)
    told = [await tell(database, lane, [who]) for lane, who in zip(lanes, crowd, strict=False)]
    async with database.transaction() as work:
        for n in paused & set(range(len(told))):
            assert await hold_message(work, told[n], "told")
        for lane in halted:
            await work.execute(lane_halt.insert().values(lane=int(lane), error_code=30007, texts=9, since=work.now))

    async def all_claimed() -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        while True:
            async with database.transaction() as work:
                batch = await outbox.claim(work, most, around_held=around)
            if not batch:
                return found
            found += [(one.lane, crowd.index(one.contact_id)) for one in batch]

    free = [(int(lane), n) for n, lane in enumerate(lanes) if n not in paused and lane not in halted]
    assert await all_claimed() == sorted(free)
    async with database.transaction() as work:
        for n in paused & set(range(len(told))):
            assert await let_message_go(work, told[n], "told")
        await work.execute(lane_halt.delete())
    assert sorted(await all_claimed()) == sorted((int(lane), n) for n, lane in enumerate(lanes) if (int(lane), n) not in free)


WAITING = """
    SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()
"""

COPIES = """
    WITH crowd AS (
        INSERT INTO contact (id, number_hash, number_sealed, language_chosen, created_at)
        SELECT gen_random_uuid(), uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), number_sealed, false, created_at
        FROM (SELECT * FROM contact LIMIT 1) AS somebody, generate_series(1, :many) AS n RETURNING id)
    INSERT INTO delivery (id, message_id, contact_id, lane, language, state, fence, attempts, rank, created_at)
    SELECT gen_random_uuid(), d.message_id, crowd.id, d.lane, d.language, d.state, 0, 0, 0, d.created_at
    FROM crowd, delivery d JOIN outgoing_message m ON m.id = d.message_id WHERE m.about_id = :about
"""
"""More people who are to get it. Their numbers are sealed for somebody else, so that nobody can be texted by this."""


def every_step(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan of PostgreSQL's and all that it rests on."""
    yield plan
    for part in plan.get("Plans", ()):
        yield from every_step(part)
