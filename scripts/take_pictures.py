"""`make pictures`: play the demo and photograph what people see into docs/images, on a desktop and on a phone, in light and in the dark."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
from PIL import Image
from playwright.async_api import Browser, Locator, Page, async_playwright

from app.operations.people_of_the_demo import DURHAM, VOLUNTEERS
from app.simulator.story import DURHAM_SUBSCRIBERS, tell_story

IMAGES = Path(__file__).parents[1] / "docs" / "images"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
DESKTOP, PHONE = {"width": 1280, "height": 860}, {"width": 360, "height": 760}
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
COLORS = 256
"""So many are enough for pages, and make a third of the file."""
ALSO_SEEN = (
    (
        "+17045550120",
        "agentes de la migra en el estacionamiento de la Compare Foods de Arrowood en Charlotte, estan parando carros",
    ),
    ("+13365550121", "is it true that ICE is at the courthouse in Graham, Alamance county?"),
    ("+19195550132", "se llevaron a mi vecino de los apartamentos de Capital Blvd en Raleigh, ayuda por favor"),
    ("+19195550134", "two unmarked SUVs with agents in vests outside the Food Lion in Garner"),
)


async def main() -> int:
    """Exit status 0 when every picture was taken."""
    chromium = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
    if chromium is None:
        print("no Chromium here: install the package chromium and run this again")
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="vigia-pictures-") as data:
        demo, web, simulator, links = await _start_demo(data)
        try:
            await tell_story("everything", simulator, web, links, lambda *_: None)
            await _play_until_signed(simulator, web, links)
            async with httpx2.AsyncClient(base_url=f"{simulator}/simulator/api/", trust_env=False) as phones:
                for number, words in ALSO_SEEN:
                    (await phones.post(f"phones/{number}/texts", json={"body": words})).raise_for_status()
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
                await _take(browser, web, simulator, links)
                await _take_preview_and_progress(browser, web, links)
                await _take_a_broadcast(browser, web, simulator, links)
                await _take_people_and_plans(browser, web, links)
                await _take_a_verifiers_page(browser, web, simulator, links)
                await browser.close()
        finally:
            demo.terminate()
            await demo.wait()
    for picture in IMAGES.glob("*.png"):
        _shrink(picture)
    print("\n".join(str(path.relative_to(IMAGES.parents[1])) for path in sorted(IMAGES.glob("*.png"))))
    return 0


async def _take(browser: Browser, web: str, simulator: str, links: dict[str, str]) -> None:
    shots = (
        ("board", "Ana", "/console/", "en"),
        ("incident", "Ana", "", "en"),
        ("alert", "Tomas", "/console/alerts", "es"),
        ("rights", "Olga", "/console/rights", "es"),
    )
    for size_name, size, scheme in (("desktop", DESKTOP, "light"), ("phone", PHONE, "dark")):
        for name, who, at, language in shots:
            path = at
            context = await browser.new_context(viewport=size, color_scheme=scheme, device_scale_factor=1)  # type: ignore[arg-type]  # literals
            page = await context.new_page()
            await page.goto(links[who])
            await _speak(page, web, language)
            if name == "incident":
                found = re.search(r"/console/incidents/[A-Z0-9]+", await page.content())
                path = found[0] if found else "/console/"
            await page.goto(f"{web}{path}")
            if name == "alert":
                found = re.search(r"/console/alerts/[A-Z0-9]+", await page.content())
                await page.goto(f"{web}{found[0] if found else path}")
            await page.screenshot(path=IMAGES / f"{name}-{size_name}-{scheme}.png")
            await context.close()
        context = await browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]  # literals
        page = await context.new_page()
        await page.goto(f"{simulator}/simulator/?phone=%2B19195550110")
        await page.screenshot(path=IMAGES / f"phones-{size_name}-{scheme}.png")
        await context.close()


class _Enough(Exception):  # no error: the story has come to where the picture is
    """The second playing waits for its second signature."""


async def _play_until_signed(simulator: str, web: str, links: dict[str, str]) -> None:
    """A second event, up to the alert that waits; one subscriber has said stop meanwhile."""

    def until_signed(step: str, state: Any = "done", detail: str = "") -> None:  # as the story tells it
        if step.startswith("Tomas, another organizer"):
            raise _Enough

    async with httpx2.AsyncClient(base_url=f"{simulator}/simulator/api/", trust_env=False) as phones:
        (await phones.post("phones/+19195550128/texts", json={"body": "STOP"})).raise_for_status()
    with suppress(_Enough):
        await tell_story("everything", simulator, web, links, until_signed)


async def _take_preview_and_progress(browser: Browser, web: str, links: dict[str, str]) -> None:
    """An alert before its second signature, one being written, and one that is paused on its way."""
    page = await _signed_in(browser, web, links["Tomas"])
    await page.goto(f"{web}/console/alerts")
    waiting = await page.locator("a.incident.sign").first.get_attribute("href")
    assert waiting is not None  # the story proposed it
    await _shoot(browser, web, waiting, links["Tomas"], "preview")
    await _shoot(browser, web, f"/console/alerts/new?county={DURHAM}&template=stops&place=Main+St", links["Olga"], "draft")
    for act in ("approve", "pause"):
        await page.request.post(f"{web}{waiting}/{act}", headers=SAME_SITE)
    await _shoot(browser, web, waiting, links["Tomas"], "progress")
    await page.context.close()


async def _take_a_broadcast(browser: Browser, web: str, simulator: str, links: dict[str, str]) -> None:
    """An announcement: its form, before it goes out, and on its way."""
    async with httpx2.AsyncClient(base_url=f"{simulator}/simulator/api/", trust_env=False) as phones:
        for n, number in enumerate(DURHAM_SUBSCRIBERS[:8]):
            wish = "JUNTAR EVENTOS Durham" if n % 2 == 0 else "JOIN EVENTS Durham"
            (await phones.post(f"phones/{number}/texts", json={"body": wish})).raise_for_status()
    await _shoot(browser, web, "/console/broadcasts/new", links["Olga"], "broadcast-form")
    page = await _signed_in(browser, web, links["Olga"])
    await page.goto(f"{web}/console/broadcasts/new")
    await page.locator("[name=title]").fill("Training in June")
    await page.locator("[name=text_en]").fill("Free training for observers on Saturday at 10 AM, Main library. Bring a friend.")
    await page.locator("[name=text_es]").fill(
        "Taller gratis para observadores el sábado a las 10 am, biblioteca Main. Traiga a alguien."
    )
    await page.locator("select[name=counties]").select_option(DURHAM)
    async with page.expect_navigation():
        await page.locator("button.primary.big").click()
    told = page.url.removeprefix(web).split("?")[0]
    await _shoot(browser, web, told, links["Olga"], "broadcast-preview")
    for act in ("propose", "pause"):
        await page.request.post(f"{web}{told}/{act}", headers=SAME_SITE)
    await _shoot(browser, web, told, links["Olga"], "broadcast-progress")
    await _shoot(browser, web, "/console/broadcasts", links["Olga"], "broadcasts")
    await page.context.close()


async def _take_people_and_plans(browser: Browser, web: str, links: dict[str, str]) -> None:
    """Who is on the roster, who comes when, what nobody covers, and who asked to be told."""
    await _shoot(browser, web, "/console/shifts", links["Marta"], "shifts")
    await _shoot(browser, web, "/console/coverage?duty=field", links["Marta"], "coverage")
    await _shoot(browser, web, "/console/people", links["Vera"], "people")
    await _shoot(browser, web, "/console/subscribers", links["Vera"], "subscribers")


async def _take_a_verifiers_page(browser: Browser, web: str, simulator: str, links: dict[str, str]) -> None:
    """What opens on the phone of somebody who said yes, in Spanish; and the dispatcher's talk with who reported it."""
    page = await _signed_in(browser, web, links["Ana"])
    asked = await _pull_until_somebody_can_go(page, web)
    alias = await asked.get_attribute("value")
    async with page.expect_navigation():
        await page.locator("form", has=asked).locator("button").first.click()
    number = next(person.number for person in VOLUNTEERS if person.alias == alias)
    async with httpx2.AsyncClient(base_url=f"{simulator}/simulator/api/", trust_env=False, timeout=30) as phones:
        await _heard(phones, number, r"\S+")
        (await phones.post(f"phones/{number}/texts", json={"body": "Y"})).raise_for_status()
        link = await _heard(phones, number, r"/console/field/[\w-]+")
    for scheme in ("light", "dark"):
        await _shoot_one(browser, web, link, "", f"field-phone-{scheme}", PHONE, scheme, tallest=1000)
    talk = re.search(r"/console/incidents/[A-Z0-9]+/contacts/[\w-]+", await page.content())
    assert talk is not None  # a report came with it
    await page.request.post(f"{web}{talk[0]}", form={"words": "¿Siguen ahí? ¿Cuántos son?"}, headers=SAME_SITE)
    await page.request.post(f"{web}{talk[0]}/call", headers=SAME_SITE)
    await _shoot(browser, web, talk[0], links["Ana"], "talk")
    await page.context.close()


async def _pull_until_somebody_can_go(page: Page, web: str) -> Locator:
    """Take incidents out of the queue and skip them, until there is a verifier for one; the first who can be asked."""
    while True:
        pulled = await page.request.post(f"{web}/console/tasks/pull", headers=SAME_SITE)
        await page.goto(pulled.url)
        asked = page.locator("[name=volunteer]")
        if await asked.count():
            return asked.first
        fence = await page.locator("[name=fence]").first.get_attribute("value", timeout=5000)
        await page.request.post(f"{page.url}/skip", form={"fence": fence or ""}, headers=SAME_SITE)


async def _heard(phones: httpx2.AsyncClient, number: str, pattern: str) -> str:
    """What of a text on a phone fits, once one does."""
    async with asyncio.timeout(60):
        while True:
            messages = (await phones.get(f"phones/{number}/messages", params={"after": 0})).json()["messages"]
            for message in reversed(messages):
                if found := re.search(pattern, message["body"]):
                    return found[0]
            await asyncio.sleep(0.3)


async def _signed_in(browser: Browser, web: str, link: str) -> Page:
    page = await (await browser.new_context()).new_page()
    await page.goto(link)
    await _speak(page, web, "en")
    return page


async def _speak(page: Page, web: str, language: str) -> None:
    await page.request.post(f"{web}/console/language", form={"language": language}, headers=SAME_SITE)


async def _shoot(browser: Browser, web: str, path: str, link: str, name: str) -> None:
    """One page, in English, on a desktop and a phone, each in light and dark."""
    for size_name, size in (("desktop", DESKTOP), ("phone", PHONE)):
        for scheme in ("light", "dark"):
            await _shoot_one(browser, web, path, link, f"{name}-{size_name}-{scheme}", size, scheme)


async def _shoot_one(
    browser: Browser, web: str, path: str, link: str, name: str, size: dict[str, int], scheme: str, tallest: int = 2600
) -> None:
    context = await browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]  # literals
    page = await context.new_page()
    if link:
        await page.goto(link)
        await _speak(page, web, "en")
    else:
        await page.request.post(f"{web}/console/speak", form={"language": "es"}, headers=SAME_SITE)
    await page.goto(f"{web}{path}")
    whole = await page.evaluate("document.documentElement.scrollHeight")  # so that what sticks to the edge sticks there
    await page.set_viewport_size({"width": size["width"], "height": min(whole + 60, tallest)})
    await page.screenshot(path=IMAGES / f"{name}.png")
    await context.close()


def _shrink(picture: Path) -> None:
    """Write a picture again with as many colors as a page has."""
    with Image.open(picture) as taken:
        if taken.mode != "P":
            few = taken.convert("RGB").quantize(COLORS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
            few.save(picture, optimize=True)


async def _start_demo(data: str) -> tuple[asyncio.subprocess.Process, str, str, dict[str, str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    demo = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app.cli",
        "demo",
        "--headless",
        "--port",
        str(port),
        "--data",
        data,
        stdout=asyncio.subprocess.PIPE,
    )
    assert demo.stdout is not None
    said = ""
    while "Ctrl-C" not in said:
        line = await demo.stdout.readline()
        if not line:
            raise RuntimeError(f"the demo ended: {said}")
        said += line.decode()
    links = dict(re.findall(r"(\w+)\s+(http://\S+/console/login/\S+)", said))
    simulator = re.search(r"(http://\S+)/simulator/", said)
    assert simulator is not None
    return demo, f"http://localhost:{port}", simulator[1], links


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
