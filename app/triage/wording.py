"""What the wording of a text suggests beyond the phrases of the lexicon: a small linear model over words, pairs of words and their parts.

The rules of the lexicon are the prior; the model adds what it learned from labelled texts of how each kind is usually worded. Its
weights are data of the pack (`words/wording.tsv`), made by `scripts/train_triage.py`, the same at every run. It adds because it earns
it: see the figures of both halves that the script prints.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from app.packs import pack_file
from app.records.reading import Kind

if TYPE_CHECKING:
    from app.triage.concepts import Understood
    from app.triage.lexicon import Sense

COLUMNS = (*Kind, "urgent")
"""What each weight speaks for, in the order in which they stand in the file."""
LENGTH = 5.0
"""Every text counts alike however long: its features are scaled to this length."""
WORD, PAIR, PART, CLASS, CLASSES, CONCEPT = 1.0, 0.4, 0.25, 0.9, 0.5, 1.0
"""How much a feature of each sort counts before scaling: a word, two neighbours, a part of a word, a class of words, the classes of two
neighbours, a concept of the lexicon."""
PARTS = (3, 4, 5)
"""Lengths of the parts of words, in letters, the edges of the word counted."""
STEP = 0.02
"""The unit of the stored weights, which are whole numbers from -127 to 127."""

Weights = tuple[float, ...]


@dataclass(frozen=True)
class Wording:
    """The weights of a pack: feature to weights by column. Words and pairs already summed up are remembered."""

    weights: Mapping[str, Weights]
    _sums: dict[str | tuple[str, str], tuple[Weights, float]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_pack(cls, pack: str) -> Wording:
        """The weights of a pack, read at the first call; empty where the pack has none, so that the rules speak alone.
        Raises `ValueError` where the file is broken."""
        return _from_pack(pack)

    def suggests(self, said: Understood, marks: frozenset[str]) -> tuple[Weights, dict[str, Weights]]:
        """The weights by column that the wording of `said` adds up to, and what each single word added (folded word to weights)."""
        rows: list[Weights] = []
        length = 0.0
        for feature, weight in concept_features(said, marks):
            if (found := self.weights.get(feature)) is not None:
                length += weight * weight
                rows.append(found if weight == 1.0 else tuple(weight * value for value in found))
        by_word: dict[str, Weights] = {}
        words = words_of(said)
        for word, sense in words.items():
            row, squared = self._sum(word, word_features(sense))
            by_word[word] = row
            length += squared
            rows.append(row)
        for pair in pairs_of(said):
            row, squared = self._sum(pair, pair_features(words[pair[0]], words[pair[1]]))
            if squared:
                length += squared
                rows.append(row)
        scale = LENGTH / math.sqrt(length) if length else 0.0
        bias = self.weights.get(BIAS, _NOTHING)
        return tuple(scale * sum(values) + also for values, also in zip(zip(*rows, strict=True), bias, strict=True)), by_word

    def _sum(self, key: str | tuple[str, str], features: Iterable[tuple[str, float]]) -> tuple[Weights, float]:
        known = self._sums.get(key)
        if known is None:
            total, squared = _NOTHING, 0.0
            for feature, weight in features:
                if (found := self.weights.get(feature)) is not None:
                    squared += weight * weight
                    total = tuple(sum_ + weight * value for sum_, value in zip(total, found, strict=True))
            known = (total, squared)
            if len(self._sums) >= _MOST_REMEMBERED:
                self._sums.clear()
            self._sums[key] = known
        return known


BIAS = "^"


def features_of(said: Understood, marks: frozenset[str]) -> Iterator[tuple[str, float]]:
    """Every feature of a text with how much it counts; one that comes again counts again."""
    yield from concept_features(said, marks)
    words = words_of(said)
    for sense in words.values():
        yield from word_features(sense)
    for first, second in pairs_of(said):
        yield from pair_features(words[first], words[second])


def words_of(said: Understood) -> dict[str, Sense]:
    """The different words of a text as they were understood, in order."""
    return {word.sense.word: word.sense for word in said.words}


def pairs_of(said: Understood) -> dict[tuple[str, str], None]:
    """The different pairs of neighbouring words, in order."""
    return dict.fromkeys(pairwise(word.sense.word for word in said.words))


def word_features(sense: Sense) -> Iterator[tuple[str, float]]:
    """A word, its classes and its parts, each with how much it counts."""
    yield f"w {sense.word}", WORD
    for name in sense.classes:
        yield f"k {name}", CLASS
    edged = f"<{sense.word}>"
    for size in PARTS:
        for at in range(len(edged) - size + 1):
            yield f"p {edged[at : at + size]}", PART


def pair_features(first: Sense, second: Sense) -> Iterator[tuple[str, float]]:
    """Two neighbours, and their classes in place of the words that have one."""
    yield f"b {first.word} {second.word}", PAIR
    if first.classes or second.classes:
        for one in first.classes or (first.word,):
            for other in second.classes or (second.word,):
                yield f"q {one} {other}", CLASSES


def concept_features(said: Understood, marks: frozenset[str]) -> Iterator[tuple[str, float]]:
    """The concepts that a text names and the marks of its shape."""
    for concept in sorted((said.concepts | marks) - _NOT_TELLING):
        yield f"c {concept}", CONCEPT


def write_weights(weights: Mapping[str, Iterable[float]]) -> str:
    """The text of a weights file: a line a feature, `feature<tab>base64 of signed bytes`, by alphabet; features without weight left out."""
    lines = []
    for feature, row in sorted(weights.items()):
        steps = [max(-127, min(127, round(value / STEP))) for value in row]
        if any(steps):
            lines.append(f"{feature}\t{base64.b64encode(struct.pack(f'{len(steps)}b', *steps)).decode('ascii')}")
    return "\n".join(lines) + "\n"


@lru_cache(maxsize=8)
def _from_pack(pack: str) -> Wording:
    file = pack_file(pack, "words", "wording.tsv")
    if not file.is_file():
        return Wording({})
    return Wording(dict(_read(file.read_text(encoding="utf-8"))))


def _read(text: str) -> Iterator[tuple[str, Weights]]:
    for line in text.splitlines():
        feature, _, coded = line.rpartition("\t")
        packed = base64.b64decode(coded, validate=True)
        if not feature or len(packed) != len(COLUMNS):
            raise ValueError(f"wording.tsv has a broken line: {line[:80]!r}")
        yield feature, tuple(_VALUES[step] for step in struct.unpack(f"{len(COLUMNS)}b", packed))


_VALUES = {step: step * STEP for step in range(-128, 128)}
"""Every weight there can be, once."""
_NOTHING: Weights = (0.0,) * len(COLUMNS)
_MOST_REMEMBERED = 50_000
_NOT_TELLING = frozenset({"STOP_FILLER", "STOP_LIST"})
