"""The page of subscribers: a list is tried, then brought in; the whole list goes out sealed, with a name and a reason."""

from __future__ import annotations

from sqlalchemy import func, select

from app.records.events import event
from app.subscribers.sealed_list import open_list
from app.subscribers.tables import subscription
from tests.console.conftest import Browser, Desk
from tests.subscribers.test_importing import HEAD, line

LIST = "\n".join((HEAD, line(), line("+19195550124", source="spoken"), line("12"))) + "\n"


async def upload(browser: Browser, act: str, text: str = LIST) -> str:
    answer = await browser.post(
        "/console/subscribers/import", data={"act": act}, files={"file": ("list.csv", text.encode(), "text/csv")}
    )
    assert answer.status_code == 200, answer.text
    return answer.text


async def wishes(desk: Desk) -> int:
    async with desk.database.transaction() as work:
        return int(await work.scalar(select(func.count()).select_from(subscription)))


async def test_a_list_is_tried_line_by_line_and_then_brought_in(desk: Desk) -> None:
    ada = await desk.browser("Ada")
    page = await upload(ada, "try")
    assert (
        "nothing was changed yet" in page and "line 4" in page and "no number that can be texted" in page and "555" not in page
    )
    assert await wishes(desk) == 0

    assert "The list was brought in" in await upload(ada, "import")
    assert await wishes(desk) == 1
    assert "A list of subscribers was brought in" in (await ada.get("/console/audit")).text


async def test_a_file_that_is_no_list_is_refused(desk: Desk) -> None:
    ada = await desk.browser("Ada")
    answer = await ada.post("/console/subscribers/import", files={"file": ("a.png", b"\x89PNG\xff\x00", "image/png")})
    assert answer.status_code == 422


async def test_the_whole_list_goes_out_sealed_with_a_name_and_a_reason(desk: Desk) -> None:
    await desk.texts("+19195550150", "JOIN Durham")
    ada = await desk.browser("Ada")
    assert (await ada.post("/console/subscribers/export", data={"reason": "short"})).status_code == 422
    answer = await ada.post("/console/subscribers/export", data={"reason": "moving to another server"})

    assert answer.status_code == 200 and "555" not in answer.text
    assert "+19195550150" in "".join(open_list(desk.database.keys, answer.text.splitlines(keepends=True)))
    async with desk.database.transaction() as work:
        row = await work.first(select(event).where(event.c.verb == "subscribers.exported"))
    assert row is not None and row.actor_id == desk.people["Ada"].id and row.facts["reason"] == "moving to another server"


async def test_the_figures_are_a_file_without_anybody(desk: Desk) -> None:
    for number in range(6):
        await desk.texts(f"+1919555{150 + number:04}", "JOIN Durham")
    text = (await (await desk.browser("Olga")).get("/console/subscribers/figures.csv")).text
    assert "Durham,37063,alerts,en,5" in text
