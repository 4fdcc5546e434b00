"""What a report's words are about, in concepts that Spanish and English share: "camionetas blancas" and "white vans" are the same two.

Pure and remembered: the same text gives the same features. Names of places and people stay words of their own.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib.resources import files

LONGEST_TEXT = 2_000
SHORTEST_NAME = 4
"""Letters: a shorter word that is no concept is too common to tell one event from another."""


@dataclass(frozen=True)
class Wording:
    """`concepts` are "group:concept"; `names` the other telling words; `plain` the folded text, for finding copies."""

    concepts: frozenset[str]
    names: frozenset[str]
    plain: str

    def of_group(self, group: str) -> frozenset[str]:
        """The concepts of one group, for example `colors`."""
        return self._grouped.get(group, frozenset())

    @cached_property
    def _grouped(self) -> dict[str, frozenset[str]]:
        groups: dict[str, set[str]] = {}
        for concept in self.concepts:
            groups.setdefault(concept.partition(":")[0], set()).add(concept)
        return {group: frozenset(concepts) for group, concepts in groups.items()}


@lru_cache(maxsize=4_096)
def wording_of(text: str) -> Wording:
    """The concepts and names of a text."""
    words = fold(text[:LONGEST_TEXT])
    known, plain = _concepts()
    concepts: set[str] = set()
    names: set[str] = set()
    at = 0
    while at < len(words):
        for count in (3, 2, 1):
            key = "_".join(words[at : at + count])
            if len(words) - at >= count and key in known:
                concepts.add(known[key])
                at += count
                break
        else:
            word = words[at]
            if len(word) >= SHORTEST_NAME and word not in plain:
                names.add(word)
            at += 1
    return Wording(frozenset(concepts), frozenset(names), " ".join(words))


def fold(text: str) -> list[str]:
    """The words of a text without case, accents and marks."""
    spread = unicodedata.normalize("NFKD", text.lower())
    return _WORD.findall("".join(c for c in spread if not unicodedata.combining(c) and c not in "'’"))


@cache
def _concepts() -> tuple[Mapping[str, str], frozenset[str]]:
    groups = tomllib.loads(files("app.incidents").joinpath("concepts.toml").read_text(encoding="utf-8"))
    plain = frozenset(groups.pop("plain")["words"].split())
    known = {
        word: f"{group}:{name}" for group, rows in groups.items() for name, words in rows.items() for word in words.split()
    }
    return known, plain


_WORD = re.compile(r"[^\W_]+")
