"""The 100 counties, their outlines and the county of a point."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.packs.counties import load_counties
from app.packs.outlines import county_paths, load_rings
from app.places.gazetteer import Gazetteer
from app.places.polygons import county_at

COUNTIES = load_counties("us_nc")
GAZETTEER = Gazetteer.from_pack("us_nc")


def test_there_are_a_hundred_counties_in_the_order_of_their_names() -> None:
    names = [county.name for county in COUNTIES]

    assert len(COUNTIES) == 100
    assert names == sorted(names, key=str.casefold)


def test_a_county_is_named_as_each_language_names_it() -> None:
    durham = COUNTIES.by_fips("37063")

    assert durham.label("en") == "Durham County"
    assert durham.label("es") == "condado de Durham"


def test_an_unknown_code_is_refused() -> None:
    assert "99999" not in COUNTIES
    with pytest.raises(KeyError):
        COUNTIES.by_fips("99999")


def test_every_countys_own_point_lies_in_it() -> None:
    for county in COUNTIES:
        assert county_at(GAZETTEER, county.latitude, county.longitude) == county.fips, county.name


@pytest.mark.parametrize(
    ("latitude", "longitude", "county"),
    [
        (35.2271, -80.8431, "Mecklenburg"),
        (35.7796, -78.6382, "Wake"),
        (36.0957, -79.4378, "Alamance"),
        (35.9049, -75.5950, "Dare"),
        (35.0876, -84.0346, "Cherokee"),
    ],
)
def test_a_point_in_a_city_lies_in_its_county(latitude: float, longitude: float, county: str) -> None:
    fips = county_at(GAZETTEER, latitude, longitude)

    assert fips is not None
    assert COUNTIES.by_fips(fips).name == county


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(34.9249, -81.0251), (36.5860, -79.3950), (33.75, -84.39), (0.0, 0.0), (float("nan"), -79.0), (float("inf"), 0.0)],
)
def test_a_point_in_another_state_or_nowhere_has_no_county(latitude: float, longitude: float) -> None:
    assert county_at(GAZETTEER, latitude, longitude) is None


@given(st.floats(allow_nan=True, allow_infinity=True), st.floats(allow_nan=True, allow_infinity=True))
def test_any_pair_of_numbers_has_an_answer(latitude: float, longitude: float) -> None:
    fips = county_at(GAZETTEER, latitude, longitude)

    assert fips is None or fips in COUNTIES


def test_the_map_has_a_closed_path_a_county_and_puts_a_point_inside_the_drawing() -> None:
    drawing = county_paths("us_nc")
    _, _, width, height = (float(number) for number in drawing.view_box.split())
    x, y = drawing.project(35.994, -78.8986)

    assert set(drawing.paths) == {county.fips for county in COUNTIES} == set(load_rings("us_nc"))
    assert all(path.startswith("M") and path.endswith("Z") for path in drawing.paths.values())
    assert 0 < x < width
    assert 0 < y < height
