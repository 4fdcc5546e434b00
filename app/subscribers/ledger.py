"""The consent ledger: who (keyed hash), when, in what words, which wording of ours they were shown and in which version. It only grows.

A version is made from the wording itself, so that it can't be forgotten when a text is changed; the wording is kept beside it once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, literal, select

from app.core.database import Transaction
from app.records.contacts import contact
from app.subscribers.tables import ConsentKind, Topic, consent_event

MOST_WORDS: Final = 320
"""Characters of what a person wrote that are kept as proof."""

ADD_LINE: Final = """
    INSERT INTO consent_event (id, number_hash, kind, county, topic, words_sealed, wording, version, any_hour, source, at)
    VALUES (%(id)s, %(number_hash)s, %(kind)s, %(county)s, %(topic)s, %(words_sealed)s, %(wording)s, %(version)s, %(any_hour)s, %(source)s,
        %(at)s)
"""

KEEP_WORDING: Final = """
    INSERT INTO consent_wording (version, wording, language, text, first_shown_at)
    VALUES (%(version)s, %(wording)s, %(language)s, %(text)s, %(first_shown_at)s)
    ON CONFLICT (version) DO NOTHING
"""


@dataclass(frozen=True)
class Consent:
    """The proof of one wish: whose (keyed hash), in what words, answered with which wording, by which channel. `shown` is the wording
    itself in `language`, with its blanks; empty where nothing was shown."""

    contact_id: UUID
    number_hash: bytes
    words: str
    wording: str
    source: str
    language: str = "en"
    shown: str = ""


def version_of(wording: str, language: str, shown: str) -> str:
    """The name of a wording's version: twelve hexadecimal digits, the same for the same text."""
    return hashlib.sha256(f"{wording}\x1f{language}\x1f{shown}".encode()).hexdigest()[:12]


def write_line(
    work: Transaction,
    consent: Consent,
    kind: ConsentKind,
    *,
    county: str | None = None,
    topic: Topic | None = None,
    any_hour: bool | None = None,
) -> None:
    """Add one line. An erasure keeps no words."""
    line = work.new_id()
    keeps_words = kind is not ConsentKind.ERASE
    work.execute_later(
        ADD_LINE,
        {
            "id": line,
            "number_hash": consent.number_hash,
            "kind": kind.value,
            "county": county,
            "topic": topic.value if topic else None,
            "words_sealed": work.seal(consent.words[:MOST_WORDS], consent_event.name, "words", line) if keeps_words else None,
            "wording": consent.wording,
            "version": _keep_wording(work, consent) if consent.shown else None,
            "any_hour": any_hour,
            "source": consent.source,
            "at": work.now,
        },
    )


async def write_for_all(work: Transaction, people: Select[tuple[UUID]], kind: ConsentKind, reason: str) -> None:
    """Add a line for each of many people (a select of contacts' ids), to whom it happened by a decision of the organizers."""
    rows = select(
        func.gen_random_uuid(),
        contact.c.number_hash,
        literal(kind.value),
        literal(reason[:64]),
        literal("organizers"),
        literal(work.now),
    ).where(contact.c.id.in_(people))
    columns = ["id", "number_hash", "kind", "wording", "source", "at"]
    await work.execute(consent_event.insert().from_select(columns, rows))


def _keep_wording(work: Transaction, consent: Consent) -> str:
    version = version_of(consent.wording, consent.language, consent.shown)
    work.execute_later(
        KEEP_WORDING,
        {
            "version": version,
            "wording": consent.wording,
            "language": consent.language,
            "text": consent.shown,
            "first_shown_at": work.now,
        },
    )
    return version
