"""A verifier's page: what the link opens and for how long, and that what is sent from it is what a text would have been."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import func, select

from app.console.field_page import MOST_ASKED, SALUTE
from app.core.clock import ManualClock
from app.core.database import Database
from app.pipeline import Hotline
from app.privacy.erasure import copies_at_twilio
from app.privacy.holdings import erase_number
from app.records.events import event
from app.records.inbound import inbound_message
from app.records.photos import undeveloped_photo
from app.records.verification import Observation, observation, offer
from app.telephony.pooled_http import LARGEST_FILE
from app.verification.field_link import LIVES_ON
from app.verification.offers import OFFER_TIME
from app.volunteers.tables import volunteer
from tests.conftest import LogBook
from tests.console.conftest import LUZ_PHONE, Browser, Desk
from tests.pictures import DURHAM_POINT, a_picture, opened
from tests.post import Post, open_post

PLACE = "Walmart"


@dataclass
class Phone:
    """Luz's phone in the field: a browser where nobody is signed in, and the link of the text she got."""

    desk: Desk
    browser: Browser
    path: str
    dispatcher: Browser
    incident: str

    async def page(self) -> httpx2.Response:
        return await self.browser.get(self.path)

    async def send(self, tap: str, *, sent: str = "", photo: bytes = b"", **fields: str) -> httpx2.Response:
        given = {"tap": (None, tap), "sent": (None, sent or str(uuid4()))} | {k: (None, v) for k, v in fields.items()}
        file = ("photo.jpg", photo, "image/jpeg") if photo else ("", b"", "application/octet-stream")
        return await self.browser.post(self.path, files={**given, "photo": file})

    async def observations(self) -> list[Observation]:
        async with self.desk.database.transaction() as work:
            return await work.find(Observation, select(observation).order_by(observation.c.observed_at, observation.c.id))

    async def verbs(self) -> list[str]:
        async with self.desk.database.transaction() as work:
            return list((await work.execute(select(event.c.verb).order_by(event.c.id))).scalars())

    async def set_offer(self, **facts: object) -> None:
        async with self.desk.database.transaction() as work:
            await work.execute(offer.update().values(**facts))


@pytest.fixture
async def phone(desk: Desk) -> Phone:
    """Ana asked Luz to go and look, and Luz said yes."""
    browser, path, post = await desk.taken()
    await post("offer", volunteer="Luz")
    reply = await desk.texts(LUZ_PHONE, "Y") or ""
    link = re.search(r"http://localhost:8000(/console/field/[\w-]{22})$", reply)
    assert link is not None, reply
    return Phone(desk, await desk.stranger(), link[1], browser, path)


@pytest.fixture
async def post(database: Database, hotline: Hotline, tmp_path: Path) -> AsyncIterator[Post]:
    """What settles photos, in the store of the desk's console."""
    async with open_post(database, hotline, tmp_path / "photos") as it:
        yield it


async def test_the_link_opens_the_place_and_the_six_questions_to_nobody_s_browser_in_particular(phone: Phone) -> None:
    page = await phone.page()

    assert page.status_code == 200
    assert PLACE in page.text
    assert [name for name in SALUTE if f'name="{name}"' not in page.text] == []
    assert (page.headers["referrer-policy"], page.headers["cache-control"]) == ("no-referrer", "no-store")
    assert LUZ_PHONE[2:] not in page.text and "Luz" not in page.text


async def test_eight_taps_are_one_observation_in_their_own_words(phone: Phone) -> None:
    await phone.send("here")
    answer = await phone.send(
        "confirm",
        note="dos camionetas blancas",
        size="few",
        activity="stopping",
        location="there",
        uniform="ice",
        time="now",
        equipment="vans",
    )

    assert answer.status_code == 303
    [seen] = await phone.observations()
    assert (seen.outcome, seen.on_site) == ("confirm", True)
    page = (await phone.dispatcher.get(phone.incident)).text
    for words in (
        "How many: 3 to 5",
        "Doing what: They stop people or cars",
        "ICE, HSI or ERO on it",
        "dos camionetas blancas",
    ):
        assert words in page
    assert "You told us: Confirmed" in (await phone.browser.get(answer.headers["location"])).text


async def test_a_form_that_is_sent_twice_counts_once(phone: Phone) -> None:
    number = str(uuid4())
    for _ in range(2):
        assert (await phone.send("nothing", sent=number)).status_code == 303
    assert len(await phone.observations()) == 1
    await phone.send("gone")
    assert [seen.outcome for seen in await phone.observations()] == ["nothing", "gone"]


async def test_a_page_and_texts_can_be_mixed(phone: Phone) -> None:
    await phone.send("here")
    await phone.desk.texts(LUZ_PHONE, "confirmo")
    await phone.send("gone")
    assert [seen.outcome for seen in await phone.observations()] == ["confirm", "gone"]


async def test_a_note_without_an_outcome_is_read_by_the_dispatcher(phone: Phone) -> None:
    await phone.send("note", note="I can't see the door from here", size="crowd")
    page = (await phone.dispatcher.get(phone.incident)).text
    assert "I can&#39;t see the door from here" in page and "More than 10" in page
    assert await phone.observations() == []


async def test_answers_that_were_not_offered_are_left_out_and_what_is_malformed_is_refused(phone: Phone) -> None:
    await phone.send("nothing", size="<script>", activity="door")
    async with phone.desk.database.transaction() as work:
        [seen] = await work.find(Observation, select(observation))
        assert seen.note_sealed is not None
        assert work.unseal(seen.note_sealed, "observation", "note", seen.id) == "Doing what: They are at a door"
    assert (await phone.send("decide")).status_code == 422
    assert (await phone.send("gone", sent="no number")).status_code == 422
    assert (await phone.send("gone", note="x" * 601)).status_code == 422
    assert (await phone.browser.post(phone.path, content=b"x", headers={"content-type": "text/plain"})).status_code == 422


async def test_who_needs_help_is_an_alarm_until_they_are_ok(phone: Phone) -> None:
    await phone.send("help")
    assert "offer.help_wanted" in await phone.verbs()
    assert "The dispatchers know that you need help" in (await phone.page()).text
    await phone.send("safe")
    assert (await phone.verbs())[-1] == "offer.safe"
    assert "The dispatchers know" not in (await phone.page()).text


async def test_a_photo_is_drawn_anew_and_stands_on_the_incident_s_page(phone: Phone, post: Post) -> None:
    await phone.send("confirm", photo=a_picture("HEIF", point=DURHAM_POINT))
    assert await _undeveloped(phone) == 1
    for _ in range(2):
        await post.settles()

    kept = await post.photo()
    assert (kept.state, kept.due_since, kept.taken_in) == ("kept", None, "37063")
    assert await _undeveloped(phone) == 0
    assert post.shelf.seen == []
    picture = await phone.dispatcher.get(f"/console/photos/{kept.id}")
    assert opened(picture.content).format == "JPEG" and not opened(picture.content).getexif()
    assert f"/console/photos/{kept.id}" in (await phone.dispatcher.get(phone.incident)).text


async def test_what_is_no_picture_is_said_and_kept_nowhere(phone: Phone, post: Post) -> None:
    await phone.send("note", photo=b"%PDF-1.7 no picture")
    await post.settles()
    assert (await post.photo()).state == "unreadable"
    assert (await _undeveloped(phone), post.files()) == (0, [])
    assert "can&#39;t be opened" in (await phone.dispatcher.get(phone.incident)).text


async def test_a_photo_that_is_too_large_is_refused_before_it_is_read_whole(phone: Phone) -> None:
    answer = await phone.send("confirm", photo=bytes(LARGEST_FILE + 200_000))
    assert answer.status_code == 413
    assert "without the photo" in answer.text


async def test_after_a_stand_down_the_place_is_gone_and_what_was_seen_is_still_kept(phone: Phone) -> None:
    await phone.set_offer(state="stood_down")
    page = await phone.page()
    assert page.status_code == 410
    assert PLACE not in page.text and "You need not go" in page.text
    assert (await phone.send("confirm")).status_code == 303
    [seen] = await phone.observations()
    assert (seen.outcome, seen.on_site) == ("confirm", False)


async def test_the_link_ends_six_hours_after_its_offer(phone: Phone, clock: ManualClock) -> None:
    clock.advance(OFFER_TIME + LIVES_ON - timedelta(seconds=1))
    assert (await phone.page()).status_code == 200
    clock.advance(timedelta(seconds=1))
    assert (await phone.page()).status_code == 410
    assert (await phone.send("confirm")).status_code == 410
    assert await phone.observations() == []


async def test_who_is_suspended_or_erased_can_open_nothing(phone: Phone) -> None:
    for standing in ("suspended", "active"):
        async with phone.desk.database.transaction() as work:
            await work.execute(volunteer.update().where(volunteer.c.alias == "Luz").values(standing=standing))
        assert (await phone.page()).status_code == (410 if standing == "suspended" else 200)
    async with phone.desk.database.transaction() as work:
        assert await erase_number(work, LUZ_PHONE)
    answer = await phone.page()
    assert answer.status_code == 410
    assert PLACE not in answer.text
    assert (await phone.send("confirm")).status_code == 410


async def test_erasing_takes_what_was_sent_from_the_page(phone: Phone) -> None:
    await phone.send("note", note="only words", photo=a_picture())
    async with phone.desk.database.transaction() as work:
        who = await work.scalar(select(volunteer.c.contact_id).where(volunteer.c.alias == "Luz"))
        texts, _ = await copies_at_twilio(work, who)
        assert texts and all(sid.startswith("SM") for sid in texts)
        await erase_number(work, LUZ_PHONE)
        left = select(func.count()).where(inbound_message.c.contact_id == who, inbound_message.c.body_sealed.is_not(None))
        assert await work.scalar(left) == 0
    assert await _undeveloped(phone) == 0


async def test_another_s_link_and_a_guess_open_nothing(phone: Phone) -> None:
    for token in ("A" * 22, phone.path.rsplit("/", 1)[1][:-1] + "!", str(uuid4())):
        assert (await phone.browser.get(f"/console/field/{token}")).status_code in {410, 422}


async def test_the_same_yes_gives_the_same_link_and_only_its_hash_is_kept(phone: Phone) -> None:
    token = phone.path.rsplit("/", 1)[1]
    assert phone.path in (await phone.desk.texts(LUZ_PHONE, "Y") or "")
    async with phone.desk.database.transaction() as work:
        row = (await work.all(select(offer)))[0]
        assert token.encode() not in bytes(row.link_hash)


async def test_a_link_is_asked_for_only_so_often(phone: Phone) -> None:
    answers = [(await phone.page()).status_code for _ in range(MOST_ASKED + 1)]
    assert set(answers[:-1]) == {200}
    assert answers[-1] == 429


async def test_the_page_speaks_the_language_that_they_text_in(phone: Phone) -> None:
    await phone.desk.texts(LUZ_PHONE, "ESPAÑOL")
    assert "Ya estoy ahí" in (await phone.page()).text
    await phone.browser.post("/console/speak", data={"language": "en", "back": phone.path})
    assert "I am there" in (await phone.page()).text


async def test_the_link_stands_in_no_log(phone: Phone, log_book: LogBook) -> None:
    await phone.page()
    await phone.send("confirm")
    await phone.send("nonsense")
    ours = [line for line in log_book.text.getvalue().splitlines() if "HTTP Request" not in line]  # of this test's own browser
    assert any("refused" in line for line in ours)
    assert phone.path.rsplit("/", 1)[1] not in "\n".join(ours)


async def _undeveloped(phone: Phone) -> int:
    async with phone.desk.database.transaction() as work:
        return int(await work.scalar(select(func.count()).select_from(undeveloped_photo)))
