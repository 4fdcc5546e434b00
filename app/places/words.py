"""A text as words: each without case and accents, with where it stands in the text and what surrounds it.

Folding is a word at a time and remembered, so that the offsets stay those of the text as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

LONGEST_TEXT = 2_000
"""Characters read of one text. A text message of ten segments has 1,530; what stands further on names no place worth the time."""


class Word(NamedTuple):
    """One word. `fold` has no case, accents or apostrophes; `capital` is about its first letter; `gap` is what stood before it."""

    fold: str
    start: int
    end: int
    capital: bool
    gap: str


def words_of(text: str) -> list[Word]:
    """The words of a text, in order."""
    text = text[:LONGEST_TEXT]
    found: list[Word] = []
    end = 0
    for match in _WORD.finditer(text):
        start = match.start()
        raw = match.group()
        folded = fold(raw)
        if folded:
            found.append(Word(folded, start, match.end(), raw[0].isupper(), text[end:start]))
            end = match.end()
    return found


def in_latin(text: str, spellings: Mapping[str, str]) -> str:
    """The text with the names that another script spells written in Latin letters; `spellings` maps one to the other."""
    if text.isascii():
        return text
    for heard, name in spellings.items():
        if heard in text:
            text = text.replace(heard, name)
    return text


@lru_cache(maxsize=20_000)
def fold(word: str) -> str:
    """Lower case without accents, apostrophes and anything that is no Latin letter or digit: "Lowe's" is "lowes", "Peñasco" "penasco"."""
    if word.isascii():
        return _NOT_PLAIN.sub("", word.lower())
    spread = unicodedata.normalize("NFKD", word.translate(_LOOK_ALIKES))
    return _NOT_PLAIN.sub("", spread.lower())


def phrase(name: str) -> str:
    """A name as its folded words with one space between, which is how the gazetteer keeps it."""
    return " ".join(word.fold for word in words_of(name))


def word_set(text: str) -> frozenset[str]:
    """The words of a list written as running text."""
    return frozenset(text.split())


_UNSPACED = "\u0600-\u06ff\u0e00-\u0e7f\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7af"
"""Scripts that may follow a Latin name without a space: Arabic, Thai, Korean, Japanese, Chinese."""

_WORD = re.compile(rf"[^\W_{_UNSPACED}]+(?:['’ʼ`´][^\W_{_UNSPACED}]+)*")
_NOT_PLAIN = re.compile(r"[^a-z0-9]")
_LOOK_ALIKES = str.maketrans("АВЕКМНОРСТХаеорсухіѕјƖıßøØłŁđĐæÆ", "ABEKMHOPCTXaeopcyxisjiisoOlLdDaA")
