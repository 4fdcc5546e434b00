"""Why a text was read as it was, said in the language of whoever looks."""

from __future__ import annotations

import pytest

from app.packs.reading_words import KINDS, WORDS, reason_in
from app.records.reading import Kind
from app.triage.lexicon import Lexicon


def test_every_reason_that_triage_can_give_is_said_in_spanish() -> None:
    assert set(Lexicon.from_pack("us_nc").rules.says.values()) == set(WORDS["es"])
    assert set(KINDS["es"]) == {kind.value for kind in Kind}


@pytest.mark.parametrize(
    ("says", "said"),
    [
        ("vehicles", "vehículos"),
        ("urgent: a report, hielo, maybe ICE, happening now", "urgente: un reporte, hielo, tal vez ICE, pasa ahora"),
        ("worded like a rumor", "dicho como un rumor"),
        ("the order JOIN", "la orden JOIN"),
        ("stands in many counties", "hay en muchos condados"),
        ("something new", "something new"),
    ],
)
def test_a_reason_is_said_whole_or_left_as_it_is(says: str, said: str) -> None:
    assert reason_in(says, "es") == said
    assert reason_in(says, "en") == says
