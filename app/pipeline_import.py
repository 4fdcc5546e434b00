"""The main job, a page for people who agreed to be texted elsewhere: a list is read line by line, weighed, and each gets one text.

A list of any length is read in batches, each a transaction of its own; nothing holds it whole. A dry run does the very same and undoes each
batch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Final
from uuid import UUID

from sqlalchemy import select

from app.core.database import Database, Transaction
from app.delivery.plan import Message, plan_to_those
from app.delivery.quiet_hours import next_opening
from app.packs.counties import Counties
from app.packs.texts import Texts
from app.records.contacts import contact
from app.records.deliveries import Lane, delivery, outgoing_message
from app.records.events import record
from app.subscribers.import_rows import Line, read_lines
from app.subscribers.importing import BATCH, Outcome, Weighed, begin_import, weigh_batch

LASTS: Final = timedelta(hours=60)
"""So long the texts of an import may take: a long list at a slow line's pace, and by day only."""


@dataclass(frozen=True)
class Home:
    """Where the list is brought in: the words of the pack, its counties, and the zone of their clocks (an IANA name)."""

    texts: Texts
    counties: Counties
    zone: str


@dataclass
class Imported:
    """What became of a list: how many lines had which outcome."""

    id: UUID
    outcomes: Counter[Outcome] = field(default_factory=Counter)

    @property
    def lines(self) -> int:
        """How many lines there were."""
        return self.outcomes.total()


async def import_list(
    database: Database,
    home: Home,
    file: Iterable[str],
    *,
    dry: bool,
    by: UUID | None = None,
    tell: Callable[[Weighed], None] = lambda _: None,
) -> Imported:
    """Read a list of people who agreed. `dry` changes nothing; `tell` is told of each line in turn. Raises BadInput where the first line
    does not name the columns. The worker finds the texts by itself."""
    counties = {county.name.lower(): county.fips for county in home.counties}
    result = Imported(database.new_id())
    lines = read_lines(file, counties | {fips: fips for fips in counties.values()}, database.clock().date())
    async with database.transaction() as scratch:
        await begin_import(scratch)
        for batch in _batches(lines):
            weighed = await _do(database, scratch, home, result.id, batch, dry=dry)
            for one in weighed:
                result.outcomes[one.outcome] += 1
                tell(one)
    if not dry:
        async with database.transaction() as work:
            counts = [f"{outcome.value} {count}" for outcome, count in sorted(result.outcomes.items())]
            await record(work, "subscribers.imported", result.id, actor_id=by, outcomes=counts)
    return result


class _Undo(Exception):
    """Rolls a dry run back."""


async def _do(
    database: Database, scratch: Transaction, home: Home, which: UUID, batch: Sequence[Line], *, dry: bool
) -> list[Weighed]:
    weighed: list[Weighed] = []
    try:
        async with database.transaction() as work:
            weighed = await weigh_batch(work, scratch, batch, home.texts.name)
            if dry:
                raise _Undo
            await _tell(work, home, which, weighed)
    except _Undo:
        pass
    return weighed


async def _tell(work: Transaction, home: Home, which: UUID, weighed: Sequence[Weighed]) -> None:
    """One text each: what they are subscribed to, or the question. Who stands in the list twice gets one all the same."""
    told = (
        select(delivery.c.contact_id)
        .join(outgoing_message, outgoing_message.c.id == delivery.c.message_id)
        .where(outgoing_message.c.about_id == which)
    )
    groups: dict[str, list[UUID]] = {}
    for one in weighed:
        if one.contact is not None and one.line.row is not None:
            groups.setdefault("" if one.outcome is Outcome.SUBSCRIBED else one.line.row.county, []).append(one.contact)
    opens_at = next_opening(work.now, home.zone)
    for county, people in groups.items():
        if county:
            named = {language: home.counties.by_fips(county).label(language) for language in home.texts.by_language}
            texts = home.texts.in_every_language("import.question", county=named)
        else:
            texts = home.texts.in_every_language("import.joined")
        message = Message(Lane.BROADCAST, "import", texts, which, work.now + LASTS, opens_at)
        await plan_to_those(work, message, select(contact).where(contact.c.id.in_(people), contact.c.id.not_in(told)))


def _batches(lines: Iterator[Line]) -> Iterator[list[Line]]:
    while batch := list(islice(lines, BATCH)):
        yield batch
