"""Bringing in people who agreed elsewhere: each line is weighed against the ledger, in batches of their own transactions.

Who ever said stop, had themselves erased, or was on a list that the organizers revoked is not brought back by any list, also if they came
back themselves since: then they are here by their own word. Who left this county or topic isn't either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import LargeBinary, column, select, table
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Transaction
from app.records.contacts import contact
from app.subscribers.consent import MOST_COUNTIES
from app.subscribers.import_rows import ImportRow, Line, is_strong
from app.subscribers.ledger import Consent, write_line
from app.subscribers.sign_up import IMPORTED
from app.subscribers.tables import ConsentKind, Topic, consent_event, sign_up, subscription

BATCH: Final = 500
"""Lines in one transaction."""

LASTS: Final = timedelta(days=7)
"""So long an imported phone can answer the question; at a text a second a long list takes a day or more to be asked."""

FOR_EVER: Final = (ConsentKind.OPT_OUT.value, ConsentKind.ERASE.value, ConsentKind.REVOKE.value)
SEEN: Final = table("import_seen", column("line", LargeBinary))


class Outcome(StrEnum):
    """What becomes of a line."""

    SUBSCRIBED = "subscribed"
    ASKED = "asked"  # the proof is weak: their phone is asked, and nothing begins before its YES
    ALREADY = "already"
    STOPPED = "stopped"  # they once said stop, or were erased or revoked
    LEFT = "left"  # they left this county or topic
    FULL = "full"  # five counties already
    TWICE = "twice"  # the same phone and county, or a second question to the same phone
    WRONG = "wrong"


@dataclass(frozen=True)
class Weighed:
    """A line with what becomes of it. `contact` is set where a text goes out."""

    line: Line
    outcome: Outcome
    contact: UUID | None = None


@dataclass
class _Phone:
    contact: UUID
    stopped: bool
    lost_number: bool
    kinds: set[tuple[str, str | None, str | None]] = field(default_factory=set)
    held: set[tuple[str, str]] = field(default_factory=set)


async def begin_import(scratch: Transaction) -> None:
    """Make room for the fingerprints of lines, in a transaction that lasts as long as the import and touches nothing else."""
    await scratch.query("CREATE TEMPORARY TABLE import_seen (line bytea PRIMARY KEY) ON COMMIT DROP", {})


async def weigh_batch(work: Transaction, scratch: Transaction, lines: Sequence[Line], name: str) -> list[Weighed]:
    """Weigh lines and do what follows from each: subscribe with a line in the ledger, or note the question. Texts are the caller's; so is
    undoing it all for a dry run. `name` is the hotline's."""
    rows = [line for line in lines if line.row is not None]
    fresh = await _unseen(scratch, rows)
    phones = await _phones(work, [line.row for line in rows if line.row is not None])
    weighed = []
    for line in lines:
        if line.row is None:
            weighed.append(Weighed(line, Outcome.WRONG))
        elif line.number not in fresh:
            weighed.append(Weighed(line, Outcome.TWICE))
        else:
            phone = phones[line.row.phone]
            outcome = await _weigh(work, phone, line.row, name)
            told = outcome in {Outcome.SUBSCRIBED, Outcome.ASKED}
            weighed.append(Weighed(line, outcome, phone.contact if told else None))
    return weighed


async def _weigh(work: Transaction, phone: _Phone, row: ImportRow, name: str) -> Outcome:
    wanted = {(row.county, topic.value) for topic in row.topics}
    if wanted <= phone.held:
        return Outcome.ALREADY
    if phone.stopped or any(kind in FOR_EVER for kind, _, _ in phone.kinds):
        return Outcome.STOPPED
    if any(kind == ConsentKind.LEAVE and _meets(county, topic, row) for kind, county, topic in phone.kinds):
        return Outcome.LEFT
    counties = {county for county, _ in phone.held}
    if row.county not in counties and len(counties) >= MOST_COUNTIES:
        return Outcome.FULL
    if phone.lost_number:
        sealed = work.seal(row.phone, "contact", "number", phone.contact)
        await work.execute(contact.update().where(contact.c.id == phone.contact).values(number_sealed=sealed))
    if not is_strong(row, name, work.now.date()):
        return await _ask(work, phone, row)
    consent = Consent(
        phone.contact,
        work.keys.fingerprint("phone", row.phone),
        f"{row.consent_date} {row.source.value}",
        f"import.{row.source.value}",
        "import",
        row.language or "en",
        row.consent_wording,
    )
    for topic in row.topics:
        if (row.county, topic.value) not in phone.held:
            await _subscribe(work, consent, row.county, topic)
            phone.held.add((row.county, topic.value))
    return Outcome.SUBSCRIBED


async def _subscribe(work: Transaction, consent: Consent, county: str, topic: Topic) -> None:
    """By day only: nobody agreed to the night on somebody else's form."""
    again = {"ended_at": None, "created_at": work.now, "any_hour": False}
    await work.execute(
        insert(subscription)
        .values(
            id=work.new_id(),
            contact_id=consent.contact_id,
            county=county,
            topic=topic.value,
            any_hour=False,
            created_at=work.now,
        )
        .on_conflict_do_update(index_elements=["contact_id", "county", "topic"], set_=again)
    )
    write_line(work, consent, ConsentKind.OPT_IN, county=county, topic=topic, any_hour=False)


async def _ask(work: Transaction, phone: _Phone, row: ImportRow) -> Outcome:
    wish = {
        "county": row.county,
        "any_hour": False,
        "language": row.language or "en",
        "topics": [topic.value for topic in row.topics],
        "source": IMPORTED,
        "asked_at": work.now,
        "ends_at": work.now + LASTS,
    }
    added = await work.execute(
        insert(sign_up)
        .values(contact_id=phone.contact, **wish)
        .on_conflict_do_update(index_elements=["contact_id"], set_=wish, where=sign_up.c.ends_at <= work.now)
        .returning(sign_up.c.contact_id)
    )
    return Outcome.ASKED if added.first() is not None else Outcome.TWICE


async def _unseen(scratch: Transaction, lines: Sequence[Line]) -> set[int]:
    """The numbers of the lines whose phone and county did not stand in the file before."""
    first: dict[bytes, int] = {}
    for line in lines:
        assert line.row is not None  # the caller chose those that are rows
        first.setdefault(scratch.keys.fingerprint("import", f"{line.row.phone} {line.row.county}"), line.number)
    if not first:
        return set()
    added = insert(SEEN).values([{"line": key} for key in first]).on_conflict_do_nothing().returning(SEEN.c.line)
    return {first[bytes(key)] for key in (await scratch.execute(added)).scalars()}


async def _phones(work: Transaction, rows: Sequence[ImportRow]) -> dict[str, _Phone]:
    """The contact of each phone, made where there was none and locked, with what the ledger and the subscriptions say of it."""
    by_hash: dict[bytes, ImportRow] = {}
    for row in rows:
        by_hash.setdefault(work.keys.fingerprint("phone", row.phone), row)
    if not by_hash:
        return {}
    made = []
    for known_as, row in sorted(by_hash.items()):  # in one order everywhere, so that two imports can't wait for each other
        who = work.new_id()
        sealed = work.seal(row.phone, "contact", "number", who)
        language = {"language": row.language or None, "language_chosen": bool(row.language)}
        made.append({"id": who, "number_hash": known_as, "number_sealed": sealed, "created_at": work.now} | language)
    upsert = insert(contact).values(made)
    upsert = upsert.on_conflict_do_update(
        index_elements=[contact.c.number_hash], set_={"language_chosen": contact.c.language_chosen}
    )
    columns = (contact.c.id, contact.c.number_hash, contact.c.stopped_at, contact.c.number_sealed.is_(None).label("lost"))
    phones: dict[bytes, _Phone] = {
        bytes(r.number_hash): _Phone(r.id, r.stopped_at is not None, r.lost)
        for r in (await work.execute(upsert.returning(*columns))).all()
    }
    by_contact = {phone.contact: phone for phone in phones.values()}
    said = select(consent_event.c.number_hash, consent_event.c.kind, consent_event.c.county, consent_event.c.topic)
    for line in await work.all(said.where(consent_event.c.number_hash.in_(list(phones)))):
        phones[bytes(line.number_hash)].kinds.add((line.kind, line.county, line.topic))
    held = select(subscription.c.contact_id, subscription.c.county, subscription.c.topic)
    for one in await work.all(held.where(subscription.c.contact_id.in_(list(by_contact)), subscription.c.ended_at.is_(None))):
        by_contact[one.contact_id].held.add((one.county, one.topic))
    return {row.phone: phones[known_as] for known_as, row in by_hash.items()}


def _meets(county: str | None, topic: str | None, row: ImportRow) -> bool:
    """Whether leaving `county` or `topic` (None: whichever) was leaving what the row is for."""
    return county in {None, row.county} and (topic is None or topic in {wanted.value for wanted in row.topics})
