"""Writing an alert in the console: from templates, read over while one types, in one language by choice, and for practice."""

from __future__ import annotations

import re

from sqlalchemy import select

from app.records.alerts import alert
from app.records.events import event
from tests.console.conftest import Browser, Desk


async def form_of(client: Browser, path: str) -> dict[str, str]:
    """The fields of the form on the page, as a browser would send them."""
    page = (await client.get(path)).text
    form = page[page.index('id="draft"') :]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    texts = re.findall(r'<textarea name="(\w+)"[^>]*>([^<]*)</textarea>', form)
    return fields | {name: words.replace("&#39;", "'") for name, words in texts}


async def path_to(desk: Desk) -> str:
    return f"/console/alerts/new?incident={(await desk.confirmed()).rpartition('/')[2]}"


async def test_a_template_fills_in_the_words_and_they_can_be_proposed_as_they_are(desk: Desk) -> None:
    path, olga = await path_to(desk), await desk.browser("Olga")
    page = (await olga.get(f"{path}&template=stops&hours=4")).text
    assert "Cars are being stopped" in page and 'data-problems=""' in page
    fields = await form_of(olga, f"{path}&template=stops&hours=4")
    assert "stop cars near" in fields["text_en"] and "parando carros" in fields["text_es"]
    answer = await olga.post("/console/alerts/new", data=fields)
    assert answer.status_code == 303
    assert "parando carros" in (await olga.get(answer.headers["location"])).text


async def test_words_are_read_over_while_one_types_and_nothing_is_kept(desk: Desk) -> None:
    path, olga = await path_to(desk), await desk.browser("Olga")
    fields = await form_of(olga, path) | {"text_en": "Run away! Agent Smith has plate ABC-1234.", "text_es": ""}
    answer = await olga.post("/console/alerts/lint", data=fields, headers={"HX-Request": "true"})
    problems = dict(re.findall(r'data-language="(\w+)" data-problems="([^"]*)"', answer.text))

    assert {"plate", "evasion", "named", "no_rights", "no_until", "no_source"} <= set(problems["en"].split())
    assert problems["es"] == "missing"
    assert "it holds what looks like a license plate" in answer.text and "<html" not in answer.text
    async with desk.database.transaction() as work:
        assert await work.first(select(alert.c.id)) is None


async def test_a_missing_language_blocks_and_an_explicit_choice_is_recorded(desk: Desk) -> None:
    path, olga = await path_to(desk), await desk.browser("Olga")
    fields = await form_of(olga, path) | {"text_es": ""}
    refused = await olga.post("/console/alerts/new", data=fields)
    assert refused.status_code == 422 and "the text is missing" in refused.text
    made = await olga.post("/console/alerts/new", data=fields | {"fallback": "es"})
    assert made.status_code == 303
    assert "gets the words in English" in (await olga.get(made.headers["location"])).text
    async with desk.database.transaction() as work:
        row = await work.first(select(alert.c.texts, alert.c.fallbacks))
        facts = await work.scalar(select(event.c.facts).where(event.c.verb == "alert.proposed"))
    assert row is not None
    assert row.fallbacks == {"es": "en"} and row.texts["es"] == row.texts["en"]
    assert facts["es_reads"] == "en"


async def test_a_returned_alert_is_changed_and_proposed_again(desk: Desk) -> None:
    path = await desk.proposed()
    await (await desk.browser("Tomas")).post(f"{path}/return", data={"reason": "say which entrance"})
    olga = await desk.browser("Olga")
    fields = await form_of(olga, f"/console/alerts/new?again={path.rpartition('/')[2]}")
    assert path.rpartition("/")[2] not in fields["text_en"]  # it gets a code of its own
    answer = await olga.post(
        "/console/alerts/new", data=fields | {"text_en": fields["text_en"].replace("near", "at the east door of")}
    )
    assert answer.status_code == 303, answer.text
    assert "at the east door of" in (await olga.get(answer.headers["location"])).text


async def test_practice_is_written_without_an_incident_and_is_marked(desk: Desk) -> None:
    olga, tomas = await desk.browser("Olga"), await desk.browser("Tomas")
    fields = await form_of(olga, "/console/alerts/new?county=37063&place=Old+mill&template=work")
    answer = await olga.post("/console/alerts/new", data=fields)
    assert answer.status_code == 303, answer.text
    page = (await tomas.get(answer.headers["location"])).text
    assert "EXERCISE: Vigia ALERT" in page and "SIMULACRO: Vigia ALERTA" in page and "This is an exercise." in page
    code = answer.headers["location"].rpartition("/")[2]
    assert (await tomas.post(f"/console/alerts/{code}/approve")).status_code == 303
    assert "solo un SIMULACRO" in str(await desk.texts("+19195550119", f"CHECK {code}"))
    assert (
        await olga.post("/console/alerts/new", data={k: v for k, v in fields.items() if k != "exercise"})
    ).status_code == 409


async def test_who_wants_practice_says_so_in_their_own_menu(desk: Desk) -> None:
    luz = await desk.browser("Luz")
    assert "Send me practice alerts" in (await luz.get("/console/offers")).text
    assert (await luz.post("/console/exercises", data={"on": "true", "back": "/console/offers"})).status_code == 303
    assert "Send me no more practice alerts" in (await luz.get("/console/offers")).text
    olga, tomas = await desk.browser("Olga"), await desk.browser("Tomas")
    fields = await form_of(olga, "/console/alerts/new?county=37063&template=work")
    path = (await olga.post("/console/alerts/new", data=fields)).headers["location"]
    await tomas.post(f"{path}/approve")
    assert 'data-recipients="1"' in (await tomas.get(path)).text


async def test_organizers_save_words_of_their_own_which_are_read_over_and_kept_in_versions(desk: Desk) -> None:
    olga, ana = await desk.browser("Olga"), await desk.browser("Ana")
    page = (await olga.get("/console/alerts/templates")).text
    texts = dict(re.findall(r'<textarea name="(text_\w+)"[^>]*>([^<]*)</textarea>', page))
    own = {name: words.replace("immigration agents", "agents in vests") for name, words in texts.items()}
    held = await olga.post("/console/alerts/templates", data=own | {"title": "Vests", "text_en": "Hide, {street}!"})
    assert held.status_code == 422 and "street" in held.text
    assert (await olga.post("/console/alerts/templates", data=own | {"title": "Vests"})).status_code == 303
    assert (await olga.post("/console/alerts/templates", data=own | {"title": "vests"})).status_code == 409
    assert (await ana.post("/console/alerts/templates", data=own | {"title": "Other"})).status_code == 403
    found = re.search(r"/console/alerts/templates/([0-9a-f-]{36})", (await olga.get("/console/alerts/templates")).text)
    assert found is not None
    again = own | {"text_en": own["text_en"].replace("in vests", "in green vests"), "seen": "1"}
    assert (await olga.post(found[0], data=again)).status_code == 303
    assert (await olga.post(found[0], data=again)).status_code == 409  # from another tab, which saw version 1
    page = (await olga.get(found[0])).text
    assert "Version 2" in page and "Version 1" in page and "in green vests" in page
    fields = await form_of(ana, f"{await path_to(desk)}&template={found[1]}")
    assert "in green vests" in fields["text_en"]
