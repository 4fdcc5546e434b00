"""The story of the demo: three neighbours see the same thing, and a county comes to know; played over HTTP as people would play it.

Each step says what it expects and fails when that does not come. It goes on through restarts of the hotline: what could not be done is
tried again, and what was done already counts as done.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final, Protocol
from urllib.parse import urljoin

import httpx2

PATIENCE_SECONDS: Final = 90.0
"""How long a step may take before the story has failed: restarts and lookups of lost answers included."""

PAUSE_SECONDS: Final = 0.25

ALERT_LINK: Final = re.compile(r"/console/alerts/[A-Z]{2}\d+")
"""A link to an alert, and none to the page where one is written."""

CASTS: Final = (
    (("Rosa", "+19195550110"), ("Ken", "+19195550111"), ("Marisol", "+19195550112"), ("Walt", "+19195550113")),
    (("Elena", "+19195550114"), ("Joe", "+19195550115"), ("Beatriz", "+19195550116"), ("Hank", "+19195550117")),
    (("Lupe", "+19195550140"), ("Fay", "+19195550141"), ("Dulce", "+19195550142"), ("Stan", "+19195550143")),
    (("Nora", "+19195550144"), ("Ted", "+19195550145"), ("Pilar", "+19195550146"), ("Vic", "+19195550147")),
)
"""Who writes: other neighbours at each playing, since what one person writes within a minute and a half is one report."""

LUZ, DURHAM_SUBSCRIBERS = "+19195550103", tuple(f"+1919555012{n}" for n in range(10))
STOPPER: Final = DURHAM_SUBSCRIBERS[9]

KEPT_FOR_LATER: Final = ("ya guardamos su mensaje", "we got your message and saved it")
"""What a phone hears at once when the database is away: the answer itself comes later."""

PLACES: Final = (
    (
        "la Walmart de la Roxboro en Durham",
        "the Walmart on Roxboro Rd in Durham",
        "Durham, la Walmart de la Roxboro",
        "Walmart",
    ),
    (
        "la Food Lion de la Guess en Durham",
        "the Food Lion on Guess Rd in Durham",
        "Durham, la Food Lion de la Guess",
        "Food Lion",
    ),
    (
        "la Compare de la Avondale en Durham",
        "the Compare on Avondale Dr in Durham",
        "Durham, la Compare de la Avondale",
        "Compare",
    ),
    ("la Home Depot de la 15-501 en Durham", "the Home Depot on 15-501 in Durham", "Durham, la Home Depot", "Home Depot"),
)
"""Where it happens: another place at each playing, since the same place within hours is the same incident. For each, what Rosa and Ken
write, what Marisol answers when she is asked, and a word of its public name."""


class StoryFailed(AssertionError):
    """Something that had to happen did not, or the other way round."""


class Tell(Protocol):
    """Tells whoever watches of a step: doing, done or failed."""

    def __call__(self, step: str, state: Any = "done", detail: str = "") -> None: ...


async def tell_story(
    mode: str, simulator_url: str, console_url: str, sign_in_links: Mapping[str, str], tell: Tell, played_before: int = 0
) -> None:
    """Play "reports" (what the neighbours do) or "everything" (the volunteers' part too). `sign_in_links` are by alias; `played_before` is
    how often it was played before the simulator started, so that it happens somewhere else this time.

    Raises StoryFailed at the first expectation that does not hold.
    """
    async with httpx2.AsyncClient(base_url=f"{simulator_url}/simulator/api/", trust_env=False, timeout=20) as http:
        scene = _Scene(_Phones(http), console_url, sign_in_links, tell, played_before + _playings(simulator_url))
        async with scene.browsers:
            await _neighbours_write(scene)
            if mode == "everything":
                await _volunteers_find_out(scene)
                await _two_people_tell_the_county(scene)
                await _nobody_else_heard(scene)


async def _neighbours_write(scene: _Scene) -> None:
    phones = scene.phones
    await phones.look()
    in_spanish, in_english, when_asked, name = scene.place
    (rosa, rosas), (ken, kens), (marisol, marisols), (walt, walts) = scene.cast
    for (who, number), language in zip(scene.cast, ("es", "en", "es", "en"), strict=True):
        await phones.lies_on_the_table(number, who, language)
    async with scene.step(f"{rosa} texts in Spanish what she sees, and hears that volunteers will check"):
        await phones.says(rosas, f"Hay camionetas de la migra afuera de {in_spanish}, traen chalecos", expects=["Durham"])
    async with scene.step(f"{ken} texts in English about the same place"):
        await phones.says(kens, f"ICE agents in vests outside {in_english} right now", expects=["Durham County"])
    async with scene.step(f"{marisol} does not say where; she is asked, and answers"):
        words = f"se estan llevando gente afuera de la {name.lower()}, son de migracion con chalecos"
        await phones.says(marisols, words, expects=["ciudad"])
        await phones.says(marisols, when_asked, expects=["Durham"])
    async with scene.step(f"{walt} writes about ice on the road, and nobody is alarmed"):
        words = "careful everyone, black ice on the road by the bridge this morning"
        await phones.says(walts, words, expects=["immigration enforcement"])
    if phones.arrived(STOPPER) or scene.turn:
        async with scene.step("A subscriber who stopped when this was played before comes back"):
            await phones.says(STOPPER, "START", expects=[])
            await phones.reads_everything(STOPPER)
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
        await scene.phones.says(LUZ, "Si", expects=[scene.place[3], "CONFIRM"])
    async with scene.step("Luz texts CONFIRM from the place"):
        await scene.phones.says(LUZ, "confirmo, dos camionetas", expects=["anotado"])
    async with scene.step("Ana confirms the incident"):
        await ana.does(f"{scene.incident}/decide", {"outcome": "confirm"}, done=lambda page: 'data-state="confirmed"' in page)
    async with scene.step("Everyone who reported it hears that it was confirmed"):
        for (_, phone), words in zip(scene.cast, ("se confirmó", "was confirmed", "se confirmó"), strict=False):
            await scene.phones.hears(phone, words)


async def _two_people_tell_the_county(scene: _Scene) -> None:
    olga, tomas = await scene.signed_in("Olga"), await scene.signed_in("Tomas")
    async with scene.step("Olga, organizer, proposes an alert"):
        await olga.does(f"{scene.incident}/alert", {}, done=lambda page: ALERT_LINK.search(page) is not None)
        links = ALERT_LINK.findall(await olga.reads(scene.incident))
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
            answers = [text for text in new if not is_kept_for_later(text)]
            _must(len(answers) == len(set(answers)) or number == LUZ, f"the phone …{number[-4:]} got the same text twice")


_played: Counter[str] = Counter()


def _playings(simulator_url: str) -> int:
    """How often this process has played the story on a simulator before."""
    _played[simulator_url] += 1
    return _played[simulator_url] - 1


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

    async def lies_on_the_table(self, number: str, name: str, language: str) -> None:
        """See that the simulator has this phone."""
        about = {"number": number, "name": name, "county": "Durham", "language": language, "role": "neighbour"}
        (await self._http.post("phones", json=about)).raise_for_status()
        self._start.setdefault(number, 0)
        self._seen.setdefault(number, 0)

    def arrived(self, number: str) -> int:
        """How many texts had come to a phone when the story began."""
        return self._start.get(number, 0)

    async def reads_everything(self, number: str) -> None:
        """Read what lies on a phone, also what comes within the next moments."""
        while await self._texts(number, self._seen.get(number, 0), wait=1):
            self._seen[number] = self._seen.get(number, 0) + 1

    async def says(self, number: str, words: str, expects: Sequence[str]) -> None:
        """Text the hotline and hear an answer with these words."""
        (await self._http.post(f"phones/{number}/texts", json={"body": words})).raise_for_status()
        if expects:
            await self.hears(number, *expects)

    async def hears(self, number: str, *words: str) -> str:
        """The next text on a phone has these words; that it was kept for later may come before it."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            new = await self._texts(number, self._seen.get(number, 0), wait=5)
            if new:
                self._seen[number] = self._seen.get(number, 0) + 1
                if is_kept_for_later(new[0]):
                    continue
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

    def __init__(self, phones: _Phones, console_url: str, links: Mapping[str, str], tell: Tell, played_before: int) -> None:
        self.phones = phones
        self.turn = played_before
        self.browsers = AsyncExitStack()
        self.incident = ""
        self.alert = ""
        self._console_url = console_url
        self._links = links
        self._tell = tell

    @property
    def place(self) -> tuple[str, str, str, str]:
        """Where it happens this time."""
        return PLACES[self.turn % len(PLACES)]

    @property
    def cast(self) -> tuple[tuple[str, str], ...]:
        """Who writes this time."""
        return CASTS[self.turn % len(CASTS)]

    async def signed_in(self, alias: str) -> _Browser:
        """The browser of a volunteer who followed their link."""
        http = httpx2.AsyncClient(base_url=self._console_url, trust_env=False, timeout=20)
        await self.browsers.enter_async_context(http)
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


def is_kept_for_later(text: str) -> bool:
    """Whether a text only says that a message was kept while the database was away: the answer comes after it."""
    return any(words in _plain(text) for words in KEPT_FOR_LATER)


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise StoryFailed(otherwise)
