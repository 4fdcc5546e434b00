"""Finding or making the one contact of a phone number."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from app.core.database import Transaction
from app.records.contacts import contact
from app.telephony.addresses import canonical_number


async def contact_for(work: Transaction, number: str, language: str | None = None) -> UUID:
    """The contact of a number as a person would write it; made, with this language, if there is none."""
    known_as, made = canonical_number(number), work.new_id()
    row = await work.first(
        insert(contact)
        .values(
            id=made,
            number_hash=work.keys.fingerprint("phone", known_as),
            number_sealed=work.seal(known_as, "contact", "number", made),
            language=language,
            language_chosen=language is not None,
            created_at=work.now,
        )
        .on_conflict_do_update(
            index_elements=[contact.c.number_hash],
            # Any column that is no key: setting the hash would lock out every delivery that refers to this contact.
            set_={"language_chosen": contact.c.language_chosen},
        )
        .returning(contact.c.id, contact.c.number_sealed)
    )
    assert row is not None  # an upsert returns its row
    found: UUID = row.id
    if row.number_sealed is None:
        sealed = work.seal(known_as, "contact", "number", found)
        await work.execute(contact.update().where(contact.c.id == found).values(number_sealed=sealed))
    return found
