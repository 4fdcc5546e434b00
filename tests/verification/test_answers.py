"""A verifier's text is understood whatever the language, the case and the words around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.records.verification import Outcome
from app.verification.answers import Answer, read_answer


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Y", Answer.YES), (" y ", Answer.YES), ("Sí!", Answer.YES), ("S", Answer.YES), ("ok", Answer.YES),
        ("N", Answer.NO), ("no", Answer.NO), ("No puedo", Answer.NO),
        ("CONFIRM", Outcome.CONFIRM), ("confirmo, dos camionetas", Outcome.CONFIRM), ("Confirmed. 3 agents", Outcome.CONFIRM),
        ("POLICIA", Outcome.POLICE), ("policía local", Outcome.POLICE), ("police car, lights on", Outcome.POLICE),
        ("Sí, voy", Answer.YES), ("Yes I can go", Answer.YES), ("Si, voy para alla", Answer.YES),
        ("Nada", Outcome.NOTHING), ("nothing here", Outcome.NOTHING), ("ya se fueron", Outcome.GONE), ("SE FUERON", Outcome.GONE),
        ("no pude", Outcome.UNABLE), ("unable", Outcome.UNABLE),
    ],
)  # fmt: skip
def test_an_answer_is_understood(text: str, meaning: Answer | Outcome) -> None:
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


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    read_answer(text)
