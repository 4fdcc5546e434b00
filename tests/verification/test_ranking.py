"""Who is asked first: distance, language, rotation, and that nobody is asked more than twice the fair share."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.earth import km_between
from app.verification.ranking import MOST_OF_FAIR_SHARE, Band, Candidate, knows, rank
from app.verification.waves import AT_ONCE
from tests.conftest import NOON

DURHAM, RALEIGH, CARY, HICKORY_GROVE = (35.99, -78.90), (35.78, -78.64), (35.79, -78.78), (36.0, -78.93)
HERE = "37063"


def one(number: int, **facts: object) -> Candidate:
    return replace(Candidate(UUID(int=number), f"P{number:03d}"), **facts)  # type: ignore[arg-type]  # facts of a Candidate


def names(*candidates: Candidate, place: tuple[float, float] | None = DURHAM) -> list[str]:
    return [ranked.candidate.alias for ranked in rank(candidates, place, HERE)]


def test_distances_are_what_a_map_says() -> None:
    assert km_between(DURHAM, RALEIGH) == pytest.approx(33, abs=1)
    assert km_between(DURHAM, DURHAM) == 0


def test_the_near_come_first_then_who_reads_the_language_then_who_was_asked_least() -> None:
    near = one(1, home=HICKORY_GROVE, asked=1)
    cary = one(2, home=CARY, reads_language=True)
    raleigh = one(3, home=RALEIGH, asked=1)
    far = one(4, home=(35.2, -80.8), reads_language=True)
    unasked = one(5, home=RALEIGH)

    assert names(far, raleigh, unasked, cary, near) == ["P001", "P002", "P005", "P003", "P004"]


def test_who_knows_the_place_counts_as_near_and_who_chose_the_county_comes_before_the_far() -> None:
    assert names(one(1), one(2, chose_county=True), one(3, home=(35.2, -80.8)), one(4, knows_place=True)) == [
        "P004",
        "P002",
        "P001",
        "P003",
    ]
    assert names(one(1), one(2, home=HICKORY_GROVE, home_county=HERE), place=None) == ["P002", "P001"]
    assert knows(("durham", "Old Fort"), "Walmart, N Roxboro St, Durham")
    assert not knows(("Roxboro",), "Walmart, N Roxboro St, Durham")
    assert not knows(("Durham",), None)


def test_a_trainee_comes_last() -> None:
    assert names(one(1, trainee=True, home=DURHAM), one(2)) == ["P002", "P001"]


def test_why_somebody_stands_where_they_do_is_said() -> None:
    says = {r.candidate.alias: r.says for r in rank([one(1), one(2, chose_county=True), one(3, home=CARY)], DURHAM, HERE)}
    assert says == {"P001": "unknown", "P002": "county", "P003": "county"}
    assert rank([one(3, home=HICKORY_GROVE)], DURHAM, HERE)[0].band is Band.NEAR


Pool = list[Candidate]
points = st.tuples(st.floats(34, 36.5), st.floats(-84, -76))


@st.composite
def pools(draw: st.DrawFn) -> Pool:
    size = draw(st.integers(1, 14))
    return [
        one(n, home=draw(st.none() | points), reads_language=draw(st.booleans()), chose_county=draw(st.booleans()))
        for n in range(size)
    ]


@given(pools(), st.none() | points)
def test_everybody_is_ranked_once_and_none_before_a_nearer_one(pool: Pool, place: tuple[float, float] | None) -> None:
    ranked = rank(pool, place, HERE)
    assert {r.candidate.id for r in ranked} == {c.id for c in pool}
    assert [r.band for r in ranked] == sorted(r.band for r in ranked)


@given(st.integers(1, 20), st.integers(1, 60), st.lists(st.booleans(), min_size=20, max_size=20))
def test_nobody_is_asked_more_than_twice_the_fair_share_of_those_as_near(people: int, waves: int, reads: list[bool]) -> None:
    """Each wave asks the first three, whoever reads the language."""
    pool = {n: one(n, home=DURHAM, reads_language=reads[n]) for n in range(people)}
    for wave in range(waves):
        for ranked in rank(list(pool.values()), DURHAM, HERE)[:AT_ONCE]:
            chosen = ranked.candidate
            at = NOON + wave * timedelta(minutes=2)
            number = int(chosen.id)
            pool[number] = replace(chosen, asked=chosen.asked + 1, last_asked=at)
        total = sum(c.asked for c in pool.values())
        fair = total / people
        assert max(c.asked for c in pool.values()) <= max(1, MOST_OF_FAIR_SHARE * fair)
