"""Voicemails: known by their SID once, fetched from Twilio once, sealed here, and then deleted there."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Protocol
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Database, Transaction
from app.core.jobs import OVERDUE, defer, defer_lost
from app.intake.calls import KeptCall
from app.records.inbound import Recording, recording
from app.telephony.addresses import Channel
from app.telephony.forms import CallForm
from app.telephony.pooled_http import TWILIO_API

log = structlog.get_logger(__name__)

FETCH_RECORDING: Final = "recording.fetch"
"""The job that fetches a voicemail; it takes the recording's id."""

GIVE_UP: Final = timedelta(days=1)
"""So long a voicemail is tried to be fetched."""

SOUND: Final = ".wav"
"""The form in which a recording is fetched: as Twilio made it (8 kHz, 16 bit), which every browser plays."""


class Sound(Protocol):
    """Bytes and what they are."""

    @property
    def content(self) -> bytes:
        """The sound itself."""
        ...

    @property
    def content_type(self) -> str:
        """Its media type."""
        ...


class SoundKeeper(Protocol):
    """What is needed of a phone company here; `telephony.rest.TwilioRest` is one, and only the worker has it."""

    async def fetch(self, url: str) -> Sound:
        """What lies at a URL of theirs. Raises OutcomeUnknown when it can't be had now."""
        ...

    async def forget_recording(self, sid: str) -> None:
        """Have a recording deleted there. Raises OutcomeUnknown to try again later."""
        ...


def has_recording(form: CallForm) -> bool:
    """Whether a request tells of a recording that exists: the callback may also say that there is none."""
    return bool(form.recording_sid and form.recording_url) and form.recording_status in {"", "completed"}


async def keep_recording(work: Transaction, kept: KeptCall, form: CallForm) -> None:
    """Put a voicemail on record unless it is already, and have it fetched. The step of the call and Twilio's callback both tell of it, in
    either order and perhaps twice."""
    new_id = work.new_id()
    added = await work.execute(
        insert(recording)
        .values(
            id=new_id,
            sid=form.recording_sid,
            call_id=kept.kept.id,
            channel=Channel.VOICE.value,
            seconds=form.recording_seconds,
            url_sealed=work.seal(form.recording_url, "recording", "url", new_id),
            received_at=work.now,
        )
        .on_conflict_do_nothing(index_elements=["sid"])
        .returning(recording.c.id)
    )
    if added.first() is not None:
        await defer(work, FETCH_RECORDING, recording_id=str(new_id))


async def fetch_recording(database: Database, rest: SoundKeeper, recording_id: UUID) -> None:
    """Fetch a voicemail, seal it, and have Twilio delete it. Done twice it does no harm; of one whose caller was erased meanwhile only
    Twilio's copy is deleted. Raises OutcomeUnknown to be tried again later."""
    async with database.transaction() as work:
        found = await work.get(Recording, recording.c.id == recording_id)
        url = work.unseal(found.url_sealed, "recording", "url", found.id) if found and found.url_sealed else None
    if found is None:
        return
    if url is not None and found.fetched_at is None:
        sound = await rest.fetch(
            f"{TWILIO_API}{urlsplit(url).path}{SOUND}"
        )  # our key is shown to Twilio's address and to no other
        async with database.transaction() as work:
            await work.execute(
                recording.update()
                .where(recording.c.id == found.id, recording.c.url_sealed.is_not(None))
                .values(
                    audio_sealed=work.seal(sound.content, "recording", "audio", found.id),
                    content_type=sound.content_type[:64],
                    fetched_at=work.now,
                    url_sealed=None,
                )
            )
        log.info("recording_fetched", recording=str(found.id), bytes=len(sound.content))
    await rest.forget_recording(found.sid)


async def find_lost_recordings(work: Transaction) -> int:
    """Jobs that got lost are written again. Returns how many."""
    overdue = await work.execute(
        select(recording.c.id).where(
            recording.c.url_sealed.is_not(None),
            recording.c.fetched_at.is_(None),
            recording.c.received_at.between(work.now - GIVE_UP, work.now - OVERDUE),
        )
    )
    return await defer_lost(work, FETCH_RECORDING, "recording_id", overdue.scalars().all())
