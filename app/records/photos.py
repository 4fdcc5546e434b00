"""What people send along with a text: photos, and what can't be shown as one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.core.database import Transaction, table_of
from app.core.jobs import defer
from app.records.columns import instant, one_of, sealed
from app.records.states import PhotoState, may_precede

SETTLE_PHOTO: Final = "photo.settle"
"""The job that does what is still to do about a photo; it takes the photo's id."""

KEPT_FOR: Final = timedelta(days=7)
"""After this long a photo is forgotten, here and at Twilio: it was there to find out what happens now."""


class Photo(SQLModel, table=True):
    """One attachment of a text. The picture itself is in the photo store under its `id`, sealed for the cell (photo, image, id).

    `sid` is Twilio's name for it, empty where the webhook's address was none of Twilio's, or where it came with an answer on our own page.
    `incident_id` is set where a verifier sent it from an incident; otherwise it is of the report that its text became. `taken_in` is the
    county (FIPS) where the photo's own data says it was taken; the exact point is never kept here. `glimpse_sealed` is a JPEG of a few
    pixels, to stand blurred for the picture.
    `due_since` says since when something is still to be done about it (fetch it, have Twilio delete it, delete it here), None when nothing.
    """

    __table_args__ = (
        one_of("state", PhotoState),
        UniqueConstraint("message_id", "place"),
        Index("ix_photo_due", "due_since", postgresql_where=text("due_since IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    message_id: UUID | None = Field(default=None, foreign_key="inbound_message.id", ondelete="SET NULL")
    message_sid: str = Field(max_length=64)
    sid: str = Field(max_length=64)
    place: int
    declared_type: str = Field(max_length=64)
    state: str = Field(default=PhotoState.WAITING.value, max_length=16)
    incident_id: UUID | None = Field(default=None, foreign_key="incident.id", index=True, ondelete="SET NULL")
    taken_in: str | None = Field(default=None, max_length=5)
    glimpse_sealed: bytes | None = sealed()
    received_at: datetime = instant(index=True)
    fetched_at: datetime | None = instant(nullable=True)
    due_since: datetime | None = instant(nullable=True)


class UndevelopedPhoto(SQLModel, table=True):
    """The bytes of a photo that came with an answer on our own page, sealed, until the darkroom has made a picture of them."""

    __tablename__ = "undeveloped_photo"

    photo_id: UUID = Field(primary_key=True, foreign_key="photo.id", ondelete="CASCADE")
    image_sealed: bytes = sealed(nullable=False)


photo = table_of(Photo)
undeveloped_photo = table_of(UndevelopedPhoto)


async def forget_photos(work: Transaction, *which: ColumnElement[bool]) -> int:
    """Forget the photos that fit (conditions on the photo table): nobody can see them from this transaction on, and jobs delete them here
    and at Twilio. Returns how many."""
    rows = await work.execute(
        photo.update()
        .where(*which, photo.c.state.in_(may_precede(PhotoState.FORGOTTEN)))
        .values(state=PhotoState.FORGOTTEN.value, glimpse_sealed=None, taken_in=None, due_since=work.now)
        .returning(photo.c.id)
    )
    ids = rows.scalars().all()
    if ids:
        await work.execute(undeveloped_photo.delete().where(undeveloped_photo.c.photo_id.in_(ids)))
    for photo_id in ids:
        await defer(work, SETTLE_PHOTO, photo_id=str(photo_id))
    return len(ids)
