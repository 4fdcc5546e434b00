"""What the wording of a text suggests beyond the phrases of the lexicon: a small linear model over words, pairs of words and their parts.

The rules of the lexicon are the prior; the model adds what it learned from labelled texts of how each kind is usually worded. Its
weights are data of the pack (`words/wording.tsv`), made by `scripts/train_triage.py`, the same at every run. It adds because it earns
it: see the figures of both halves that the script prints.
"""

from __future__ import annotations

import base64
import itertools
import math
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from app.packs import pack_file
from app.records.reading import Kind

if TYPE_CHECKING:
    from app.triage.concepts import Understood

COLUMNS = (*Kind, "urgent")
"""What each weight speaks for, in the order in which they stand in the file."""
LENGTH = 3.0
"""Every text counts alike however long: its features are scaled to this length."""
WORD, PAIR, PART, CONCEPT = 1.0, 0.7, 0.25, 1.0
"""How much a feature of each sort counts before scaling."""
PARTS = (3, 4, 5)
"""Lengths of the parts of words, in letters, the edges of the word counted."""
STEP = 0.02
"""The unit of the stored weights, which are whole numbers from -127 to 127."""

Weights = tuple[float, ...]


@dataclass(frozen=True)
class Wording:
    """The weights of a pack: feature to weights by column. Words already summed up are remembered."""

    weights: Mapping[str, Weights]
    _words: dict[str, tuple[Weights, float]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_pack(cls, pack: str) -> Wording:
        """The weights of a pack, read at the first call; empty where the pack has none, so that the rules speak alone.
        Raises `ValueError` where the file is broken."""
        return _from_pack(pack)

    def suggests(self, said: Understood, marks: frozenset[str]) -> tuple[Weights, dict[str, Weights]]:
        """The weights by column that the wording of `said` adds up to, and what each single word added (folded word to weights)."""
        total = [0.0] * len(COLUMNS)
        length = 0.0
        by_word: dict[str, Weights] = {}
        for feature, weight in context_features(said, marks):
            if (found := self.weights.get(feature)) is not None:
                length += weight * weight
                total = [sum_ + weight * value for sum_, value in zip(total, found, strict=True)]
        for word in words_of(said):
            weights, squared = self._word(word)
            by_word[word] = weights
            length += squared
            total = [sum_ + value for sum_, value in zip(total, weights, strict=True)]
        scale = LENGTH / math.sqrt(length) if length else 0.0
        bias = self.weights.get(BIAS, _NOTHING)
        return tuple(scale * value + also for value, also in zip(total, bias, strict=True)), by_word

    def _word(self, word: str) -> tuple[Weights, float]:
        known = self._words.get(word)
        if known is None:
            total, squared = [0.0] * len(COLUMNS), 0.0
            for feature, weight in word_features(word):
                if (found := self.weights.get(feature)) is not None:
                    squared += weight * weight
                    total = [sum_ + weight * value for sum_, value in zip(total, found, strict=True)]
            known = (tuple(total), squared)
            if len(self._words) >= _MOST_WORDS_REMEMBERED:
                self._words.clear()
            self._words[word] = known
        return known


BIAS = "^"


def words_of(said: Understood) -> list[str]:
    """The different words of a text as they were understood, in order."""
    return list(dict.fromkeys(word.sense.word for word in said.words))


def word_features(word: str) -> Iterator[tuple[str, float]]:
    """A word and its parts, each with how much it counts."""
    yield f"w {word}", WORD
    edged = f"<{word}>"
    for size in PARTS:
        for at in range(len(edged) - size + 1):
            yield f"p {edged[at : at + size]}", PART


def context_features(said: Understood, marks: frozenset[str]) -> Iterator[tuple[str, float]]:
    """Concepts and pairs of neighbouring words, each with how much it counts."""
    for concept in sorted((said.concepts | marks) - _NOT_TELLING):
        yield f"c {concept}", CONCEPT
    words = [word.sense.word for word in said.words]
    for pair in dict.fromkeys(itertools.pairwise(words)):
        yield f"b {pair[0]} {pair[1]}", PAIR


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
        yield feature, tuple(step * STEP for step in struct.unpack(f"{len(COLUMNS)}b", packed))


_NOTHING: Weights = (0.0,) * len(COLUMNS)
_MOST_WORDS_REMEMBERED = 20_000
_NOT_TELLING = frozenset({"STOP_FILLER", "STOP_LIST"})
