"""How well texts are read: kind, urgency, opt-out, language and speed over the labelled corpora, each half by itself.

`python -m bench.reading` prints both halves. Only the half named `tune` may be looked at while rules are written; the other half, `held`,
tells what to expect of texts that nobody has seen. `--errors` lists what was misread, in the tuning half alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from app.assembly import build_database
from app.pipeline_reading import read
from app.places.gazetteer import Gazetteer
from app.records.corrections import read_examples
from app.records.reading import NEEDS_ONE_COUNTY, Assessment, Kind
from app.settings import Settings
from app.triage.assess import assess
from app.triage.lexicon import Lexicon
from bench.rows import Row

CORPORA = Path(__file__).parent.parent / "tests" / "corpora"
PACK = "us_nc"
STRANGERS = {"y": "14 strangers", "x": "a second hand", "w": "a third hand"}
"""First letter of the ids of each batch that was written by others, who knew neither the rules nor the earlier texts, to its name."""


class LabelledText(BaseModel):
    """A line of `tests/corpora/texts_*.jsonl`; `counties` are FIPS codes, empty where the text names no place, None where nobody
    labelled them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    text: str
    kind: Kind
    urgent: bool
    language: str
    opt_out: bool
    counties: tuple[str, ...] | None = None
    split: Literal["tune", "held"]

    @property
    def is_fresh(self) -> bool:
        """Whether the text is of a later batch, written from situations by people who were not to think of the rules."""
        return not self.id.startswith("t")

    @property
    def strangers(self) -> str | None:
        """The name of the batch by other hands that the text is of, or None."""
        return STRANGERS.get(self.id[0])


def read_corpus(folder: Path = CORPORA) -> list[LabelledText]:
    """Every labelled text, by file and line. Raises `pydantic.ValidationError` where a line breaks the shape."""
    return [
        LabelledText.model_validate_json(line)
        for path in sorted(folder.glob("texts_*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def read_corrections() -> list[LabelledText]:
    """Reports of this machine's own hotline as people put them right: where VIGIA_DATABASE_URL and the keys are given, else none."""
    settings = Settings()
    if not settings.database_url or not settings.keys.get_secret_value():
        return []

    async def opened() -> list[dict[str, Any]]:
        database = build_database(settings)
        try:
            return await database.run(read_examples)
        finally:
            await database.close()

    return [
        LabelledText(
            **{name: known[name] for name in ("id", "text", "kind", "urgent", "language")},
            opt_out=known["kind"] == Kind.STOP,
            counties=(known["county"],) if known["county"] else (),
            split="held",
        )
        for known in asyncio.run(opened())
    ]


def score_triage(rows: Sequence[LabelledText]) -> dict[str, Any]:
    """Figures for `rows`: macro-F1 and F1 by kind, urgent precision and recall, opt-out recall and false stops, language accuracy."""
    lexicon = Lexicon.from_pack(PACK)
    said = [assess(row.text, lexicon) for row in rows]
    by_kind = {kind.value: _f1(rows, said, kind) for kind in Kind if any(row.kind is kind for row in rows)}
    urgent = [(row.urgent, answer.urgent) for row, answer in zip(rows, said, strict=True)]
    opt_outs = [(row.opt_out, answer.opt_out) for row, answer in zip(rows, said, strict=True)]
    return {
        "texts": len(rows),
        "kind_macro_f1": statistics.fmean(by_kind.values()),
        "kind_accuracy": _share(row.kind is answer.kind for row, answer in zip(rows, said, strict=True)),
        "kind_f1": by_kind,
        "urgent_recall": _share(answer for truth, answer in urgent if truth),
        "urgent_precision": _share(truth for truth, answer in urgent if answer),
        "opt_out_recall": _share(answer for truth, answer in opt_outs if truth),
        "false_stops": sum(answer and not truth for truth, answer in opt_outs),
        "language_accuracy": _share(row.language == answer.language for row, answer in zip(rows, said, strict=True)),
    }


def score_whole(rows: Sequence[LabelledText]) -> dict[str, float]:
    """Figures for where `rows` say that something is, what and where read together: shares of the exact set of counties (where the kind
    needs one), asked back when and only when needed, and a wrong single county."""
    lexicon, gazetteer = Lexicon.from_pack(PACK), Gazetteer.from_pack(PACK)
    known = [(row, set(row.counties), read(lexicon, gazetteer, row.text)) for row in rows if row.counties is not None]
    return {
        "exact_set": _share(true == set(said.location.counties) for row, true, said in known if row.kind in NEEDS_ONE_COUNTY),
        "ask_back": _share((row.kind in NEEDS_ONE_COUNTY and len(true) != 1) == said.ask_place for row, true, said in known),
        "wrong_single": _share(said.location.county is not None and true != {said.location.county} for _, true, said in known),
    }


@dataclass(frozen=True)
class Bin:
    """Texts whose kind was given with about one confidence: how many, their mean confidence, and the share whose kind was right."""

    texts: int
    confidence: float
    right: float


def score_calibration(rows: Sequence[LabelledText], bins: int = 10) -> tuple[float, list[Bin]]:
    """The Brier score of the confidence in the kind (0 is best), and the reliability table: bins of equal width, empty ones left out."""
    lexicon = Lexicon.from_pack(PACK)
    said = [(answer.confidence, answer.kind is row.kind) for row in rows for answer in [assess(row.text, lexicon)]]
    brier = statistics.fmean((confidence - right) ** 2 for confidence, right in said)
    table = []
    for at in range(bins):
        part = [pair for pair in said if min(int(pair[0] * bins), bins - 1) == at]
        if part:
            table.append(
                Bin(len(part), statistics.fmean(sure for sure, _ in part), statistics.fmean(right for _, right in part))
            )
    return brier, table


def score_speed(rows: Sequence[LabelledText], rounds: int = 5) -> dict[str, float]:
    """Texts a second of one core's time, triage and place together, and the 99th percentile in milliseconds; in the first round words
    are looked up afresh."""
    lexicon, gazetteer = Lexicon.from_pack(PACK), Gazetteer.from_pack(PACK)
    took: list[float] = []
    for _ in range(rounds):
        for row in rows:
            start = time.process_time()
            read(lexicon, gazetteer, row.text)
            took.append(time.process_time() - start)
    return {"texts_per_second": len(took) / sum(took), "p99_ms": statistics.quantiles(took, n=100)[98] * 1_000}


def score_memory() -> float:
    """Megabytes that a process of its own takes at most which reads every text, what and where."""
    printed = subprocess.run([sys.executable, "-c", _READ_EVERYTHING], capture_output=True, text=True, check=True, timeout=300)
    return float(printed.stdout)


_READ_EVERYTHING = """
import json, pathlib
from app.places.gazetteer import Gazetteer
from app.places.locate import locate
from app.triage.assess import assess
from app.triage.lexicon import Lexicon
from bench.memory import peak_megabytes
lexicon, gazetteer = Lexicon.from_pack("us_nc"), Gazetteer.from_pack("us_nc")
for path in pathlib.Path("tests/corpora").glob("texts_*.jsonl"):
    for line in path.open(encoding="utf-8"):
        text = json.loads(line)["text"]
        assess(text, lexicon), locate(text, gazetteer)
print(peak_megabytes())
"""


def measure() -> list[Row]:
    """Rows for `make bench`: the held halves, which no rule was written from, and the speed."""
    rows = read_corpus()
    held = [row for row in rows if row.split == "held"]
    speed, memory = score_speed(rows), score_memory()
    brier, table = score_calibration(held)
    shown = ", ".join(f"{one.confidence:.2f}: {one.right:.2f} of {one.texts}" for one in table)
    return [
        *_held_rows("held", [row for row in held if not row.is_fresh]),
        *_held_rows("held, fresh", [row for row in held if row.is_fresh and not row.strangers]),
        *(
            line
            for name in STRANGERS.values()
            for rows in [[row for row in held if row.strangers == name]]
            for line in (*_held_rows(f"held, {name}", rows), *_place_rows(f"held, {name}", rows))
        ),
        Row("1 - Brier score of kind, held", 1 - brier, None, None, 0.9, "1 is best", f"said and right, {shown}"),
        *_corrected_rows(),
        Row(
            "texts read, what and where",
            speed["texts_per_second"],
            None,
            None,
            2_000,
            "texts/s",
            f"p99 {speed['p99_ms']:.2f} ms",
        ),
        Row("150 MB over what reading takes", 150 / memory, None, None, 1.0, "times", f"{memory:.0f} MB"),
    ]


def _held_rows(half: str, rows: Sequence[LabelledText]) -> list[Row]:
    score = score_triage(rows)
    kinds = ", ".join(f"{kind} {f1:.2f}" for kind, f1 in score["kind_f1"].items())
    stops = float(score["false_stops"] == 0)
    return [
        Row(f"kind macro-F1, {half}", score["kind_macro_f1"], None, None, 0.90, "share", kinds),
        Row(
            f"urgent recall, {half}",
            score["urgent_recall"],
            None,
            None,
            0.95,
            "share",
            f"precision {score['urgent_precision']:.2f}",
        ),
        Row(f"opt-out recall, {half}", score["opt_out_recall"], None, None, 0.98, "share"),
        Row(f"no false stop, {half}", stops, None, None, 1.0, "1 is none", f"{score['false_stops']} of {len(rows)} texts"),
        Row(f"language right, {half}", score["language_accuracy"], None, None, 0.97, "share"),
    ]


def _place_rows(half: str, rows: Sequence[LabelledText]) -> list[Row]:
    score = score_whole(rows)
    return [
        Row(f"county set exact, {half}", score["exact_set"], None, None, 0.95, "share"),
        Row(f"asked back rightly, {half}", score["ask_back"], None, None, 0.95, "share"),
        Row(f"no wrong single county, {half}", 1 - score["wrong_single"], None, None, 0.99, "share"),
    ]


def _corrected_rows() -> list[Row]:
    rows = read_corrections()
    if not rows:
        return []
    score = score_triage(rows)
    return [
        Row(
            "kind right, corrected reports of this hotline",
            score["kind_accuracy"],
            None,
            None,
            None,
            "share",
            f"{len(rows)} texts",
        ),
        Row("language right, corrected reports", score["language_accuracy"], None, None, None, "share"),
    ]


def _f1(rows: Sequence[LabelledText], said: Sequence[Assessment], kind: Kind) -> float:
    right = sum(row.kind is kind and answer.kind is kind for row, answer in zip(rows, said, strict=True))
    named = sum(row.kind is kind for row in rows) + sum(answer.kind is kind for answer in said)
    return 2 * right / named if named else 0.0


def _share(hits: Iterable[bool]) -> float:
    found = list(hits)
    return sum(found) / len(found) if found else 1.0


def _print_errors(rows: Sequence[LabelledText]) -> None:
    lexicon = Lexicon.from_pack(PACK)
    for row in rows:
        answer = assess(row.text, lexicon)
        wrong = [
            f"{name} {truth} read as {got}"
            for name, truth, got in (
                ("kind", row.kind.value, answer.kind.value),
                ("urgent", row.urgent, answer.urgent),
                ("language", row.language, answer.language),
                ("opt-out", row.opt_out, answer.opt_out),
            )
            if truth != got
        ]
        if wrong:
            print(f"{row.id} {'; '.join(wrong)} | {row.text}")


def main() -> None:
    """Print the figures of both halves, or with `--errors` what was misread in the tuning half."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--errors", action="store_true", help="list what was misread in the tuning half")
    rows = read_corpus()
    tune = [row for row in rows if row.split == "tune"]
    if parser.parse_args().errors:
        _print_errors(tune)
        return
    for name, half in (("tune", tune), ("held", [row for row in rows if row.split == "held"])):
        print(name, json.dumps(score_triage(half), indent=1))
    print("speed", json.dumps(score_speed(rows)))


if __name__ == "__main__":
    main()
