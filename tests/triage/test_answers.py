"""Answers to the hotline's own questions."""

from __future__ import annotations

import pytest

from app.triage.answers import read_still_there, read_yes_no
from app.triage.lexicon import Lexicon


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("si", True), ("Sí", True), ("SII", True), ("simón", True), ("yes", True), ("yep", True), ("yeah they do", True),
        ("claro que si", True),
        ("oui", True), ("wi", True), ("👍", True), ("ok", True),
        ("no", False), ("NO", False), ("nope", False), ("nel", False), ("no gracias", False), ("todavia no", False), ("ya no", False),
        ("Durham", None), ("", None), ("3 camionetas", None),
        ("hay tres camionetas negras en la esquina y no se si son de la migra o policia", None),
    ],
)  # fmt: skip
def test_yes_and_no_are_heard_as_people_say_them(text: str, answer: bool | None, lexicon: Lexicon) -> None:
    assert read_yes_no(text, lexicon) is answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("todavia estan aqui", True), ("siguen ahi", True), ("still here", True), ("yes", True), ("si, siguen afuera", True), ("aun", True),
        ("ya se fueron", False), ("ya no", False), ("ya no hay nadie", False), ("they left", False), ("gone now", False), ("no", False),
        ("Durham", None), ("no se", None), ("i dont know", None),
    ],
)  # fmt: skip
def test_still_there_or_gone_is_heard_as_people_say_it(text: str, answer: bool | None, lexicon: Lexicon) -> None:
    assert read_still_there(text, lexicon) is answer
