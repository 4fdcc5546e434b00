"""Sealing anew under the newest key of the ring, while everything runs.

A new key is put second in VIGIA_KEYS and every process started again, so that all can open what it seals; then it is put first, and
they start once more. From then on whatever is written is sealed with it, and the older keys open what was sealed before. `reseal` then
goes through each sealed column in the order of its rows' identifiers, some rows at a time. It waits for nobody: a row that is locked
just then is left for the next run, so no text and no sending is held up for long, and it may be killed at any moment and run again.
Pictures in the photo store and requests on disk are not touched: a picture that is forgotten in the same moment must not come back.
Their time is over soon, and `old_keys_until` says when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, Table, bindparam, func, select

from app.core.database import Database
from app.core.keys import KeyProblem, Keys
from app.operations.schema import METADATA
from app.privacy.purge import KEPT_FOR as WORDS_KEPT_FOR
from app.records.events import record
from app.records.photos import KEPT_FOR as PHOTOS_KEPT_FOR

SEALED: Final = "_sealed"
"""How the name of a sealed column ends. What stands before it is the cell's name for `Keys.seal`."""

WHOLE_NAMES: Final = frozenset({"partner"})
"""Tables whose cells were sealed under the column's whole name."""

AT_ONCE: Final = 500


@dataclass(frozen=True)
class SealedColumn:
    """One column that holds sealed values, and under what name they are bound to their cells."""

    table: Table
    column: Column[bytes]
    cell: str

    @property
    def key(self) -> Column[UUID]:
        """The identifier of its rows."""
        [key] = self.table.primary_key.columns
        return key


@dataclass
class Resealed:
    """What became of one column: values sealed anew, values that no key of the ring opens (left as they are), and values still under an
    older key, since their rows were locked or a process with the old ring wrote them meanwhile."""

    of: SealedColumn
    anew: int = 0
    closed: int = 0
    left: int = 0


def sealed_columns() -> Iterator[SealedColumn]:
    """Every column of the schema that holds sealed values."""
    for table in METADATA.sorted_tables:
        for column in table.columns:
            if column.name.endswith(SEALED):
                yield SealedColumn(
                    table, column, column.name if table.name in WHOLE_NAMES else column.name.removesuffix(SEALED)
                )


async def reseal(database: Database, tell: Callable[[Resealed], None]) -> list[Resealed]:
    """Seal every value of the database under the newest key, a transaction for each AT_ONCE of them; `tell` hears of each column when it
    is through. What was done is written to the event log."""
    done = []
    for column in sealed_columns():
        result = await _reseal_column(database, column)
        tell(result)
        done.append(result)
    async with database.transaction() as work:
        await record(work, "keys.resealed", values=sum(one.anew for one in done), closed=sum(one.closed for one in done))
    return done


def old_keys_until(now: datetime) -> datetime:
    """Until when older keys are needed for pictures and for requests on disk that were sealed with them."""
    return now + max(PHOTOS_KEPT_FOR, WORDS_KEPT_FOR)


async def _reseal_column(database: Database, of: SealedColumn) -> Resealed:
    result = Resealed(of)
    is_stale = of.column.is_not(None) & (func.substr(of.column, 1, len(database.keys.newest)) != database.keys.newest)
    stale = (
        select(of.key.label("row"), of.column.label("sealed"))
        .where(is_stale)
        .order_by(of.key)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True, key_share=True)
    )
    seen: UUID | None = None
    while True:
        async with database.transaction() as work:
            rows = await work.all(stale if seen is None else stale.where(of.key > seen))
            anew = [value for row in rows if (value := _anew(database.keys, of, row.row, row.sealed)) is not None]
            if anew:
                written: dict[str, Any] = {of.column.name: bindparam("value")}
                await work.execute(of.table.update().where(of.key == bindparam("row")).values(written), anew)
        result.anew += len(anew)
        result.closed += len(rows) - len(anew)
        if not rows:
            break
        seen = rows[-1].row
    async with database.transaction() as work:
        result.left = await work.scalar(select(func.count()).where(is_stale)) - result.closed
    return result


def _anew(keys: Keys, of: SealedColumn, row: UUID, sealed: bytes) -> dict[str, UUID | bytes] | None:
    try:
        value = keys.unseal_bytes(sealed, of.table.name, of.cell, row)
    except KeyProblem:
        return None
    return {"row": row, "value": keys.seal(value, of.table.name, of.cell, row)}
