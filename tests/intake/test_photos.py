"""A photo that comes with a text: written down with it, fetched once, drawn anew, sealed here, deleted at Twilio, forgotten in time."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from app.core.clock import ManualClock
from app.core.database import Database
from app.core.jobs import LONGEST_WAIT_SECONDS, MOST_ATTEMPTS, wait_after
from app.intake import photos
from app.intake.photos import find_lost_photos, forget_old_photos, settle_photo
from app.intake.recordings import FETCH_RECORDING, find_lost_recordings
from app.pipeline import Hotline
from app.pipeline_photos import place_found
from app.records.contacts import Conversation, conversation
from app.records.deliveries import delivery
from app.records.inbound import Recording, recording
from app.records.incidents import Incident, Report, incident, report
from app.records.photos import KEPT_FOR
from app.records.states import PhotoState
from app.telephony.pooled_http import LARGEST_FILE
from app.telephony.rest import OutcomeUnknown
from tests.conftest import LogBook
from tests.intake import callers
from tests.pictures import ACCOUNT, DURHAM_POINT, a_picture, opened
from tests.post import LINE, REPORT, ROSA, Post


async def test_a_photo_is_fetched_once_sealed_and_deleted_at_twilio(post: Post, log_book: LogBook) -> None:
    await post.texts(a_picture(point=DURHAM_POINT), body=REPORT)
    assert (await post.photo()).state == PhotoState.WAITING
    assert await post.jobs() == 1
    for _ in range(2):
        await post.settles()

    kept = await post.photo()
    assert (kept.state, kept.due_since, kept.taken_in, kept.place) == ("kept", None, "37063", 0)
    assert opened(await post.picture() or b"").size == (320, 240)
    assert (post.shelf.fetches(), post.shelf.files) == (1, {})
    [file] = post.files()
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"JFIF" not in file.read_bytes()
    assert ROSA[2:] not in log_book.text.getvalue()


async def test_our_key_is_shown_to_twilio_and_not_to_where_it_sends_us_on(post: Post) -> None:
    await post.texts(a_picture(), body=REPORT)
    await post.settles()

    shown = {path.split("/")[1]: credentials is not None for _, path, credentials in post.shelf.seen}
    assert shown == {"2010-04-01": True, "cdn": False}


@pytest.mark.parametrize(
    "onward", ["http://localhost:1", "http://169.254.169.254", "file:///etc/passwd#", "http://127.0.0.1.example"]
)
async def test_we_are_not_sent_on_to_where_no_file_of_twilios_lies(post: Post, onward: str) -> None:
    post.shelf.onward = onward
    await post.texts(a_picture(), body=REPORT)
    with pytest.raises(OutcomeUnknown):
        await post.settles()

    assert (await post.photo()).state == PhotoState.WAITING
    assert post.shelf.fetches() == 0


async def test_an_address_in_the_webhook_that_is_not_twilios_is_never_asked(post: Post) -> None:
    address = f"{post.shelf.onward}/inside"
    await post.receives(
        {"MessageSid": "MM00000009", "From": ROSA, "To": LINE, "Body": REPORT, "NumMedia": "1", "MediaUrl0": address}
    )
    await post.settles()

    assert (await post.photo()).state == PhotoState.UNAVAILABLE
    assert post.shelf.seen == []


async def test_ten_photos_of_one_text_are_ten_and_a_replay_adds_none(post: Post) -> None:
    fields = {"MessageSid": "MM00000010", "From": ROSA, "To": LINE, "Body": REPORT, "NumMedia": "10"}
    for number in range(10):
        media = f"ME{number:032d}"
        post.shelf.files[media] = a_picture()
        fields[f"MediaUrl{number}"] = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/MM00000010/Media/{media}"
    replies = {await post.receives(fields) for _ in range(3)}
    await post.settles()

    assert len(replies) == 1
    assert [(p.place, p.state) for p in await post.photos()] == [(n, "kept") for n in range(10)]
    assert await post.jobs() == 10


KINDS = {
    "video/mp4": ("other_kind", a_picture()),
    "audio/amr": ("other_kind", b"#!AMR"),
    "text/vcard": ("other_kind", b"BEGIN:VCARD"),
    "application/pdf": ("other_kind", b"%PDF-1.7"),
    "image/jpeg": ("unreadable", b"\xff\xd8\xff\xe0 broken"),
    "image/svg+xml": ("unreadable", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    "image/png": ("kept", a_picture("JPEG")),  # what it is called does not matter, what it is does
    "application/octet-stream": ("kept", a_picture("HEIF")),
    "": ("kept", a_picture("WEBP")),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_what_can_not_be_shown_is_said_to_be_so_and_lies_at_twilio_meanwhile(post: Post, kind: str) -> None:
    state, content = KINDS[kind]
    await post.texts(content, body=REPORT, kind=kind)
    await post.settles()

    kept = await post.photo()
    assert (kept.state, kept.due_since, kept.declared_type) == (state, None, kind)
    assert len(post.files()) == (state == "kept")
    assert len(post.shelf.files) == (state != "kept")


async def test_fifty_megabytes_are_left_off_at_the_limit(post: Post) -> None:
    await post.texts(a_picture() + bytes(50_000_000), body=REPORT)
    await post.settles()

    assert (await post.photo()).state == PhotoState.TOO_LARGE
    assert post.files() == []


async def test_a_file_of_exactly_the_limit_is_taken(post: Post) -> None:
    picture = a_picture()
    await post.texts(picture + bytes(LARGEST_FILE - len(picture)), body=REPORT)
    await post.settles()

    assert (await post.photo()).state == PhotoState.KEPT


async def test_the_place_of_a_photo_settles_a_report_that_has_none_and_its_sender_is_thanked(post: Post) -> None:
    await post.texts(a_picture(point=DURHAM_POINT))
    assert "city" in (post.asked[0] or "")
    await post.settles()

    async with post.database.transaction() as work:
        [told] = await work.find(Report, select(report))
        [about] = await work.find(Incident, select(incident))
        [talk] = await work.find(Conversation, select(conversation))
        assert await work.scalar(select(func.count()).select_from(delivery)) == 1
    assert (told.county, told.state, about.county, told.incident_id) == ("37063", "joined", "37063", about.id)
    assert (told.latitude, told.longitude) == (35.994, -78.9)  # not from which house
    assert talk.awaiting is None


async def test_who_answers_after_the_photo_settled_it_is_not_asked_again(post: Post) -> None:
    await post.texts(a_picture(point=DURHAM_POINT))
    await post.settles()
    reply = await post.receives({"MessageSid": "SM00000011", "From": ROSA, "To": LINE, "Body": "Durham"})

    assert "we added that to your report" in (reply or "")
    async with post.database.transaction() as work:
        assert await work.scalar(select(func.count()).select_from(report)) == 1


async def test_a_place_that_was_said_is_not_overruled_by_a_photos(post: Post) -> None:
    await post.texts(a_picture(point=DURHAM_POINT), body="ICE agents outside the Walmart in Asheville right now")
    await post.settles()

    async with post.database.transaction() as work:
        [told] = await work.find(Report, select(report))
    assert told.county == "37021"
    assert (await post.photo()).taken_in == "37063"


@pytest.mark.parametrize("point", [(48.2, 16.37), (35.0, -75.0)])
async def test_a_photo_from_elsewhere_or_from_the_sea_settles_nothing(post: Post, point: tuple[float, float]) -> None:
    await post.texts(a_picture(point=point))
    await post.settles()

    async with post.database.transaction() as work:
        [told] = await work.find(Report, select(report))
    assert (told.county, (await post.photo()).taken_in) == (None, None)


@pytest.mark.parametrize(("minutes", "reports"), [(1, 1), (29, 1), (31, 2)])
async def test_a_photo_that_follows_a_report_is_of_that_report(
    post: Post, clock: ManualClock, minutes: int, reports: int
) -> None:
    await post.receives({"MessageSid": "SM00000013", "From": ROSA, "To": LINE, "Body": REPORT})
    clock.advance(timedelta(minutes=minutes))
    await post.texts(a_picture())

    async with post.database.transaction() as work:
        assert await work.scalar(select(func.count()).select_from(report)) == reports


async def test_a_photo_of_another_event_after_the_first_is_decided_is_a_new_report(post: Post, clock: ManualClock) -> None:
    await post.receives({"MessageSid": "SM00000014", "From": ROSA, "To": LINE, "Body": REPORT})
    async with post.database.transaction() as work:
        await work.execute(incident.update().values(state="gone"))
    clock.advance(timedelta(minutes=10))
    await post.texts(a_picture())

    async with post.database.transaction() as work:
        assert await work.scalar(select(func.count()).select_from(report)) == 2


async def test_a_photo_with_hardly_a_word_is_a_report(post: Post) -> None:
    await post.texts(a_picture(), body="mira esto")

    async with post.database.transaction() as work:
        assert await work.scalar(select(func.count()).select_from(report)) == 1


async def test_after_a_week_a_photo_is_gone_here_and_there(post: Post, clock: ManualClock) -> None:
    await post.texts(a_picture(), body=REPORT)
    await post.texts(b"a video", body=REPORT, kind="video/mp4")
    await post.settles()
    clock.advance(KEPT_FOR - timedelta(seconds=1))
    assert await post.runs(forget_old_photos) == 0
    clock.advance(timedelta(seconds=1))
    assert await post.runs(forget_old_photos) == 2
    await post.settles()

    assert (post.files(), post.shelf.files) == ([], {})
    assert {p.state for p in await post.photos()} == {"forgotten"}
    assert await post.runs(forget_old_photos) == 0


async def test_what_can_not_be_fetched_for_a_day_is_given_up_and_said_to_be_so(post: Post, clock: ManualClock) -> None:
    await post.texts(a_picture(), body=REPORT)
    post.shelf.refuses = 503
    with pytest.raises(OutcomeUnknown):
        await post.settles()
    clock.advance(photos.GIVE_UP)
    await post.settles()

    assert ((await post.photo()).state, (await post.photo()).due_since) == ("unavailable", None)


async def test_a_job_that_got_lost_is_written_again_and_one_that_waits_is_not_doubled(post: Post, clock: ManualClock) -> None:
    await post.texts(a_picture(), body=REPORT)
    clock.advance(timedelta(minutes=6))
    assert await post.runs(find_lost_photos) == 0  # its job waits
    async with post.database.transaction() as work:
        await work.execute(text("DELETE FROM procrastinate_jobs"))
    assert await post.runs(find_lost_photos) == 1
    assert await post.runs(find_lost_photos) == 0
    await post.settles()
    async with post.database.transaction() as work:
        await work.execute(text("DELETE FROM procrastinate_jobs"))
    assert await post.runs(find_lost_photos) == 0  # all is done


async def test_a_voicemail_whose_job_got_lost_gets_another(database: Database, hotline: Hotline, clock: ManualClock) -> None:
    kept: Recording = await callers.a_message(callers.Phone(database, hotline), database)
    clock.advance(timedelta(minutes=6))
    async with database.transaction() as work:
        assert await find_lost_recordings(work) == 0
        await work.execute(text("DELETE FROM procrastinate_jobs WHERE task_name = :job"), {"job": FETCH_RECORDING})
        assert await find_lost_recordings(work) == 1
        await work.execute(recording.update().where(recording.c.id == kept.id).values(fetched_at=work.now))
        await work.execute(text("DELETE FROM procrastinate_jobs"))
        assert await find_lost_recordings(work) == 0


async def test_a_job_for_a_photo_that_is_unknown_does_nothing(post: Post) -> None:
    await settle_photo(post.database, post.rest, post.store, UUID(int=0), place_found(post.hotline))

    assert post.shelf.seen == []


def test_a_failed_job_waits_ten_minutes_at_most() -> None:
    waits = [wait_after(tries) for tries in range(MOST_ATTEMPTS)]

    assert waits[:5] == [3, 9, 27, 81, 243]
    assert set(waits[5:]) == {LONGEST_WAIT_SECONDS}
