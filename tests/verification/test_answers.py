"""A verifier's text is understood whatever the language, the case and the words around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.records.verification import Outcome
from app.verification.answers import LONGEST_WAY, WORDS, Answer, read_answer, read_minutes, says_more


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Y", Answer.YES), (" y ", Answer.YES), ("Sí!", Answer.YES), ("S", Answer.YES), ("ok", Answer.YES),
        ("N", Answer.NO), ("no", Answer.NO), ("No puedo", Answer.NO), ("No, gracias", Answer.NO), ("can't go", Answer.NO),
        ("CONFIRM", Outcome.CONFIRM), ("confirmo, dos camionetas", Outcome.CONFIRM), ("Confirmed. 3 agents", Outcome.CONFIRM),
        ("POLICIA", Outcome.POLICE), ("policía local", Outcome.POLICE), ("police car, lights on", Outcome.POLICE),
        ("Sí, voy", Answer.YES), ("Yes I can go", Answer.YES), ("Si, voy para alla", Answer.YES), ("👍🏽", Answer.YES),
        ("Nada", Outcome.NOTHING), ("nothing here", Outcome.NOTHING), ("ya se fueron", Outcome.GONE), ("SE FUERON", Outcome.GONE),
        ("no pude", Outcome.UNABLE), ("unable", Outcome.UNABLE),
        ("HERE", Answer.HERE), ("Aquí", Answer.HERE), ("ya llegué", Answer.HERE), ("  i'm  here. ", Answer.HERE),
        ("here, two white vans", Answer.HERE), ("Aquí estoy, veo agentes", Answer.HERE),
        ("hola, aquí nada", Outcome.NOTHING), ("It was just police", Outcome.POLICE), ("Fue la policía", Outcome.POLICE),
        ("aquí, ya se fueron", Outcome.GONE), ("Hi, gone", Outcome.GONE), ("solo policía", Outcome.POLICE),
        ("Estoy bien", Answer.SAFE), ("I'm OK", Answer.SAFE), ("todo bien, gracias a dios pero vienen", None),
    ],
)  # fmt: skip
def test_an_answer_is_understood(text: str, meaning: Answer | Outcome | None) -> None:
    assert read_answer(text) is meaning


@pytest.mark.parametrize(
    "text",
    [
        "Confirmed no ICE here",
        "confirmo que no hay nada",
        "confirm - just local police",
        "Confirmado, no es ICE es policia",
        "Confirm?",
        "Clear view of ICE agents taking people",
        "Nothing yet but ICE vans arriving",
        "nothing yet",
        "nada todavía",
        "here but nothing yet",
        "Left lane blocked by ICE trucks",
        "Police and ICE taking people at Home Depot",
        "no sé",
        "I can not confirm it",
        "y la migra?",
        "maybe",
        "hay policia y tambien otros",
        "",
        "👍?",
    ],
)
def test_what_is_no_answer_goes_to_the_dispatcher(text: str) -> None:
    assert read_answer(text) is None


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("15", 15), (" 15 ", 15), ("15 min", 15), ("15min", 15), ("Y 15", 15), ("yes, 20 minutes", 20), ("ETA 10", 10),
        ("10 min away", 10), ("Sí, en 20 minutos", 20), ("voy, 25", 25), ("llego en 5", 5), ("en 30 min", 30), ("12 ETA", 12),
    ],
)  # fmt: skip
def test_a_number_of_minutes_is_a_yes_with_a_time(text: str, minutes: int) -> None:
    assert read_minutes(text) == minutes


@pytest.mark.parametrize(
    "text", ["0", "999", "2 agents", "15?", "¿15", "at 15 main street", "27701", "", "y", "2 vans, 15 people"]
)
def test_another_number_is_no_time(text: str) -> None:
    assert read_minutes(text) is None


def test_what_says_more_than_its_word_is_for_a_person_too() -> None:
    assert [says_more(text) for text in ("HERE", "aquí.", "15", "here, two vans")] == [False, False, False, True]


@given(
    st.sampled_from([(word, answer) for answer, words in WORDS.items() for word in sorted(words)]),
    st.sampled_from(["", " ", "\n", "  "]),
    st.sampled_from(["", ".", "!", " ", "…"]),
    st.booleans(),
)
def test_every_word_is_understood_in_any_case_and_with_any_spaces(
    said: tuple[str, Answer | Outcome], before: str, after: str, loud: bool
) -> None:
    word, answer = said
    text = before + "  ".join(word.upper() if loud else word for word in word.split()) + after
    assert read_answer(text, whole=True) is answer


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    read_answer(text)


@given(st.text(alphabet="0123456789 minyesta?", max_size=12))
def test_a_time_is_never_longer_than_the_longest_way(text: str) -> None:
    minutes = read_minutes(text)
    assert minutes is None or 0 < minutes <= LONGEST_WAY
