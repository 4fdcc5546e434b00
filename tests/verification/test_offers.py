"""A verifier's texts, from the offer to what they found: each is answered with what comes next, and none is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core.errors import Conflict
from app.records.verification import Outcome
from app.telephony.segments import size_of
from app.verification.offers import expire_offers
from app.verification.wording import detail_words, offer_words
from app.volunteers.orders import Order, read_order
from app.volunteers.roster import add_volunteer
from tests.verification.field import ROSA, Field

RULES = ("Stay in public", "keep away", "block nobody", "chase nobody", "no faces", "no plates")


async def test_the_exact_place_and_the_rules_come_only_after_a_yes(field: Field) -> None:
    await field.enlist("Luz", languages=["en"])
    await field.ask("Luz")
    [[asked]] = (await field.sent("offer")).values()
    assert "Walmart" not in asked and "Durham" in asked
    details = await field.text("Luz", "Y")
    assert "Walmart" in details
    assert all(rule in details for rule in RULES)
    assert "HERE" in details


@pytest.mark.parametrize("words", ["here", "Aquí", "15"])
async def test_every_kind_of_yes_carries_the_place_and_the_rules(field: Field, words: str) -> None:
    await field.enlist("Luz", languages=["en"])
    await field.ask("Luz")
    reply = await field.text("Luz", words)
    assert "Walmart" in reply
    assert all(rule in reply for rule in RULES) or "sin bloquear ni seguir a nadie" in reply
    assert await field.offers() == {"Luz": "accepted"}


async def test_a_number_says_when_they_will_be_there(field: Field) -> None:
    await field.enlist("Luz")
    await field.ask("Luz")
    assert "in 15 minutes" in await field.text("Luz", "15")
    made = await field.offer_of("Luz")
    assert made.eta_at == field.clock() + timedelta(minutes=15)
    assert "in 25 minutes" in await field.text("Luz", "25 min")
    assert (await field.offer_of("Luz")).eta_at == field.clock() + timedelta(minutes=25)


async def test_whoever_arrived_is_asked_for_what_they_find_and_may_add_words(field: Field) -> None:
    await field.enlist("Luz")
    await field.ask("Luz")
    await field.text("Luz", "si")
    reply = await field.text("Luz", "here, two white vans")
    assert "you are there" in reply and "CONFIRM" in reply
    assert (await field.offer_of("Luz")).here_at == field.clock()
    assert (await field.verbs("offer."))[-2:] == ["offer.note", "offer.arrived"]


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("confirmo, dos camionetas", "confirm"),
        ("it was just police", "police"),
        ("aquí nada", "nothing"),
        ("ya se fueron", "gone"),
        ("no pude", "unable"),
        ("could not", "unable"),
        ("CONFIRM", "confirm"),
        ("POLICE", "police"),
        ("NOTHING", "nothing"),
        ("Nothing.", "nothing"),
        ("NADA", "nothing"),
        ("GONE", "gone"),
        ("UNABLE", "unable"),
    ],
)
async def test_each_outcome_is_recorded_as_seen_there_and_acknowledged(field: Field, words: str, outcome: str) -> None:
    await field.enlist("Luz")
    await field.ask("Luz")
    await field.text("Luz", "Y")
    reply = await field.text("Luz", words)
    [seen] = await field.observations()
    assert (seen.outcome, seen.on_site) == (outcome, True)
    assert "The dispatcher has it now" in reply or "Ya lo tiene el despachador" in reply


@pytest.mark.parametrize("words", ["which walmart is it", "who else is going", "can you send me the corner"])
async def test_a_question_about_an_offer_reaches_the_dispatcher_and_is_answered_with_what_to_do(
    field: Field, words: str
) -> None:
    await field.enlist("Luz")
    await field.ask("Luz")
    reply = await field.text("Luz", words)
    assert "passed your words on to the dispatcher" in reply and "Answer Y, N" in reply
    assert "offer.note" in await field.verbs()
    assert await field.offers() == {"Luz": "offered"}


async def test_a_late_answer_is_written_down_and_a_late_sight_is_an_observation(field: Field) -> None:
    await field.enlist("Luz", "Sam")
    await field.ask("Luz")
    await field.ask("Sam")
    field.clock.advance(timedelta(minutes=31))
    async with field.database.transaction() as work:
        assert await expire_offers(work) == 2
    assert "no longer open" in await field.text("Luz", "Y")
    assert "offer.late" in await field.verbs()
    await field.text("Sam", "Confirmed, three agents")
    [seen] = await field.observations()
    assert (seen.outcome, seen.on_site) == (Outcome.CONFIRM, False)


async def test_words_after_it_is_over_still_reach_the_dispatcher(field: Field) -> None:
    await field.enlist("Luz")
    await field.ask("Luz")
    await field.text("Luz", "Y")
    await field.text("Luz", "gone")
    assert "we passed that on" in await field.text("Luz", "the store manager spoke with them")
    assert (await field.verbs("offer."))[-1] == "offer.note"


async def test_nobody_is_asked_twice_about_one_incident(field: Field) -> None:
    await field.enlist("Luz")
    await field.ask("Luz")
    await field.text("Luz", "N")
    with pytest.raises(Conflict):
        await field.ask("Luz")


async def test_whoever_reported_it_is_not_asked_to_go_and_look(field: Field) -> None:
    field.phones["Rosa"] = ROSA
    async with field.database.transaction() as work:
        await add_volunteer(work, "Rosa", roles=["verifier"], languages=["es"], counties=[], trained=True, number=ROSA)
    with pytest.raises(Conflict):
        await field.ask("Rosa")


@pytest.mark.parametrize("facts", [{"trained": False}, {"standing": "suspended"}, {"on_shift": False}, {"counties": ["37183"]}])
async def test_trainees_the_suspended_the_off_shift_and_the_far_are_not_asked(field: Field, facts: dict[str, object]) -> None:
    await field.enlist("Luz")
    await field.set("Luz", **facts)
    with pytest.raises(Conflict):
        await field.ask("Luz")


async def test_what_a_suspended_person_texts_is_a_neighbours_report_and_no_observation(field: Field) -> None:
    await field.enlist("Luz")
    await field.ask("Luz")
    await field.set("Luz", standing="suspended")
    await field.text("Luz", "CONFIRM")
    assert await field.observations() == []


async def test_on_and_off_begin_and_end_a_shift_by_text(field: Field) -> None:
    await field.enlist("Luz")
    assert "off shift" in await field.text("Luz", "OFF")
    with pytest.raises(Conflict):
        await field.ask("Luz")
    assert "off shift" in await field.text("Luz", "shift")
    assert "on shift" in await field.text("Luz", "on.")
    await field.ask("Luz")
    assert await field.offers() == {"Luz": "offered"}


@pytest.mark.parametrize(
    ("words", "order"),
    [
        ("ON", Order.ON),
        (" on. ", Order.ON),
        ("En turno", Order.ON),
        ("Off!", Order.OFF),
        ("Turno sí", Order.ON),
        ("fuera de turno", Order.OFF),
        ("turno", Order.SHIFT),
        ("on my way", None),
        ("they went off", None),
        ("", None),
    ],
)
def test_an_order_is_the_whole_text(words: str, order: Order | None) -> None:
    assert read_order(words) is order


async def test_a_neighbour_who_texts_on_is_no_volunteer(field: Field) -> None:
    field.phones["Ken"] = "+19195550111"
    assert "shift" not in await field.text("Ken", "ON")


def test_the_question_is_one_segment_and_the_details_at_most_three(field: Field) -> None:
    texts, counties = field.hotline.texts, field.hotline.counties
    for language, words in offer_words(texts, counties, field.about).items():
        assert size_of(words).segments == 1, words
        assert size_of(detail_words(texts, counties, field.about, language)).segments <= 3
