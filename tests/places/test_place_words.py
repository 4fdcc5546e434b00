"""Places and the reasons for them are said in the reader's language; names stay names."""

from __future__ import annotations

import pytest

from app.packs.place_words import place_in, reason_in
from app.packs.texts import Texts
from app.places.locate import locate
from bench.places import read_clusters
from tests.places.test_locate import GAZETTEER


@pytest.mark.parametrize(
    ("label", "spanish"),
    [
        ("Gas station, N Roxboro St, Durham", "Gasolinera, N Roxboro St, Durham"),
        ("Walmart, Dabney Dr, Henderson", "Walmart, Dabney Dr, Henderson"),
        ("Durham County", "condado de Durham"),
        ("Yancey County Courthouse, Burnsville", "Corte del condado de Yancey, Burnsville"),
        ("I-85 exit 177, Durham County", "I-85 salida 177, condado de Durham"),
        ("South Blvd & Arrowood Rd, Charlotte", "South Blvd y Arrowood Rd, Charlotte"),
    ],
)
def test_a_place_is_named_in_spanish_and_left_alone_in_english(label: str, spanish: str) -> None:
    assert place_in(label, "es") == spanish
    assert place_in(label, "en") == label


@pytest.mark.parametrize(
    ("text", "spanish"),
    [
        ("migra en Grinsbro", "suena como Greensboro en el condado de Guilford"),
        ("ICE is in Graham", "Graham en el condado de Alamance, o condado de Graham"),
        ("la salida 36 de la 77", "I-77 salida 36 pasa por ahí"),
        ("cerca 27703", "código postal 27703, Durham"),
        ("en la Home Depot de Cary", "hay en muchos condados"),
        ("Columbia, SC", "Columbia, SC está en otro estado"),
        ("condado de Wake", "nombrado como condado: Wake"),
    ],
)
def test_a_reason_is_said_in_spanish(text: str, spanish: str) -> None:
    assert spanish in [reason_in(piece.says, "es") for piece in locate(text, GAZETTEER).evidence]


def test_no_reason_for_a_place_is_left_in_english() -> None:
    reasons = {piece.says for row in read_clusters() for piece in locate(row.text, GAZETTEER).evidence}
    left = [says for says in reasons if reason_in(says, "es") == says]
    assert left == []


def test_a_text_to_a_phone_names_the_place_in_its_language() -> None:
    texts = Texts.from_pack("us_nc", "Vigia")
    said = texts.in_every_language("offer.details", code="AB1234", place="Gas station, Durham", county="x", seen="y")
    assert "Gasolinera, Durham" in said["es"]
    assert "Gas station, Durham" in said["en"]
