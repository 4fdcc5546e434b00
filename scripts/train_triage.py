"""Learn how each kind of text is usually worded, from the tuning half of the labelled texts, into `words/wording.tsv` of the pack.

`python scripts/train_triage.py` writes the weights and prints what they add: accuracy of the rules alone and of both together, on the
held half that neither has seen. Plain softmax regression with the rules' own sums as a prior, by full-batch gradient descent from zero:
the same texts give the same weights.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent.parent))

from app.records.reading import Kind
from app.triage.assess import marks_of
from app.triage.concepts import understand
from app.triage.kinds import CAN_BE_URGENT, prior_of, urgency_of
from app.triage.lexicon import Lexicon
from app.triage.wording import BIAS, COLUMNS, LENGTH, features_of, write_weights
from bench.reading import PACK, LabelledText, read_corpus

FEWEST_TEXTS = 2
"""Texts a feature must stand in to be learned from."""
RESTRAINT = 0.4
"""Weight of the squared weights in what is minimised: the larger, the more texts it takes to move the rules."""
URGENT_RESTRAINT = 3.0
"""The same for urgency, of which there are fewer texts to learn from."""
ROUNDS = 200
PACE = 0.5
MOMENTUM = 0.9
URGENT_MATTERS = 1.6
"""How much worse it is to miss an urgent text than to raise a false one."""
WEIGHTS = Path(__file__).parent.parent / "app" / "packs" / PACK / "words" / "wording.tsv"

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Sparse:
    """A matrix of texts by features, of which each text has few: `values` at `rows` and `columns`, by row."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: Matrix
    shape: tuple[int, int]

    def __matmul__(self, weights: Matrix) -> Matrix:
        return _summed(self.rows, self.values[:, None] * weights[self.columns], self.shape[0])

    def turned(self) -> Sparse:
        """Features by texts."""
        order = np.argsort(self.columns, kind="stable")
        return Sparse(self.columns[order], self.rows[order], self.values[order], (self.shape[1], self.shape[0]))

    def only(self, rows: Sequence[int]) -> Sparse:
        """The given rows alone, in ascending order, numbered anew."""
        number = np.full(self.shape[0], -1, dtype=np.int64)
        number[list(rows)] = np.arange(len(rows))
        kept = number[self.rows] >= 0
        return Sparse(number[self.rows[kept]], self.columns[kept], self.values[kept], (len(rows), self.shape[1]))


def main() -> None:
    """Train, write the weights, print what they earn."""
    lexicon = Lexicon.from_pack(PACK)
    corpus = read_corpus()
    tune = [row for row in corpus if row.split == "tune"]
    held = [row for row in corpus if row.split == "held"]
    rows = [_features(row.text, lexicon) for row in tune]
    counts = Counter(feature for row in rows for feature in row)
    columns = {feature: at for at, feature in enumerate(sorted(f for f, count in counts.items() if count >= FEWEST_TEXTS))}
    inputs = _matrix(rows, columns)
    kinds = list(Kind)
    prior = _prior(tune, lexicon)
    truth = np.eye(len(kinds), dtype=np.float32)[[kinds.index(row.kind) for row in tune]]
    weights = _descend(inputs, prior, truth)
    pressing = [at for at, row in enumerate(tune) if row.kind in CAN_BE_URGENT]
    urgent = _descend_urgent(
        inputs.only(pressing),
        np.array([_urgency(tune[at], lexicon) for at in pressing], dtype=np.float32),
        np.array([float(tune[at].urgent) for at in pressing], dtype=np.float32),
    )
    together = np.hstack([weights, urgent])
    assert together.shape[1] == len(COLUMNS)
    table = {feature: together[at] for feature, at in columns.items()} | {BIAS: together[-1]}
    WEIGHTS.write_text(write_weights({feature: row.tolist() for feature, row in table.items()}), encoding="utf-8")
    for name, part in (("tune", tune), ("held", held)):
        before = _prior(part, lexicon)
        after = before + _matrix([_features(row.text, lexicon) for row in part], columns) @ weights
        right = [kinds.index(row.kind) for row in part]
        print(
            name,
            "rules alone",
            np.mean(before.argmax(1) == right).round(3),
            "with wording",
            np.mean(after.argmax(1) == right).round(3),
        )
    print(f"{len(columns)} features of {len(tune)} texts in {WEIGHTS}, {WEIGHTS.stat().st_size // 1024} KiB")


def _features(text: str, lexicon: Lexicon) -> dict[str, float]:
    said = understand(text, lexicon)
    features: defaultdict[str, float] = defaultdict(float)
    for feature, weight in features_of(said, marks_of(said)):
        features[feature] += weight
    return dict(features)


def _matrix(rows: Sequence[dict[str, float]], columns: dict[str, int]) -> Sparse:
    """A row a text, scaled to `LENGTH`; the last column is one."""
    cells: list[tuple[int, int, float]] = []
    for at, row in enumerate(rows):
        known = {columns[feature]: weight for feature, weight in row.items() if feature in columns}
        size = sum(weight * weight for weight in known.values()) ** 0.5 or 1.0
        cells.extend((at, column, LENGTH * weight / size) for column, weight in known.items())
        cells.append((at, len(columns), 1.0))
    texts, features, values = zip(*cells, strict=True)
    return Sparse(np.array(texts), np.array(features), np.array(values, dtype=np.float32), (len(rows), len(columns) + 1))


def _summed(rows: NDArray[np.int64], values: Matrix, count: int) -> Matrix:
    """The sums of `values` of each row; `rows` are in order."""
    sums = np.zeros((count, values.shape[1]), dtype=np.float32)
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    sums[rows[starts]] = np.add.reduceat(values, starts, axis=0)
    return sums


def _prior(rows: Sequence[LabelledText], lexicon: Lexicon) -> Matrix:
    """What the rules alone say of each text, by kind."""
    result = np.zeros((len(rows), len(Kind)), dtype=np.float32)
    for at, row in enumerate(rows):
        said = understand(row.text, lexicon)
        scores = prior_of(said.concepts | marks_of(said), lexicon)
        result[at] = [scores.get(kind, 0.0) for kind in Kind]
    return result


def _urgency(row: LabelledText, lexicon: Lexicon) -> float:
    said = understand(row.text, lexicon)
    return urgency_of(row.kind, said.concepts | marks_of(said), lexicon)


def _descend(inputs: Sparse, prior: Matrix, truth: Matrix) -> Matrix:
    weights = np.zeros((inputs.shape[1], truth.shape[1]), dtype=np.float32)
    speed = np.zeros_like(weights)
    turned = inputs.turned()
    for _ in range(ROUNDS):
        scores = inputs @ weights + prior
        chances = np.exp(scores - scores.max(1, keepdims=True))
        chances /= chances.sum(1, keepdims=True)
        slope = (turned @ (chances - truth) + RESTRAINT * weights) / inputs.shape[0]
        speed = MOMENTUM * speed - PACE * slope
        weights += speed
    return weights


def _descend_urgent(inputs: Sparse, prior: NDArray[np.float32], truth: NDArray[np.float32]) -> Matrix:
    weights = np.zeros((inputs.shape[1], 1), dtype=np.float32)
    speed = np.zeros_like(weights)
    turned = inputs.turned()
    prior, truth = prior[:, None], truth[:, None]
    matters = np.where(truth > 0, URGENT_MATTERS, 1.0).astype(np.float32)
    for _ in range(ROUNDS):
        chances = 1.0 / (1.0 + np.exp(-(inputs @ weights + prior)))
        slope = (turned @ (matters * (chances - truth)) + URGENT_RESTRAINT * weights) / inputs.shape[0]
        speed = MOMENTUM * speed - PACE * slope
        weights += speed
    return weights


if __name__ == "__main__":
    main()
