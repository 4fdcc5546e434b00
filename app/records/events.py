"""What happened: an append-only log that is live feed and audit trail at once.

Every act of a person is chained: its line carries an HMAC over itself and the line before, so an edit, a removal in the middle or a
reordering is found by `verify_chain`, also when whoever edits has the database but not the keys. What the machine did by itself is in
the log unchained.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import BigInteger, Identity, select
from sqlmodel import Field, SQLModel

from app.core.database import Transaction, table_of
from app.core.keys import Keys
from app.records.columns import document, fingerprint, instant


class Event(SQLModel, table=True):
    """One line. `verb` is noun.verb (`incident.confirmed`); `facts` holds no number, no name and no words that a person wrote to us."""

    id: int = Field(default=None, sa_type=BigInteger, primary_key=True, sa_column_args=(Identity(always=True),))
    at: datetime = instant(index=True)
    actor_id: UUID | None = Field(default=None, index=True)
    verb: str = Field(max_length=48)
    subject_id: UUID | None = Field(default=None, index=True)
    county: str | None = Field(default=None, max_length=5)
    facts: dict[str, Any] = document()
    link: int | None = Field(default=None, unique=True)  # place in the chain of authored acts
    chain_hash: bytes | None = fingerprint(nullable=True)


event = table_of(Event)

ADD_EVENT: Final = """
    INSERT INTO event (at, verb, subject_id, county, facts)
    VALUES (%(at)s, %(verb)s, %(subject_id)s, %(county)s, %(facts)s)
"""


def record_later(
    work: Transaction,
    verb: str,
    subject_id: UUID | None = None,
    *,
    county: str | None = None,
    **facts: str | int | float | bool | list[str] | None,
) -> None:
    """Write, with the commit, what the machine did by itself; for the busiest paths."""
    work.execute_later(
        ADD_EVENT, {"at": work.now, "verb": verb, "subject_id": subject_id, "county": county, "facts": Jsonb(facts)}
    )


async def record(
    work: Transaction,
    verb: str,
    subject_id: UUID | None = None,
    *,
    actor_id: UUID | None = None,
    county: str | None = None,
    **facts: str | int | float | bool | list[str] | None,
) -> None:
    """Write that `verb` happened to a record. An act of a person (`actor_id`) joins the chain; those are appended one after another."""
    line: dict[str, Any] = {
        "at": work.now,
        "actor_id": actor_id,
        "verb": verb,
        "subject_id": subject_id,
        "county": county,
        "facts": facts,
    }
    if actor_id is not None:
        await work.lock("audit", "chain")
        last = await work.first(
            select(event.c.link, event.c.chain_hash).where(event.c.link.is_not(None)).order_by(event.c.link.desc()).limit(1)
        )
        line["link"] = last.link + 1 if last else 1
        line["chain_hash"] = chain_hash(work.keys, last.chain_hash if last else b"", line)
    await work.execute(event.insert().values(line))


@dataclass(frozen=True)
class ChainReport:
    """What `verify_chain` found: how many acts, and the place of the first that does not fit (None when all do)."""

    acts: int
    broken_at: int | None
    head: str


async def verify_chain(work: Transaction) -> ChainReport:
    """Walk the chain from its first act to its last."""
    previous, acts = b"", 0
    statement = select(event).where(event.c.link.is_not(None)).order_by(event.c.link)
    async with work.connection.stream(statement) as rows:
        async for row in rows:
            acts += 1
            expected = chain_hash(work.keys, previous, dict(row._mapping))
            if row.link != acts or not hmac.compare_digest(row.chain_hash or b"", expected):
                return ChainReport(acts, row.link, previous.hex()[:16])
            previous = row.chain_hash
    return ChainReport(acts, None, previous.hex()[:16])


def chain_hash(keys: Keys, previous: bytes, line: dict[str, Any]) -> bytes:
    """The hash that an act carries: keyed, over the hash before it and everything it says."""
    said = json.dumps(
        {
            "link": line["link"],
            "at": line["at"].astimezone().timestamp(),
            "actor": str(line["actor_id"]),
            "verb": line["verb"],
            "subject": str(line["subject_id"]),
            "county": line["county"],
            "facts": line["facts"],
        },
        sort_keys=True,
        ensure_ascii=True,
    )
    return keys.fingerprint("audit", hashlib.sha256(previous + said.encode()).hexdigest())
