"""A ZIP code that was spoken: digits with spaces between, or digit words in English and Spanish."""

from __future__ import annotations

import re

from app.places.words import fold


def digits_said(text: str) -> str:
    """The text with any run of exactly five spoken digits written as one number: "dos siete siete cero tres" is "27703"."""
    pieces = _PIECE.split(text)
    digits = [(position, digit) for position, piece in enumerate(pieces) if (digit := _digit(piece)) is not None]
    if sum(len(digit) for _, digit in digits) != 5 or len(digits) < 2:
        return text
    first, last = digits[0][0], digits[-1][0]
    inside = pieces[first : last + 1]
    if any(_digit(piece) is None and piece.strip(" ,.-") for piece in inside):
        return text
    return "".join([*pieces[:first], "".join(digit for _, digit in digits), *pieces[last + 1 :]])


def _digit(piece: str) -> str | None:
    if piece.isascii() and piece.isdigit():
        return piece if len(piece) < 5 else None
    return _WORDS.get(fold(piece)) if piece else None


_PIECE = re.compile(r"(\W+)")
_WORDS = {
    "zero": "0", "oh": "0", "o": "0", "cero": "0", "sero": "0", "one": "1", "uno": "1", "two": "2", "dos": "2", "three": "3", "tres": "3",
    "four": "4", "cuatro": "4", "quatro": "4", "five": "5", "cinco": "5", "sinco": "5", "six": "6", "seis": "6", "ceis": "6",
    "seven": "7", "siete": "7", "ciete": "7", "eight": "8", "ocho": "8", "nine": "9", "nueve": "9",
    "twenty": "2", "twentyseven": "27", "twentyeight": "28", "veintisiete": "27", "veintiocho": "28",
}  # fmt: skip
