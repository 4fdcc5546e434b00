"""Names that are written as they are heard or mistyped: "Grinsboro", "Cabarus", "Winsten Salem".

Two roads lead from a strange word to a name. The key of its sound, as a Spanish speaker hears an English name, must be the same; or it
differs by one letter more, less, other or swapped. Both are dictionaries filled beforehand, so a word costs a dozen look-ups.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

from rapidfuzz.distance import OSA, JaroWinkler

SHORTEST = 5
"""Letters. A shorter word is one letter away from too many others."""

SURE_SOUND = 4
"""Consonants. A shorter sound is that of many words; names so short are listed by ear instead."""

ALIKE = 0.86
"""Jaro-Winkler similarity that a word of the same sound must have with the name."""

HEARD_FOR_SPELLED = 0.1
"""So much less alike are two names that only sound alike: "feyetebil" and "fayetteville"."""

ALIKE_WHERE_EXPECTED = 0.8
"""The same where a place word stands before it."""

ALIKE_WHERE_ASKED = 0.72
"""The same where a place was asked for."""

SHORT_SOUND = 0.01
"""Taken off a name of a short sound, which keeps it below what is enough unless a place was asked for."""


@dataclass(frozen=True, slots=True)
class NearNames:
    """Which names a strange word may be. Keys are written without spaces, so "chapeljil" may be "chapel hill"."""

    by_sound: Mapping[str, tuple[str, ...]]
    by_letters: Mapping[str, tuple[str, ...]]
    beginnings: frozenset[str]
    """The first two letters or more of the names, written without spaces."""
    _known: dict[str, tuple[tuple[str, float], ...]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, names: Iterable[str]) -> Self:
        """An index over names in folded words."""
        sounds: dict[str, list[str]] = {}
        letters: dict[str, list[str]] = {}
        for name in names:
            joined = name.replace(" ", "")
            if len(joined) < SHORTEST or any(c.isdigit() for c in joined):
                continue
            sounds.setdefault(sound_of(joined), []).append(name)
            for short in {joined, *_without_one(joined)}:
                letters.setdefault(short, []).append(name)
        joined_names = {name.replace(" ", "") for names in sounds.values() for name in names}
        beginnings = frozenset(name[:size] for name in joined_names for size in range(2, len(name)))
        return cls({k: tuple(v) for k, v in sounds.items()}, {k: tuple(v) for k, v in letters.items()}, beginnings)

    def with_names(self, names: Iterable[str]) -> NearNames:
        """An index that holds these names, too."""
        added = NearNames.of(names)
        sounds, letters = _joined(self.by_sound, added.by_sound), _joined(self.by_letters, added.by_letters)
        return NearNames(sounds, letters, self.beginnings | added.beginnings)

    def names_like(self, word: str, expected: bool = False, asked: bool = False) -> tuple[str, ...]:
        """The names that this word, folded and without spaces, may be a misspelling of, the likeliest first. `expected` says that the words
        around let a place be expected, so that a less alike name will do; `asked`, that a place was asked for, so that a shorter sound will
        do, too. Remembered."""
        found = self._known.get(word)
        if found is None:
            found = self._look_up(word)
            if len(self._known) > 50_000:
                self._known.clear()
            self._known[word] = found
        return tuple(name for name, alike in found if asked or alike >= (ALIKE_WHERE_EXPECTED if expected else ALIKE))

    def _look_up(self, word: str) -> tuple[tuple[str, float], ...]:
        if len(word) < SHORTEST or len(word) > 24 or any(c.isdigit() for c in word):
            return ()
        scores: dict[str, float] = {}
        for name in self.by_sound.get(sound_of(word), ()):
            alike = _likeness(word, name.replace(" ", ""))
            if len(sound_of(word)) < SURE_SOUND:
                alike = min(alike, ALIKE_WHERE_EXPECTED) - SHORT_SOUND
            if alike >= ALIKE_WHERE_ASKED:
                scores[name] = alike
        for short in {word, *_without_one(word)}:
            for name in self.by_letters.get(short, ()):
                joined = name.replace(" ", "")
                if len(joined) > SHORTEST and word[0] == joined[0] and OSA.distance(word, joined, score_cutoff=1) <= 1:
                    scores[name] = max(scores.get(name, 0.0), ALIKE, JaroWinkler.similarity(word, joined))
        return tuple(sorted(scores.items(), key=lambda item: (-item[1], item[0])))


def _likeness(word: str, name: str) -> float:
    """How alike two names of one sound are: as they are spelled, or a little less as they are heard, vowels and all."""
    spelled = JaroWinkler.similarity(_FALSE_E.sub("s", word), name)
    return max(spelled, JaroWinkler.similarity(_heard(word), _heard(name)) - HEARD_FOR_SPELLED)


@lru_cache(maxsize=20_000)
def _heard(word: str) -> str:
    for pattern, sound in _CONSONANTS:
        word = pattern.sub(sound, word)
    return word


def _joined(known: Mapping[str, tuple[str, ...]], added: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {**known, **{key: tuple(dict.fromkeys((*known.get(key, ()), *names))) for key, names in added.items()}}


def sound_of(word: str) -> str:
    """The key of a word's sound: consonants as a Spanish ear hears them, vowels only as open or closed and only at the start.

    "grinsboro" and "greensboro" give the same key, as do "jikori" and "hickory".
    """
    for pattern, sound in _SOUNDS:
        word = pattern.sub(sound, word)
    return word


def _without_one(word: str) -> Iterable[str]:
    return (word[:i] + word[i + 1 :] for i in range(len(word)))


_FALSE_E = re.compile(r"^es(?=[ptkmlc])")
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"ville?$|vil$|bil$|bile$", "vl"),
        (r"borough$|boroh?$|borro$|burgh$", "br"),
        (r"^(h|j)(?=[aeiouy])|^g(?=[ei])", "j"),
        (r"^kn", "n"),
        (r"ph", "f"),
        (r"ck|qu|q", "k"),
        (r"sh|ch", "x"),
        (r"th", "t"),
        (r"gh", ""),
        (r"c(?=[eiy])|z|ss", "s"),
        (r"c", "k"),
        (r"x", "ks"),
        (r"(gu|hu|u)(?=[aeio])", "w"),
        (r"(?<=[a-z])[hwj]", ""),
        (r"b|v", "v"),
        (r"ng", "n"),
        (r"m(?=[vpf])", "n"),
        (r"n(?=m)", ""),
        (r"^e(?=s[ptkml])", ""),
        (r"^[aou]", "A"),
        (r"^[eiy]", "E"),
        (r"[aeiouy]", ""),
        (r"(.)\1+", r"\1"),
    )
)
_CONSONANTS = tuple(
    (pattern, sound) for pattern, sound in _SOUNDS if pattern.pattern != r"[aeiouy]" and not pattern.pattern.startswith("^[")
)
