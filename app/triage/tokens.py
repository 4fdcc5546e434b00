"""A text as the words it is made of, each with where it stands, so that later answers can show the very words that led to them.

Words are folded (lower case, no accents, look-alike letters of other alphabets read as Latin), because people in a hurry write
`MIGRACIÓN`, `migracion` and `ｍｉｇｒａ` and mean one thing. Nothing here knows any language.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

LONGEST_TEXT = 1_600
"""Characters that are read: ten segments of a text message, the most that Twilio delivers. The rest is kept, unread."""

BREAK = "."
"""The folded form of any end of a sentence: a phrase never runs across it."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word, emoji or end of sentence: its folded form and the half-open range of characters where it stands."""

    word: str
    start: int
    end: int


def tokenise(text: str) -> list[Token]:
    """The tokens of the first `LONGEST_TEXT` characters of `text`, in order. Letters spelled apart (`s t o p`) come back as one."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text, 0, LONGEST_TEXT):
        group = match.lastgroup
        if group == "end":
            if found and found[-1].word != BREAK:
                found.append(Token(BREAK, match.start(), match.end()))
            continue
        word = fold(match.group())
        if word:
            found.append(Token(word, match.start(), match.end()))
    return _join_spelled_out(found)


@lru_cache(maxsize=50_000)
def fold(word: str) -> str:
    """`word` in lower case without accents, apostrophes, dots and invisible characters, other alphabets' look-alikes as Latin."""
    if word.isascii():
        return word.lower().translate(_DROPPED)
    plain = unicodedata.normalize("NFKD", word).translate(_DROPPED)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()
    if any("a" <= letter <= "z" for letter in plain) or all(letter in _LOOK_ALIKE_LETTERS for letter in plain):
        plain = plain.translate(_LOOK_ALIKES)
    return plain


def squeeze(word: str) -> str:
    """`word` with every run of one letter made single (`ayudaaa` becomes `ayuda`)."""
    return _RUN.sub(r"\1", word)


def _join_spelled_out(tokens: list[Token]) -> list[Token]:
    """Runs of three or more single letters as one word: `b a j a` and `I C E`."""
    if sum(1 for token in tokens if len(token.word) == 1 and token.word.isalpha()) < _FEWEST_SPELLED:
        return tokens
    joined: list[Token] = []
    run: list[Token] = []
    for token in [*tokens, Token("", 0, 0)]:
        if len(token.word) == 1 and token.word.isascii() and token.word.isalpha():
            run.append(token)
            continue
        if len(run) >= _FEWEST_SPELLED:
            joined.append(Token("".join(letter.word for letter in run), run[0].start, run[-1].end))
        else:
            joined.extend(run)
        run = []
        if token.word:
            joined.append(token)
    return joined


_FEWEST_SPELLED = 3
_HAN = "\u3400-\u9fff\uf900-\ufaff"
_LETTER = rf"(?:(?![{_HAN}_])[\w\u0300-\u036f\u064b-\u0652\u200b-\u200d\u2060\ufeff\u00ad@$])"
_EMOJI = "\u2190-\u21ff\u2600-\u27bf\u2b00-\u2bff\U0001f100-\U0001f1ff\U0001f300-\U0001faff"
_TOKEN = re.compile(
    rf"(?P<dotted>(?<![^\W_])(?:[^\W\d_]\.){{2,}}(?:[^\W\d_](?![^\W_]))?)"
    rf"|(?P<han>[{_HAN}])"
    rf"|(?P<word>{_LETTER}+(?:['’‘`´]{_LETTER}+)*)"
    rf"|(?P<emoji>[{_EMOJI}])"
    rf"|(?P<end>[.!?¿¡;\n\r…؟。？！]+)"
)
_RUN = re.compile(r"(.)\1+")
_DROPPED = str.maketrans("", "", ".'’‘`´\u200b\u200c\u200d\u2060\ufeff\u00ad\x00")
_LOOK_ALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u0442\u043c\u043d\u043a\u0432\u0433"
    "\u03b1\u03bf\u03b9\u03bd\u03c1\u03c4\u03ba\u03b5\u0131",
    "aeopcyxijshdtmhkbraoivptkei",
)
_LOOK_ALIKE_LETTERS = frozenset(map(chr, _LOOK_ALIKES)) | frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
