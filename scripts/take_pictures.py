"""`make pictures`: play the demo and photograph what people see into docs/images, on a desktop in light and on a phone in the dark."""

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
from playwright.async_api import Browser, async_playwright

from app.simulator.story import tell_story

IMAGES = Path(__file__).parents[1] / "docs" / "images"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
DESKTOP, PHONE = {"width": 1280, "height": 860}, {"width": 360, "height": 760}
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
                await browser.close()
        finally:
            demo.terminate()
            await demo.wait()
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
            if language == "es":
                await page.request.post(
                    f"{web}/console/language", form={"language": "es"}, headers={"Sec-Fetch-Site": "same-origin"}
                )
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
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(links["Tomas"])
    await page.goto(f"{web}/console/alerts")
    waiting = await page.locator("a.incident.sign").first.get_attribute("href")
    assert waiting is not None  # the story proposed it
    await _shoot(browser, f"{web}{waiting}", links["Tomas"], "preview")
    await _shoot(browser, f"{web}/console/alerts/new?county=37063&template=stops&place=Main+St", links["Olga"], "draft")
    same_site = {"Sec-Fetch-Site": "same-origin"}
    for act in ("approve", "pause"):
        await page.request.post(f"{web}{waiting}/{act}", headers=same_site)
    await _shoot(browser, f"{web}{waiting}", links["Tomas"], "progress")
    await context.close()


async def _shoot(browser: Browser, address: str, link: str, name: str) -> None:
    """One page on a desktop and a phone, each in light and dark."""
    for size_name, size in (("desktop", DESKTOP), ("phone", PHONE)):
        for scheme in ("light", "dark"):
            context = await browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]  # literals
            page = await context.new_page()
            await page.goto(link)
            await page.goto(address)
            whole = await page.evaluate("document.documentElement.scrollHeight")  # so that what sticks to the edge sticks there
            await page.set_viewport_size({"width": size["width"], "height": min(whole + 60, 2600)})
            await page.screenshot(path=IMAGES / f"{name}-{size_name}-{scheme}.png")
            await context.close()


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
