"""After a rotation the new key alone opens everything, whoever was killed or held a row meanwhile."""

from __future__ import annotations

import ast
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.core.clock import ManualClock
from app.core.database import Database
from app.core.ids import new_id
from app.core.keys import Keys, new_key
from app.operations.rotation import SEALED, WHOLE_NAMES, Resealed, reseal, sealed_columns
from app.pipeline import Hotline, receive_text
from app.records.contacts import contact
from app.records.events import event
from app.records.partners import add_partner
from app.subscribers.tables import consent_event
from app.telephony.forms import TextForm, read_form
from tests.chaos.dying import Life

APP = Path(__file__).parents[2] / "app"


RING, HASH = new_key(), new_key()


@pytest.fixture
async def kept(database_url: str, clock: ManualClock, hotline: Hotline) -> AsyncIterator[Database]:
    """A database with a report, a subscriber and a partner."""
    database = Database(database_url, Keys(RING, HASH), clock, new_id, pool_size=2)
    for n, words in enumerate(
        ("La migra esta afuera de la Walmart de la Roxboro en Durham, traen chalecos", "JOIN DURHAM", "si")
    ):
        form = read_form(TextForm, {"MessageSid": f"SM{n:032d}", "From": "+19195550123", "To": "+19195550100", "Body": words})
        async with database.transaction() as work:
            await receive_text(work, hotline, form)
    async with database.transaction() as work:
        await add_partner(work, "Neighbors", "https://localhost/hook")
    yield database
    await database.close()


@asynccontextmanager
async def opened(url: str, ring: str, clock: ManualClock) -> AsyncIterator[Database]:
    """The same database with another ring."""
    database = Database(url, Keys(ring, HASH), clock, new_id, pool_size=1)
    try:
        yield database
    finally:
        await database.close()


async def values(database: Database) -> dict[str, int]:
    """How many values each sealed column holds; every one opens with the ring of this database. Raises KeyProblem."""
    counts = {}
    async with database.transaction() as work:
        for of in sealed_columns():
            rows = await work.all(select(of.key.label("row"), of.column.label("sealed")).where(of.column.is_not(None)))
            for row in rows:
                database.keys.unseal_bytes(row.sealed, of.table.name, of.cell, row.row)
            counts[f"{of.table.name}.{of.column.name}"] = len(rows)
    return counts


async def test_after_a_rotation_the_new_key_alone_opens_everything(
    kept: Database, database_url: str, clock: ManualClock
) -> None:
    before, newest, told = await values(kept), new_key(), list[Resealed]()
    async with opened(database_url, f"{newest},{RING}", clock) as rotating:
        done = await reseal(rotating, told.append)
        assert told == done
        assert sum(one.anew for one in done) == sum(before.values())
        assert sum(one.closed + one.left for one in done) == 0
        assert {one.of.table.name for one in done if one.anew} >= {"contact", "inbound_message", "report", "consent_event"}
        assert sum(one.anew for one in await reseal(rotating, told.append)) == 0

    async with opened(database_url, newest, clock) as alone, alone.transaction() as work:
        said = await work.first(select(event.c.facts).where(event.c.verb == "keys.resealed").order_by(event.c.id))
        assert said is not None and said.facts == {"values": sum(before.values()), "closed": 0}
    async with opened(database_url, newest, clock) as alone:
        assert await values(alone) == before


@pytest.mark.chaos
async def test_a_rotation_that_is_killed_here_and_there_is_finished_by_the_next(
    kept: Database, database_url: str, clock: ManualClock
) -> None:
    before, ring = await values(kept), RING
    for dies_at in itertools.count(3, 17):
        newest, life = new_key(), Life(dies_at)
        async with life:
            mortal = Database(database_url, Keys(f"{newest},{ring}", HASH), clock, new_id, pool_size=1)
            await reseal(mortal, lambda _: None)
            await mortal.close()
        async with opened(database_url, f"{newest},{ring}", clock) as after:
            assert await values(after) == before, life.died
            done = await reseal(after, lambda _: None)
            assert sum(one.left + one.closed for one in done) == 0, life.died
        ring = newest
        if life.died is None:
            break
    assert dies_at > 100


async def test_a_row_in_use_is_left_and_counted_and_nobody_waits(kept: Database, database_url: str, clock: ManualClock) -> None:
    async with opened(database_url, f"{new_key()},{RING}", clock) as rotating:
        async with kept.transaction() as work:
            await work.execute(select(contact.c.id).with_for_update())
            done = {one.of.table.name: one for one in await reseal(rotating, lambda _: None)}
            assert (done["contact"].anew, done["contact"].left) == (0, 1)
            assert done["partner"].left == 0
        done = {one.of.table.name: one for one in await reseal(rotating, lambda _: None)}
        assert (done["contact"].anew, done["contact"].left) == (1, 0)


async def test_what_no_key_opens_is_counted_and_left_as_it_is(kept: Database, database_url: str, clock: ManualClock) -> None:
    before = await values(kept)
    async with opened(database_url, new_key(), clock) as other:
        done = await reseal(other, lambda _: None)
    assert sum(one.closed for one in done) == sum(before.values())
    assert sum(one.anew + one.left for one in done) == 0
    assert await values(kept) == before


async def test_of_the_consent_ledger_only_the_seal_may_change(kept: Database) -> None:
    for change in ({"kind": "opt_out"}, {"words_sealed": None}, {"words_sealed": b"short"}):
        with pytest.raises(IntegrityError, match="only grows"):
            async with kept.transaction() as work:
                await work.execute(consent_event.update().values(change))
    with pytest.raises(IntegrityError, match="only grows"):
        async with kept.transaction() as work:
            await work.execute(consent_event.delete())
    async with kept.transaction() as work:
        assert await work.scalar(select(func.count()).select_from(consent_event)) > 0


def test_whatever_is_sealed_is_sealed_under_the_name_of_its_column() -> None:
    """Else a rotation could not open it."""
    cells = {(of.table.name, of.cell) for of in sealed_columns()}
    assert len(cells) >= 18
    named = set()
    for file in APP.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "seal":
                table, column = call.args[1:3] if len(call.args) == 4 else (None, None)
                if isinstance(table, ast.Constant) and isinstance(column, ast.Constant):
                    named.add((table.value, column.value))
    in_the_photo_store = {("photo", "image")}
    assert named - in_the_photo_store <= cells
    assert {cell for cell in cells if cell[0] != "consent_event"} <= named
    assert all(of.cell.endswith(SEALED) == (of.table.name in WHOLE_NAMES) for of in sealed_columns())
