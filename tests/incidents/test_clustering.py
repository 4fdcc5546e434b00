"""Which incident a report joins."""

from __future__ import annotations

from app.incidents.clustering import best_match, cluster, suggestions
from app.incidents.likeness import Account
from app.places.locate import locate
from app.records.reading import Assessment, Kind, Location
from tests.incidents.accounts import GAZETTEER, told


def read(text: str) -> tuple[Assessment, Location]:
    kind = Kind.STOP if text == "STOP" else Kind.REPORT
    return Assessment(kind=kind, language="es"), locate(text, GAZETTEER)


def incidents_of(*texts: tuple[str, float]) -> list[str]:
    rows = [{"group": "g", "id": str(number), "text": text, "minute": minute} for number, (text, minute) in enumerate(texts)]
    found = cluster(rows, read)
    return [found[str(number)] for number in range(len(texts))]


def test_a_report_joins_the_incident_most_like_it() -> None:
    south = [told("ICE on South Blvd in Charlotte")]
    albemarle = [told("migra en la Albemarle Rd, Charlotte", 2)]
    match = best_match(told("black SUVs, South Blvd y Arrowood", 9), [albemarle, south])

    assert match is not None
    assert match.index == 1
    assert match.reasons


def test_a_first_report_joins_nothing() -> None:
    assert best_match(told("migra en Durham"), []) is None
    assert best_match(told("migra en Durham"), [[]]) is None


def test_an_incident_stays_open_while_reports_keep_coming() -> None:
    texts = [("hay migra en la Walmart de Durham", float(minute)) for minute in range(0, 400, 80)]

    assert len(set(incidents_of(*texts))) == 1


def test_the_same_place_hours_later_is_another_incident() -> None:
    assert len(set(incidents_of(("migra en la Walmart de Durham", 0), ("migra en la Walmart de Durham", 300)))) == 2


def test_twenty_vague_reports_of_one_event_stay_one() -> None:
    words = [
        "hay migra en Durham",
        "ICE in Durham!!",
        "cuidado durham la migra",
        "están en durham",
        "la migra anda en Durham",
        "ice ice durham nc",
        "vi a la migra en duram",
        "agentes en durham",
        "they are in Durham taking people",
        "que hay redada en durham",
    ]

    assert len(set(incidents_of(*[(words[n % 10], n / 2) for n in range(20)]))) == 1


def test_two_events_in_one_city_in_the_same_hour_stay_apart() -> None:
    first, second, third, fourth = incidents_of(
        ("ICE at the Walmart on N Roxboro St in Durham", 0),
        ("camionetas negras en la Holloway St, Durham, tocando puertas", 5),
        ("migra en la walmar de la roxboro en duram", 9),
        ("they are knocking on doors on Holloway in Durham", 14),
    )

    assert first == third
    assert second == fourth
    assert first != second


def test_nothing_merges_across_counties() -> None:
    assert (
        len(
            set(
                incidents_of(
                    ("migra en la Walmart de Durham", 0), ("migra en la Walmart de Raleigh", 1), ("migra en la Walmart", 2)
                )
            )
        )
        == 3
    )


def test_a_town_in_two_counties_is_still_one_event() -> None:
    assert len(set(incidents_of(("ICE at Food Lion in Chapel Hill", 0), ("migra en la Food Lion de Chapel Hill", 4)))) == 1


def test_a_text_that_is_about_no_event_stands_alone() -> None:
    assert len(set(incidents_of(("STOP", 0), ("STOP", 1), ("migra en Durham", 2)))) == 3


def test_groups_are_kept_apart() -> None:
    rows = [{"group": group, "id": group, "text": "migra en Durham", "minute": 0} for group in ("a", "b")]
    found = cluster(rows, read)

    assert found["a"] != found["b"]


def test_an_incident_that_is_nearly_alike_is_suggested_not_joined() -> None:
    incident: list[Account] = [told("ICE on I-85 near Durham")]
    new = told("agentes en la escuela Riverside High School, Durham", 4)

    assert best_match(new, [incident]) is None
    assert all(not match.merge for match in suggestions(new, [incident]))
