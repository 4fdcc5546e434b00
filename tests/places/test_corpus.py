"""The labelled phrases and clusters: what was reached stays reached, in the half that no rule was written from, too."""

from __future__ import annotations

import pytest

from bench.places import read_clusters, read_places, score_clusters, score_places


@pytest.mark.parametrize(("half", "exact", "wrong"), [("tune", 0.98, 0.005), ("held", 0.95, 0.02)])
def test_the_right_counties_are_found_and_a_wrong_one_hardly_ever(half: str, exact: float, wrong: float) -> None:
    figures = score_places([row for row in read_places() if row.split == half])

    assert figures["exact_set"] >= exact
    assert figures["ask_back"] >= 0.95
    assert figures["wrong_single"] <= wrong


@pytest.mark.parametrize("half", ["tune", "held"])
def test_reports_of_one_event_become_one_and_none_merges_across_counties(half: str) -> None:
    figures = score_clusters([row for row in read_clusters() if row.split == half])

    assert figures["pair_f1"] >= 0.95
    assert figures["across_counties"] == 0


def test_no_row_of_the_corpora_has_the_id_of_another() -> None:
    ids = [*(row.id for row in read_places()), *(row.id for row in read_clusters())]

    assert len(set(ids)) == len(ids)
