"""Callbacks: early, late, twice, out of order or for nobody; every order of the same ones ends the same."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.core.clock import ManualClock
from app.core.database import Database
from app.core.ids import new_id
from app.core.keys import Keys
from app.delivery import outbox
from app.delivery.callbacks import KEEP_PARKED, hear_status, match_parked
from app.delivery.reconcile import reconcile
from app.delivery.sender import Sender
from app.records.contacts import contact
from app.records.deliveries import delivery, parked_status
from app.telephony.statuses import STATUSES, Fate, rank_of
from tests.conftest import NOON
from tests.delivery.outgoing import DURHAM, PhoneCompany, people, plan_alert, states

CODES = {"failed": 30008, "undelivered": 30005, "canceled": None}
ALL = [*STATUSES, "a status of tomorrow"]


def test_no_two_statuses_share_a_rank() -> None:
    assert len({rank.rank for rank in STATUSES.values()}) == len(STATUSES)
    assert rank_of("Delivered") == STATUSES["delivered"]
    assert rank_of("a status of tomorrow").fate is Fate.UNDER_WAY


async def hear(database: Database, which: UUID, sid: str, statuses: Sequence[str], fence: int | None = 1) -> None:
    for status in statuses:
        async with database.transaction() as work:
            await hear_status(work, which, sid, status, CODES.get(status), fence)


async def outcome(database: Database, which: UUID) -> tuple[object, ...]:
    async with database.transaction() as work:
        row = await work.first(
            select(delivery.c.state, delivery.c.rank, delivery.c.sid, delivery.c.error_code, contact.c.unreachable_at)
            .join(contact, contact.c.id == delivery.c.contact_id)
            .where(delivery.c.id == which)
        )
        assert row is not None
        return tuple(row)


@pytest.mark.parametrize("set_of_four", list(itertools.combinations(ALL, 4))[::29])
async def test_all_permutations_of_callbacks_converge(
    database: Database, sender: Sender, company: PhoneCompany, set_of_four: tuple[str, ...]
) -> None:
    await people(database, DURHAM, 24)
    await plan_alert(database)
    async with database.transaction() as work:
        claimed = await outbox.claim(work, 24)
    ends = set()
    for n, (one, order) in enumerate(zip(claimed, itertools.permutations(set_of_four), strict=True)):
        if n % 2:  # every other text's answer is recorded first
            async with database.transaction() as work:
                await outbox.record_sent(work, [(one, f"SM{n}")])
        await hear(database, one.id, f"SM{n}", order)
        if not n % 2:
            async with database.transaction() as work:
                await outbox.record_sent(work, [(one, f"SM{n}")])
        state, rank, sid, code, rests = await outcome(database, one.id)
        assert sid == f"SM{n}"
        ends.add((state, rank, code, rests is None))

    highest = max(set_of_four, key=lambda status: rank_of(status).rank)
    assert ends == {
        (
            rank_of(highest).fate.value,
            rank_of(highest).rank,
            CODES.get(highest) if rank_of(highest).fate is Fate.FAILED else None,
            highest != "undelivered",
        )
    }


def test_any_callbacks_in_any_order_and_number_converge(database_url: str, keys: Keys) -> None:
    clock = ManualClock(NOON)

    async def world() -> list[outbox.Claimed]:
        database = Database(database_url, keys, clock, new_id)
        await people(database, DURHAM, 2)
        await plan_alert(database)
        async with database.transaction() as work:
            claimed = await outbox.claim(work, 2)
        await database.close()
        return claimed

    [one, other] = asyncio.run(world())

    async def both(first: Sequence[str], second: Sequence[str]) -> None:
        database = Database(database_url, keys, clock, new_id)
        async with database.transaction() as work:
            await work.execute(delivery.update().values(state="sending", rank=0, sid=None, error_code=None))
            await work.execute(contact.update().values(unreachable_at=None))
        await hear(database, one.id, "SM1", first)
        await hear(database, other.id, "SM2", second)
        (state, rank, _, code, rests), (state2, rank2, _, code2, rests2) = [
            await outcome(database, which.id) for which in (one, other)
        ]
        await database.close()
        assert (state, rank, code, rests is None) == (state2, rank2, code2, rests2 is None)

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.sampled_from(ALL), min_size=1, max_size=6), st.randoms(use_true_random=False))
    def converge(statuses: list[str], chance: object) -> None:
        again = [*statuses, *statuses[: len(statuses) // 2]]
        chance.shuffle(again)  # type: ignore[attr-defined]  # a Random
        asyncio.run(both(statuses, again))

    converge()


async def test_a_callback_that_comes_before_anything_is_known_of_its_sid_is_kept_and_found(
    database: Database, sender: Sender, company: PhoneCompany
) -> None:
    """As from a messaging service whose callbacks don't carry our id."""
    await people(database, DURHAM, 1)
    await plan_alert(database)
    async with database.transaction() as work:
        [one] = await outbox.claim(work, 1)
    for status in ("delivered", "sent"):  # out of order too
        async with database.transaction() as work:
            assert not await hear_status(work, None, "SM1", status, None)
    async with database.transaction() as work:
        assert await match_parked(work) == 0
        await outbox.record_sent(work, [(one, "SM1")])
    await reconcile(database, company)

    assert await states(database) == {"delivered": 1}
    async with database.transaction() as work:
        assert await work.all(select(parked_status)) == []


async def test_what_is_never_claimed_is_forgotten(database: Database, clock: ManualClock) -> None:
    async with database.transaction() as work:
        await hear_status(work, new_id(), "SM1", "delivered", None, 1)
        assert len(await work.all(select(parked_status))) == 1
    clock.advance(KEEP_PARKED + timedelta(seconds=1))
    async with database.transaction() as work:
        await match_parked(work)
        assert await work.all(select(parked_status)) == []


async def test_a_second_callback_about_a_text_that_is_known_is_not_kept(
    database: Database, sender: Sender, company: PhoneCompany
) -> None:
    await people(database, DURHAM, 1)
    await plan_alert(database)
    await sender.send_some()
    for _ in range(2):
        async with database.transaction() as work:
            await hear_status(work, None, company.log[0].sid, "delivered", None)

    async with database.transaction() as work:
        assert await work.all(select(parked_status)) == []
    assert await states(database) == {"delivered": 1}
