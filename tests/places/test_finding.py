"""Names in their surroundings: corners, streets, people, misspellings, roads."""

from __future__ import annotations

import pytest

from app.places.gazetteer import Gazetteer
from app.places.locate import locate
from tests.places.test_locate import GAZETTEER, counties_of, names


@pytest.mark.parametrize(
    ("text", "county", "label"),
    [
        ("esquina de South Blvd y Arrowood", "Mecklenburg", "South Blvd & Arrowood Rd, Charlotte"),
        ("Tryon y la 49", "Mecklenburg", "N Tryon St & Hwy 49, Charlotte"),
        ("migra en la sout bulevar", "Mecklenburg", "South Blvd, Charlotte"),
        ("por la Indipendens", "Mecklenburg", "Independence Blvd, Charlotte"),
        ("the Walmart on Roxboro", "Durham", "Walmart, N Roxboro St, Durham"),
        ("ICE outside El Mandado on Capital", "Wake", "Capital Blvd, Raleigh"),
        ("henderson, la Walmart de la Dabney", "Vance", "Walmart, Dabney Dr, Henderson"),
        ("I-40 mile marker 220", "Guilford", "I-40 mile 220, Guilford County"),
    ],
)
def test_a_street_or_corner_has_a_county_and_a_public_name(text: str, county: str, label: str) -> None:
    where = locate(text, GAZETTEER)

    assert names(where) == {county}
    assert where.label == label


@pytest.mark.parametrize(
    ("heard", "county"),
    [("Charlot", "Mecklenburg"), ("Reley", "Wake"), ("Rali", "Wake"), ("Duram", "Durham"), ("Grinsboro", "Guilford"), ("Monro", "Union"),
     ("Feyetevil", "Cumberland"), ("Ashvil", "Buncombe"), ("Hendersonvile", "Henderson"), ("Statesvile", "Iredell")],
)  # fmt: skip
def test_a_name_written_as_it_is_heard_is_found(heard: str, county: str) -> None:
    assert counties_of(f"hay migra en {heard}") == {county}
    assert counties_of(f"están en {heard.lower()} ahorita") == {county}


@pytest.mark.parametrize("text", ["por la Monroe", "en la Lumberton", "agents on Durham Rd", "calle Greensboro"])
def test_a_street_with_a_towns_name_is_not_that_town(text: str) -> None:
    assert counties_of(text) - {"Mecklenburg"} == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no es en Raleigh, es en Cary", {"Wake"}),
        ("not in Durham, in Burlington", {"Alamance"}),
        ("soy de Durham pero los vi en Sanford", {"Lee"}),
        ("rumbo a Greensboro", {"Guilford"}),
        ("en Raleigh y en Durham", {"Wake", "Durham"}),
        ("vienen de Atlanta y ya están en Gastonia", {"Gaston"}),
    ],
)
def test_what_is_denied_or_only_passed_through_does_not_count_beside_what_is_meant(text: str, expected: set[str]) -> None:
    assert counties_of(text) == expected


@pytest.mark.parametrize(
    "text",
    ["me llamo Henderson", "my cousin Madison is scared", "Officer Clayton", "mi hija Charlotte está bien", "Hi I'm Lincoln"],
)
def test_a_name_behind_a_word_for_a_person_is_a_person(text: str) -> None:
    assert counties_of(text) == set()


def test_a_county_of_another_state_is_not_ours() -> None:
    assert counties_of("Union County SC") == set()


def test_a_short_map_link_says_that_its_point_is_hidden() -> None:
    where = locate("https://maps.app.goo.gl/xyz123", GAZETTEER)

    assert where.counties == ()
    assert [evidence.says for evidence in where.evidence] == ["a short map link hides its point"]


def test_a_plus_code_is_completed_by_the_town_beside_it() -> None:
    where = locate("X3VM+2C Durham", GAZETTEER)

    assert names(where) == {"Durham"}
    assert where.point is not None
    assert abs(where.point[0] - 35.99) < 0.1
    assert abs(where.point[1] + 78.92) < 0.1


def test_candidates_are_ranked_and_their_confidence_leaves_room_for_none_of_them() -> None:
    where = locate("hay migra en Graham", GAZETTEER)

    assert [candidate.county for candidate in where.candidates] == list(where.counties)
    assert sum(candidate.confidence for candidate in where.candidates) < 1
    assert all(candidate.evidence for candidate in where.candidates)


def test_the_gazetteer_is_built_once() -> None:
    assert Gazetteer.from_pack("us_nc") is Gazetteer.from_pack("us_nc")


def test_a_store_and_two_towns_are_a_street_of_the_second() -> None:
    assert counties_of("walmart de roxboro durham") == {"Durham"}
    assert counties_of("food lion on new bern in raleigh") == {"Wake"}
    assert counties_of("walmart de sanford") == {"Lee"}


def test_a_county_named_right_behind_a_town_says_which_town_is_meant() -> None:
    assert counties_of("Cleveland, in Johnston County") == {"Johnston"}
    assert counties_of("hay migra cerca de Graham, condado de Alamance") == {"Alamance"}


@pytest.mark.parametrize(
    "text",
    [
        "a gray Lincoln Navigator with tinted windows",
        "un Jeep Cherokee negro afuera",
        "pregunto por Washington Morales, detenido",
        "Lincoln, my son, was followed",
        "my case number is 27605",
    ],
)
def test_a_car_a_person_or_a_file_number_is_no_place(text: str) -> None:
    assert counties_of(text) == set()


def test_every_county_has_its_courthouse_and_jail() -> None:
    assert locate("they are at the Yancey County courthouse", GAZETTEER).label == "Yancey County Courthouse, Burnsville"
    assert locate("la cárcel del condado de Graham", GAZETTEER).counties == ("37075",)


def test_several_counties_named_together_are_each_one() -> None:
    assert counties_of("alerts for Durham and Orange counties") == {"Durham", "Orange"}
    assert counties_of("alertas para los condados de Durham y Orange") == {"Durham", "Orange"}


def test_who_is_looked_for_is_a_person() -> None:
    assert counties_of("vinieron a una casa en Siler City preguntando por Jackson") == {"Chatham"}
    assert counties_of("they are looking for Wilson") == set()


def test_a_plant_of_many_towns_is_the_one_of_the_town_behind_it() -> None:
    assert counties_of("la Mountaire en Lumber Bridge") == {"Robeson"}
    assert counties_of("la planta Smithfield en Tar Heel") == {"Bladen"}


def test_an_exit_of_a_shared_road_is_asked_about_only_where_both_roads_have_it() -> None:
    assert counties_of("I-40 exit 147") == {"Alamance"}
    assert counties_of("I-40 exit 125") == {"Catawba"}
    assert counties_of("la 40 salida 152") == {"Alamance", "Iredell"}
    assert counties_of("85 salida 58") == {"Cabarrus"}


def test_who_changes_from_one_county_to_another_wants_the_other() -> None:
    assert counties_of("quiero cambiar de mecklenburg a union") == {"Union"}
    assert counties_of("I moved from Durham to Lee, switch my alerts") == {"Lee"}


def test_two_towns_joined_by_and_are_no_corner_although_a_street_bears_the_name() -> None:
    assert counties_of("ICE in Roxboro and Durham") == {"Person", "Durham"}


@pytest.mark.parametrize(
    ("answer", "county"), [("naitdale", "Wake"), ("guaxjo", "Union"), ("clinten", "Sampson"), ("ciler siti", "Chatham")]
)
def test_an_answer_may_be_spelled_as_it_is_heard(answer: str, county: str) -> None:
    assert names(locate(answer, GAZETTEER, answering=True)) == {county}


@pytest.mark.parametrize("answer", ["mi casa", "alguien sabe", "my house", "neighbor", "no entiendo", "enfrente"])
def test_an_answer_that_names_no_place_is_not_taken_for_one(answer: str) -> None:
    assert locate(answer, GAZETTEER, answering=True).counties == ()


@pytest.mark.parametrize(
    ("text", "county"), [("夏洛特有移民局", "Mecklenburg"), ("ICE在Durham的Walmart", "Durham"), ("롤리에 ICE", "Wake")]
)
def test_a_large_city_is_found_in_other_scripts(text: str, county: str) -> None:
    assert counties_of(text) == {county}


def test_a_corner_may_be_said_by_the_bare_names_of_its_streets() -> None:
    assert counties_of("esquina de Holden y Spring Garden") == {"Guilford"}


def test_a_small_town_beside_a_street_of_a_city_is_another_street_of_that_city() -> None:
    assert counties_of("the apartments off Idlewild near Harris") == {"Mecklenburg"}
    assert counties_of("agents near Harris, NC") == {"Rutherford"}


@pytest.mark.parametrize(
    ("text", "county"),
    [
        ("Goldsburo walmart", "Wayne"),
        ("Lumbertin, flea market", "Robeson"),
        ("boon nc", "Watauga"),
        ("gilford county", "Guilford"),
    ],
)
def test_a_misspelled_town_is_found_where_a_town_would_stand(text: str, county: str) -> None:
    assert counties_of(text) == {county}


@pytest.mark.parametrize("text", ["STOP ALL", "bonjou", "Never mind", "Vuelvan pronto", "Mejor no"])
def test_a_short_text_of_ordinary_words_names_no_place(text: str) -> None:
    assert counties_of(text) == set()


def test_the_second_word_of_a_name_may_be_misspelled_alone() -> None:
    assert counties_of("retén en Mount Eiry") == {"Surry"}
    assert counties_of("checkpoint in Moyock near the state line") == {"Currituck"}
