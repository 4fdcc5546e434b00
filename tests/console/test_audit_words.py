"""The audit page tells of each event in words: what a fact is called, and what its values mean."""

from __future__ import annotations

import pytest

from app.console.audit_phrases import VALUES
from app.console.oversight import say_fact
from app.console.phrases import WORDS
from app.core.languages import translations


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
