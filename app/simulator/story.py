"""The story of the demo: three neighbours see the same thing, and a county comes to know; played over HTTP as people would play it.

Each step says what it expects and fails when that does not come. It goes on through restarts of the hotline: what could not be done is
tried again, and what was done already counts as done.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol
from urllib.parse import urljoin

import httpx2

PATIENCE_SECONDS: Final = 90.0
"""How long a step may take before the story has failed: restarts and lookups of lost answers included."""

PAUSE_SECONDS: Final = 0.25

ROSA, KEN, MARISOL, WALT = "+19195550110", "+19195550111", "+19195550112", "+19195550113"
LUZ, DURHAM_SUBSCRIBERS = "+19195550103", tuple(f"+1919555012{n}" for n in range(10))
STOPPER: Final = DURHAM_SUBSCRIBERS[9]


class StoryFailed(AssertionError):
    """Something that had to happen did not, or the other way round."""


class Tell(Protocol):
    """Tells whoever watches of a step: doing, done or failed."""

    def __call__(self, step: str, state: Any = "done", detail: str = "") -> None: ...


async def tell_story(mode: str, simulator_url: str, console_url: str, sign_in_links: Mapping[str, str], tell: Tell) -> None:
    """Play "reports" (what the neighbours do) or "everything" (the volunteers' part too). `sign_in_links` are by alias.

    Raises StoryFailed at the first expectation that does not hold.
    """
    async with httpx2.AsyncClient(base_url=f"{simulator_url}/simulator/api/", trust_env=False, timeout=20) as http:
        scene = _Scene(_Phones(http), console_url, sign_in_links, tell)
        await _neighbours_write(scene)
        if mode == "everything":
            await _volunteers_find_out(scene)
            await _two_people_tell_the_county(scene)
            await _nobody_else_heard(scene)


async def _neighbours_write(scene: _Scene) -> None:
    phones = scene.phones
    await phones.look()
    async with scene.step("Rosa texts in Spanish what she sees, and hears that volunteers will check"):
        words = "Hay camionetas de la migra afuera de la Walmart de la Roxboro en Durham, traen chalecos"
        await phones.says(ROSA, words, expects=["Durham"])
    async with scene.step("Ken texts in English about the same place"):
        await phones.says(
            KEN, "ICE agents in vests outside the Walmart on Roxboro Rd in Durham right now", expects=["Durham County"]
        )
    async with scene.step("Marisol does not say where; she is asked, and answers"):
        await phones.says(
            MARISOL, "se estan llevando gente afuera de la walmart, son de migracion con chalecos", expects=["ciudad"]
        )
        await phones.says(MARISOL, "Durham, la de la Roxboro", expects=["Durham"])
    async with scene.step("Walt writes about ice on the road, and nobody is alarmed"):
        await phones.says(
            WALT, "careful everyone, black ice on the road by the bridge this morning", expects=["immigration enforcement"]
        )
    async with scene.step("A subscriber says STOP"):
        await phones.says(STOPPER, "STOP", expects=["unsubscribed"])


async def _volunteers_find_out(scene: _Scene) -> None:
    ana = await scene.signed_in("Ana")
    async with scene.step("Ana, dispatcher, takes the most urgent incident out of the queue"):
        scene.incident = await ana.takes_the_most_urgent()
        page = await ana.reads(scene.incident)
        reports = len(re.findall(r"data-report=", page))
        _must(reports == 3, f"the incident should have three reports, it has {reports}")
    async with scene.step("Ana asks Luz, verifier, to go and look; Luz says yes and hears the exact place"):
        await ana.does(f"{scene.incident}/offer", {"volunteer": "Luz"}, done=lambda page: 'data-offer="Luz"' in page)
        await scene.phones.hears(LUZ, "Durham")
        await scene.phones.says(LUZ, "Si", expects=["Walmart", "CONFIRM"])
    async with scene.step("Luz texts CONFIRM from the place"):
        await scene.phones.says(LUZ, "confirmo, dos camionetas", expects=["anotado"])
    async with scene.step("Ana confirms the incident"):
        await ana.does(f"{scene.incident}/decide", {"outcome": "confirm"}, done=lambda page: 'data-state="confirmed"' in page)
    async with scene.step("Everyone who reported it hears that it was confirmed"):
        for phone, words in ((ROSA, "se confirmó"), (KEN, "was confirmed"), (MARISOL, "se confirmó")):
            await scene.phones.hears(phone, words)


async def _two_people_tell_the_county(scene: _Scene) -> None:
    olga, tomas = await scene.signed_in("Olga"), await scene.signed_in("Tomas")
    async with scene.step("Olga, organizer, proposes an alert"):
        await olga.does(f"{scene.incident}/alert", {}, done=lambda page: "/console/alerts/" in page)
        links = re.findall(r"/console/alerts/[A-Z0-9]+", await olga.reads(scene.incident))
        _must(bool(links), "the incident page should lead to the alert")
        scene.alert = links[0]
    async with scene.step("Olga can't approve what she wrote"):
        answer = await olga.tries(f"{scene.alert}/approve")
        _must(answer == 403, f"approving one's own alert should be refused, the answer was {answer}")
    async with scene.step("Tomas, another organizer, approves it"):
        await tomas.does(f"{scene.alert}/approve", {}, done=lambda page: 'data-state="approved"' in page)
    async with scene.step("Every Durham subscriber gets it once, in their language, with their rights"):
        for n, phone in enumerate(DURHAM_SUBSCRIBERS[:-1]):
            spanish = n % 2 == 0
            await scene.phones.hears(
                phone, "ALERTA, condado de Durham" if spanish else "ALERT, Durham County", "juez" if spanish else "judge"
            )
    async with scene.step("The counts add up, and every text is delivered"):
        people = len(DURHAM_SUBSCRIBERS) - 1
        await tomas.waits_for(
            scene.alert, lambda page: f'data-delivered="{people}"' in page and f'data-recipients="{people}"' in page
        )


async def _nobody_else_heard(scene: _Scene) -> None:
    async with scene.step("Nobody else got it, and nobody got it twice"):
        for number, new in (await scene.phones.all_new()).items():
            alerts = [text for text in new if "ALERT" in text]
            due = 1 if number in DURHAM_SUBSCRIBERS[:-1] else 0
            _must(len(alerts) == due, f"the phone …{number[-4:]} got {len(alerts)} alerts instead of {due}")
            _must(len(new) == len(set(new)) or number == LUZ, f"the phone …{number[-4:]} got the same text twice")


class _Phones:
    """The phones of the simulator, over its control interface. `seen` counts the texts on each that the story has looked at."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http
        self._start: dict[str, int] = {}
        self._seen: dict[str, int] = {}

    async def look(self) -> None:
        """Remember what lies on every phone, so that an earlier playing does not count."""
        for phone in (await self._http.get("phones")).json():
            self._start[phone["number"]] = self._seen[phone["number"]] = phone["arrived"]

    async def says(self, number: str, words: str, expects: Sequence[str]) -> None:
        """Text the hotline and hear an answer with these words."""
        (await self._http.post(f"phones/{number}/texts", json={"body": words})).raise_for_status()
        await self.hears(number, *expects)

    async def hears(self, number: str, *words: str) -> str:
        """The next text on a phone has these words."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            new = await self._texts(number, self._seen.get(number, 0), wait=5)
            if new:
                self._seen[number] = self._seen.get(number, 0) + 1
                heard = all(_plain(word) in _plain(new[0]) for word in words)
                _must(heard, f"the phone …{number[-4:]} should hear {words} and heard: {new[0]}")
                return new[0]
        raise StoryFailed(f"the phone …{number[-4:]} should hear {words} and heard nothing")

    async def all_new(self) -> dict[str, list[str]]:
        """Every text that came since the story began, by phone."""
        numbers = [phone["number"] for phone in (await self._http.get("phones")).json()]
        return {number: await self._texts(number, self._start.get(number, 0)) for number in numbers}

    async def _texts(self, number: str, after: int, wait: float = 0) -> list[str]:
        answer = await self._http.get(f"phones/{number}/messages", params={"after": after, "wait": wait})
        answer.raise_for_status()
        return [message["body"] for message in answer.json()["messages"]]


class _Browser:
    """A volunteer's browser, without JavaScript. It goes on when the hotline is restarted under it."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http

    async def takes_the_most_urgent(self) -> str:
        """Press the big button; returns the address of the incident page."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            answer = await self._post("/console/tasks/pull", {})
            if answer is not None and "/console/incidents/" in answer.headers.get("location", ""):
                return str(urljoin("/", answer.headers["location"].split("?")[0]))
            await asyncio.sleep(PAUSE_SECONDS)
        raise StoryFailed("no incident came out of the queue")

    async def reads(self, path: str) -> str:
        """A page, once it can be had."""
        return await self.waits_for(path, lambda _page: True)

    async def waits_for(self, path: str, wanted: Callable[[str], bool]) -> str:
        """A page, once it is as wanted."""
        until = time.monotonic() + PATIENCE_SECONDS
        page = ""
        while time.monotonic() < until:
            try:
                answer = await self._http.get(path)
                page = answer.text
                if answer.status_code == 200 and wanted(page):
                    return page
            except httpx2.HTTPError:
                page = "no answer"
            await asyncio.sleep(PAUSE_SECONDS)
        raise StoryFailed(f"the page {path} never showed what it should")

    async def does(self, path: str, fields: Mapping[str, str], done: Callable[[str], bool]) -> None:
        """Press a button of a page and see its effect there. When no answer comes, look first whether it was done; then press again."""
        page_path = path.rsplit("/", 1)[0]
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            page = await self.reads(page_path)
            if done(page):
                return
            fence = re.search(r'name="fence" value="(\d+)"', page)
            await self._post(path, {**({"fence": fence[1]} if fence else {}), **fields})
            if done(await self.reads(page_path)):
                return
            await asyncio.sleep(PAUSE_SECONDS)
        raise StoryFailed(f"{path} had no effect")

    async def tries(self, path: str) -> int:
        """Press a button; returns the status of the answer."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            answer = await self._post(path, {})
            if answer is not None and answer.status_code < 500:
                return answer.status_code
            await asyncio.sleep(PAUSE_SECONDS)
        raise StoryFailed(f"{path} never answered")

    async def _post(self, path: str, fields: Mapping[str, str]) -> httpx2.Response | None:
        try:
            return await self._http.post(path, data=dict(fields), headers={"Sec-Fetch-Site": "same-origin"})
        except httpx2.HTTPError:
            return None


class _Scene:
    """What the steps share."""

    def __init__(self, phones: _Phones, console_url: str, links: Mapping[str, str], tell: Tell) -> None:
        self.phones = phones
        self.incident = ""
        self.alert = ""
        self._console_url = console_url
        self._links = links
        self._tell = tell

    async def signed_in(self, alias: str) -> _Browser:
        """The browser of a volunteer who followed their link."""
        http = httpx2.AsyncClient(base_url=self._console_url, trust_env=False, timeout=20)
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            try:
                answer = await http.get(self._links[alias])
                if answer.status_code in {200, 303} and http.cookies:
                    return _Browser(http)
            except httpx2.HTTPError:
                pass
            await asyncio.sleep(PAUSE_SECONDS)
        raise StoryFailed(f"{alias} could not sign in")

    @asynccontextmanager
    async def step(self, words: str) -> AsyncIterator[None]:
        """One step of the story, told when it begins and when it ends."""
        self._tell(words, "doing")
        began = time.monotonic()
        try:
            yield
        except (StoryFailed, httpx2.HTTPError) as failure:
            self._tell(words, "failed", str(failure))
            raise (
                failure if isinstance(failure, StoryFailed) else StoryFailed(f"{words}: {type(failure).__name__}")
            ) from failure
        self._tell(words, "done", f"{time.monotonic() - began:.1f} s")


def _plain(text: str) -> str:
    """Lower case without the accents that a text may lose on its way."""
    return text.casefold().translate(str.maketrans("áéíóú", "aeiou"))


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise StoryFailed(otherwise)
