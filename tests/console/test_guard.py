from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from app.console.guard import SECURITY_HEADERS, is_forged
from app.console.rendering import FOLDER
from tests.conftest import LogBook
from tests.console.conftest import Desk

HERE = {"host": "hotline.example.org"}


@pytest.mark.parametrize(
    ("method", "headers", "forged"),
    [
        ("GET", {"sec-fetch-site": "cross-site"}, False),
        ("POST", {"sec-fetch-site": "same-origin"}, False),
        ("POST", {"sec-fetch-site": "none"}, False),
        ("POST", {"sec-fetch-site": "cross-site"}, True),
        ("POST", {"sec-fetch-site": "same-site"}, True),
        ("POST", {"sec-fetch-site": "cross-site", "origin": "https://hotline.example.org"}, True),
        ("POST", {"origin": "https://hotline.example.org"}, False),
        ("POST", {"origin": "https://evil.example"}, True),
        ("POST", {"origin": "null"}, True),
        ("POST", {}, False),
    ],
)
def test_a_form_of_another_site_is_told_from_our_own(method: str, headers: dict[str, str], forged: bool) -> None:
    assert is_forged(method, Headers(HERE | headers)) is forged


async def test_a_forged_form_changes_nothing_and_says_so(desk: Desk) -> None:
    client = await desk.browser("Ana")
    answer = await client.post("/console/shift", data={"on": "false"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "another page sent it" in answer.text
    assert "You are on shift" in (await client.get("/console/")).text


async def test_every_answer_forbids_foreign_and_inline_content(desk: Desk) -> None:
    client = await desk.browser("Ana")
    for path in ("/console/", "/console/nothing-here", "/console/incidents/AC1234", "/console/people"):
        answer = await client.get(path)
        for name in SECURITY_HEADERS:
            assert name in answer.headers, (path, name)
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy


def test_no_template_needs_what_the_policy_forbids() -> None:
    for template in (FOLDER / "templates").glob("*.html"):
        text = template.read_text(encoding="utf-8")
        for forbidden in (" style=", "hx-on", "js:", "onclick", "<style", "javascript:", "|safe", "http://", "https://"):
            assert forbidden not in text, (template.name, forbidden)


async def test_what_nobody_foresaw_is_a_friendly_page_and_one_line_without_what_was_sent(desk: Desk, log_book: LogBook) -> None:
    client = await desk.browser("Ada")
    await desk.database.close()
    async with desk.database.transaction() as work:
        await work.connection.exec_driver_sql("ALTER TABLE volunteer RENAME TO volunteer_gone")
    answer = await client.post("/console/people/Luz/suspend")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "volunteer_gone" not in answer.text
    [line] = log_book.errors()
    assert "unforeseen" in line
    assert "SELECT" not in line


async def test_an_unknown_address_is_a_page_in_the_console(desk: Desk) -> None:
    client = await desk.browser("Ana")
    answer = await client.get("/console/incidents/ZZ0000")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
