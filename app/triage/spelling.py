"""Which known word a written word stands for: exact, drawn out, sounded out, misspelled by a letter, digits for letters, run together.

A word that some language of the pack knows is never "corrected", so `mira` (look) stays and does not become `migra`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from app.triage.sounds import english_key, spanish_key
from app.triage.tokens import squeeze

SHORTEST_SOUNDED = 4
"""Letters a word must have before it is matched by its sound."""
SHORTEST_MISSPELLED = 5
"""Letters a word must have before one wrong letter is forgiven."""
TWO_SLIPS_FROM = 9
"""Letters from which two wrong letters are forgiven."""
SHORTEST_RUN_TOGETHER = 6
LETTERS_A_PIECE = 3
"""Letters that the pieces of a run-together word must have on average: what falls into shorter ones is a misspelling (`ca mio me tas`)."""
LONGEST_WORD = 40
"""Longer "words" are noise or an address and are read as they stand."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Every word that the pack's files name, and the indexes that find one from a misspelling. Built once by `vocabulary_of`."""

    known: Mapping[str, frozenset[str]]
    """Word to the languages that have it."""
    stems: Mapping[str, frozenset[str]]
    """Beginning of words (`agarr` of `agarraron`) to the languages that have it."""
    by_spanish_sound: Mapping[str, tuple[str, ...]]
    by_english_sound: Mapping[str, tuple[str, ...]]
    by_slip: Mapping[str, tuple[str, ...]]
    stems_by_sound: Mapping[str, tuple[str, ...]]

    def stems_of(self, word: str) -> tuple[str, ...]:
        """The stems that `word` begins with."""
        return tuple(word[:size] for size in range(2, len(word) + 1) if word[:size] in self.stems)

    def has(self, word: str) -> bool:
        """Whether `word` needs no correction."""
        return word in self.known or bool(self.stems_of(word))

    def readings(self, word: str) -> tuple[str, ...]:
        """The known words that `word` may stand for, best guess only; `(word,)` itself when it is known, `()` when nothing fits."""
        if self.has(word):
            return (word,)
        if len(word) > LONGEST_WORD:
            return ()
        for plainer in (
            _TRIPLES.sub(r"\1\1", word),
            squeeze(word),
            word.translate(_DIGITS_FOR_LETTERS),
            _DROPPED_G.sub("ing", word),
        ):
            if plainer != word and not plainer.isdigit() and self.has(plainer) and not _MEASURE.match(word):
                return (plainer,)
        if not word.isalpha():
            return ()
        return self._sounding_like(word) or self._one_slip_from(word)

    def pieces(self, word: str) -> tuple[str, ...]:
        """The known words that were run together in `word` (`estanaqui`, `lamigra`), or `()`."""
        if len(word) < SHORTEST_RUN_TOGETHER or len(word) > LONGEST_WORD or not word.isalpha():
            return ()
        best: list[tuple[int, tuple[str, ...]] | None] = [(0, ()), *[None] * len(word)]
        for end in range(1, len(word) + 1):
            for start in range(max(0, end - 16), end):
                before = best[start]
                piece = word[start:end]
                if before is None or piece not in self.known or (len(piece) == 1 and piece not in _ONE_LETTER_WORDS):
                    continue
                cost = before[0] + _PIECE_COST.get(len(piece), 1)
                here = best[end]
                if here is None or cost < here[0]:
                    best[end] = (cost, (*before[1], piece))
        whole = best[len(word)]
        if whole is None or whole[0] > max(4, len(word) * 3 // 4) or len(whole[1]) * LETTERS_A_PIECE > len(word):
            return ()
        return whole[1]

    def _sounding_like(self, word: str) -> tuple[str, ...]:
        if len(word) < SHORTEST_SOUNDED:
            return ()
        key = spanish_key(word)
        alike = self.by_spanish_sound.get(key, ())
        if alike:
            return _closest(word, alike)
        for size in range(len(key), SHORTEST_SOUNDED - 1, -1):
            stems = self.stems_by_sound.get(key[:size])
            if stems:
                return stems[:1]
        if len(word) >= SHORTEST_MISSPELLED:
            alike = tuple(
                w for w in self.by_english_sound.get(english_key(word), ()) if OSA.distance(w, word) <= _FURTHEST_BY_EAR
            )
            return _closest(word, alike)
        return ()

    def _one_slip_from(self, word: str) -> tuple[str, ...]:
        if len(word) < SHORTEST_MISSPELLED:
            return ()
        allowed = 2 if len(word) >= TWO_SLIPS_FROM else 1
        near = {
            known
            for shape in _with_one_letter_less(word)
            for known in self.by_slip.get(shape, ())
            if OSA.distance(known, word, score_cutoff=allowed) <= allowed and (known[0] == word[0] or known[1:] == word[1:])
        }
        if not near and word.endswith("s"):  # a plural of what is only known by its stem
            return self._one_slip_from(word[:-1])
        return _closest(word, near)


def vocabulary_of(
    known: Mapping[str, frozenset[str]], stems: Mapping[str, frozenset[str]], telling: Iterable[str]
) -> Vocabulary:
    """A vocabulary of `known` words and `stems`; only `telling` words (those that concepts are made of) are corrected towards."""
    spanish: defaultdict[str, list[str]] = defaultdict(list)
    english: defaultdict[str, list[str]] = defaultdict(list)
    slips: defaultdict[str, list[str]] = defaultdict(list)
    for word in sorted(set(telling)):
        if not word.isascii() or not word.isalpha():
            continue
        if len(word) >= SHORTEST_SOUNDED - 1:
            spanish[spanish_key(word)].append(word)
        if len(word) >= SHORTEST_MISSPELLED - 1:
            english[english_key(word)].append(word)
            for shape in _with_one_letter_less(word):
                slips[shape].append(word)
    sounded_stems: defaultdict[str, list[str]] = defaultdict(list)
    for stem in sorted(stems, key=lambda stem: (-len(stem), stem)):
        if stem.isascii() and len(stem) >= SHORTEST_SOUNDED:
            sounded_stems[spanish_key(stem)].append(stem)
    return Vocabulary(
        known=known,
        stems=stems,
        by_spanish_sound={key: tuple(words) for key, words in spanish.items()},
        by_english_sound={key: tuple(words) for key, words in english.items()},
        by_slip={key: tuple(words) for key, words in slips.items()},
        stems_by_sound={key: tuple(words) for key, words in sounded_stems.items()},
    )


def _closest(word: str, known: Iterable[str]) -> tuple[str, ...]:
    """The one of `known` nearest to `word`, as a tuple of one, or nothing; a tie goes to the first by alphabet."""
    ranked = sorted((OSA.distance(other, word), other) for other in known)
    return (ranked[0][1],) if ranked else ()


def _with_one_letter_less(word: str) -> set[str]:
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


_TRIPLES = re.compile(r"(.)\1{2,}")
_DROPPED_G = re.compile(r"in$")
_MEASURE = re.compile(r"^\d+(st|nd|rd|th|am|pm|x\d*|h|hrs?|mins?|k|ft|mph|yo)?$|^[a-z]{1,2}\d+$")
_DIGITS_FOR_LETTERS = str.maketrans("013457@$", "oieastas")
_ONE_LETTER_WORDS = frozenset("aeoyi")
_PIECE_COST = {1: 4, 2: 2}
"""Cost of a piece by its letters: a word cut into many short ones is more likely a name."""
_FURTHEST_BY_EAR = 3
