"""The public name of where something is: "Walmart, N Roxboro St, Durham". Only what was named, in the order that people say it."""

from __future__ import annotations

from collections.abc import Sequence

from app.places.gazetteer import Gazetteer, Place, PlaceKind
from app.places.mention import Mention

PARTS = 3
"""A label has at most so many parts before the town."""


def label_of(mentions: Sequence[Mention], counties: Sequence[str], gazetteer: Gazetteer) -> str | None:
    """A name for a place that fits these counties, or None where nothing was named. House numbers and other states are left out."""
    fitting = [(mention, place) for mention in mentions if (place := _fitting(mention, counties)) is not None]
    sights = _names(fitting, {PlaceKind.LANDMARK}) or _names(fitting, {PlaceKind.BRAND})[:1]
    brands = _names(fitting, {PlaceKind.BRAND})[:1] if sights else []
    roads = _names(fitting, {PlaceKind.CORRIDOR, PlaceKind.STREET, PlaceKind.HIGHWAY})
    areas = _names(fitting, {PlaceKind.NEIGHBOURHOOD})
    parts = list(dict.fromkeys([*(brands if len(sights) > 1 else []), *sights[:2]]))
    if roads:
        parts.append(" & ".join(roads[:2]))
    elif areas:
        parts.append(areas[0])
    parts = parts[:PARTS]
    town = _town(fitting, counties, gazetteer)
    if town and not (parts and parts[-1].endswith(town)):
        parts.append(town)
    return ", ".join(parts) or None


def _fitting(mention: Mention, counties: Sequence[str]) -> Place | None:
    """The meaning of a mention that lies in one of the counties, or that lies nowhere in particular."""
    if mention.kind is PlaceKind.ELSEWHERE:
        return None
    for place in mention.places:
        if not place.counties or not counties or any(code in counties for code in place.counties):
            return place
    return None


def _names(fitting: Sequence[tuple[Mention, Place]], kinds: set[PlaceKind]) -> list[str]:
    return list(dict.fromkeys(place.name for _, place in fitting if place.kind in kinds))


def _town(fitting: Sequence[tuple[Mention, Place]], counties: Sequence[str], gazetteer: Gazetteer) -> str | None:
    for kind in (PlaceKind.CITY, PlaceKind.ZIP):
        for _, place in fitting:
            if place.kind is kind:
                return place.name if kind is PlaceKind.CITY else f"{place.name}, {place.city}"
    towns = {
        place.city
        for mention, _ in fitting
        for place in mention.places
        if place.city and (not counties or any(code in counties for code in place.counties))
    }
    if len(towns) == 1:
        return towns.pop()
    named = [place for _, place in fitting if place.kind is PlaceKind.COUNTY]
    if len(counties) == 1:
        return gazetteer.counties.by_fips(counties[0]).label("en")
    return named[0].name if named else None
