"""The labelled texts keep their shape, and the half that nobody tunes on is read as well as promised."""

from __future__ import annotations

import pytest

from app.records.reading import Kind
from bench.reading import read_corpus, score_triage, score_whole


def test_labelled_texts_are_unlike_each_other_and_agree_with_themselves() -> None:
    rows = read_corpus()
    ours = [row.text for row in rows if not row.strangers]

    assert len({row.id for row in rows}) == len(rows)
    assert len(set(ours)) == len(ours) >= 800
    assert all(row.opt_out == (row.kind is Kind.STOP) for row in rows if row.kind is not Kind.DELETE)
    assert not [row.id for row in rows if row.urgent and row.kind not in {Kind.REPORT, Kind.DETENTION, Kind.RIGHTS}]
    assert {row.kind for row in rows if row.split == "held"} == set(Kind)


@pytest.mark.parametrize(
    ("fresh", "kinds", "urgent", "opt_out", "false_stops"),
    [(False, 0.94, 0.95, 0.92, 0), (True, 0.91, 0.94, 0.95, 2)],
    ids=["the first corpus", "batches written after the rules, by other voices"],
)
def test_the_half_that_was_not_tuned_on_is_read_well(
    fresh: bool, kinds: float, urgent: float, opt_out: float, false_stops: int
) -> None:
    figures = score_triage(
        [row for row in read_corpus() if row.split == "held" and row.is_fresh is fresh and not row.strangers]
    )

    assert figures["kind_macro_f1"] >= kinds
    assert figures["urgent_recall"] >= urgent
    assert figures["false_stops"] <= false_stops
    assert figures["opt_out_recall"] >= opt_out
    assert figures["language_accuracy"] >= 0.97


@pytest.mark.parametrize(
    ("batches", "kinds", "opt_out", "false_stops", "exact_set"),
    [(("14 strangers", "a second hand"), 0.88, 0.92, 0, 0.91), (("a third hand",), 0.84, 0.87, 2, 0.95)],
    ids=["the first two", "the third, half of it endings and traps, which nothing was trained on"],
)
def test_what_strangers_wrote_is_read_well_in_the_half_that_was_not_tuned_on(
    batches: tuple[str, ...], kinds: float, opt_out: float, false_stops: int, exact_set: float
) -> None:
    rows = [row for row in read_corpus() if row.split == "held" and row.strangers in batches]
    figures, places = score_triage(rows), score_whole(rows)

    assert figures["kind_macro_f1"] >= kinds
    assert figures["opt_out_recall"] >= opt_out
    assert figures["false_stops"] <= false_stops
    assert figures["language_accuracy"] >= 0.99
    assert places["exact_set"] >= exact_set
    assert places["wrong_single"] <= 0.02
