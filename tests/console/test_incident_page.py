from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.console.board_mark import VIEWED
from app.console.incident_facts import mark_words, what_confirming_lacks
from app.core.clock import ManualClock
from app.records.events import event
from app.records.verification import Outcome
from app.verification.offers import record_observation
from app.volunteers.tables import volunteer
from app.volunteers.witnesses import Word, who_confirms
from tests.console.conftest import KEN, LUZ_PHONE, ROSA, Desk


async def test_reports_are_shown_with_the_words_that_raised_the_reading_and_never_with_a_number(desk: Desk) -> None:
    client, path, _ = await desk.taken()
    page = (await client.get(path)).text
    assert page.count("data-report=") == 1
    assert "chalecos</mark>" in page
    assert "Why it was read this way" in page
    for shape in (ROSA, ROSA[2:], "555-0110", "0110"):
        assert shape not in page


async def test_looking_is_written_down_once_in_ten_minutes_and_breaks_no_chain(desk: Desk, clock: ManualClock) -> None:
    client, path, _ = await desk.taken()

    async def views() -> int:
        async with desk.database.transaction() as work:
            return int(await work.scalar(select(func.count()).select_from(event).where(event.c.verb == VIEWED)))

    await client.get(path)
    await client.get(path, headers={"HX-Request": "true"})
    assert await views() == 1
    clock.advance(timedelta(minutes=11))
    await client.get(path)
    assert await views() == 2
    assert "The chain is whole" in (await (await desk.browser("Ada")).get("/console/audit")).text


async def test_a_verifier_is_asked_by_a_press_and_their_answers_appear(desk: Desk) -> None:
    client, path, post = await desk.taken()
    assert (await post("offer", volunteer="Luz")).status_code == 303
    page = (await client.get(path)).text
    assert "We asked Luz by text" in page
    assert 'data-offer="Luz"' in page
    await desk.texts(LUZ_PHONE, "Si")
    assert "On the way" in (await client.get(path)).text
    await desk.texts(LUZ_PHONE, "confirmo, dos camionetas")
    page = (await client.get(path)).text
    assert "confirmo, dos camionetas" in page
    assert "Reported back" in page


async def test_a_verifier_who_can_not_be_asked_is_explained(desk: Desk) -> None:
    _, _, post = await desk.taken()
    answer = await post("offer", volunteer="Olga")
    assert answer.status_code == 409
    assert "asked already" in answer.text


async def test_confirming_waits_for_an_observation_and_says_so(desk: Desk) -> None:
    client, path, post = await desk.taken()
    page = (await client.get(path)).text
    assert "A trained verifier must see it on site first" in page
    answer = await post("decide", outcome="confirm")
    assert answer.status_code == 409
    assert "trained verifier who did not report it" in answer.text


async def test_a_decision_is_told_and_can_be_undone_by_deciding_differently(desk: Desk) -> None:
    client, path, post = await desk.taken()
    assert (await post("decide", outcome="police")).status_code == 303
    page = (await client.get(path)).text
    assert 'data-state="police"' in page
    assert "Decided: Police, not immigration. Everyone who reported it is being told." in page
    assert (await post("decide", outcome="nothing")).status_code == 303
    assert 'data-state="nothing"' in (await client.get(path)).text


async def test_the_reason_of_a_decision_stands_in_the_history_beside_its_author(desk: Desk) -> None:
    client, path, post = await desk.taken()
    why = {"ground": "other_agency", "because": "Sheriff's deputies at a <crash>"}
    assert (await post("decide", outcome="police", **why)).status_code == 303
    line = next(
        line for line in (await client.get(path)).text.splitlines() if "it was another agency" in line and "<time" in line
    )
    assert "Sheriff&#39;s deputies at a &lt;crash&gt;" in line
    assert '<span class="soft">Ana</span>' in line
    assert "The chain is whole" in (await (await desk.browser("Ada")).get("/console/audit")).text


async def test_a_reason_that_tells_of_a_person_or_is_too_long_is_refused_and_nothing_is_decided(desk: Desk) -> None:
    client, path, post = await desk.taken()
    for wrong in (
        {"because": "call +19195550123"},
        {"because": "the car was ABC1234"},
        {"because": "they are undocumented"},
        {"because": "her name was given"},
        {"because": "x" * 301},
        {"ground": "a_hunch"},
    ):
        assert (await post("decide", outcome="nothing", **wrong)).status_code == 422, wrong
    assert 'data-state="open"' in (await client.get(path)).text


async def test_a_claim_that_went_to_somebody_else_is_explained_and_nothing_is_saved(desk: Desk, clock: ManualClock) -> None:
    ana, path, post = await desk.taken()
    clock.advance(timedelta(minutes=6))
    beto = await desk.browser("Beto")
    assert (await beto.post("/console/tasks/pull")).headers["location"] == path
    answer = await post("decide", outcome="nothing")
    assert answer.status_code == 409
    assert "Your claim has ended" in answer.text
    assert f'href="{path}"' in answer.text
    assert 'data-state="open"' in (await ana.get(path)).text


async def test_an_open_page_keeps_its_claim_and_a_lost_one_is_told_in_place(desk: Desk, clock: ManualClock) -> None:
    client, path, post = await desk.taken()
    for _ in range(4):
        clock.advance(timedelta(minutes=4))
        assert (await post("renew")).status_code == 303
    page = (await client.get(path)).text
    assert "Your claim goes on." in page
    live = await client.post(f"{path}/renew", data={"fence": "999"}, headers={"HX-Request": "true"})
    assert live.status_code == 409
    assert "<html" not in live.text
    assert "Your claim has ended" in live.text


async def test_the_county_that_a_dispatcher_learned_is_set(desk: Desk) -> None:
    client, path, post = await desk.taken()
    assert (await post("county", county="37183")).status_code == 303
    assert "Wake County" in (await client.get(path)).text
    assert (await post("county", county="51013")).status_code == 422


async def test_a_slip_in_a_form_is_an_explained_page(desk: Desk) -> None:
    _, _, post = await desk.taken()
    answer = await post("decide", outcome="maybe")
    assert answer.status_code == 422
    assert "Something in the form does not fit" in answer.text


async def test_an_organizer_reads_an_incident_but_is_offered_no_decision(desk: Desk) -> None:
    _, path, _ = await desk.taken()
    page = (await (await desk.browser("Olga")).get(path)).text
    assert 'name="outcome"' not in page
    assert "Ana works on this until" in page


async def test_what_people_write_can_not_become_markup(desk: Desk) -> None:
    await desk.texts(KEN, "ICE agents at Walmart on Roxboro in Durham <script>alert(1)</script> \"'><img src=x>")
    client = await desk.browser("Ana")
    page = (await client.get((await client.post("/console/tasks/pull")).headers["location"])).text
    assert "<script>alert" not in page
    assert "<img" not in page


EVIDENCE = st.fixed_dictionaries(
    {"words": st.text("abc é", max_size=4), "says": st.text(max_size=5), "weight": st.floats(-5, 5, allow_nan=False)}
)


@given(st.text("abc é\n.", max_size=40), st.lists(EVIDENCE, max_size=5))
def test_marking_a_text_never_changes_it(text: str, evidence: list[dict[str, object]]) -> None:
    assert "".join(piece.words for piece in mark_words(text, evidence)) == text


def test_the_heaviest_evidence_wins_where_two_overlap() -> None:
    light = {"words": "la migra", "says": "place?", "weight": 0.2}
    heavy = {"words": "migra", "says": "immigration agents", "weight": 2.0}
    pieces = [(p.words, p.strength) for p in mark_words("Vi la migra allí", [heavy, light])]
    assert pieces == [("Vi ", ""), ("la ", "weak"), ("migra", "strong"), (" allí", "")]


def said(
    who: int,
    *,
    confirms: bool = True,
    on_site: bool = True,
    trained: bool = True,
    minute: int = 0,
    vetting: str = "known",
    **is_: bool,
) -> Word:
    at = datetime.fromisoformat("2026-03-02T17:00:00+00:00") + timedelta(minutes=minute)
    return Word(
        volunteer_id=UUID(int=who),
        confirms=confirms,
        on_site=on_site,
        observed_at=at,
        trained=trained,
        trainee=is_.get("trainee", False),
        vetting=vetting,
        active=is_.get("active", True),
        phone=UUID(int=100 + who),
        reported=is_.get("reported", False),
    )


def test_confirming_needs_a_trained_witness_on_site_who_did_not_report_it() -> None:
    assert what_confirming_lacks("37063", [said(1)]) is None
    assert what_confirming_lacks(None, [said(1)]) is not None
    for short in (said(1, confirms=False), said(1, on_site=False), said(1, trained=False), said(1, trainee=True)):
        assert what_confirming_lacks("37063", [short]) is not None
    assert what_confirming_lacks("37063", [said(1, reported=True)]) is not None


def unsent(who: int, minute: int = 0, **is_: bool) -> Word:
    return said(who, on_site=False, trained=False, minute=minute, vetting="vetted", **is_)


def test_two_vetted_volunteers_confirm_together_and_one_does_not() -> None:
    assert who_confirms([unsent(1), unsent(2, 30)]) == {UUID(int=1), UUID(int=2)}
    assert who_confirms([unsent(1), unsent(2, trainee=True)])
    assert "One vetted volunteer saw it" in str(what_confirming_lacks("37063", [unsent(1)]))


def test_two_words_that_are_not_independent_or_not_trusted_confirm_nothing() -> None:
    known = said(2, on_site=False, trained=False)
    shared = replace(unsent(2), phone=unsent(1).phone)
    for other in (
        known,
        shared,
        unsent(2, 31),
        unsent(2, reported=True),
        unsent(2, active=False),
        replace(unsent(2), confirms=False),
    ):
        assert not who_confirms([unsent(1), other])
    assert not who_confirms([unsent(1, trainee=True), unsent(2, trainee=True)])
    assert "more than 30 minutes apart" in str(what_confirming_lacks("37063", [unsent(1), unsent(2, 31)]))


async def test_the_page_says_what_still_lacks_until_a_second_vetted_volunteer_tells_of_it(desk: Desk) -> None:
    client, path, post = await desk.taken()
    about = await desk.incident()
    both = [desk.people[alias].id for alias in ("Luz", "Sam")]
    async with desk.database.transaction() as work:
        await work.execute(volunteer.update().where(volunteer.c.id.in_(both)).values(vetting="vetted", trained=False))
        await record_observation(work, about, both[0], Outcome.CONFIRM, on_site=False)
    assert "One vetted volunteer saw it" in (await client.get(path)).text
    assert (await post("decide", outcome="confirm")).status_code == 409
    async with desk.database.transaction() as work:
        await record_observation(work, about, both[1], Outcome.CONFIRM, on_site=False)
    assert 'id="confirm-lacks"' not in (await client.get(path)).text
    assert (await post("decide", outcome="confirm")).status_code == 303
