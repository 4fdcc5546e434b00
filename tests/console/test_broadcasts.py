"""Broadcasts in the console: written, looked at, signed by another, followed, paused and ended; and the list of hosts."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.broadcasts import writing
from tests.console.conftest import Browser, Desk

WORDS = {"text_en": "Free training on Saturday at the library.", "text_es": "Taller gratis el sabado en la biblioteca."}
FORM: dict[str, Any] = {"title": "Training", "topic": "events", "counties": ["37063"], "at": "12:00"} | WORDS
LISTENERS = 6


async def listen(desk: Desk, many: int = LISTENERS) -> None:
    for number in range(many):
        await desk.texts(f"+1919555{150 + number:04}", "JOIN EVENTS Durham")


async def wrote(browser: Browser, **changes: Any) -> str:
    answer = await browser.post("/console/broadcasts", data=FORM | changes)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def test_a_small_one_is_written_looked_at_and_sent_by_one_person(desk: Desk) -> None:
    await listen(desk)
    olga = await desk.browser("Olga")
    path = await wrote(olga)
    page = (await olga.get(path)).text
    assert "Vigia: Free training on Saturday" in page and "LEAVE EVENTS ends these" in page and "SALIR DE EVENTOS" in page
    assert "at least 5" in page and "1 segment" in page and "To so few people you may send it alone." in page
    facts = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)", page))
    assert facts["Segments"] == "at most 13", "9 of one language and 4 of the other, so that nobody can be counted out"
    assert re.fullmatch(r"at most \$0\.\d\d ", facts["Cost"]) and "second" in facts["Time to the last phone"]

    assert (await olga.post(f"{path}/propose")).status_code == 303
    page = (await olga.get(path)).text
    assert f'data-recipients="{LISTENERS}"' in page and f'data-pending="{LISTENERS}"' in page
    assert "Training" in (await olga.get("/console/broadcasts")).text


async def test_a_larger_one_waits_for_another_organizer_who_signs_what_they_see(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "ALONE_UP_TO", 2)
    await listen(desk)
    olga, tomas = await desk.browser("Olga"), await desk.browser("Tomas")
    path = await wrote(olga)
    await olga.post(f"{path}/propose")
    assert "someone else must approve it" in (await olga.get(path)).text
    seen = re.search(r'name="seen" value="(\w+)"', (await tomas.get(path)).text)
    assert seen is not None

    assert (await olga.post(f"{path}/approve", data={"seen": seen[1]})).status_code == 403
    assert (await tomas.post(f"{path}/approve", data={"seen": "stale"})).status_code == 409
    assert (await tomas.post(f"{path}/approve", data={"seen": seen[1]})).status_code == 303
    assert (await tomas.post(f"{path}/approve", data={"seen": seen[1]})).status_code == 409
    assert "approved by Tomas" in (await olga.get(path)).text


async def test_it_is_paused_goes_on_and_is_ended_each_with_the_exact_count(desk: Desk) -> None:
    await listen(desk)
    olga = await desk.browser("Olga")
    path = await wrote(olga)
    await olga.post(f"{path}/propose")
    for act, said, waits in (
        ("pause", "Paused. 6 texts are held back.", 'data-waits="message_held"><strong>6</strong>'),
        ("resume", "It goes on. 6 texts that were held go out.", 'data-waits="pace"><strong>6</strong>'),
        ("cancel", "Cancelled. 6 texts will not be sent.", ""),
    ):
        answer = await olga.post(f"{path}/{act}")
        assert answer.status_code == 303
        page = (await olga.get(path)).text
        assert said in page and waits in page
    assert 'data-skipped="6"' in (page := (await olga.get(path)).text) and "cancelled before it went: 6" in page


async def test_what_holds_it_is_said_beside_the_words(desk: Desk) -> None:
    olga = await desk.browser("Olga")
    path = await wrote(olga, text_en="See https://evil.example or bit.ly/3a", text_es="")
    page = (await olga.get(path)).text
    assert "it holds a link that is no https link to a host on the list" in page and "the text is missing" in page
    assert (await olga.post(f"{path}/propose")).status_code == 422


async def test_a_returned_one_is_changed_and_is_its_changers(desk: Desk) -> None:
    olga, tomas = await desk.browser("Olga"), await desk.browser("Tomas")
    path = await wrote(olga, repeats="weekly", first_on="2026-03-05")
    await olga.post(f"{path}/propose")
    assert (await tomas.post(f"{path}/return", data={"reason": "say which library"})).status_code == 303
    assert "say which library" in (await olga.get(path)).text
    assert "Free training" in (await tomas.get(f"{path}/edit")).text
    assert (await tomas.post(f"{path}/edit", data=FORM | {"title": "Training at Main"})).status_code == 303
    assert "written by Tomas" in (await olga.get(path)).text


async def test_a_series_shows_its_first_text_and_what_follows(desk: Desk) -> None:
    olga = await desk.browser("Olga")
    assert "Rights texts, in this order" in (await olga.get("/console/broadcasts/new?kind=series")).text
    path = await wrote(olga, kind="series", rights_topics=["car", "door"], first_on="2026-03-05", text_en="", text_es="")
    page = (await olga.get(path)).text
    assert "Vigia, your rights: At your door" in page and "In your car" in page and "Another organizer must approve it" in page


@pytest.mark.parametrize(
    "changes",
    [
        {"at": "07:00"}, {"at": "20:50"}, {"counties": ["99999"]}, {"fallback": "en"}, {"repeats": "weekly"}, {"topic": "alerts"},
        {"first_on": "2026-03-05", "until": "2026-03-04"}, {"kind": "series"}, {"title": ""}, {"languages": ["xx"]}, {"other": "1"},
        {"kind": "series", "first_on": "2026-03-05"}, {"kind": "series", "first_on": "2026-03-05", "rights_topics": ["nonsense"]},
        {"first_on": "not a day"}, {"text_en": "x" * 601},
    ],
)  # fmt: skip
async def test_a_form_that_does_not_fit_is_refused(desk: Desk, changes: dict[str, Any]) -> None:
    assert (await (await desk.browser("Olga")).post("/console/broadcasts", data=FORM | changes)).status_code == 422


async def test_an_administrator_lists_hosts_and_organizers_see_them(desk: Desk) -> None:
    ada, olga = await desk.browser("Ada"), await desk.browser("Olga")
    assert (await ada.post("/console/broadcasts/hosts", data={"host": "bit.ly"})).status_code == 422
    assert (await ada.post("/console/broadcasts/hosts", data={"host": "https://example.org/page"})).status_code == 303
    assert "<span>example.org</span>" in (await olga.get("/console/broadcasts")).text
    assert "it holds a link" not in (await olga.get(await wrote(olga, text_en="See https://example.org/a"))).text
    await ada.post("/console/broadcasts/hosts/remove", data={"host": "example.org"})
    assert "<span>example.org</span>" not in (await olga.get("/console/broadcasts")).text
