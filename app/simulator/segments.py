"""How many segments a text is charged as: counted here on its own, so that the hotline's counting has something to disagree with."""

from __future__ import annotations

from typing import Final

GSM_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
"""Characters of 3GPP TS 23.038's extension table: two septets each."""

GSM_SINGLE, GSM_PART = 160, 153
UCS2_SINGLE, UCS2_PART = 70, 67


def count_segments(body: str) -> int:
    """Segments of `body`: at least one; GSM-7 where every character fits, else UCS-2; no character is split over two parts."""
    if all(letter in GSM_BASIC or letter in GSM_EXTENSION for letter in body):
        return _parts([2 if letter in GSM_EXTENSION else 1 for letter in body], GSM_SINGLE, GSM_PART)
    return _parts([2 if ord(letter) > 0xFFFF else 1 for letter in body], UCS2_SINGLE, UCS2_PART)


def _parts(widths: list[int], single: int, part: int) -> int:
    if sum(widths) <= single:
        return 1
    parts, room = 1, part
    for width in widths:
        if width > room:
            parts, room = parts + 1, part
        room -= width
    return parts
