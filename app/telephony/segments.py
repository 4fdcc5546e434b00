"""How many segments a text costs, and spelling Spanish so that it costs fewer.

One segment is 160 septets of the GSM 7-bit alphabet (3GPP TS 23.038), 153 each when there are several; a single character outside it makes
the whole text UCS-2: 70 code units, 67 each when there are several. The alphabet has é, ñ, ü, ¿ and ¡ but not á, í, ó or ú.
"""

from __future__ import annotations

from dataclasses import dataclass

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("^{}\\[~]|€\f")
"""Characters that cost two septets."""

ALPHABET = BASIC | EXTENSION

PLAINER = str.maketrans(
    {
        "á": "a", "í": "i", "ó": "o", "ú": "u", "Á": "A", "Í": "I", "Ó": "O", "Ú": "U",
        "‘": "'", "’": "'", "“": '"', "”": '"', "«": '"', "»": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " ", "\u202f": " ",
    }
)  # fmt: skip
"""Letters and marks outside the alphabet that read the same without: ñ is never among them, as año is not ano."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a text costs: its `encoding` ("GSM-7" or "UCS-2"), `units` of it, and `segments`."""

    encoding: str
    units: int
    segments: int


def size_of(text: str) -> Size:
    """The size of `text` as carriers count it."""
    letters = set(text)
    if letters <= ALPHABET:
        units = len(text) + (sum(c in EXTENSION for c in text) if letters & EXTENSION else 0)
        return Size("GSM-7", units, 1 if units <= 160 else -(-units // 153))
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    return Size("UCS-2", units, 1 if units <= 70 else -(-units // 67))


def spelled_to_fit(text: str) -> str:
    """`text` as it will be sent: plainer letters only where that saves a segment, else untouched."""
    plainer = text.translate(PLAINER)
    return plainer if size_of(plainer).segments < size_of(text).segments else text
