"""A voicemail: fetched from Twilio once, sealed here, deleted there."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from app.core.database import Database
from app.intake.recordings import fetch_recording
from app.pipeline import Hotline, receive_text
from app.records.inbound import Recording, recording
from app.telephony.forms import TextForm, read_form
from app.telephony.rest import Media
from tests.intake.callers import LINE, ROSA, Phone, a_message


@pytest.fixture
def rosa(database: Database, hotline: Hotline) -> Phone:
    return Phone(database, hotline)


class Shelf:
    """The phone company's shelf of recordings."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.forgotten: list[str] = []

    async def fetch(self, url: str) -> Media:
        self.asked.append(url)
        return Media(b"RIFF sound", "audio/x-wav")

    async def forget_recording(self, sid: str) -> None:
        self.forgotten.append(sid)


async def test_a_message_is_fetched_once_sealed_and_deleted_at_twilio(rosa: Phone, database: Database) -> None:
    kept = await a_message(rosa, database)
    shelf = Shelf()
    for _ in range(2):
        await fetch_recording(database, shelf, kept.id)

    async with database.transaction() as work:
        [found] = await work.find(Recording, select(recording))
    assert found.audio_sealed is not None
    assert database.keys.unseal_bytes(found.audio_sealed, "recording", "audio", found.id) == b"RIFF sound"
    assert (found.content_type, found.url_sealed, found.fetched_at is not None) == ("audio/x-wav", None, True)
    assert shelf.asked == [f"https://api.twilio.com/2010-04-01/Accounts/AC0/Recordings/{kept.sid}.wav"]
    assert shelf.forgotten == [kept.sid, kept.sid]


async def test_our_key_is_shown_to_twilio_alone_whatever_address_is_told(rosa: Phone, database: Database) -> None:
    kept = await a_message(rosa, database, host="https://elsewhere.example")
    shelf = Shelf()
    await fetch_recording(database, shelf, kept.id)

    assert [url.split("/2010")[0] for url in shelf.asked] == ["https://api.twilio.com"]


async def test_the_message_of_someone_erased_meanwhile_is_deleted_unheard(
    rosa: Phone, database: Database, hotline: Hotline
) -> None:
    kept = await a_message(rosa, database)
    async with database.transaction() as work:
        form = {"MessageSid": "SM00000003", "From": ROSA, "To": LINE, "Body": "DELETE"}
        await receive_text(work, hotline, read_form(TextForm, form))
    shelf = Shelf()
    await fetch_recording(database, shelf, kept.id)

    assert (shelf.asked, shelf.forgotten) == ([], [kept.sid])


async def test_a_job_for_a_message_that_is_gone_does_nothing(database: Database) -> None:
    shelf = Shelf()
    await fetch_recording(database, shelf, UUID(int=0))

    assert (shelf.asked, shelf.forgotten) == ([], [])
