"""Partner organizations that are told of alerts by a signed webhook: who they are, and the job that each alert makes for each of them."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Field, SQLModel

from app.core.database import Transaction, table_of
from app.core.errors import BadInput, NotFound
from app.core.jobs import defer
from app.records.columns import instant, sealed
from app.records.events import record

TELL_PARTNER: Final = "partner.tell"
"""The name of the job; it takes the ids of a partner and of an alert."""

SECRET_BYTES: Final = 32
SECRET_PREFIX: Final = "whsec_"  # noqa: S105  # how a secret begins, and none itself
"""Standard Webhooks: a secret has 24 to 64 bytes and is written in base64 behind this prefix."""

MOST_FAILURES: Final = 50
"""After so many tries in a row that failed nothing more is sent until the partner is added again."""


LONGEST_NAME: Final = 60


class Partner(SQLModel, table=True):
    """An organization. Its address may itself be a secret, so it is sealed like the key that we sign with. `failures`: in a row."""

    id: UUID = Field(primary_key=True)
    name: str = Field(unique=True, max_length=LONGEST_NAME)
    url_sealed: bytes | None = sealed(nullable=False)
    secret_sealed: bytes | None = sealed(nullable=False)
    failures: int = 0
    disabled_at: datetime | None = instant(nullable=True)
    created_at: datetime = instant()


partner = table_of(Partner)


async def add_partner(work: Transaction, name: str, url: str) -> str:
    """Add a partner, or give one of that name this address, a new secret and a fresh start. `url` was checked. Returns the secret, which is
    shown once. Raises BadInput."""
    if not 1 <= len(name) <= LONGEST_NAME:
        raise BadInput(f"A partner's name has 1 to {LONGEST_NAME} characters.")
    await work.lock("partner", name)
    await work.execute(partner.delete().where(partner.c.name == name))
    made, secret = work.new_id(), SECRET_PREFIX + base64.b64encode(os.urandom(SECRET_BYTES)).decode()
    await work.add(
        Partner(
            id=made,
            name=name,
            url_sealed=work.seal(url, "partner", "url_sealed", made),
            secret_sealed=work.seal(secret, "partner", "secret_sealed", made),
            failures=0,
            created_at=work.now,
        )
    )
    await record(work, "partner.added", made, name=name)
    return secret


async def list_partners(work: Transaction) -> Sequence[tuple[Partner, str]]:
    """Every partner and its address, by name."""
    found = await work.find(Partner, select(partner).order_by(partner.c.name))
    return [(one, open_sealed(work, one)[0]) for one in found]


async def remove_partner(work: Transaction, name: str) -> None:
    """Forget a partner; what waits to be told it is not. Raises NotFound."""
    gone = await work.first(partner.delete().where(partner.c.name == name).returning(partner.c.id))
    if gone is None:
        raise NotFound(f"There is no partner {name}.")
    await record(work, "partner.removed", gone.id, name=name)


async def tell_partners(work: Transaction, alert_id: UUID) -> None:
    """Have every partner told of an alert once this transaction has committed."""
    for row in await work.all(select(partner.c.id).where(partner.c.disabled_at.is_(None)).order_by(partner.c.id)):
        await defer(work, TELL_PARTNER, partner_id=str(row.id), alert_id=str(alert_id))


async def note_success(work: Transaction, partner_id: UUID) -> None:
    """They took it: the failures before it are forgotten."""
    await work.execute(partner.update().where(partner.c.id == partner_id, partner.c.failures > 0).values(failures=0))


async def note_failure(work: Transaction, partner_id: UUID, *, for_good: bool = False) -> None:
    """They did not take it. After MOST_FAILURES in a row, or where they want no more (`for_good`), nothing more is sent."""
    failures = await work.scalar(
        partner.update()
        .where(partner.c.id == partner_id, partner.c.disabled_at.is_(None))
        .values(failures=partner.c.failures + 1)
        .returning(partner.c.failures)
    )
    if failures is not None and (for_good or failures >= MOST_FAILURES):
        await work.execute(partner.update().where(partner.c.id == partner_id).values(disabled_at=work.now))
        await record(work, "partner.disabled", partner_id, failures=failures)


def open_sealed(work: Transaction, of: Partner) -> tuple[str, str]:
    """The partner's address and secret."""
    assert of.url_sealed is not None  # both columns are NOT NULL
    assert of.secret_sealed is not None
    return (
        work.unseal(of.url_sealed, "partner", "url_sealed", of.id),
        work.unseal(of.secret_sealed, "partner", "secret_sealed", of.id),
    )
