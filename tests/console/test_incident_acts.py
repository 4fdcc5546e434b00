"""Merging, splitting and undoing on an incident's page, and how sure we are, in both languages and without a script."""

from __future__ import annotations

import itertools
import re

from sqlalchemy import select

from app.console.incident_reasons import CONCEPTS, PHRASES, why
from app.core.languages import translations
from app.incidents.likeness import likeness
from app.incidents.wording import _concepts
from app.records.incidents import Incident, incident
from tests.console.conftest import KEN, ROSA, Browser, Desk
from tests.incidents.accounts import told

WALMART = "ICE agents with vests outside the Walmart on Roxboro in Durham"
STREET = "la migra paro un carro rojo en la Fayetteville St en Durham"

ALIKE = "hombres armados se llevaron a un vecino en Durham"
"""Alike enough to be suggested, not to be merged by a machine."""


async def two(desk: Desk, second: str = STREET) -> tuple[Incident, Incident]:
    await desk.texts(ROSA, WALMART)
    await desk.texts(KEN, second)
    async with desk.database.transaction() as work:
        one, other = await work.find(Incident, select(incident).order_by(incident.c.first_report_at, incident.c.id))
    return one, other


def page_of(about: Incident) -> str:
    return f"/console/incidents/{about.code}"


async def reports_on(client: Browser, about: Incident) -> list[str]:
    return re.findall(r'name="report" value="([^"]+)"', (await client.get(page_of(about))).text)


async def test_two_incidents_are_merged_split_and_put_back_by_plain_forms(desk: Desk) -> None:
    one, other = await two(desk)
    client = await desk.browser("Ana")
    answer = await client.post(f"{page_of(other)}/merge", data={"other": one.code.lower(), "reason": "same_place"})
    assert answer.headers["location"] == page_of(one)
    page = (await client.get(page_of(one))).text
    assert page.count("data-report=") == 2
    assert f"Merged with {other.code}: the same place and time." in page
    assert f"Merged. {one.code} holds the reports of both now." in page
    assert f'This was the same event as <a href="{page_of(one)}">' in re.sub(
        r"\s+", " ", (await client.get(page_of(other))).text
    )
    act = re.findall(r'name="act" value="([^"]+)"', page)
    assert (await client.post(f"{page_of(one)}/undo", data={"act": act[0]})).headers["location"] == page_of(other)
    assert (await client.get(page_of(one))).text.count("data-report=") == 1

    await client.post(f"{page_of(one)}/merge", data={"other": other.code})
    _, second = await reports_on(client, one)
    answer = await client.post(f"{page_of(one)}/split", data={"report": [second], "reason": "other_place"})
    assert answer.headers["location"] not in {page_of(one), page_of(other)}
    assert "Split from" in (await client.get(answer.headers["location"])).text


async def test_an_incident_that_may_be_the_same_is_shown_with_why_and_merged_with_one_press(desk: Desk) -> None:
    one, other = await two(desk, ALIKE)
    client = await desk.browser("Ana")
    page = (await client.get(page_of(one))).text
    assert "Same event: merge" in page
    assert "0 min apart" in page
    assert f'name="other" value="{other.code}"' in page


async def test_the_reasons_are_in_the_language_of_the_reader(desk: Desk) -> None:
    one, _ = await two(desk, ALIKE)
    client = await desk.browser("Ana")
    await client.post("/console/language", data={"language": "es"})
    page = (await client.get(page_of(one))).text
    assert "0 min de diferencia" in page
    assert "min apart" not in page


async def test_how_sure_we_are_stands_on_the_page_and_on_the_board_with_reasons(desk: Desk) -> None:
    one, _ = await two(desk)
    client = await desk.browser("Ana")
    page = (await client.get(page_of(one))).text
    assert "How sure we are" in page
    assert "Agents were seen, 0 min ago" in page
    assert 'class="certainty"' in (await client.get("/console/")).text


async def test_an_organizer_reads_but_does_not_merge(desk: Desk) -> None:
    one, other = await two(desk)
    client = await desk.browser("Olga")
    assert "One event or two?" not in (await client.get(page_of(one))).text
    assert (await client.post(f"{page_of(one)}/merge", data={"other": other.code})).status_code == 403


async def test_a_split_without_a_choice_is_explained(desk: Desk) -> None:
    one, _ = await two(desk)
    client = await desk.browser("Ana")
    answer = await client.post(f"{page_of(one)}/split", data={"reason": "other_place"})
    assert answer.status_code == 422
    assert "at least one" in answer.text


def test_every_reason_that_likeness_gives_is_said_in_both_languages() -> None:
    texts = (
        WALMART, STREET, "white vans parked at the school in Raleigh", "ayer vi la migra en Durham", "ICE in Durham",
        "camionetas blancas frente a la Walmart de la Roxboro en Durham", "35.99, -78.89 agents", "35.991, -78.891 agentes",
    )  # fmt: skip
    reasons = {
        reason
        for (n, a), (m, b) in itertools.combinations(enumerate(texts), 2)
        for reason in likeness(told(a, n * 7, source="x"), told(b, m * 7, source="x")).reasons
    }
    assert len(reasons) > 12
    for reason in reasons:
        assert any(re.fullmatch(pattern, reason) for pattern, _ in PHRASES), reason
        assert why(reason, translations("es").gettext) != reason, reason


def test_every_concept_has_words() -> None:
    known, _ = _concepts()
    assert {concept.split(":")[1] for concept in known.values()} == set(CONCEPTS)
