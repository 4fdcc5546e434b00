"""The audit page tells of each event in words: what a fact is called, and what its values mean."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.console.audit_phrases import FACT_WORDS, UNSHOWN, VALUES
from app.console.oversight import say_fact
from app.console.phrases import WORDS
from app.core.languages import translations

APP = Path(__file__).parents[2] / "app"
BESIDE_THE_FACTS = {"actor_id", "county"}


def facts_in_the_code() -> Iterator[tuple[str, str]]:
    """Where an event is written with a fact, and the fact's name."""
    for file in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"record", "record_later"}:
                yield from ((f"{file.name}:{node.lineno}", word.arg) for word in node.keywords if word.arg is not None)


def test_every_fact_that_an_event_can_have_has_words_or_is_not_shown() -> None:
    known = FACT_WORDS["fact"].keys() | UNSHOWN | BESIDE_THE_FACTS

    assert [found for found in facts_in_the_code() if found[1] not in known] == []


def test_the_words_of_values_are_there() -> None:
    assert [group for groups in VALUES.values() for group in groups if group not in WORDS] == []


@pytest.mark.parametrize(
    ("name", "value", "in_english", "in_spanish"),
    [
        ("on_site", True, "seen on site: yes", "visto en el lugar: sí"),
        ("outcome", "gone", "outcome: They left", "resultado: Ya se fueron"),
        ("roles", ["lead", "dispatcher"], "roles: Lead, Dispatcher", "funciones: Coordinación, Despacho"),
        ("hours", "3 900-1320", "hours: Thu 15:00-22:00", "horas: jue 15:00-22:00"),
        ("hours", 12, "hours: 12", "horas: 12"),
        ("code", "KD4821", "code: KD4821", "clave: KD4821"),
    ],
)
def test_a_fact_is_told_in_the_readers_language(name: str, value: object, in_english: str, in_spanish: str) -> None:
    said = [say_fact(name, value, language, translations(language).gettext) for language in ("en", "es")]

    assert said == [in_english, in_spanish]
