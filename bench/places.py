"""How well places are found and reports are joined, over the labelled corpora, each half by itself.

`python -m bench.places` prints both halves. Only the half named `tune` may be looked at while rules are written; `held` tells what to
expect of texts that nobody has seen. `--errors` lists what was missed, in the tuning half alone.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from app.incidents.clustering import cluster
from app.packs.counties import load_counties
from app.pipeline_reading import read
from app.places.gazetteer import Gazetteer
from app.places.locate import locate
from app.records.reading import Assessment, Kind, Location
from app.triage.lexicon import Lexicon
from bench.rows import Row

CORPORA = Path(__file__).parent.parent / "tests" / "corpora"
PACK = "us_nc"


class LabelledPlace(BaseModel):
    """A line of `tests/corpora/places_*.jsonl`: every county (FIPS) that fits the text; `answering` as for `locate`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    text: str
    answering: bool
    counties: tuple[str, ...]
    split: Literal["tune", "held"]


class LabelledReport(BaseModel):
    """A line of `tests/corpora/clusters_*.jsonl`: `incident` names the event within its group; a whole group is in one half."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    group: str
    id: str
    text: str
    minute: float
    incident: str
    split: Literal["tune", "held"]


def read_places(folder: Path = CORPORA) -> list[LabelledPlace]:
    """Every labelled place phrase. Raises `pydantic.ValidationError` where a line breaks the shape."""
    return [LabelledPlace.model_validate_json(line) for line in _lines(folder, "places_*.jsonl")]


def read_clusters(folder: Path = CORPORA) -> list[LabelledReport]:
    """Every labelled report of the clusters. Raises `pydantic.ValidationError` where a line breaks the shape."""
    return [LabelledReport.model_validate_json(line) for line in _lines(folder, "clusters_*.jsonl")]


def score_places(rows: Sequence[LabelledPlace]) -> dict[str, float]:
    """Shares of `rows`: the exact set of counties, asked back when and only when not exactly one fits, a wrong single county."""
    gazetteer = Gazetteer.from_pack(PACK)
    found = [set(locate(row.text, gazetteer, answering=row.answering).counties) for row in rows]
    pairs = list(zip(found, (set(row.counties) for row in rows), strict=True))
    return {
        "places": len(rows),
        "exact_set": _share(said == true for said, true in pairs),
        "ask_back": _share((len(said) == 1) == (len(true) == 1) for said, true in pairs),
        "wrong_single": _share(len(said) == 1 and said != true for said, true in pairs),
    }


def score_clusters(rows: Sequence[LabelledReport]) -> dict[str, float]:
    """Over all pairs of reports in one group: precision, recall and F1 of being one incident, and merges across counties (a count).

    Every text of the corpus is about an event, so that what is measured is place and likeness, not triage.
    """
    gazetteer = Gazetteer.from_pack(PACK)
    joined = cluster([row.model_dump() for row in rows], read_as_report)
    both = said_one = are_one = across = 0
    for _, members in itertools.groupby(sorted(rows, key=lambda row: row.group), key=lambda row: row.group):
        for one, two in itertools.combinations(members, 2):
            said, true = joined[one.id] == joined[two.id], one.incident == two.incident
            both, said_one, are_one = both + (said and true), said_one + said, are_one + true
            counties = {locate(row.text, gazetteer).county for row in (one, two)} - {None}
            across += said and len(counties) == 2
    return {
        "reports": len(rows),
        "pair_precision": both / max(said_one, 1),
        "pair_recall": both / max(are_one, 1),
        "pair_f1": 2 * both / max(said_one + are_one, 1),
        "across_counties": across,
    }


def score_speed(texts: Sequence[str], rounds: int = 10, *, together: bool = False) -> dict[str, float]:
    """Texts located (or, `together`, read for what they say and where it is) a second of one core's time, and the 99th percentile in
    milliseconds. Time that the machine gave to others is not counted."""
    gazetteer, lexicon = Gazetteer.from_pack(PACK), Lexicon.from_pack(PACK)
    took: list[float] = []
    for number in range(rounds):
        for text in texts:
            start = time.process_time()
            if together:
                read(lexicon, gazetteer, f"{text} {number}")
            else:
                locate(f"{text} {number}", gazetteer)
            took.append(time.process_time() - start)
    return {"texts_per_second": len(took) / sum(took), "p99_ms": statistics.quantiles(took, n=100)[98] * 1_000}


def read_as_report(text: str) -> tuple[Assessment, Location]:
    """What the line would read, with triage left out: a report."""
    return Assessment(kind=Kind.REPORT, language="es"), locate(text, Gazetteer.from_pack(PACK))


def measure() -> list[Row]:
    """Rows for `make bench`: the held half, which no rule was written from, and the speed."""
    held_places = [row for row in read_places() if row.split == "held"]
    held_clusters = [row for row in read_clusters() if row.split == "held"]
    places, clusters = score_places(held_places), score_clusters(held_clusters)
    texts = [*(row.text for row in read_clusters()), *(row.text for row in read_places())]
    speed, both = score_speed(texts, 3), score_speed(texts, 3, together=True)
    return [
        Row("county set exact, held", places["exact_set"], None, None, 0.95, "share"),
        Row("asked back rightly, held", places["ask_back"], None, None, 0.95, "share"),
        Row("no wrong single county, held", 1 - places["wrong_single"], None, None, 0.99, "share"),
        Row("one incident, pairwise F1, held", clusters["pair_f1"], None, None, 0.90, "share"),
        Row("merges across counties, held", 1.0 if clusters["across_counties"] == 0 else 0.0, None, None, 1.0, "1 is none"),
        Row("places found", speed["texts_per_second"], None, None, 4_000, "texts/s", f"p99 {speed['p99_ms']:.2f} ms"),
        Row("read and placed together", both["texts_per_second"], None, None, 2_000, "texts/s", f"p99 {both['p99_ms']:.2f} ms"),
        Row("p99 within 5 ms, together", 5 / both["p99_ms"], None, None, 1.0, "5 ms ÷ p99"),
    ]


def main() -> None:
    """Print the figures of both halves, and with `--errors` what the tuning half got wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--errors", action="store_true", help="list what was missed in the tuning half")
    arguments = parser.parse_args()
    places, clusters = read_places(), read_clusters()
    for split in ("tune", "held"):
        figures = score_places([row for row in places if row.split == split]) | score_clusters(
            [row for row in clusters if row.split == split]
        )
        print(split, {name: round(value, 4) for name, value in figures.items()})
    print("speed", {name: round(value, 2) for name, value in score_speed([row.text for row in clusters]).items()})
    if arguments.errors:
        _print_errors([row for row in places if row.split == "tune"], [row for row in clusters if row.split == "tune"])


def _print_errors(places: Sequence[LabelledPlace], clusters: Sequence[LabelledReport]) -> None:
    gazetteer, counties = Gazetteer.from_pack(PACK), load_counties(PACK)
    for row in places:
        where = locate(row.text, gazetteer, answering=row.answering)
        if set(where.counties) != set(row.counties):
            said, true = ([counties.by_fips(code).name for code in codes] for codes in (where.counties, row.counties))
            print(f"{row.id} {row.text!r}: said {said}, is {true}; {[e.says for e in where.evidence]}")
    joined = cluster([row.model_dump() for row in clusters], read_as_report)
    for group, members in itertools.groupby(
        sorted(clusters, key=lambda row: (row.group, row.minute)), key=lambda row: row.group
    ):
        rows = list(members)
        if any((joined[a.id] == joined[b.id]) != (a.incident == b.incident) for a, b in itertools.combinations(rows, 2)):
            print(group)
            for told in rows:
                label = locate(told.text, gazetteer).label
                print(f"   {told.incident} {joined[told.id]:>12} {told.minute:5.0f} {told.text!r} [{label}]")


def _lines(folder: Path, pattern: str) -> list[str]:
    return [line for path in sorted(folder.glob(pattern)) for line in path.read_text(encoding="utf-8").splitlines()]


def _share(hits: Iterable[bool]) -> float:
    found = list(hits)
    return sum(found) / max(len(found), 1)


if __name__ == "__main__":
    main()
