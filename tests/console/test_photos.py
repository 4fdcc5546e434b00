"""A photo on an incident's page: blurred until somebody of the county asks, opened for one answer, each look in the chain of acts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.console.board_mark import LOOKED
from app.console.photos import may_see, says_of
from app.core.database import Database
from app.pipeline import Hotline
from app.records.events import event, verify_chain
from app.records.photos import photo
from app.records.states import PhotoState
from app.volunteers.tables import Volunteer, volunteer
from tests.console.conftest import DURHAM, LUZ_PHONE, Browser, Desk
from tests.pictures import DURHAM_POINT, a_picture, opened
from tests.post import REPORT, Post, open_post


@pytest.fixture
async def post(database: Database, hotline: Hotline, tmp_path: Path) -> AsyncIterator[Post]:
    """Texts with files, into the store of the desk's console."""
    async with open_post(database, hotline, tmp_path / "photos") as it:
        yield it


async def shown(desk: Desk, post: Post, alias: str = "Ana") -> tuple[Browser, str, str]:
    """A report with a photo from Durham: a browser, the page of its incident, the address of the photo."""
    await post.texts(a_picture(point=DURHAM_POINT), body=REPORT)
    await post.settles()
    client = await desk.browser(alias)
    about = await desk.incident()
    return client, f"/console/incidents/{about.code}", f"/console/photos/{(await post.photo()).id}"


async def looks(desk: Desk) -> int:
    async with desk.database.transaction() as work:
        return int(await work.scalar(select(func.count()).select_from(event).where(event.c.verb == LOOKED)))


async def covers(desk: Desk, alias: str, *counties: str) -> None:
    async with desk.database.transaction() as work:
        await work.execute(volunteer.update().where(volunteer.c.alias == alias).values(counties=list(counties)))


@pytest.mark.parametrize("alias", ["Ana", "Olga"])
async def test_a_photo_stands_blurred_and_opens_for_the_desk(desk: Desk, post: Post, alias: str) -> None:
    client, path, address = await shown(desk, post, alias)
    page = (await client.get(path)).text

    assert f'src="{address}" loading="lazy"' in page
    assert "The hotline never publishes them" in page
    assert "Durham County" in page.split("taken here:")[1][:40]
    glimpse = re.search(r'class="glimpse" src="data:image/jpeg;base64,([^"]+)"', page)
    assert glimpse is not None and len(glimpse[1]) < 1500
    answer = await client.get(address)
    assert (answer.status_code, opened(answer.content).size) == (200, (320, 240))


async def test_a_photo_is_kept_by_no_browser_and_can_do_nothing_in_one(desk: Desk, post: Post) -> None:
    client, _, address = await shown(desk, post)
    headers = (await client.get(address)).headers

    assert headers["cache-control"] == "no-store"
    assert headers["content-type"] == "image/jpeg"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert (headers["x-content-type-options"], headers["cross-origin-resource-policy"]) == ("nosniff", "same-origin")


async def test_each_look_is_in_the_chain_of_acts_and_none_that_was_refused(desk: Desk, post: Post) -> None:
    client, path, address = await shown(desk, post)
    await client.get(path)
    assert await looks(desk) == 0  # the page alone shows nobody
    for _ in range(2):
        await client.get(address)
    await (await desk.browser("Luz")).get(address)
    await (await desk.stranger()).get(address)

    assert await looks(desk) == 2
    async with desk.database.transaction() as work:
        assert (await verify_chain(work)).broken_at is None
        about = await work.first(select(event).where(event.c.verb == LOOKED))
    assert about is not None and (about.actor_id, about.county) == (desk.people["Ana"].id, DURHAM)
    assert "Looked at a photo" in (await (await desk.browser("Ada")).get("/console/audit")).text
    assert "Looked at a photo" not in (await client.get(path)).text


@pytest.mark.parametrize(("alias", "status"), [("Luz", 403), ("Ada", 403), (None, 401)])
async def test_nobody_else_sees_it(desk: Desk, post: Post, alias: str | None, status: int) -> None:
    _, _, address = await shown(desk, post)
    client = await desk.browser(alias) if alias else await desk.stranger()

    answer = await client.get(address)
    assert answer.status_code == status
    assert b"JFIF" not in answer.content


async def test_who_does_not_cover_the_county_is_told_that_there_is_one_and_no_more(desk: Desk, post: Post) -> None:
    client, path, address = await shown(desk, post)
    await covers(desk, "Ana", "37183")
    page = (await client.get(path)).text

    assert "Only people who cover this county can look at it" in page
    assert "data:image/jpeg" not in page and address not in page
    assert (await client.get(address)).status_code == 403
    await covers(desk, "Ana", "37183", DURHAM)
    assert (await client.get(address)).status_code == 200


def test_where_no_county_is_known_yet_anyone_of_the_desk_may_look() -> None:
    roams, local = Volunteer(id=uuid4(), alias="Ana", counties=[]), Volunteer(id=uuid4(), alias="Beto", counties=[DURHAM])

    assert may_see(roams, DURHAM) and may_see(local, DURHAM) and may_see(local, None)
    assert not may_see(local, "37183")


async def test_what_can_not_be_shown_is_said_in_words(desk: Desk, post: Post) -> None:
    for kind, content in (("video/mp4", b""), ("text/vcard", b""), ("image/jpeg", b"broken")):
        await post.texts(content, body=REPORT, kind=kind)
    await post.texts(a_picture(), body=REPORT)
    ana = await desk.browser("Ana")
    path = f"/console/incidents/{(await desk.incident()).code}"
    assert (await ana.get(path)).text.count('data-attachment="waiting"') == 4
    await post.settles()
    page = (await ana.get(path)).text

    for words in (
        "They sent a video",
        "They sent a contact card",
        "a photo that can&#39;t be opened",
        "Twilio keeps it until 9 Mar",
    ):
        assert words in page
    assert page.count("/console/photos/") == 1


async def test_a_photo_that_was_forgotten_is_gone_from_page_and_address(desk: Desk, post: Post) -> None:
    client, path, address = await shown(desk, post)
    await post.receives({"MessageSid": "SM00000077", "From": "+19195550110", "To": "+19195550100", "Body": "DELETE"})
    page = (await client.get(path)).text

    assert "A photo was here. It was deleted." in page and address not in page
    assert (await client.get(address)).status_code == 404


async def test_a_photo_whose_file_is_lost_is_not_there_and_no_look_is_written_down(desk: Desk, post: Post) -> None:
    client, _, address = await shown(desk, post)
    for file in post.files():
        file.unlink()

    assert (await client.get(address)).status_code == 404
    assert await looks(desk) == 0


async def test_what_a_verifier_sends_from_there_stands_with_what_was_seen(desk: Desk, post: Post) -> None:
    client, path, act = await desk.taken()
    await act("offer", volunteer="Luz")
    await desk.texts(LUZ_PHONE, "Si")
    await post.texts(a_picture(), body="confirmo, dos camionetas", sender=LUZ_PHONE)
    await post.settles()
    page = (await client.get(path)).text

    assert "/console/photos/" in page.split('id="seen-title"')[1]
    address = f"/console/photos/{(await post.photo()).id}"
    assert (await client.get(address)).status_code == 200


async def test_the_rule_stands_in_spanish_too(desk: Desk, post: Post) -> None:
    client, path, _ = await shown(desk, post)
    await client.post("/console/language", data={"language": "es"})
    page = (await client.get(path)).text

    assert "La línea nunca las publica" in page and "Mostrar la foto 1" in page


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ("video/3gpp", "video"),
        ("audio/amr", "audio"),
        ("text/x-vcard", "contact"),
        ("application/pdf", "document"),
        ("text/csv", "document"),
        ("model/gltf", "file"),
        ("", "file"),
    ],
)
def test_a_file_is_called_what_people_call_it(declared: str, says: str) -> None:
    assert says_of(PhotoState.OTHER_KIND, declared) == says
    assert says_of(PhotoState.TOO_LARGE, declared) == "too_large"


async def test_a_photo_of_a_report_that_is_no_incident_yet_has_no_page(desk: Desk, post: Post) -> None:
    await post.texts(a_picture())
    await post.settles()
    async with desk.database.transaction() as work:
        which = await work.scalar(select(photo.c.id))

    assert (await (await desk.browser("Ana")).get(f"/console/photos/{which}")).status_code == 404
