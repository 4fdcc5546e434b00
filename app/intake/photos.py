"""Photos: written down with the text they came with, fetched from Twilio once, drawn anew, sealed here, and then deleted there.

Everything that happens to a photo is one job, `settle_photo`, which looks at the photo's state and does what is still to do; done twice, or
killed at any point and done again, it ends the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final, Protocol
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Database, Transaction
from app.core.jobs import OVERDUE, defer, defer_lost
from app.intake.darkroom import Developed, NoPicture, develop_apart
from app.intake.keep import Kept
from app.intake.photo_store import PhotoStore
from app.records.inbound import inbound_message
from app.records.photos import KEPT_FOR, SETTLE_PHOTO, Photo, UndevelopedPhoto, forget_photos, photo, undeveloped_photo
from app.records.states import PhotoState
from app.telephony.forms import MOST_MEDIA, TextForm
from app.telephony.pooled_http import TooLarge

log = structlog.get_logger(__name__)

GIVE_UP: Final = timedelta(days=1)
"""So long a photo is tried to be fetched."""

MANY_WITHIN: Final = timedelta(hours=1)
"""Each ten files of one phone within this time put its next ones further back in the queue."""

MOST_AT_ONCE: Final = 200

ALSO_PICTURES: Final = ("", "application/octet-stream")
"""What is declared to be nothing in particular may be a picture; what is declared to be something else is not opened."""


class File(Protocol):
    """A file's bytes."""

    @property
    def content(self) -> bytes:
        """The bytes themselves; what they are said to be is not believed."""
        ...


class MediaKeeper(Protocol):
    """What is needed of a phone company here; `telephony.rest.TwilioRest` is one, and only the worker has it."""

    async def fetch_media(self, message_sid: str, media_sid: str) -> File:
        """A file that came with a text. Raises TooLarge, or OutcomeUnknown when it can't be had now."""
        ...

    async def forget_media(self, message_sid: str, media_sid: str) -> None:
        """Have a file deleted there. Raises OutcomeUnknown to try again later."""
        ...


PlaceFound = Callable[[Transaction, Photo, tuple[float, float]], Awaitable[str | None]]
"""What is done, in the transaction that keeps a photo, with the point where it says that it was taken: returns the county it lies in."""


class Overtaken(Exception):
    """A photo was forgotten while it was being looked at."""


@dataclass(frozen=True)
class Seen:
    """What became of one fetch: the state to go to, and the picture where there is one."""

    state: PhotoState
    developed: Developed | None = None


async def keep_photos(work: Transaction, kept: Kept, form: TextForm) -> None:
    """Write down what came with a text, and have it fetched. Called once a text, in the transaction that receives it. Who sends many waits
    behind those who send few."""
    theirs = select(inbound_message.c.id).where(inbound_message.c.contact_id == kept.sender.id)
    lately = photo.c.received_at > work.now - MANY_WITHIN
    sent = int(await work.scalar(select(func.count()).select_from(photo).where(photo.c.message_id.in_(theirs), lately)))
    for number, attachment in enumerate(form.media):
        new_id = work.new_id()
        state = PhotoState.WAITING if attachment.sid else PhotoState.UNAVAILABLE
        await work.execute(
            insert(photo)
            .values(
                id=new_id,
                message_id=kept.id,
                message_sid=form.sid,
                sid=attachment.sid,
                place=number,
                declared_type=attachment.declared_type,
                state=state.value,
                received_at=work.now,
                due_since=work.now if attachment.sid else None,
            )
            .on_conflict_do_nothing(index_elements=["message_id", "place"])
        )
        if attachment.sid:
            await defer(work, SETTLE_PHOTO, priority=-((sent + number) // MOST_MEDIA), photo_id=str(new_id))


async def attach_photos(work: Transaction, message_id: UUID, incident_id: UUID) -> None:
    """The photos of a text are of an incident: a verifier sent them from there."""
    await work.execute(photo.update().where(photo.c.message_id == message_id).values(incident_id=incident_id))


async def settle_photo(
    database: Database, rest: MediaKeeper, store: PhotoStore, photo_id: UUID, place_found: PlaceFound
) -> None:
    """Do whatever is still to do about a photo. Raises OutcomeUnknown or OSError to be tried again later."""
    while True:
        found = await database.run(partial(_read, photo_id=photo_id))
        if found is None or found.state == PhotoState.FORGOTTEN:
            await store.delete(photo_id)  # also when all is done: a worker that was killed late may have left the file
        if found is None or found.due_since is None:
            return
        if found.state != PhotoState.WAITING:
            break
        seen = await _see(database, rest, store, found)
        with suppress(Overtaken):
            await database.run(partial(_write_down, found=found, seen=seen, place_found=place_found))
    if found.state in {PhotoState.KEPT, PhotoState.FORGOTTEN} and found.sid:
        await rest.forget_media(found.message_sid, found.sid)
    await database.run(partial(_done, found=found))


async def forget_old_photos(work: Transaction) -> int:
    """Forget those whose time is over. Returns how many."""
    old = (
        select(photo.c.id)
        .where(photo.c.received_at <= work.now - KEPT_FOR, photo.c.state != PhotoState.FORGOTTEN.value)
        .limit(MOST_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    return await forget_photos(work, photo.c.id.in_(old))


async def find_lost_photos(work: Transaction) -> int:
    """Jobs that got lost are written again. Returns how many."""
    overdue = await work.execute(
        select(photo.c.id).where(photo.c.due_since <= work.now - OVERDUE).order_by(photo.c.due_since).limit(MOST_AT_ONCE)
    )
    return await defer_lost(work, SETTLE_PHOTO, "photo_id", overdue.scalars().all())


async def open_photo(work: Transaction, store: PhotoStore, found: Photo) -> bytes | None:
    """The picture of a photo, unsealed for one look; None where there is none (any more)."""
    sealed = await store.get(found.id) if found.state == PhotoState.KEPT else None
    return work.keys.unseal_bytes(sealed, "photo", "image", found.id) if sealed is not None else None


async def _read(work: Transaction, photo_id: UUID) -> Photo | None:
    return await work.get(Photo, photo.c.id == photo_id)


async def _read_undeveloped(work: Transaction, found: Photo) -> bytes:
    """The bytes that came with an answer on our own page. Raises NoPicture where another worker was done with them before."""
    kept = await work.get(UndevelopedPhoto, undeveloped_photo.c.photo_id == found.id)
    if kept is None:
        raise NoPicture("it was developed or forgotten meanwhile")
    return work.keys.unseal_bytes(kept.image_sealed, "undeveloped_photo", "image", found.id)


async def _see(database: Database, rest: MediaKeeper, store: PhotoStore, found: Photo) -> Seen:
    """Fetch it, draw it anew, and lay it into the store."""
    if not (found.declared_type.startswith("image/") or found.declared_type in ALSO_PICTURES):
        return Seen(PhotoState.OTHER_KIND)
    try:
        if found.sid:
            content = (await rest.fetch_media(found.message_sid, found.sid)).content
        else:
            content = await database.run(partial(_read_undeveloped, found=found))
        developed = await develop_apart(content)
    except TooLarge:
        return Seen(PhotoState.TOO_LARGE)
    except NoPicture as error:
        log.info("photo_unreadable", photo=str(found.id), reason=str(error))
        return Seen(PhotoState.UNREADABLE)
    except Exception:
        if database.clock() - found.received_at < GIVE_UP:
            raise
        log.warning("photo_given_up", photo=str(found.id))
        return Seen(PhotoState.UNAVAILABLE)
    await store.put(found.id, database.keys.seal(developed.picture, "photo", "image", found.id))
    return Seen(PhotoState.KEPT, developed)


async def _write_down(work: Transaction, found: Photo, seen: Seen, place_found: PlaceFound) -> None:
    """What became of the fetch. Raises Overtaken if the photo was forgotten meanwhile: then nothing is learned from it either."""
    developed = seen.developed
    county = await place_found(work, found, developed.point) if developed and developed.point else None
    still_wanted = await work.first(
        photo.update()
        .where(photo.c.id == found.id, photo.c.state == PhotoState.WAITING.value)
        .values(
            state=seen.state.value,
            taken_in=county,
            glimpse_sealed=work.seal(developed.glimpse, "photo", "glimpse", found.id) if developed else None,
            fetched_at=work.now if developed else None,
        )
        .returning(photo.c.id)
    )
    if still_wanted is None:
        raise Overtaken
    await work.execute(undeveloped_photo.delete().where(undeveloped_photo.c.photo_id == found.id))
    log.info("photo_seen", photo=str(found.id), state=seen.state.value)


async def _done(work: Transaction, found: Photo) -> None:
    await work.execute(photo.update().where(photo.c.id == found.id, photo.c.state == found.state).values(due_since=None))
