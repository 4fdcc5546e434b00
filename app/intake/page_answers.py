"""What a verifier sends from the page that their link opens: kept once, as a text of theirs would be, with its photo for the darkroom."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Transaction
from app.core.jobs import defer
from app.records.inbound import OF_OUR_PAGE, inbound_message
from app.records.photos import SETTLE_PHOTO, photo, undeveloped_photo
from app.records.states import PhotoState
from app.telephony.addresses import Channel

MOST_PHOTOS: Final = 12
"""So many photos are taken in from one person about one incident; what more they send is kept without its photos."""


async def keep_page_answer(work: Transaction, contact_id: UUID, sent: UUID, words: str, photos: int) -> UUID | None:
    """Put it on record as a message of theirs. `sent` is the form's own number, the same however often it is sent: None for a copy."""
    new_id = work.new_id()
    row = await work.first(
        insert(inbound_message)
        .values(
            id=new_id,
            sid=f"{OF_OUR_PAGE}{sent.hex}",
            channel=Channel.WEB.value,
            contact_id=contact_id,
            line="",
            body_sealed=work.seal(words, "inbound_message", "body", new_id),
            media_count=photos,
            received_at=work.now,
            answered_at=work.now,
        )
        .on_conflict_do_nothing(index_elements=["sid"])
        .returning(inbound_message.c.id)
    )
    return new_id if row is not None else None


async def keep_page_photo(work: Transaction, message_id: UUID, incident_id: UUID, content: bytes) -> bool:
    """Keep the bytes of a photo, sealed, and have the darkroom see to them. False where too many came already."""
    theirs = select(inbound_message.c.contact_id).where(inbound_message.c.id == message_id).scalar_subquery()
    earlier = await work.scalar(
        select(func.count())
        .select_from(photo.join(inbound_message, inbound_message.c.id == photo.c.message_id))
        .where(photo.c.incident_id == incident_id, inbound_message.c.contact_id == theirs)
    )
    if int(earlier) >= MOST_PHOTOS:
        return False
    new_id = work.new_id()
    await work.execute(
        photo.insert().values(
            id=new_id,
            message_id=message_id,
            message_sid="",
            sid="",
            place=0,
            declared_type="",
            state=PhotoState.WAITING.value,
            incident_id=incident_id,
            received_at=work.now,
            due_since=work.now,
        )
    )
    sealed = work.seal(content, "undeveloped_photo", "image", new_id)
    await work.execute(undeveloped_photo.insert().values(photo_id=new_id, image_sealed=sealed))
    await defer(work, SETTLE_PHOTO, photo_id=str(new_id))
    return True
