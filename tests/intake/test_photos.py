"""A photo that comes with a text: written down with it, fetched once, drawn anew, sealed here, deleted at Twilio, forgotten in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from app.core.clock import ManualClock
from app.core.database import Database, Transaction
from app.core.jobs import LONGEST_WAIT_SECONDS, MOST_ATTEMPTS, wait_after
from app.intake import photos
from app.intake.photo_store import FolderStore
from app.intake.photos import find_lost_photos, forget_old_photos, open_photo, settle_photo
from app.intake.recordings import FETCH_RECORDING, find_lost_recordings
from app.pipeline import Hotline, receive_text
from app.pipeline_photos import place_found
from app.privacy.holdings import erase_number, holdings_of
from app.records.contacts import Conversation, conversation
from app.records.deliveries import delivery
from app.records.inbound import Recording, recording
from app.records.incidents import Incident, Report, incident, report
from app.records.photos import KEPT_FOR, SETTLE_PHOTO, Photo, photo
from app.records.states import PhotoState
from app.simulator.server import address_of, loopback_socket, serving
from app.telephony.forms import TextForm, read_form
from app.telephony.pooled_http import LARGEST_FILE
from app.telephony.rest import OutcomeUnknown, TwilioRest
from tests.conftest import LogBook
from tests.intake import callers
from tests.pictures import ACCOUNT, DURHAM_POINT, KEY, SECRET, MediaShelf, a_picture, opened

ROSA, LINE = "+19195550110", "+19195550100"
REPORT = "ICE agents in vests outside the Walmart on Roxboro Rd in Durham right now"
SIDS = count(1)


@dataclass
class Post:
    """The hotline with Twilio's shelf beside it: texts with files arrive, jobs are done."""

    database: Database
    hotline: Hotline
    shelf: MediaShelf
    rest: TwilioRest
    store: FolderStore
    asked: list[str | None] = field(default_factory=list)

    async def texts(self, *files: bytes, body: str = "", kind: str = "image/jpeg", sender: str = ROSA) -> str:
        """A text with these files arrives; returns its SID."""
        sid = f"MM{next(SIDS):032d}"
        fields = {"MessageSid": sid, "From": sender, "To": LINE, "Body": body, "NumMedia": str(len(files))}
        for number, content in enumerate(files):
            media = f"ME{next(SIDS):032d}"
            self.shelf.files[media] = content
            url = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}/Media/{media}"
            fields |= {f"MediaUrl{number}": url, f"MediaContentType{number}": kind}
        await self.receives(fields)
        return sid

    async def receives(self, fields: dict[str, str]) -> str | None:
        async with self.database.transaction() as work:
            self.asked.append(await receive_text(work, self.hotline, read_form(TextForm, fields)))
        return self.asked[-1]

    async def settles(self) -> None:
        """Every photo's job is done once."""
        for found in await self.photos():
            await settle_photo(self.database, self.rest, self.store, found.id, place_found(self.hotline))

    async def photos(self) -> list[Photo]:
        async with self.database.transaction() as work:
            return await work.find(Photo, select(photo).order_by(photo.c.received_at, photo.c.place))

    async def photo(self) -> Photo:
        [found] = await self.photos()
        return found

    async def picture(self) -> bytes | None:
        found = await self.photo()
        async with self.database.transaction() as work:
            return await open_photo(work, self.store, found)

    def files(self) -> list[Path]:
        return [file for file in self.store.folder.rglob("*") if file.is_file()]

    async def runs(self, step: Callable[[Transaction], Awaitable[int]]) -> int:
        async with self.database.transaction() as work:
            return await step(work)

    async def jobs(self, name: str = SETTLE_PHOTO) -> int:
        async with self.database.transaction() as work:
            row = await work.execute(text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = :name"), {"name": name})
            return int(row.scalar_one())


@pytest.fixture
async def post(database: Database, hotline: Hotline, tmp_path: Path) -> AsyncIterator[Post]:
    shelf = MediaShelf()
    twilio, cdn = loopback_socket(), loopback_socket()
    shelf.onward = address_of(cdn)
    rest = TwilioRest(ACCOUNT, KEY, SECRET, LINE, api_url=address_of(twilio), file_hosts=("127.0.0.1",))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(shelf.application(), twilio))
        await stack.enter_async_context(serving(shelf.application(), cdn))
        yield Post(database, hotline, shelf, rest, FolderStore(tmp_path / "photos"))
        await rest.close()


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


async def test_a_photo_with_hardly_a_word_is_a_report(post: Post) -> None:
    await post.texts(a_picture(), body="mira esto")

    async with post.database.transaction() as work:
        assert await work.scalar(select(func.count()).select_from(report)) == 1


class Killed(BaseException):
    """The worker is gone, without a word."""


STEPS = ("fetch_media", "develop", "put", "written", "forget_media", "done")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_worker_that_is_killed_at_any_step_leaves_one_photo(
    post: Post, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    await post.texts(a_picture(point=DURHAM_POINT))
    owner, name = {
        "fetch_media": (post.rest, "fetch_media"),
        "develop": (photos, "develop_apart"),
        "put": (post.store, "put"),
        "written": (photos, "_write_down"),
        "forget_media": (post.rest, "forget_media"),
        "done": (photos, "_done"),
    }[step]
    really = getattr(owner, name)

    async def dies(*args: object, **given: object) -> object:
        result = await really(*args, **given) if after else None
        raise Killed(str(result))

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, dies)
        with pytest.raises(Killed):
            await post.settles()
    await post.settles()

    kept = await post.photo()
    assert (kept.state, kept.due_since, post.shelf.files, len(post.files())) == ("kept", None, {}, 1)
    assert opened(await post.picture() or b"").size == (320, 240)
    async with post.database.transaction() as work:
        assert await work.scalar(select(func.count()).select_from(delivery)) == 1


async def test_who_erases_themselves_has_their_photos_deleted_here_and_there(post: Post) -> None:
    await post.texts(a_picture(), body=REPORT)
    await post.texts(b"BEGIN:VCARD", body=REPORT, kind="text/vcard")
    await post.settles()
    async with post.database.transaction() as work:
        assert (await holdings_of(work, ROSA))["photos, sealed"] == 1
    await post.receives({"MessageSid": "SM00000012", "From": ROSA, "To": LINE, "Body": "BORRAR"})
    assert await post.jobs() == 4
    await post.settles()

    assert {(p.state, p.due_since, p.glimpse_sealed) for p in await post.photos()} == {("forgotten", None, None)}
    assert (post.files(), post.shelf.files) == ([], {})


@pytest.mark.parametrize("step", ["fetch_media", "develop_apart", "put"])
async def test_who_is_erased_while_their_photo_is_being_fetched_leaves_none(
    post: Post, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The erasure and even its own job come and go between two steps of the job that fetches."""
    await post.texts(a_picture(point=DURHAM_POINT))
    found = await post.photo()
    owner = {"fetch_media": post.rest, "develop_apart": photos, "put": post.store}[step]
    really = getattr(owner, step)

    async def overtaken(*args: object) -> object:
        monkeypatch.setattr(owner, step, really)
        async with post.database.transaction() as work:
            await erase_number(work, ROSA)
        media = dict(post.shelf.files)
        await settle_photo(post.database, post.rest, post.store, found.id, place_found(post.hotline))
        post.shelf.files |= media  # Twilio's deletion may lag
        return await really(*args)

    monkeypatch.setattr(owner, step, overtaken)
    await settle_photo(post.database, post.rest, post.store, found.id, place_found(post.hotline))

    assert ((await post.photo()).state, post.files()) == ("forgotten", [])
    async with post.database.transaction() as work:
        [told] = await work.find(Report, select(report))
    assert told.county is None  # and nothing was learned from it


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


async def test_two_workers_at_once_keep_one_photo(post: Post) -> None:
    await post.texts(a_picture(point=DURHAM_POINT))
    await asyncio.gather(*(post.settles() for _ in range(3)))

    assert (len(post.files()), (await post.photo()).state) == (1, "kept")
    async with post.database.transaction() as work:
        assert await work.scalar(select(func.count()).select_from(delivery)) == 1
