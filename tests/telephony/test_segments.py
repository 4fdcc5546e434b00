"""Segments are counted as carriers count them, and Spanish is spelled plainer only where that costs less."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.telephony.segments import size_of, spelled_to_fit


@pytest.mark.parametrize(
    ("text", "encoding", "segments"),
    [
        ("", "GSM-7", 1),
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 306, "GSM-7", 2),
        ("a" * 307, "GSM-7", 3),
        ("€" * 80, "GSM-7", 1),
        ("€" * 81, "GSM-7", 2),
        ("ñ¿¡éüÑ" * 20, "GSM-7", 1),
        ("á" * 70, "UCS-2", 1),
        ("á" * 71, "UCS-2", 2),
        ("🧊" * 35, "UCS-2", 1),
        ("🧊" * 36, "UCS-2", 2),
    ],
)
def test_a_text_has_this_many_segments(text: str, encoding: str, segments: int) -> None:
    size = size_of(text)

    assert (size.encoding, size.segments) == (encoding, segments)


def test_accents_go_only_where_that_saves_a_segment() -> None:
    short, long = "¿Dónde está?", "¿Dónde está? " + "palabra " * 15

    assert spelled_to_fit(short) == short
    assert spelled_to_fit(long) == long.replace("ó", "o").replace("á", "a")


def test_the_year_keeps_its_tilde() -> None:
    assert "año" in spelled_to_fit("El año próximo " + "x" * 100)


@given(st.text())
def test_no_spelling_ever_costs_more(text: str) -> None:
    assert size_of(spelled_to_fit(text)).segments <= size_of(text).segments
