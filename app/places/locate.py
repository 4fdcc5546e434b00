"""Where a text is about: every county that fits, ranked, with a public name for the place and the words that said so.

`locate("migra afuera de la walmar en la Roxboro en Duram", gazetteer)` is Durham County, "Walmart, N Roxboro St, Durham". One county
is sure enough to act on, several must be asked about, none means that no place was named. Nothing is looked up outside.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from app.places.addresses import addresses_in
from app.places.finding import mentions_in
from app.places.gazetteer import LARGE_TOWN, Gazetteer, Place, PlaceKind
from app.places.labels import label_of
from app.places.links import point_of_plus_code, points_in
from app.places.mention import Mention, Rank, without_denied
from app.places.polygons import county_at
from app.places.spoken import digits_said
from app.places.words import LONGEST_TEXT, in_latin, phrase, words_of
from app.records.reading import Candidate, Evidence, Location

POINT_WEIGHT = 5.0
HOME_WEIGHT = 1.0
MOST_CANDIDATES = 8
CLOSE = 4
"""Words. So near behind a town's name a county says which town is meant: "Cleveland, del condado de Johnston"."""

MOST_OF_A_ROAD = 2
"""Counties. A highway by itself that crosses more than these says no more than that it is somewhere in the state."""


def locate(text: str, gazetteer: Gazetteer, *, home_counties: Sequence[str] = (), answering: bool = False) -> Location:
    """Where a text says that something is.

    `home_counties` are FIPS codes that the sender subscribes to or named before: they may break a tie between counties that the text
    allows, and are then named in the evidence. `answering` says that the text answers "which city, county or ZIP code?", so that a
    bare or misspelled name counts. Never raises; reads the first 2,000 characters.
    """
    points = points_in(in_latin(text[:LONGEST_TEXT], gazetteer.other_scripts))
    plain = digits_said(points.text) if answering else points.text
    words = words_of(plain)
    found = mentions_in(plain, words, gazetteer, answering) if words else []
    found.extend(addresses_in(words, found, gazetteer))
    for latitude, longitude, said in points.points:
        found.append(_pinned(latitude, longitude, said, gazetteer))
    if points.short_codes:
        found.extend(_short_codes(points.short_codes, found, gazetteer))
    if not found and not points.short_links:
        return Location()

    notes = [Evidence(link, "a short map link hides its point", 0.0) for link in points.short_links]
    counting = without_denied(found)
    notes.extend(Evidence(m.words, "named as not the place", -1.0) for m in found if m.denied)
    counting, contained = _without_contained(_without_streets(counting, gazetteer))
    counties, ignored = _settle(counting)
    ignored = [*contained, *ignored]
    counties, home = _break_tie(counties, home_counties, gazetteer)
    if len(counties) > MOST_OF_A_ROAD and all(m.rank is Rank.ROAD for m in counting if m.counties):
        counties = ()
    used = [mention for mention in counting if mention not in ignored]
    evidence = [Evidence(m.words, m.says, m.weight if m.counties else min(m.weight, 0.0)) for m in used]
    evidence.extend(Evidence(m.words, f"does not fit the rest: {m.says}", -0.5) for m in ignored)
    candidates = _candidates(counties, used, gazetteer)
    best = candidates[0] if candidates else None
    return Location(
        counties=counties,
        label=label_of(used, counties, gazetteer),
        point=_point(used, counties),
        candidates=candidates if best else (),
        evidence=(*evidence, *notes, *home),
    )


def _pinned(latitude: float, longitude: float, said: str, gazetteer: Gazetteer) -> Mention:
    county = county_at(gazetteer, latitude, longitude)
    if county is None:
        place = Place(said, PlaceKind.ELSEWHERE, (), "", latitude, longitude)
        return Mention(-1, -1, Rank.LABEL, (), (place,), said, "a point that is not in this state", -2.0)
    name = gazetteer.counties.by_fips(county).label("en")
    place = Place(name, PlaceKind.POINT, (county,), "", round(latitude, 6), round(longitude, 6))
    return Mention(-1, -1, Rank.POINT, (county,), (place,), said, f"a point in {name}", POINT_WEIGHT)


def _short_codes(codes: Sequence[str], found: Sequence[Mention], gazetteer: Gazetteer) -> list[Mention]:
    """Plus codes without their first four letters, completed by the town that the text names: "V3QP+2C Durham"."""
    for mention in found:
        for place in mention.places:
            if place.latitude is not None and place.longitude is not None:
                near = (place.latitude, place.longitude)
                return [_pinned(*point_of_plus_code(code, near), code, gazetteer) for code in codes]
    return []


def _settle(mentions: Sequence[Mention]) -> tuple[tuple[str, ...], list[Mention]]:
    """The counties that fit all that was said, strongest first, and the mentions that were overruled."""
    fits: tuple[str, ...] = ()
    ignored: list[Mention] = []
    pinned = any(mention.rank is Rank.POINT for mention in mentions)
    for rank in (Rank.POINT, Rank.EXACT, Rank.PLACE, Rank.STREET, Rank.ROAD, Rank.WEAK):
        group = [mention for mention in mentions if mention.rank is rank and mention.counties]
        if rank is Rank.PLACE:
            group, strays = _without_small_strays(group)
            ignored.extend(strays)
        if not group:
            continue
        together = _together([mention.counties for mention in group])
        if not fits:
            fits = together if rank is not Rank.WEAK else ()
        elif rank < Rank.PLACE:
            for mention in group:
                narrowed = _both(fits, mention.counties)
                fits = narrowed or fits
                if not narrowed and rank is not Rank.WEAK:
                    ignored.append(mention)
        elif _both(fits, together):
            fits = _both(fits, together)
        elif rank is Rank.EXACT or pinned:
            ignored.extend(group)
        else:
            fits = tuple(dict.fromkeys((*fits, *together)))
    return fits, ignored


def _without_streets(mentions: Sequence[Mention], gazetteer: Gazetteer) -> list[Mention]:
    """Without small towns that are a street of a city whose other street is named: "off Idlewild near Harris" is Harris Boulevard."""
    streets = {code for mention in mentions if mention.rank is Rank.STREET for code in mention.counties}

    def is_street(mention: Mention) -> bool:
        town = mention.places[0]
        if mention.rank is not Rank.PLACE or not _is_town(town) or town.population >= LARGE_TOWN:
            return False
        named = gazetteer.names.get(f"la {phrase(town.name)}", ())
        here = streets.difference(mention.counties)
        return any(name.place.kind is PlaceKind.CORRIDOR and not here.isdisjoint(name.place.counties) for name in named)

    return [mention for mention in mentions if not (streets and is_street(mention))]


def _without_contained(mentions: Sequence[Mention]) -> tuple[list[Mention], list[Mention]]:
    """A town's meanings give way to a county named right behind it: "Cleveland, in Johnston County" is the one in Johnston County. So does
    what bears one name in many towns to the town behind it: "la Mountaire en Lumber Bridge" is not the one in Siler City."""
    overruled = [
        one
        for one, behind in itertools.pairwise(mentions)
        if one.rank is Rank.PLACE
        and one.counties
        and 0 <= behind.first - one.last <= CLOSE
        and not _both(one.counties, behind.counties)
        and (
            (behind.rank is Rank.EXACT and behind.kind is PlaceKind.COUNTY)
            or (
                behind.rank is Rank.PLACE
                and _is_town(behind.places[0])
                and one.kind in {PlaceKind.LANDMARK, PlaceKind.NEIGHBOURHOOD}
            )
        )
    ]
    return [mention for mention in mentions if mention not in overruled], overruled


def _without_small_strays(group: list[Mention]) -> tuple[list[Mention], list[Mention]]:
    """Small towns that no place word backs, and that lie elsewhere than the larger places named, are taken for a name's chance likeness:
    "Garner, White Oak Crossing" is about Garner, not about White Oak in another county."""
    large = [
        mention
        for mention in group
        if mention.cued or any(place.population >= LARGE_TOWN or not _is_town(place) for place in mention.places)
    ]
    if not large or len(large) == len(group):
        return group, []
    allowed = {code for mention in large for code in mention.counties}
    strays = [mention for mention in group if mention not in large and allowed.isdisjoint(mention.counties)]
    return [mention for mention in group if mention not in strays], strays


def _is_town(place: Place) -> bool:
    return place.kind is PlaceKind.CITY


def _together(sets: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The counties that mentions of one rank allow: what they share, else each one's that is not settled by another."""
    shared = sets[0]
    for counties in sets[1:]:
        shared = _both(shared, counties)
    if shared:
        return shared
    result: list[str] = []
    for position, counties in enumerate(sets):
        others = [code for other, codes in enumerate(sets) if other != position for code in codes]
        settled = tuple(code for code in counties if code in others)
        result.extend(settled or counties)
    return tuple(dict.fromkeys(result))


def _both(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    return tuple(code for code in first if code in second)


def _break_tie(counties: tuple[str, ...], home: Sequence[str], gazetteer: Gazetteer) -> tuple[tuple[str, ...], list[Evidence]]:
    """One county where several fit and exactly one of them is the sender's own."""
    own = [code for code in counties if code in home]
    if len(counties) < 2 or len(own) != 1:
        return counties, []
    name = gazetteer.counties.by_fips(own[0]).label("en")
    return (own[0],), [Evidence(name, "the county that the sender named before", HOME_WEIGHT)]


def _candidates(counties: Sequence[str], used: Sequence[Mention], gazetteer: Gazetteer) -> tuple[Candidate, ...]:
    """One candidate a county, the likeliest first; their confidences and what is left for "none of these" make one."""
    rows = []
    for order, code in enumerate(counties[:MOST_CANDIDATES]):
        backing = [mention for mention in used if code in mention.counties]
        weight = sum(mention.weight / len(mention.counties) for mention in backing) - 0.01 * order
        places = [place for mention in backing for place in mention.places if code in place.counties]
        best = max(places, key=lambda place: (_EXACTNESS.get(place.kind, 0), place.population))
        rows.append((weight, code, best, backing))
    rows.sort(key=lambda row: -row[0])
    odds = [math.exp(min(weight, 6.0)) for weight, *_ in rows]
    whole = sum(odds) + 1.0
    return tuple(
        Candidate(
            county=code,
            label=label_of(used, (code,), gazetteer) or place.name,
            kind=place.kind.value,
            confidence=round(share / whole, 3),
            latitude=place.latitude,
            longitude=place.longitude,
            evidence=tuple(Evidence(m.words, m.says, m.weight) for m in backing),
        )
        for share, (_, code, place, backing) in zip(odds, rows, strict=True)
    )


def _point(used: Sequence[Mention], counties: Sequence[str]) -> tuple[float, float] | None:
    """The point of the most exact place named in the one county, or None. A county by itself has no point worth showing."""
    if len(counties) != 1:
        return None
    places = [
        place for mention in used for place in mention.places if counties[0] in place.counties and place.latitude is not None
    ]
    exact = [place for place in places if place.kind in _EXACTNESS]
    if not exact:
        return None
    best = max(exact, key=lambda place: _EXACTNESS[place.kind])
    return (best.latitude, best.longitude) if best.latitude is not None and best.longitude is not None else None


_EXACTNESS = {
    PlaceKind.POINT: 7,
    PlaceKind.STREET: 6,  # an address or a corner; a street by itself has no point
    PlaceKind.LANDMARK: 5,
    PlaceKind.NEIGHBOURHOOD: 4,
    PlaceKind.CORRIDOR: 3,
    PlaceKind.ZIP: 2,
    PlaceKind.CITY: 1,
}
