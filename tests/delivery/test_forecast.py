"""Time and money to the last phone, and what would make it quicker."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.delivery.forecast import Audience, time_to_last_phone, what_to_buy
from app.delivery.lines import Inventory, Kind, carriers, one_line
from tests.delivery.test_lines import CAMPAIGN, FREE, LONG, inventory


def test_an_alert_to_five_thousand_people_takes_what_the_carriers_table_says() -> None:
    """The figures of the research: two segments to 5,000 people take 42 minutes at 4 a second and 2.2 at 75."""
    audience = Audience({2: 5000})

    slow = time_to_last_phone(audience, one_line(4))
    quick = time_to_last_phone(audience, one_line(75))

    assert slow.lasts / timedelta(minutes=1) == pytest.approx(42, abs=0.5)
    assert quick.lasts / timedelta(minutes=1) == pytest.approx(2.2, abs=0.1)
    assert slow.dollars == quick.dollars == pytest.approx(10_000 * carriers().dollars_a_segment)


def test_languages_of_different_length_are_counted_by_their_segments() -> None:
    assert time_to_last_phone(Audience({1: 60, 3: 20}), one_line(2)).lasts == timedelta(seconds=60)


def test_what_tmobile_does_not_take_today_is_said() -> None:
    lines = inventory(LONG, campaigns=(CAMPAIGN | {"tmobile_per_day": 1000},))

    assert time_to_last_phone(Audience({1: 2000}), lines).not_today == 0
    assert time_to_last_phone(Audience({2: 2000}), lines).not_today == round((0.345 * 4000 - 1000) / 2)
    assert time_to_last_phone(Audience({2: 2000}), lines, sent_today={"brand": 100_000}).not_today == round(0.345 * 2000)


def test_nobody_takes_no_time() -> None:
    told = time_to_last_phone(Audience({}), inventory(LONG, FREE))

    assert (told.lasts, told.dollars, told.not_today) == (timedelta(0), 0.0, 0)


@given(st.dictionaries(st.integers(1, 6), st.integers(0, 500_000), max_size=3), st.integers(60, 86_400))
def test_whatever_is_bought_is_quick_enough_and_one_number_fewer_is_not(people: dict[int, int], seconds: int) -> None:
    audience, within = Audience(people), timedelta(seconds=seconds)

    for way in what_to_buy(audience, within):
        assert way.segments_per_second * seconds >= audience.segments
        each = carriers().kinds[way.kind].segments_per_second
        assert way.numbers == 0 or (way.numbers - 1) * each * seconds < audience.segments
        if way.campaign_class is not None:
            assert (
                way.campaigns * carriers().classes[way.campaign_class].att_per_minute * seconds / 60 >= audience.segments - 1e-6
            )


@given(
    st.lists(st.sampled_from([Kind.TOLL_FREE, Kind.LONG_CODE]), min_size=1, max_size=6),
    st.integers(1, 100_000),
    st.integers(1, 4),
)
def test_the_parts_of_the_lines_make_up_the_whole_and_end_together(kinds: list[Kind], people: int, segments: int) -> None:
    rows = [
        (FREE if kind is Kind.TOLL_FREE else LONG) | {"name": f"line{n}", "number": f"+1{200 + n}5550100"}
        for n, kind in enumerate(kinds)
    ]
    lines: Inventory = inventory(*rows)
    told = time_to_last_phone(Audience({segments: people}), lines)

    assert sum(line.segments for line in told.lines) == pytest.approx(segments * people, abs=len(rows))
    for line in told.lines:
        assert line.segments / line.segments_per_second == pytest.approx(
            told.lasts.total_seconds(), abs=1 / line.segments_per_second
        )
