"""The console in a real browser: live under its strict policy, readable, narrow enough, and whole by keyboard."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Page, Request, async_playwright

from app.assembly import Parts, open_parts
from app.console.rendering import FOLDER
from app.main import create_app
from app.operations.seed import seed_demo
from app.pipeline import receive_text
from app.settings import Settings
from app.simulator.server import address_of, loopback_socket, serving
from app.telephony.forms import TextForm, read_form
from app.volunteers.hours import Weekly
from app.volunteers.roster import get_volunteer
from app.volunteers.shifts import add_weekly
from tests.console.conftest import KEN, LINE, ROSA
from tests.pictures import a_picture
from tests.post import REPORT, open_post

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.skipif(not (FOLDER / "static" / "vendor" / "htmx.min.js").exists(), reason="run `make assets` first"),
]

LOW_CONTRAST = """() => {
  const paint = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = (css) => { paint.clearRect(0, 0, 1, 1); paint.fillStyle = css; paint.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255]; };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const over = (top, under) => top.slice(0, 3).map((v, i) => v * top[3] + under[i] * (1 - top[3]));
  const behind = (e) => { if (!e) return [255, 255, 255]; const c = rgba(getComputedStyle(e).backgroundColor);
    return c[3] === 1 ? c.slice(0, 3) : over(c, behind(e.parentElement)); };
  const found = [];
  for (const e of document.querySelectorAll("body *")) {
    const text = [...e.childNodes].filter((n) => n.nodeType === 3 && n.textContent.trim()).map((n) => n.textContent.trim()).join(" ");
    if (!text || !e.checkVisibility() || e.closest(":disabled, .hidden, .skip, svg, option")) continue;
    const style = getComputedStyle(e), back = behind(e), ink = over(rgba(style.color), back);
    const [a, b] = [light(ink), light(back)].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push(`${ratio.toFixed(2)} ${e.className || e.tagName}: ${text.slice(0, 40)}`);
  }
  return found;
}"""

SMALL_TARGETS = """() => [...document.querySelectorAll("button, select, input:not([type=hidden]):not([type=checkbox]), .menu a, .chip")]
  .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 43.5)
  .map((e) => `${e.tagName} ${e.textContent.trim().slice(0, 30)} ${e.getBoundingClientRect().height}`)"""

UNNAMED = """() => [...document.querySelectorAll("button, a[href], select, textarea, input:not([type=hidden])")]
  .filter((e) => e.checkVisibility() && !(e.textContent.trim() || e.getAttribute("aria-label") || e.labels?.length))
  .map((e) => e.outerHTML.slice(0, 120))"""


class Office:
    """A running console in a demo's dress, and browsers on it."""

    def __init__(self, address: str, links: dict[str, str], parts: Parts, open_page: Callable[..., Awaitable[Page]]) -> None:
        self.address = address
        self.parts = parts
        self._links = links
        self._open_page = open_page
        self._texts = 0
        self.troubles: list[str] = []

    async def page(self, alias: str, width: int = 360, scheme: Literal["light", "dark"] = "dark") -> Page:
        """A volunteer's page, signed in; what the browser complains of or asks others for is kept in `troubles`."""
        page = await self._open_page(width, scheme)
        page.on("console", lambda m: self.troubles.append(m.text) if m.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("request", self._watch)
        await page.goto(self.address + self._links[alias])
        return page

    async def text(self, sender: str, body: str) -> None:
        """Somebody texts the hotline."""
        self._texts += 1
        form: TextForm = read_form(TextForm, {"MessageSid": f"SM{self._texts:032d}", "From": sender, "To": LINE, "Body": body})
        async with self.parts.database.transaction() as work:
            await receive_text(work, self.parts.hotline, form)

    def _watch(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:")):
            self.troubles.append(f"asked {request.url}")


@pytest.fixture
async def office(settings: Settings) -> AsyncIterator[Office]:
    """The console on loopback, with a Chromium; at the end the browser must have had nothing to complain of."""
    listener = loopback_socket()
    settings = settings.model_copy(
        update={"public_url": address_of(listener), "demo": True, "simulator_url": "http://localhost:1"}
    )
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(open_parts(settings))
        links = await seed_demo(parts.database)
        address = await stack.enter_async_context(serving(create_app(settings), listener))
        playwright = await stack.enter_async_context(async_playwright())
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        stack.push_async_callback(chromium.close)

        async def open_page(width: int, scheme: Literal["light", "dark"]) -> Page:
            context = await chromium.new_context(
                viewport={"width": width, "height": 740}, color_scheme=scheme, locale="en-US", reduced_motion="reduce"
            )
            return await context.new_page()

        made = Office(address, links, parts, open_page)
        yield made
        assert made.troubles == []


async def test_a_report_appears_on_an_open_board_by_itself(office: Office) -> None:
    page = await office.page("Ana")
    await page.get_by_text("All quiet.").wait_for()
    await office.text(ROSA, "La migra esta afuera de la Walmart de la Roxboro en Durham, traen chalecos")
    await page.get_by_text("1 incident waits").wait_for()


async def test_a_dispatcher_works_by_keyboard_alone_and_is_asked_before_many_are_told(office: Office) -> None:
    await office.text(KEN, "ICE agents in vests outside the Walmart on Roxboro Rd in Durham right now")
    page = await office.page("Ana")
    async with page.expect_navigation():
        await page.keyboard.press("t")
    await page.wait_for_url("**/incidents/*")
    await page.get_by_text("This is yours.").wait_for()
    async with page.expect_navigation():
        await page.keyboard.press("o")
    await page.locator('[data-offer="Luz"]').wait_for()
    await page.keyboard.press("n")
    sure = page.locator("dialog#sure")
    await sure.get_by_text("1 person who reported it will be told by text").wait_for()
    await page.keyboard.press("Escape")
    await sure.wait_for(state="hidden")
    await page.keyboard.press("n")
    async with page.expect_navigation():
        await sure.get_by_role("button", name="Yes, do it").click()
    await page.locator('[data-state="nothing"]').wait_for()
    await page.keyboard.press("g")
    await page.keyboard.press("b")
    await page.wait_for_url("**/console/")


async def test_what_is_being_typed_survives_what_happens_meanwhile(office: Office) -> None:
    await office.text(ROSA, "La migra esta afuera de la Walmart de la Roxboro en Durham, traen chalecos")
    page = await office.page("Ana", 1280, "light")
    await page.keyboard.press("t")
    chosen = page.locator("#county-form select[name=county]")
    await chosen.select_option("37183")
    await page.locator("details.why summary").first.click()
    await office.text(KEN, "ICE agents in vests outside the Walmart on Roxboro Rd in Durham right now")
    await page.locator('[data-report="2"]').wait_for()
    assert await chosen.input_value() == "37183"
    assert await page.locator("details.why").first.get_attribute("open") is not None


async def test_a_photo_stays_blurred_and_unfetched_until_it_is_asked_for_and_then_stays_open(
    office: Office, tmp_path: Path
) -> None:
    async with open_post(office.parts.database, office.parts.hotline, tmp_path / "data" / "photos") as post:
        await post.texts(a_picture(), body=REPORT)
        await post.settles()
    page = await office.page("Ana")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/photos/" in request.url else None)
    async with page.expect_response("**/console/live?*"):
        await page.keyboard.press("t")
        await page.wait_for_url("**/incidents/*")
    glimpse, whole = page.locator(".photo .glimpse"), page.locator(".photo .whole")
    assert await glimpse.evaluate("e => e.naturalWidth <= 12 && getComputedStyle(e).filter.startsWith('blur')")
    await page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    assert asked == []
    await page.locator(".photo summary").click()
    await whole.evaluate("e => e.decode()")
    assert await whole.evaluate("e => [e.naturalWidth, e.naturalHeight]") == [320, 240]
    assert len(asked) == 1
    await office.text(KEN, "ICE agents in vests outside the Walmart on Roxboro Rd in Durham right now")
    await page.locator('[data-report="2"]').wait_for()
    assert await whole.is_visible()
    assert await _problems(page) == []


async def test_a_page_in_use_goes_without_a_script_too(office: Office) -> None:
    await office.text(ROSA, "La migra esta afuera de la Walmart de la Roxboro en Durham, traen chalecos")
    page = await office.page("Ana")
    await page.route("**/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    await page.goto(f"{office.address}/console/")
    await page.get_by_role("button", name="Take the most urgent").click()
    await page.get_by_role("button", name="Ask Luz").click()
    await page.get_by_text("We asked Luz by text").wait_for()
    await page.get_by_role("button", name="They left").click()
    await page.locator('[data-state="gone"]').wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_is_readable_narrow_and_easy_to_touch(office: Office, scheme: Literal["light", "dark"]) -> None:
    await office.text(ROSA, "La migra esta afuera de la Walmart de la Roxboro en Durham, traen chalecos")
    await office.text(KEN, "hola, que tal")
    ana = await office.page("Ana", 360, scheme)
    await ana.keyboard.press("t")
    await ana.wait_for_url("**/incidents/*")
    async with office.parts.database.transaction() as work:
        beto = await get_volunteer(work, "Beto")
        for weekday in range(7):
            await add_weekly(work, beto, Weekly(weekday, 420, 1110 if weekday % 2 else 1320), beto)
    problems = {ana.url: await _problems(ana)}
    for alias, paths in {
        "Beto": ("", "alerts", "inbox", "rights", "shifts", "coverage", "coverage?county=37183&duty=field"),
        "Tomas": ("people", "people/Luz", "audit", "subscribers", "switch", "incidents/ZZ0000"),
        "Luz": ("offers",),
    }.items():
        page = await office.page(alias, 360, scheme)
        for path in paths:
            await page.goto(f"{office.address}/console/{path}")
            await page.locator(".account summary").click()
            problems[path] = await _problems(page)
    office.troubles[:] = [t for t in office.troubles if "404" not in t]
    assert {path: found for path, found in problems.items() if found} == {}


async def _problems(page: Page) -> list[str]:
    found = [*await page.evaluate(LOW_CONTRAST), *await page.evaluate(SMALL_TARGETS), *await page.evaluate(UNNAMED)]
    if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("wider than the screen")
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_two_incidents_are_merged_and_a_reading_is_put_right_on_a_narrow_page_without_a_script(
    office: Office, scheme: Literal["light", "dark"]
) -> None:
    await office.text(ROSA, "ICE agents with vests outside the Walmart on Roxboro in Durham")
    await office.text(KEN, "hombres armados se llevaron a un vecino en Durham")
    page = await office.page("Ana", scheme=scheme)
    await page.route("**/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    await page.goto(f"{office.address}/console/")
    await page.get_by_role("button", name="Take the most urgent").click()
    await page.get_by_role("button", name="Same event: merge").click()
    await page.get_by_text("holds the reports of both now").wait_for()
    await page.wait_for_load_state()  # the page is measured in its dress
    await page.evaluate("document.querySelectorAll('details').forEach((d) => { if (!d.closest('header')) d.open = true; })")
    assert await _problems(page) == []
    await page.locator("select[name=kind]").first.select_option("rumor")
    await page.get_by_role("button", name="Correct the kind").first.click()
    await page.get_by_text("Corrected. What follows").wait_for()
    await page.get_by_role("button", name="Undo").click()
    await page.get_by_text("Undone.").wait_for()
