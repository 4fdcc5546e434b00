"""What a text says: its kind, its urgency, its order, and the words that show it."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.records.reading import Command, Kind
from app.triage.assess import assess
from app.triage.lexicon import Lexicon


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("hay dos camionetas de la migra afuera de la walmart en durham", Kind.REPORT),
        ("ice is at the home depot on south blvd right now", Kind.REPORT),
        ("lamigra estanaqui en la yarda", Kind.REPORT),
        ("ya se fueron los de la migra", Kind.REPORT),
        ("they took my husband this morning I dont know where he is", Kind.DETENTION),
        ("se llevaron a mi hermano, necesito un abogado", Kind.DETENTION),
        ("is it true theres a checkpoint on 74?", Kind.RUMOR),
        ("dicen que hay redada en south blvd, es cierto?", Kind.RUMOR),
        ("can they come in my house without a warrant", Kind.RIGHTS),
        ("tengo que abrirles la puerta si toca la migra?", Kind.RIGHTS),
        ("quiero alertas para durham", Kind.SUBSCRIBE),
        ("¿qué es este número?", Kind.HELP),
        ("borren mis datos", Kind.DELETE),
        ("quiero ser voluntario", Kind.VOLUNTEER),
        ("go back to mexico illegals", Kind.ABUSE),
        ("You won a $1000 gift card click here http://x.example", Kind.ABUSE),
        ("gracias", Kind.OTHER),
    ],
)
def test_a_text_is_read_for_what_it_wants(text: str, kind: Kind, lexicon: Lexicon) -> None:
    assert assess(text, lexicon).kind is kind


@pytest.mark.parametrize(
    "text", ["ayuda la migra esta en mi puerta", "help ice is at my door", "AYUDA!! estan tocando los de ICE"]
)
def test_a_cry_for_help_is_an_urgent_report_and_not_the_order_help(text: str, lexicon: Lexicon) -> None:
    said = assess(text, lexicon)

    assert (said.kind, said.urgent, said.command) == (Kind.REPORT, True, None)


@pytest.mark.parametrize(
    "text",
    [
        "black ice on the bridge on 85",
        "hay hielo en la carretera, cuidado",
        "roads are icy near the school",
        "quien trae bolsas de hielo pa la fiesta",
        "the ice cream truck is here",
        "ice maker at work is broke again",
    ],
)
def test_frozen_water_is_not_an_agency(text: str, lexicon: Lexicon) -> None:
    assert assess(text, lexicon).kind is Kind.OTHER


def test_look_and_bug_spray_are_not_taken_for_agency_and_raid(lexicon: Lexicon) -> None:
    for text in ("mira que bonito dia", "do you sell raid spray for roaches", "no puedo retener la tarea"):
        assert assess(text, lexicon).kind is Kind.OTHER, text


@pytest.mark.parametrize("text", ["vi a la migra ayer en la tienda", "the ice vans already left", "no hay migra en la walmart"])
def test_what_is_over_or_not_there_is_not_urgent(text: str, lexicon: Lexicon) -> None:
    assert not assess(text, lexicon).urgent


@pytest.mark.parametrize(
    ("text", "command", "argument"),
    [
        ("JOIN durham", Command.JOIN, "durham"),
        ("juntar Wake", Command.JOIN, "Wake"),
        ("alta 27703", Command.JOIN, "27703"),
        ("join durham county please", Command.JOIN, "durham county please"),
        ("Stop", Command.STOP, ""),
        ("ALTO", Command.STOP, ""),
        ("empezar", Command.START, ""),
        ("ayuda!", Command.HELP, ""),
        ("DERECHOS puerta", Command.RIGHTS, "puerta"),
        ("borrar", Command.DELETE, ""),
        ("español", Command.LANGUAGE, ""),
        ("CHECK 4821", Command.CHECK, "4821"),
        ("voluntario", Command.VOLUNTEER, ""),
        ("join me in prayer", None, ""),
        ("quiero alertas para durham", None, ""),
    ],
)
def test_a_whole_message_can_be_an_order(text: str, command: Command | None, argument: str, lexicon: Lexicon) -> None:
    said = assess(text, lexicon)

    assert (said.command, said.argument) == (command, argument)


def test_a_remembered_language_wins_where_words_leave_doubt(lexicon: Lexicon) -> None:
    assert assess("27703", lexicon, remembered_language="es").language == "es"
    assert assess("STOP", lexicon, remembered_language="es").language == "es"
    assert assess("there are agents at the school on Main street", lexicon, remembered_language="es").language == "en"


def test_every_answer_shows_the_words_that_led_to_it(lexicon: Lexicon) -> None:
    text = "ICE está tocando la PUERTA de mi casa"

    evidence = assess(text, lexicon).evidence

    assert evidence
    assert all(part in text for item in evidence for part in item.words.split(" … "))


def test_details_are_kept_as_they_were_said(lexicon: Lexicon) -> None:
    said = assess("I see 3 unmarked SUVs with masked agents in vests at the Compare Foods right now", lexicon)

    assert said.salute["size"].startswith("3 unmarked SUVs")
    assert "vests" in said.salute["uniform"] or "masked" in said.salute["uniform"]
    assert said.salute["time"] == "right now"
    assert set(said.salute_confidence) == set(said.salute)
    assert all(0 < sure <= 1 for sure in said.salute_confidence.values())


def test_a_detail_heard_from_others_or_guessed_from_a_misspelling_is_less_sure(lexicon: Lexicon) -> None:
    plain = assess("hay 3 camionetas afuera de la iglesia", lexicon).salute_confidence["equipment"]
    guessed = assess("ay 3 camiometas afuera de la iglesia", lexicon).salute_confidence["equipment"]
    heard = assess("dicen que hay 3 camionetas afuera de la iglesia", lexicon).salute_confidence["equipment"]

    assert heard < guessed < plain


def test_a_reading_says_how_likely_its_kind_is(lexicon: Lexicon) -> None:
    assert assess("la migra esta tocando mi puerta", lexicon).confidence > 0.95
    assert assess("mande", lexicon).confidence < 0.9


@given(st.text(st.characters(), max_size=300))
@example("\x00")
@example("\ud800 ice")
@example("ICE" * 4_000)
@example("\U0010ffff\u202e\u0301\u200b")
@settings(max_examples=300, deadline=None)
def test_no_text_makes_it_raise(text: str) -> None:
    said = assess(text, Lexicon.from_pack("us_nc"))

    assert said.kind in Kind


@given(
    st.lists(
        st.sampled_from(["ice", "stop", "no", "?", ".", "mi", "esposo", "se", "llevaron", "🧊", "a", "si", "the", "door"]),
        max_size=40,
    )
)
@settings(max_examples=200, deadline=None)
def test_the_same_words_always_get_the_same_answer(words: list[str]) -> None:
    lexicon = Lexicon.from_pack("us_nc")
    text = " ".join(words)

    assert assess(text, lexicon) == assess(text, lexicon)
