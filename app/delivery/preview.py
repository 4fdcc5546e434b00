"""Before a text goes out: how many people would get it, in which language, who is held back and why. It reckons as planning does, and a
test holds the two together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, literal, or_, select

from app.core.database import Transaction
from app.core.languages import TEXT_LANGUAGES
from app.delivery.plan import covers, meant_for, practises
from app.records.contacts import contact
from app.subscribers.tables import Topic, sign_up, subscription

GOES: Final = "goes"
WAITS: Final = "waits"
"""People who get it, now or when the night ends; every other reason means that they don't."""


@dataclass(frozen=True)
class Preview:
    """Whom a text would reach. `people` by language, `waits` how many of them hear only at `opens_at` as it is night, `held` how many get
    nothing, by reason. Carriers are known of nobody: no number is looked up."""

    people: Mapping[str, int]
    waits: int = 0
    opens_at: datetime | None = None
    held: Mapping[str, int] = field(default_factory=dict)

    @property
    def recipients(self) -> int:
        """How many people get a text."""
        return sum(self.people.values())


async def preview_county(
    work: Transaction, county: str, *, expires_at: datetime, opens_at: datetime | None, besides: Sequence[UUID] = ()
) -> Preview:
    """A first alert to a county. `opens_at` is when the night ends, if it is night; `besides` are alerts of the same incident that hold:
    whom they were for is not told again."""
    night: list[tuple[ColumnElement[bool], str]] = []
    if opens_at is not None:
        night = [(subscription.c.any_hour.is_(False), WAITS if opens_at < expires_at else "quiet_hours")]
    reason = case(
        *_never(),
        (contact.c.paused_until > work.now, "paused"),
        (contact.c.id.in_(meant_for(besides)), "told"),
        *night,
        else_=GOES,
    )
    stopped_it = subscription.c.ended_at == contact.c.stopped_at
    asked = (
        select(reason.label("reason"), _language())
        .join(subscription, subscription.c.contact_id == contact.c.id)
        .where(subscription.c.county == county, subscription.c.topic == Topic.ALERTS.value)
        .where(or_(subscription.c.ended_at.is_(None), stopped_it))
    )
    unconsented = await work.scalar(select(func.count()).select_from(sign_up).where(sign_up.c.county == county))
    return await _counted(work, asked, opens_at, {"unconsented": int(unconsented)})


async def preview_same(work: Transaction, earlier: Sequence[UUID]) -> Preview:
    """What follows alerts, to those whom any of them was for."""
    told = select(case(*_never(), else_=GOES).label("reason"), _language()).where(contact.c.id.in_(meant_for(earlier)))
    return await _counted(work, told)


async def preview_practising(work: Transaction, county: str, earlier: Sequence[UUID] = ()) -> Preview:
    """Practice: volunteers who cover the county; those who asked for none are held back. With `earlier`, whom that practice was for."""
    reason = case(*_never(), (~practises(), "no_practice"), else_=GOES)
    people = select(reason.label("reason"), _language()).where(
        contact.c.id.in_(meant_for(earlier)) if earlier else covers(county)
    )
    return await _counted(work, people)


def _never() -> list[tuple[ColumnElement[bool], str]]:
    """Who gets nothing of any kind, and why; the opposite of `plan._reachable`."""
    return [
        (contact.c.stopped_at.is_not(None), "stopped"),
        (contact.c.number_sealed.is_(None), "erased"),
        (contact.c.unreachable_at.is_not(None) & contact.c.unreachable_until.is_(None), "unreachable"),
    ]


def _language() -> ColumnElement[str]:
    known = contact.c.language.in_(TEXT_LANGUAGES)
    return case((known, contact.c.language), else_=literal("en")).label("language")


async def _counted(
    work: Transaction, people: Select[Any], opens_at: datetime | None = None, more: Mapping[str, int] | None = None
) -> Preview:
    found = people.subquery()
    rows = await work.all(
        select(found.c.reason, found.c.language, func.count().label("people")).group_by(found.c.reason, found.c.language)
    )
    by_language = dict.fromkeys(TEXT_LANGUAGES, 0)
    held: dict[str, int] = {}
    waits = 0
    for row in rows:
        if row.reason in {GOES, WAITS}:
            by_language[row.language] += row.people
            waits += row.people if row.reason == WAITS else 0
        else:
            held[row.reason] = held.get(row.reason, 0) + row.people
    held |= {reason: count for reason, count in (more or {}).items() if count}
    return Preview(by_language, waits, opens_at if waits else None, held)
