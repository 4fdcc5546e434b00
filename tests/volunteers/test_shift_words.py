"""What volunteers text about their shifts, as people write it, in both languages; and what is no such text."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.volunteers.hours import Span, instant_of
from app.volunteers.orders import read_order
from app.volunteers.shift_words import WEEKDAYS, ShiftOrder, Wish, read_hours, read_shift_order
from app.volunteers.spoken import say_minutes, say_span, say_weekday

MONDAY = date(2026, 3, 2)
FRIDAY = date(2026, 3, 6)
EVENING = (18 * 60, 22 * 60)


@pytest.mark.parametrize(
    "words",
    [
        "SHIFT FRI 18-22", "TURNO VIE 18-22",
        "shift friday 6pm-10pm", "Turno viernes de 6 a 10 pm", "shift firday 18:00 - 22:00",
        "turno vierns 18 a 22", "Shift on Friday from 6 p.m. to 10 p.m.", "shift 18-22 fri", "turno el viernes 18h-22h", "SHIFT FRI 6-10pm",
        "shift fri 6pm to 10", "SHIFT 3/6 18-22", "shift march 6 18-22", "turno 6 de marzo 18-22", "Turno mar 6 18–22",
        "shift 6th mar 18-22",
    ],
)  # fmt: skip
def test_a_shift_on_a_day_is_read_however_it_is_written(words: str) -> None:
    found = read_shift_order(words, MONDAY)
    assert found is not None
    assert (found.wish, found.days, found.hours) == (Wish.ONCE, (FRIDAY,), EVENING)


@pytest.mark.parametrize(
    ("words", "wish", "days", "hours"),
    [
        ("shift every fri 18-22", Wish.WEEKLY, (FRIDAY,), EVENING),
        ("TURNO CADA VIERNES 18-22", Wish.WEEKLY, (FRIDAY,), EVENING),
        ("turno todos los viernes de 6pm a 10pm", Wish.WEEKLY, (FRIDAY,), EVENING),
        ("shift tomorrow 22-6", Wish.ONCE, (date(2026, 3, 3),), (22 * 60, 6 * 60)),
        ("turno hoy 20-24", Wish.ONCE, (MONDAY,), (20 * 60, 1440)),
        ("shift sat noon to midnight", Wish.ONCE, (date(2026, 3, 7),), (720, 1440)),
        ("turno mañana 8 a 12", Wish.ONCE, (date(2026, 3, 3),), (480, 720)),
        ("AWAY FRI", Wish.AWAY, (FRIDAY,), None),
        ("ausente el viernes", Wish.AWAY, (FRIDAY,), None),
        ("no shift fri", Wish.AWAY, (FRIDAY,), None),
        ("off friday 18-22", Wish.AWAY, (FRIDAY,), EVENING),
        ("away fri-sun", Wish.AWAY, (FRIDAY, date(2026, 3, 8)), None),
        ("away 3/6 - 3/20", Wish.AWAY, (FRIDAY, date(2026, 3, 20)), None),
        ("swap fri", Wish.SWAP, (FRIDAY,), None),
        ("Cambio de turno viernes", Wish.SWAP, (FRIDAY,), None),
        ("shift fri", Wish.UNCLEAR, (), None),
        ("turno 18-22", Wish.UNCLEAR, (), None),
        ("shift fri 18-18", Wish.UNCLEAR, (), None),
        ("shift fri 25-27", Wish.UNCLEAR, (), None),
        ("away someday", Wish.UNCLEAR, (), None),
        ("shift 2/30 18-22", Wish.UNCLEAR, (), None),
    ],
)
def test_other_wishes_are_read(words: str, wish: Wish, days: tuple[date, ...], hours: tuple[int, int] | None) -> None:
    found = read_shift_order(words, MONDAY)
    assert found is not None
    assert (found.wish, found.days, found.hours) == (wish, days, hours)


@pytest.mark.parametrize(
    ("words", "days", "hours"),
    [
        ("SHIFT DROP FRI 18-22", (FRIDAY,), EVENING),
        ("remove my shift every friday", (FRIDAY,), None),
        ("TURNO QUITAR VIE 18-22", (FRIDAY,), EVENING),
        ("quite mi turno de los viernes de 6 a 10 pm", (FRIDAY,), EVENING),
        ("borrar turnos", (), None),
        ("shift drop 18-22", (), EVENING),
    ],
)
def test_a_weekly_shift_is_removed_by_its_day_and_hours(
    words: str, days: tuple[date, ...], hours: tuple[int, int] | None
) -> None:
    found = read_shift_order(words, MONDAY)
    assert found is not None
    assert (found.wish, found.days, found.hours) == (Wish.DROP, days, hours)


@pytest.mark.parametrize("words", ["shift drop 3/6", "shift drop the blue van", "quitar turno hoy"])
def test_what_is_no_weekly_shift_is_not_removed(words: str) -> None:
    found = read_shift_order(words, MONDAY)
    assert found is not None and found.wish is Wish.UNCLEAR


@pytest.mark.parametrize("words", ["remove me", "borrar", "they remove people from the night shift at the plant", "delete"])
def test_what_merely_says_remove_is_no_order_about_shifts(words: str) -> None:
    assert read_shift_order(words, MONDAY) is None


@given(st.integers(0, 6), st.integers(0, 1439), st.integers(1, 1440), st.sampled_from(("en", "es")))
def test_the_words_that_bring_a_removed_shift_back_are_read_as_what_it_was(
    weekday: int, begins: int, ends: int, language: str
) -> None:
    if begins == ends:
        return
    words = {"en": "SHIFT EVERY", "es": "TURNO CADA"}[language]
    found = read_shift_order(f"{words} {say_weekday(weekday, language).upper()} {say_minutes(begins, ends)}", MONDAY)
    assert found is not None
    assert (found.wish, found.days[0].weekday(), found.hours) == (Wish.WEEKLY, weekday, (begins, ends))


@pytest.mark.parametrize(
    ("words", "wish"),
    [
        ("TAKE 12", Wish.TAKE),
        ("tomo 12", Wish.TAKE),
        ("I take #12.", Wish.TAKE),
        ("keep 12", Wish.KEEP),
        ("Apruebo 12", Wish.APPROVE),
    ],
)
def test_a_swap_is_answered_by_its_number(words: str, wish: Wish) -> None:
    assert read_shift_order(words, MONDAY) == ShiftOrder(wish, number=12)


@pytest.mark.parametrize(
    "words",
    [
        "ON", "OFF", "SHIFT", "turno", "off shift", "15", "Y", "away from the Walmart on Roxboro there are three agents with vests",
        "shift change at the plant and ICE is outside in two vans right now, many people", "take care", "swap", "off we go", "libre",
        "cambio de planes, los agentes se fueron hacia el norte por la Roxboro", "la migra esta en Durham",
    ],
)  # fmt: skip
def test_what_is_about_something_else_is_left_alone(words: str) -> None:
    assert read_shift_order(words, MONDAY) is None


@given(st.integers(0, 6), st.data(), st.sampled_from(["SHIFT", "turno"]), st.integers(0, 23), st.integers(1, 24))
def test_every_name_of_every_day_and_all_hours_are_understood(
    day: int, data: st.DataObject, first: str, begins: int, ends: int
) -> None:
    name = data.draw(st.sampled_from(WEEKDAYS[day]))
    found = read_shift_order(f"{first} {name} {begins}-{ends}", MONDAY)
    if begins == ends:
        assert found == ShiftOrder(Wish.UNCLEAR)
    else:
        assert found == ShiftOrder(Wish.ONCE, (MONDAY + timedelta(days=day),), (begins * 60, ends * 60), by_weekday=True)


@given(st.integers(0, 6), st.data())
def test_a_day_with_two_letters_changed_round_is_still_that_day(day: int, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([name for name in WEEKDAYS[day] if len(name) >= 6]))
    at = data.draw(st.integers(1, len(name) - 3))
    wrong = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    found = read_shift_order(f"away {wrong}", MONDAY)
    assert found is not None and found.days == (MONDAY + timedelta(days=day),)


@given(st.text(max_size=60))
def test_any_text_is_read_or_left_alone(words: str) -> None:
    for text in (words, f"SHIFT {words}", f"away {words}"):
        found = read_shift_order(text, MONDAY)
        assert found is None or found.wish is Wish.UNCLEAR or found.days or found.number
    read_order(words)


def test_before_or_after_noon_is_what_makes_the_shorter_shift() -> None:
    for words, hours in {
        "6-10pm": EVENING, "10-2pm": (600, 840), "6pm-10": EVENING, "9am-5": (540, 1020), "10p-6a": (1320, 360), "12am-6am": (0, 360),
        "12pm-12am": (720, 1440), "6pm-midnight": (1080, 1440), "6-10": (360, 600),
    }.items():  # fmt: skip
        assert read_hours(words)[0] == hours, words
    assert read_hours("13pm-15pm")[0] is None


def test_hours_are_said_as_they_are_texted() -> None:
    evening = Span(instant_of(FRIDAY, 1080, "America/New_York"), instant_of(FRIDAY, 1440, "America/New_York"))
    week = Span(evening.begins, evening.ends + timedelta(days=6))
    assert say_span(evening, "America/New_York", "en") == "Fri Mar 6, 18:00-24:00"
    assert say_span(evening, "America/New_York", "es") == "vie 6 mar, 18:00-24:00"
    assert say_span(week, "America/New_York", "en") == "Fri Mar 6, 18:00 - Fri Mar 13, 01:00"
    assert (say_weekday(4, "es"), say_weekday(4, "en", short=False)) == ("vie", "Friday")
    assert say_minutes(22 * 60, 6 * 60) == "22:00-06:00"
