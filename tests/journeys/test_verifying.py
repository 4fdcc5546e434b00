"""The way of those who go and look, over real HTTP with the simulator's phones and the real worker: what each word of theirs does."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from uuid import uuid4

import httpx2
import pytest

from tests.conftest import LogBook
from tests.devices import Device
from tests.journeys.conftest import Line
from tests.pictures import a_picture, opened

ROSA, LUZ, SAM, BETO = "+19195550110", "+19195550103", "+19195550104", "+19195550102"
SEEN = "La migra esta afuera de la Walmart de la Roxboro en Durham, traen chalecos"
PATIENCE_SECONDS = 30.0
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Street:
    """Rosa wrote, Ana holds what she wrote; Luz and Sam are on shift. `page` is the incident's."""

    line: Line
    ana: httpx2.AsyncClient
    stranger: httpx2.AsyncClient
    page: str
    code: str
    fence: str
    rosa: Device
    luz: Device
    sam: Device
    links: dict[str, str] = field(default_factory=dict)

    async def press(self, act: str, **fields: str) -> None:
        """Ana presses a button of the incident's page."""
        answer = await self.ana.post(f"{self.page}/{act}", data={"fence": self.fence, **fields})
        assert answer.status_code == 303, answer.text

    async def shows(self, wanted: str | Callable[[str], bool]) -> str:
        """The incident's page, once it shows something."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                page = (await self.ana.get(self.page)).text
                if wanted in page if isinstance(wanted, str) else wanted(page):
                    return page
                await asyncio.sleep(0.2)

    async def says_yes(self, phone: Device, *words: str) -> str:
        """They are asked and say yes; returns the path of their page."""
        await phone.expects("Durham", "15")
        await phone.texts("Y")
        told = await phone.expects("Walmart", self.code, *words)
        link = re.search(r"(/console/field/[\w-]{22})$", told)
        assert link is not None, told
        return link[1]

    async def taps(self, path: str, tap: str, *, photo: bytes = b"", **fields: str) -> str:
        """They send the form of their page; returns what it then shows."""
        file = ("photo.jpg", photo, "image/jpeg") if photo else ("", b"", "application/octet-stream")
        given = {name: (None, value) for name, value in {"tap": tap, "sent": str(uuid4()), **fields}.items()}
        answer = await self.stranger.post(path, files={**given, "photo": file})
        assert answer.status_code == 303, answer.text
        return (await self.stranger.get(answer.headers["location"])).text


@pytest.fixture
async def street(line: Line) -> AsyncIterator[Street]:
    async with AsyncExitStack() as stack:
        ana, stranger = [
            await stack.enter_async_context(
                httpx2.AsyncClient(base_url=line.web, headers=SAME_SITE, trust_env=False, timeout=20)
            )
            for _ in range(2)
        ]
        await ana.get(line.links["Ana"])
        rosa = line.devices(ROSA, name="Rosa", language="es")
        luz, sam = line.devices(LUZ, name="Luz", role="verifier"), line.devices(SAM, name="Sam", role="verifier")
        await rosa.texts(SEEN)
        await rosa.expects("Durham")
        path = (await ana.post("/console/tasks/pull")).headers["location"].split("?")[0]
        fence = re.search(r'name="fence" value="(\d+)"', (await ana.get(path)).text)
        assert fence is not None
        yield Street(line, ana, stranger, path, path.rsplit("/", 1)[1], fence[1], rosa, luz, sam)


async def settled(street: Street, log_book: LogBook) -> None:
    """Every text was expected, no error was logged, and no number stands in the log."""
    ours = "\n".join(one for one in log_book.text.getvalue().splitlines() if "HTTP Request" not in one)
    await street.line.devices.check(ours, log_book.errors())


async def test_a_wave_a_yes_eight_taps_with_a_photo_and_a_confirmation_that_the_reporter_hears(
    street: Street, log_book: LogBook
) -> None:
    await street.press("ask")
    path = await street.says_yes(street.luz, "HERE")
    await street.sam.expects("Durham")
    await street.luz.texts("HERE")
    await street.luz.expects("noted, you are there")
    assert "I am there" not in (await street.stranger.get(path)).text  # the page knows of the text
    chosen = {"size": "few", "activity": "stopping", "uniform": "ice", "time": "now", "equipment": "vans"}
    page = await street.taps(path, "confirm", photo=a_picture("HEIF"), note="two white vans", location="there", **chosen)
    assert "You told us: Confirmed" in page

    page = await street.shows(lambda page: "two white vans" in page and 'class="glimpse"' in page)
    assert "They stop people or cars" in page
    photo = re.search(r"/console/photos/[0-9a-f-]{36}", page)
    assert photo is not None
    assert opened((await street.ana.get(photo[0])).content).format == "JPEG"
    await street.press("decide", outcome="confirm")
    await street.rosa.expects("se confirmo")
    await street.sam.expects("no longer needed")
    await settled(street, log_book)


@pytest.mark.parametrize(
    ("word", "outcome", "noted", "told"),
    [
        ("it was just police", "police", "local police", "policia"),
        ("nothing here", "nothing", "nothing there", "no hallamos"),
        ("se fueron", "gone", "already gone", "ya se"),
        ("no pude ver", "unable", "could not check", "no pudi"),
    ],
)
async def test_each_outcome_has_its_own_words_for_who_looked_and_for_who_reported(
    street: Street, log_book: LogBook, word: str, outcome: str, noted: str, told: str
) -> None:
    await street.press("offer", volunteer="Sam")
    await street.says_yes(street.sam)
    await street.sam.texts(word)
    said = await street.sam.next_text()
    assert street.code in said and (noted in said or "anotado" in said)
    await street.shows(f'class="pill is-{outcome}"')
    await street.press("decide", outcome=outcome)
    await street.rosa.expects(told)
    await settled(street, log_book)


async def test_two_who_saw_different_things_are_brought_before_the_dispatcher(street: Street, log_book: LogBook) -> None:
    await street.press("ask")
    for phone, tap in ((street.luz, "confirm"), (street.sam, "nothing")):
        await street.taps(await street.says_yes(phone), tap)
    await street.shows("saw different things")
    await street.line.devices(BETO, name="Beto").expects("two verifiers", street.code)
    await settled(street, log_book)


async def test_who_is_called_off_hears_it_loses_the_place_and_is_still_heard(street: Street, log_book: LogBook) -> None:
    await street.press("ask")
    path = await street.says_yes(street.luz)
    await street.sam.expects("Durham")
    await street.press("decide", outcome="nothing")
    await street.rosa.expects("no hallamos")
    for phone in (street.luz, street.sam):
        await phone.expects("no longer needed")
    page = await street.stranger.get(path)
    assert page.status_code == 410
    assert "Walmart" not in page.text
    await street.taps(path, "police", note="two sheriff cars")
    await street.sam.texts("confirm")
    await street.sam.expects("noted", street.code)
    seen = (await street.shows("two sheriff cars")).split("What was seen on site")[1]
    assert seen.count("Not from the place itself.") == 2
    await settled(street, log_book)


async def test_what_is_not_understood_is_read_by_a_person(street: Street, log_book: LogBook) -> None:
    await street.press("offer", volunteer="Luz")
    await street.luz.expects("Durham")
    await street.luz.texts("which Walmart do you mean?")
    await street.luz.expects("passed your words on")
    await street.shows("which Walmart do you mean?")
    await street.luz.texts("N")
    await street.luz.expects("ask someone else")
    await street.sam.texts("the blue one by the gate")
    await street.sam.next_text()
    assert "the blue one by the gate" in (await street.ana.get("/console/inbox")).text
    await settled(street, log_book)
