"""Where a text is about: one county, several to ask about, or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.packs.counties import load_counties
from app.places.gazetteer import Gazetteer
from app.places.locate import locate
from app.records.reading import Location

GAZETTEER = Gazetteer.from_pack("us_nc")
COUNTIES = load_counties("us_nc")

CITY_IN = {
    "Cleveland": "Rowan", "Madison": "Rockingham", "Graham": "Alamance", "Henderson": "Vance", "Macon": "Warren", "Gaston": "Northampton",
    "Jackson": "Northampton", "Stokes": "Pitt", "Washington": "Beaufort", "Hertford": "Perquimans", "Davidson": "Mecklenburg",
    "Rockingham": "Richmond", "Brunswick": "Columbus", "Beaufort": "Carteret", "Lenoir": "Caldwell", "Alexander": "Buncombe",
    "Cherokee": "Swain", "Columbus": "Polk", "Franklin": "Macon",
}  # fmt: skip


def names(where: Location) -> set[str]:
    return {COUNTIES.by_fips(fips).name for fips in where.counties}


def counties_of(text: str, *, answering: bool = False) -> set[str]:
    return names(locate(text, GAZETTEER, answering=answering))


@pytest.mark.parametrize("city", CITY_IN)
def test_a_city_named_like_another_county_always_leaves_both(city: str) -> None:
    for text in (city, f"hay migra en {city}", f"ICE in {city}, NC right now"):
        assert counties_of(text) == {city, CITY_IN[city]}, text


@pytest.mark.parametrize("city", CITY_IN)
def test_the_word_county_or_city_settles_which_is_meant(city: str) -> None:
    assert counties_of(f"ICE vans in {city} County") == {city}
    assert counties_of(f"hay camionetas en el condado de {city}") == {city}
    assert counties_of(f"unmarked vans in the city of {city}") == {CITY_IN[city]}
    assert counties_of(f"la migra está en la ciudad de {city}") == {CITY_IN[city]}


@pytest.mark.parametrize(
    ("city", "expected"),
    [
        ("High Point", {"Guilford", "Davidson", "Randolph", "Forsyth"}),
        ("Kannapolis", {"Cabarrus", "Rowan"}),
        ("Rocky Mount", {"Nash", "Edgecombe"}),
        ("Chapel Hill", {"Orange", "Durham"}),
        ("Cary", {"Wake"}),
        ("Burlington", {"Alamance"}),
    ],
)
def test_a_city_split_between_counties_gives_all_and_a_sliver_does_not(city: str, expected: set[str]) -> None:
    assert counties_of(f"están en {city}") == expected


@pytest.mark.parametrize(
    "text", ["afuera de la Walmart", "white vans outside Food Lion", "en la Home Depot hay migra", "Compare Foods"]
)
def test_a_store_in_many_counties_says_nothing_by_itself(text: str) -> None:
    assert counties_of(text) == set()


def test_a_store_lends_its_name_to_the_place_beside_it() -> None:
    where = locate("migra en la walmar de Durham", GAZETTEER)

    assert where.label == "Walmart, Durham"


@pytest.mark.parametrize(
    "text",
    ["Columbia SC", "Danville VA", "ICE in Atlanta", "Greenville, South Carolina", "in Rock Hill", "Jackson, Mississippi"],
)
def test_a_place_in_another_state_gives_no_county_and_says_so(text: str) -> None:
    where = locate(text, GAZETTEER)

    assert where.counties == ()
    assert any(evidence.weight < 0 for evidence in where.evidence)


@pytest.mark.parametrize(
    "text",
    [
        "my friend Charlotte was taken",
        "we are in north carolina",
        "the star of the show",
        "take a bath",
        "duck!",
        "Carolina",
        "se llevaron a mi hermano Wilson",
        "la gente tiene miedo",
        "what are my rights at the door",
        "for weeks now",
    ],
)
def test_a_person_or_an_ordinary_word_is_no_place(text: str) -> None:
    assert counties_of(text) == set()


def test_a_street_with_a_towns_name_does_not_overrule_the_town() -> None:
    assert counties_of("agents on Durham Rd in Raleigh") == {"Wake"}
    assert counties_of("en Raleigh Blvd, Raleigh") == {"Wake"}


def test_the_senders_own_county_breaks_a_tie_and_is_named() -> None:
    where = locate("hay retén en Graham", GAZETTEER, home_counties=["37001"])

    assert where.county == "37001"
    assert any(evidence.words == "Alamance County" and "sender" in evidence.says for evidence in where.evidence)
    assert locate("hay un retén", GAZETTEER, home_counties=["37001"]).counties == ()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Durham", {"Durham"}),
        ("27703", {"Durham"}),
        ("en el condado de wake", {"Wake"}),
        ("graham", {"Alamance", "Graham"}),
        ("dos siete siete cero tres", {"Durham"}),
        ("2 7 7 0 3", {"Durham"}),
        ("lexinton", {"Davidson"}),
        ("bath", {"Beaufort"}),
        ("no sé", set()),
        ("union", {"Union"}),
    ],
)
def test_an_answer_to_the_question_where_is_read_as_one(answer: str, expected: set[str]) -> None:
    assert counties_of(answer, answering=True) == expected


@pytest.mark.parametrize(
    "text",
    [
        "35.9940, -78.8986",
        "https://www.google.com/maps/@35.994,-78.9,15z",
        "https://maps.google.com/?q=35.994,-78.8986",
        "geo:35.994,-78.8986",
        "https://maps.apple.com/?ll=35.994,-78.8986&q=Dropped%20Pin",
        "35°59'38.5\"N 78°53'55.6\"W",
        "https://maps.apple.com/?q=Durham,+NC",
        "https://www.google.com/maps/place/x/data=!3d35.994!4d-78.8986",
    ],
)
def test_a_map_link_or_coordinates_give_the_county_by_polygon(text: str) -> None:
    assert counties_of(text) == {"Durham"}


def test_an_exit_of_an_interstate_lies_in_one_county() -> None:
    assert counties_of("I-85 exit 177") == {"Durham"}
    assert counties_of("la salida 36 de la 77") == {"Iredell"}


def test_a_highway_by_itself_names_no_county_unless_a_town_or_the_sender_does() -> None:
    assert counties_of("hay retén en la 77") == set()
    assert locate("hay retén en la 77", GAZETTEER).label == "I-77"
    assert counties_of("la 77 en Charlotte") == {"Mecklenburg"}
    assert locate("hay retén en la 77", GAZETTEER, home_counties=["37097"]).counties == ("37097",)
    assert counties_of("carros parados en la 485") == {"Mecklenburg"}


def test_a_house_number_is_never_in_the_public_name() -> None:
    where = locate("they are at 2315 N Roxboro St in Durham", GAZETTEER)

    assert where.label == "N Roxboro St, Durham"


@given(st.text(max_size=400), st.booleans())
def test_any_text_has_an_answer(text: str, answering: bool) -> None:
    where = locate(text, GAZETTEER, answering=answering, home_counties=["37063"])

    assert all(fips in COUNTIES for fips in where.counties)


@given(
    st.lists(
        st.sampled_from(
            [*sorted(GAZETTEER.longest), "en", "de", "condado", "county", "exit", "77", "NC", "SC", ",", "\n", "st", "+"]
        ),
        max_size=30,
    ),
    st.booleans(),
)
def test_any_row_of_place_words_has_an_answer(parts: list[str], answering: bool) -> None:
    where = locate(" ".join(parts), GAZETTEER, answering=answering)

    assert len(set(where.counties)) == len(where.counties)


@given(st.text(alphabet=st.characters(), min_size=0, max_size=60), st.integers(1, 400))
def test_ten_thousand_characters_of_any_script_have_an_answer(piece: str, times: int) -> None:
    where = locate((piece + " ") * times, GAZETTEER)

    assert len(where.counties) <= len(COUNTIES)


@pytest.mark.parametrize(
    "text", ["x" * 10_000, "la " * 3_400, "Durham y " * 1_200, "35.9,-78.9 " * 900, "\U0001f9ca" * 10_000, "+" * 10_000]
)
def test_a_long_text_is_answered(text: str) -> None:
    assert locate(text, GAZETTEER, answering=True) is not None
