"""A phone that takes dictation cuts the names of towns apart; they are put together again, and other words are left alone."""

from __future__ import annotations

import pytest

from app.packs.counties import load_counties
from app.places.gazetteer import Gazetteer
from app.places.locate import locate


@pytest.mark.parametrize(
    ("text", "county"),
    [
        ("hay ice en fay ette ville", "Cumberland"),
        ("migra en win ston salem", "Forsyth"),
        ("andaba la migra en henderson bill", "Henderson"),
        ("le pararon por lumber ton", "Robeson"),
        ("lo bajaron del carro en con cor", "Cabarrus"),
        ("wilming ton tiene migra", "New Hanover"),
        ("en el condado de cumber land", "Cumberland"),
        ("eliza beth city", "Pasquotank"),
    ],
)
def test_a_name_that_dictation_cut_apart_is_the_town(text: str, county: str) -> None:
    assert [load_counties("us_nc").by_fips(code).name for code in locate(text, Gazetteer.from_pack("us_nc")).counties] == [
        county
    ]


@pytest.mark.parametrize(
    "text", ["vi a john son", "en car ro son dos", "por la tarde son muchos", "the new ton of bricks", "es ta lleno"]
)
def test_words_that_only_stand_beside_each_other_are_no_town(text: str) -> None:
    assert not locate(text, Gazetteer.from_pack("us_nc")).counties


@pytest.mark.parametrize(
    ("text", "counties"),
    [
        ("I would like to receive your text notices for Jackson", {"Jackson", "Northampton"}),
        ("yo vivo Sanford con mi familia", {"Lee"}),
        ("cuidado con Concord, hay migra en el Compare", {"Cabarrus"}),
        ("lo que andan diciendo de monroe, es cierto?", {"Union"}),
        ("aviso para la gente de Stokes", {"Pitt", "Stokes"}),
        ("para las alertas de Rowan y también de Cabarrus", {"Rowan", "Cabarrus"}),
    ],
)
def test_who_is_told_of_a_place_says_where_it_is(text: str, counties: set[str]) -> None:
    assert {
        load_counties("us_nc").by_fips(code).name for code in locate(text, Gazetteer.from_pack("us_nc")).counties
    } == counties
