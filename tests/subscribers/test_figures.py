"""Figures by which nobody can be counted out, and the whole list that nobody can read without the keys."""

from __future__ import annotations

import csv
import io
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.database import Database
from app.core.errors import BadInput
from app.core.keys import KeyProblem, Keys, new_key
from app.pipeline import Hotline
from app.subscribers.anonymity import FEWEST
from app.subscribers.figures import figures, shown, total, write_figures
from app.subscribers.sealed_list import open_list, sealed_list
from tests.subscribers.phones import DURHAM, Phone

cells = st.tuples(
    st.sampled_from(("37063", "37183", "37135")),
    st.sampled_from(("alerts", "rights", "events")),
    st.sampled_from(("en", "es", "other")),
)
truths = st.dictionaries(cells, st.integers(1, 40), max_size=27)


def published(truth: dict[tuple[str, str, str], int]) -> str:
    return write_figures(shown((*cell, people) for cell, people in sorted(truth.items())), {})


@given(truths, cells, st.integers(0, FEWEST - 1))
def test_what_is_published_does_not_tell_one_small_group_from_another(
    truth: dict[tuple[str, str, str], int], cell: tuple[str, str, str], people: int
) -> None:
    others = {key: count for key, count in truth.items() if key != cell}
    one = published(others | ({cell: people} if people else {}))
    assert one == published(others)


@given(truths, st.data())
def test_one_person_more_changes_nothing_except_where_they_fill_a_multiple(
    truth: dict[tuple[str, str, str], int], data: st.DataObject
) -> None:
    cell = data.draw(cells)
    before, after = truth.get(cell, 0), truth.get(cell, 0) + 1
    same = published(truth) == published(truth | {cell: after})
    assert same == (before // FEWEST == after // FEWEST)


@given(truths)
def test_totals_are_sums_of_what_is_shown_and_never_more_than_the_truth(truth: dict[tuple[str, str, str], int]) -> None:
    known = shown((*cell, people) for cell, people in truth.items())
    assert all(figure.people >= FEWEST and figure.people % FEWEST == 0 for figure in known)
    assert total(known) == sum(figure.people for figure in known) <= sum(truth.values())


async def test_the_figures_are_of_who_listens_now(database: Database, hotline: Hotline) -> None:
    for number in range(7):
        phone = Phone(database, hotline, f"+1919555{150 + number:04}")
        await phone.texts("JOIN Durham")
        if number == 0:
            await phone.texts("STOP")
        if number < 4:
            await phone.texts("JOIN EVENTS Durham")
    async with database.transaction() as work:
        known = await figures(work)
    assert [(f.county, f.topic, f.language, f.people) for f in known] == [(DURHAM, "alerts", "en", 5)]


async def test_a_sealed_list_opens_with_the_keys_alone_and_only_whole(database: Database, hotline: Hotline) -> None:
    for number in (150, 151, 152):
        await Phone(database, hotline, f"+1919555{number:04}").texts("JOIN Durham")
    lines = [line async for line in sealed_list(database, uuid4())]

    assert "555" not in "".join(lines)
    opened = list(csv.reader(io.StringIO("\n".join(open_list(database.keys, lines)))))
    assert opened[0][0] == "phone" and {row[0] for row in opened[1:]} == {f"+1919555{n:04}" for n in (150, 151, 152)}
    with pytest.raises((KeyProblem, BadInput)):
        list(open_list(Keys(new_key(), new_key()), lines))
    for broken in (
        lines[:-1],
        lines[:2] + lines[3:],
        [lines[0], *lines[2:]],
        [lines[0], lines[2], lines[1], *lines[3:]],
        lines[:1],
        [],
        ["{}"],
    ):
        with pytest.raises((KeyProblem, BadInput)):
            list(open_list(database.keys, broken))
