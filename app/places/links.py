"""Points that a text carries as numbers: plain coordinates, map links of Google and Apple, geo: links and plus codes.

Nothing is fetched: a shortened link (maps.app.goo.gl) hides its point and is only said to be there.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote_plus, urlsplit


class Points(NamedTuple):
    """What was found: points as (latitude, longitude, the words that said it), the text without links, and short links seen."""

    points: tuple[tuple[float, float, str], ...]
    text: str
    short_links: tuple[str, ...]
    short_codes: tuple[str, ...]


def points_in(text: str) -> Points:
    """Every point in a text; a place's name inside a link is put at the end of the text, so that it is read like any other word."""
    if not _WORTH_A_LOOK.search(text):
        return Points((), text, (), ())
    points: list[tuple[float, float, str]] = []
    shorts: list[str] = []
    named: list[str] = []

    def take(match: re.Match[str]) -> str:
        link = match.group()
        found = _point_of_link(link)
        if found:
            points.append((*found, _brief(link)))
        elif _SHORT_HOST.search(link):
            shorts.append(_brief(link))
        named.extend(_names_of_link(link))
        return " " * len(link)

    rest = _LINK.sub(take, text)
    for pattern, read in (
        (_DEGREES, _from_degrees),
        (_DECIMAL, _from_decimal),
        (_NEARBY, _from_decimal),
        (_CARDINAL, _from_cardinal),
    ):
        for match in pattern.finditer(rest):
            point = read(match)
            if point:
                points.append((*point, match.group().strip()))
                rest = rest[: match.start()] + " " * (match.end() - match.start()) + rest[match.end() :]
    codes: list[str] = []
    for match in _PLUS_CODE.finditer(rest):
        code = match.group(1).upper()
        if len(code) == 11:
            points.append((*point_of_plus_code(code), code))
        elif match.group(1).isupper():
            codes.append(code)
    return Points(tuple(points), "\n".join([rest, *named]) if named else rest, tuple(shorts), tuple(codes))


def point_of_plus_code(code: str, near: tuple[float, float] | None = None) -> tuple[float, float]:
    """The middle of an Open Location Code's area, in degrees; a code without its first four letters is completed by a point near it.

    The method is the public specification of Open Location Code (Google, Apache 2.0): base-20 digits, latitude and longitude in turn.
    """
    digits = code.replace("+", "")
    if near is not None and code.index("+") < 8:
        digits = _plus_prefix(*near)[: 8 - code.index("+")] + digits
    south, west, step = -90.0, -180.0, 20.0
    for position in range(0, len(digits) - 1, 2):
        south += _PLUS.index(digits[position]) * step
        west += _PLUS.index(digits[position + 1]) * step
        step /= 20
    half = step * 20 / 2
    latitude, longitude = south + half, west + half
    if near is not None:
        latitude += round(near[0] - latitude)  # a short code repeats every degree; the nearest one is meant
        longitude += round(near[1] - longitude)
    return round(latitude, 6), round(longitude, 6)


def _plus_prefix(latitude: float, longitude: float) -> str:
    code = ""
    north, east, step = latitude + 90, longitude + 180, 20.0
    for _ in range(2):
        code += _PLUS[int(north // step)] + _PLUS[int(east // step)]
        north, east, step = north % step, east % step, step / 20
    return code


def _point_of_link(link: str) -> tuple[float, float] | None:
    plain = unquote_plus(link)
    for pattern in (_BANG, _AT, _QUERY, _GEO):
        match = pattern.search(plain)
        if match:
            return _checked(match.group(1), match.group(2))
    match = _DECIMAL.search(plain)
    return _from_decimal(match) if match else None


def _names_of_link(link: str) -> list[str]:
    """The words of a map link's place: its q, query, address or daddr, or what follows /place/."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return []
    names = [value for key, value in parse_qsl(parts.query) if key in {"q", "query", "address", "daddr", "destination"}]
    place = re.search(r"/(?:place|search)/([^/@?]+)", parts.path)
    if place:
        names.append(unquote_plus(place.group(1)))
    return [name for name in names if re.search(r"[^\W\d_]{3}", name)]


def _checked(latitude: str, longitude: str) -> tuple[float, float] | None:
    point = float(latitude), float(longitude)
    return point if abs(point[0]) <= 90 and abs(point[1]) <= 180 else None


def _from_decimal(match: re.Match[str]) -> tuple[float, float] | None:
    latitude, longitude = float(match.group(1)), float(match.group(2))
    if latitude < 0 < latitude + 180 and longitude > 0:
        latitude, longitude = longitude, latitude  # written the other way round
    if 60 < longitude < 130 and 20 < latitude < 55:
        longitude = -longitude  # the minus is often lost in retyping
    return _checked(str(latitude), str(longitude))


def _from_cardinal(match: re.Match[str]) -> tuple[float, float] | None:
    return _checked(match.group(1), f"-{match.group(2)}")


def _from_degrees(match: re.Match[str]) -> tuple[float, float] | None:
    d1, m1, s1, d2, m2, s2 = (float(part or 0) for part in match.groups())
    return _checked(str(d1 + m1 / 60 + s1 / 3600), str(-(d2 + m2 / 60 + s2 / 3600)))


def _brief(link: str) -> str:
    return link if len(link) <= 60 else link[:57] + "..."


_PLUS = "23456789CFGHJMPQRVWX"
_WORTH_A_LOOK = re.compile(r"://|geo:|goo\.gl|maps\.|\d\.\d{3}|\d\.\d\d?\s*[,; ]\s*-|°|\w{4}\+\w\w")
_LINK = re.compile(r"(?:https?://|geo:|(?:www\.|maps\.)(?=\S+\.\S))\S+", re.IGNORECASE)
_SHORT_HOST = re.compile(r"goo\.gl|maps\.app|bit\.ly|maps\.apple/p", re.IGNORECASE)
_NUMBER = r"(-?\d{1,3}(?:\.\d{1,15})?)"
_BANG = re.compile(rf"!3d{_NUMBER}!4d{_NUMBER}")
_AT = re.compile(rf"@{_NUMBER},{_NUMBER}")
_QUERY = re.compile(
    rf"(?:[?&](?:q|ll|sll|query|center|daddr|destination|coordinate|cp|loc)=)(?:loc:)?\s*{_NUMBER}[,~ ]\s*{_NUMBER}"
)
_GEO = re.compile(rf"geo:{_NUMBER},{_NUMBER}", re.IGNORECASE)
_DECIMAL = re.compile(r"(?<![\d.])(-?\d{1,3}\.\d{3,15})\s*[,; ]\s*(-?\d{1,3}\.\d{3,15})(?![\d.])")
_NEARBY = re.compile(r"(?<![\d.])((?:2|3|4)\d\.\d{1,15})\s*[,; ]\s*(-(?:[6-9]\d|1[0-2]\d)\.\d{1,15})(?![\d.])")
_CARDINAL = re.compile(r"(?<![\d.])(\d{1,2}\.\d{2,15})\s*°?\s*[Nn]\s*[,; ]?\s*(\d{1,3}\.\d{2,15})\s*°?\s*[WwOo]\b")
_DEGREES = re.compile(
    r"(\d{1,2})°\s*(?:(\d{1,2})['′’]\s*)?(?:(\d{1,2}(?:\.\d+)?)(?:[\"″”]|'')\s*)?[Nn]\s*[,; ]?\s*"
    r"(\d{1,3})°\s*(?:(\d{1,2})['′’]\s*)?(?:(\d{1,2}(?:\.\d+)?)(?:[\"″”]|'')\s*)?[WwOo]"
)
_PLUS_CODE = re.compile(
    r"(?<![\w+])([23456789CFGHJMPQRVWXcfghjmpqrvwx]{4}(?:[23456789CFGHJMPQRVWXcfghjmpqrvwx]{4})?\+[23456789CFGHJMPQRVWXcfghjmpqrvwx]{2})(?![\w+])"
)
