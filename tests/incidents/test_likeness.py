"""What makes two reports one event, and what keeps them apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.incidents.likeness import MERGE, SUGGEST, Account, likeness
from tests.incidents.accounts import told


def test_the_same_sight_in_two_languages_is_one_event() -> None:
    like = likeness(
        told("camionetas blancas afuera de la Food Lion en Durham"), told("white vans outside Food Lion in Durham", 6)
    )

    assert like.score >= MERGE
    assert any("van" in reason and "white" in reason for reason in like.reasons)


def test_reports_of_two_counties_are_never_alike() -> None:
    text = "white vans outside the Walmart in {} agents with vests taking people"

    assert likeness(told(text.format("Durham")), told(text.format("Raleigh"))).score == 0.0


def test_a_report_without_a_county_is_at_most_suggested() -> None:
    one, two = told("migra en la Food Lion, camionetas blancas"), told("migra en la Food Lion de Durham, camionetas blancas", 2)

    assert SUGGEST <= likeness(one, two).score < MERGE


def test_the_same_place_four_hours_later_is_another_event() -> None:
    assert likeness(told("migra en la Walmart de Durham"), told("migra en la Walmart de Durham", 240)).score < SUGGEST


def test_two_roads_of_one_city_in_the_same_minute_are_two_events() -> None:
    one, two = told("ICE on South Blvd in Charlotte, black SUVs"), told("ICE on Albemarle Rd in Charlotte, black SUVs", 1)

    assert likeness(one, two).score < SUGGEST
    assert likeness(one, two).same_place is False


def test_two_towns_of_one_county_are_two_events() -> None:
    assert likeness(told("hay migra en Cary"), told("hay migra en Wake Forest", 3)).score < SUGGEST


def test_vague_reports_of_one_town_within_minutes_are_one_event() -> None:
    assert likeness(told("hay migra en Durham"), told("ICE is in Durham right now!!", 12)).score >= MERGE


def test_pins_a_street_apart_are_one_event_and_pins_across_town_are_two() -> None:
    here, near, far = told("migra 35.9940, -78.8986"), told("ICE 35.9950, -78.8990", 4), told("ICE 35.9300, -78.9500", 4)

    assert likeness(here, near).score >= MERGE
    assert likeness(here, far).score < SUGGEST


def test_a_report_about_yesterday_is_not_the_event_of_today() -> None:
    assert likeness(told("ayer hubo migra en la Walmart de Durham"), told("hay migra en la Walmart de Durham", 5)).score < MERGE


accounts = st.builds(
    Account,
    report_id=st.text(max_size=3),
    county=st.sampled_from([None, "37063", "37183"]),
    minute=st.floats(-1e6, 1e6),
    text=st.text(max_size=60),
    place=st.none() | st.text(max_size=20),
    point=st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
    kind=st.just("report"),
    salute=st.just({}),
    source=st.none() | st.just("a"),
    language=st.just("es"),
)


@given(accounts, accounts)
def test_likeness_is_the_same_both_ways_and_a_probability(a: Account, b: Account) -> None:
    there, back = likeness(a, b), likeness(b, a)

    assert 0.0 <= there.score <= 1.0
    assert there.score == back.score
