"""How much two reports sound like one event: by place, time and words, in either language, each part with its reason.

Points are log-odds, so that they add up and can be shown; the score is their probability. Reports of different counties are never
alike, and a report whose county is unknown is never alike enough to be merged by a machine.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz

from app.incidents.wording import Wording, wording_of

SUGGEST: Final = 0.35
"""From this score on a dispatcher is shown the other incident."""

MERGE: Final = 0.60
"""From this score on a report joins the incident by itself. Always reversible."""

TOO_LATE: Final = 180.0
"""Minutes without a report after which the same place is another event."""

BEGIN: Final = -1.2
"""Log-odds that two reports of one county are about one event, before anything else is known of them."""

TIME_POINTS: Final = ((5, 0.9), (15, 0.7), (30, 0.5), (60, 0.2), (90, -0.4), (120, -0.8), (TOO_LATE, -1.6), (math.inf, -6.0))
SAME_ROAD, OTHER_ROAD = 2.2, -3.0
SAME_SIGHT, OTHER_SIGHT = 2.0, -2.6
SAME_AREA, OTHER_AREA = 1.0, -1.2
ROAD_AND_SIGHT = -0.3
VAGUE_AND_EXACT = 0.6
BOTH_VAGUE = 0.9
NO_TOWN = 0.3
OTHER_TOWN = -3.5
SAME_POINT, NEAR_POINT, FAR_POINT = 3.0, 1.5, -3.0
SAME_WORDS = 2.0
COPY = 1.5
COPY_FROM = 88.0
SAME_NAME = 0.7
OTHER_COLOR, OTHER_SETTING, OTHER_DAY = -0.5, -1.4, -3.0
SAME_SETTING = 0.6
SAME_SENDER = 0.8
LARGEST_UNSURE = MERGE - 0.01


@dataclass(frozen=True)
class Account:
    """One person's report as it is compared: county FIPS or None, minute on any one clock, the public place label, a point in degrees."""

    report_id: str
    county: str | None
    minute: float
    text: str
    place: str | None
    point: tuple[float, float] | None
    kind: str
    salute: Mapping[str, str]
    source: str | None
    language: str


Reason = Callable[[], str]
"""A reason, said when somebody asks for it: of the dozens that a report is compared with, only one is told of."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """`score` is between 0 and 1. `same_place` is True or False where both name a place exactly enough to tell, else None."""

    score: float
    why: Sequence[Reason]
    same_place: bool | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """What speaks for and against it, in words for a dispatcher."""
        return tuple(reason() for reason in self.why)


def likeness(a: Account, b: Account) -> Likeness:
    """How much two accounts sound like one event, with the reasons a dispatcher is shown."""
    if a.county and b.county and a.county != b.county:
        return Likeness(0.0, (lambda: "different counties",), False)
    time_points, gap = _time(a, b)
    place_points, place_reason, same_place = _place(a, b)
    points = [BEGIN, time_points, place_points]
    why: list[Reason] = [lambda: place_reason, lambda: f"{gap:.0f} min apart"]
    first, second = wording_of(a.text), wording_of(b.text)
    for value, reason in (*_words(first, second, a, b), *_sender(a, b, gap)):
        points.append(value)
        why.append(reason)
    score = 1 / (1 + math.exp(-sum(points)))
    if a.county is None or b.county is None:
        score = min(score, LARGEST_UNSURE)
        why.append(lambda: "county unknown")
    return Likeness(round(score, 3), why, same_place)


_LIMITS = [limit for limit, _ in TIME_POINTS]


class _Part(Enum):
    ROAD = "road"
    SIGHT = "sight"
    AREA = "area"


@dataclass(frozen=True, slots=True)
class _Label:
    """A public label taken apart: "Walmart, N Roxboro St, Durham" has a sight, a road and a town."""

    roads: frozenset[str]
    sights: frozenset[str]
    town: str | None

    @property
    def is_exact(self) -> bool:
        return bool(self.roads or self.sights)


def _time(a: Account, b: Account) -> tuple[float, float]:
    gap = abs(a.minute - b.minute)
    return TIME_POINTS[bisect_left(_LIMITS, gap)][1], gap


def _place(a: Account, b: Account) -> tuple[float, str, bool | None]:
    one, two = _label(a.place), _label(b.place)
    if _is_pin(a) and _is_pin(b):
        km = _km(a.point, b.point)
        if km <= 0.4:
            return SAME_POINT, f"{km * 1000:.0f} m apart", True
        return (NEAR_POINT, f"{km:.1f} km apart", None) if km <= 1.2 else (FAR_POINT, f"{km:.1f} km apart", False)
    if one.town and two.town and _are_two_towns(one.town, two.town):
        return OTHER_TOWN, f"{one.town} and {two.town}", False
    roads, sights = one.roads & two.roads, one.sights & two.sights
    if roads:
        return SAME_ROAD + (0.5 if sights else 0.0), f"same road: {', '.join(sorted(roads))}", True
    if sights:
        if one.roads and two.roads:
            return OTHER_ROAD + 0.5, "different roads", False
        return SAME_SIGHT, f"same place: {', '.join(sorted(sights))}", True
    if one.roads and two.roads:
        return OTHER_ROAD, "different roads", False
    if one.sights and two.sights:
        return OTHER_SIGHT, "different places", False
    if one.is_exact and two.is_exact:
        return ROAD_AND_SIGHT, "a road and a place", None
    if one.is_exact or two.is_exact:
        return VAGUE_AND_EXACT, "same town, one names the place", None
    if one.town and one.town == two.town and not _is_county(one.town):
        return BOTH_VAGUE, f"both in {one.town}", None
    return NO_TOWN, "same county", None


def _words(one: Wording, two: Wording, a: Account, b: Account) -> list[tuple[float, Reason]]:
    found: list[tuple[float, Reason]] = []
    shared = one.concepts & two.concepts
    if shared:
        smaller = one.concepts if len(one.concepts) <= len(two.concepts) else two.concepts
        share = _weight(shared) / max(_weight(smaller), 1.0)
        points = SAME_WORDS * share * min(1.0, 0.4 + 0.2 * len(shared))
        found.append((points, lambda: f"both say: {', '.join(sorted(concept.split(':')[1] for concept in shared))}"))
    names = one.names & two.names
    if names:
        names -= _words_of(a.place) | _words_of(b.place)
    if names:
        found.append((min(SAME_NAME * len(names), 2 * SAME_NAME), lambda: f"both name: {', '.join(sorted(names)[:3])}"))
    times, colors, settings = _marks(a.text)
    other_times, other_colors, other_settings = _marks(b.text)
    same_day = times == other_times
    if same_day and min(len(one.plain), len(two.plain)) > 25 and fuzz.ratio(one.plain, two.plain) >= COPY_FROM:
        found.append((COPY, lambda: "nearly the same text"))
    if colors and other_colors and not colors & other_colors:
        found.append((OTHER_COLOR, lambda: "different colors"))
    if settings and other_settings:
        if settings & other_settings:
            found.append((SAME_SETTING, lambda: "same surroundings"))
        else:
            found.append((OTHER_SETTING, lambda: "different surroundings"))
    if not same_day:
        found.append((OTHER_DAY, lambda: "one is about an earlier day"))
    return found


def _sender(a: Account, b: Account, gap: float) -> list[tuple[float, Reason]]:
    if a.source and a.source == b.source and gap <= 30:
        return [(SAME_SENDER, lambda: "same sender")]
    return []


def _weight(concepts: frozenset[str]) -> float:
    """Words that nearly every report has say less about which event it is."""
    common = len(concepts & _COMMON)
    return len(concepts) - common + 0.4 * common


@lru_cache(maxsize=4_096)
def _marks(text: str) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """The times, colors and surroundings that a text names."""
    wording = wording_of(text)
    return wording.of_group("times"), wording.of_group("colors") - _LOOSE, wording.of_group("settings") - _LOOSE


@lru_cache(maxsize=4_096)
def _words_of(place: str | None) -> frozenset[str]:
    return frozenset(wording_of(place or "").plain.split())


@lru_cache(maxsize=4_096)
def _label(place: str | None) -> _Label:
    parts = [part.strip() for part in (place or "").split(",") if part.strip()]
    if not parts:
        return _Label(frozenset(), frozenset(), None)
    town = parts.pop() if len(parts) > 1 or not _is_road(parts[0]) else None
    if town and town.isdigit() and parts:
        town = parts.pop()
    roads = frozenset(road for part in parts if _is_road(part) for road in part.split(" & "))
    sights = frozenset(part for part in parts if not _is_road(part) and not part.isdigit()) - _GENERIC
    return _Label(roads, sights, town)


def _is_road(part: str) -> bool:
    return part.endswith(_ROAD_ENDS) or part.startswith(("I-", "US ", "NC ", "Hwy ")) or " & " in part


def _are_two_towns(one: str, two: str) -> bool:
    """Whether two labels end in different towns; "Uptown Charlotte" is in Charlotte, and a county holds all of its towns."""
    return not (one.endswith(two) or two.endswith(one) or _is_county(one) or _is_county(two))


def _is_county(town: str) -> bool:
    return town.endswith(" County")


def _is_pin(account: Account) -> bool:
    """Whether the point is one that was sent, not the middle of a town: then the label is only the county's name."""
    return account.point is not None and (account.place is None or ("," not in account.place and _is_county(account.place)))


def _km(a: tuple[float, float] | None, b: tuple[float, float] | None) -> float:
    if a is None or b is None:
        return math.inf
    north = (a[0] - b[0]) * 111.2
    east = (a[1] - b[1]) * 111.2 * math.cos(math.radians((a[0] + b[0]) / 2))
    return math.hypot(north, east)


_ROAD_ENDS = (
    " St",
    " Rd",
    " Ave",
    " Blvd",
    " Dr",
    " Ln",
    " Pkwy",
    " Hwy",
    " Ct",
    " Cir",
    " Trl",
    " Freeway",
    " Way",
    "Plaza Rd",
)
_GENERIC = frozenset(
    {
        "School",
        "Church",
        "Apartments",
        "Park",
        "Gas station",
        "Trailer park",
        "Laundromat",
        "Clinic",
        "Hospital",
        "Jail",
        "Courthouse",
    }
    | {"DMV", "Taqueria", "Panaderia", "Tienda mexicana", "Flea market"}
)
"""Kinds of places that a label may begin with: the settings of the text say the same and are compared there."""
_COMMON = frozenset(
    {"agents:immigration", "agents:agents", "activity:waiting", "settings:house", "settings:parking", "vehicles:car"}
)
_LOOSE = frozenset({"settings:house", "settings:parking", "settings:highway", "settings:market"})
