"""Passing an incident on, in the browser: skipped, given, taken back by a lead, left at sign-out and suspension; each with a note."""

from __future__ import annotations

import re

import pytest

from tests.console.conftest import Desk


async def test_a_note_left_on_skipping_is_read_by_the_next_and_the_first_is_not_asked_again(desk: Desk) -> None:
    client, path, post = await desk.taken()
    code = path.rpartition("/")[2]
    answer = await post("skip", note="Hablé con la tienda, llaman a las 6.")
    board = await client.get("/console/")
    again = await client.post("/console/tasks/pull")
    beto = await desk.browser("Beto")
    assert (await beto.post("/console/tasks/pull")).headers["location"] == path
    page = await beto.get(path)

    assert answer.headers["location"] == "/console/"
    assert f"{code} goes to others" in board.text
    assert again.headers["location"] == "/console/"
    assert "Hablé con la tienda" in page.text and "skipped it" in page.text


async def test_an_incident_is_given_to_a_colleague(desk: Desk) -> None:
    client, path, post = await desk.taken()
    page = await client.get(path)
    assert "<option>Beto</option>" in page.text
    await post("transfer", to="Beto")
    refused = await post("decide", outcome="nothing")
    board = await client.get("/console/")

    assert refused.status_code == 409 and "this was not saved. Take it again to go on" in refused.text
    assert "Beto has it" in board.text


async def test_a_lead_takes_an_incident_back_and_says_why(desk: Desk) -> None:
    client, path, _ = await desk.taken()
    beto = await desk.browser("Beto")
    page = await beto.get(path)
    assert "Take it out of their hands" in page.text
    without = await beto.post(f"{path}/break", data={"reason": " "})
    done = await beto.post(f"{path}/break", data={"reason": "No answer for ten minutes."})
    seen = await client.get(path)

    assert without.status_code == 422 and "Say why" in without.text
    assert done.status_code == 303
    assert "No answer for ten minutes." in seen.text and "took it back" in seen.text and "Nobody works on this" in seen.text
    assert "Take it out of their hands" not in (await client.get(path)).text


@pytest.mark.parametrize(("way", "fields"), [("logout", {}), ("shift", {"on": "false"})])
async def test_who_leaves_with_an_incident_in_hand_leaves_a_note(desk: Desk, way: str, fields: dict[str, str]) -> None:
    client, path, _ = await desk.taken()
    asked = await client.post(f"/console/{way}", data=fields)
    still = await client.get(path)
    gone = await client.post(f"/console/{way}", data=fields | {"note": "They call back at six."})
    beto = await desk.browser("Beto")
    assert (await beto.post("/console/tasks/pull")).headers["location"] == path

    assert asked.status_code == 200 and "leave them a note" in asked.text
    assert "This is yours." in still.text
    assert gone.status_code == 303
    assert "They call back at six." in (await beto.get(path)).text


async def test_who_is_suspended_holds_nothing(desk: Desk) -> None:
    _, path, _ = await desk.taken()
    ada, beto = await desk.browser("Ada"), await desk.browser("Beto")
    assert (await ada.post("/console/people/Ana/suspend")).status_code == 303

    assert (await beto.post("/console/tasks/pull")).headers["location"] == path


async def test_who_is_trained_for_some_of_the_work_gets_only_that(desk: Desk) -> None:
    ada = await desk.browser("Ada")
    fields = {"alias": "Nia", "roles": "dispatcher", "languages": "es", "skills": "detention"}
    made = await ada.post("/console/people", data=fields)
    invitation = re.search(r"/console/login/[\w-]+", made.text)
    assert made.status_code == 201 and invitation is not None
    nia = await desk.stranger()
    await nia.post(invitation[0])
    await desk.texts("+19195550110", "URGENTE la migra esta afuera de la Walmart de la Roxboro en Durham, traen armas")
    about = await desk.incident()
    taken = await nia.post("/console/tasks/pull")

    assert about.urgent
    assert taken.headers["location"] == "/console/"


async def test_an_old_page_is_refused_in_words_that_explain_in_both_languages(desk: Desk) -> None:
    client, _, post = await desk.taken()
    await post("release")
    said = {}
    for language in ("en", "es"):
        await client.post("/console/language", data={"language": language})
        for act, fields in (
            ("renew", {}), ("release", {}), ("skip", {}), ("transfer", {"to": "Beto"}), ("offer", {"volunteer": "Luz"}),
            ("decide", {"outcome": "nothing"}), ("county", {"county": "37183"}),
        ):  # fmt: skip
            answer = await post(act, **fields)
            assert answer.status_code == 409, act
            found = re.search(r'role="alert">(.*?)</div>', answer.text, re.DOTALL)
            assert found is not None
            said[act, language] = found[1]
    for act in {act for act, _ in said}:
        assert "laim" in said[act, "en"], act
        assert "claim" not in said[act, "es"].lower() and said[act, "es"] != said[act, "en"], act
