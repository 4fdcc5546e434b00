"""Finding the names of places in a text: what is said, by which words, and how surely.

Every window of words is looked up, the longest first; the words around a name (`cues.py`) decide whether it is a place; a strange word
is tried by its sound and letters (`sounds.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from app.places import cues
from app.places.gazetteer import Caution, Gazetteer, Name, Place, PlaceKind
from app.places.roads import RoadMention, roads_in
from app.places.words import Word, word_set

SURE_LENGTH = 8
"""Letters from which a misspelled name needs no place word: few other words come near."""


class Rank(IntEnum):
    """How strongly a mention says where. A lower one may narrow what a higher one says, and never overrides it."""

    LABEL = 0
    WEAK = 1
    ROAD = 2
    STREET = 3
    PLACE = 4
    EXACT = 5
    POINT = 6


@dataclass(frozen=True, slots=True)
class Mention:
    """A place that words of the text name. `counties` are all that fit; `places` the meanings; `weight` its evidence in log-odds."""

    first: int
    last: int
    rank: Rank
    counties: tuple[str, ...]
    places: tuple[Place, ...]
    words: str
    says: str
    weight: float
    as_city: bool = False
    aside: bool = False
    denied: bool = False
    cued: bool = True

    @property
    def kind(self) -> PlaceKind:
        """The kind of its first meaning."""
        return self.places[0].kind


def mentions_in(text: str, words: list[Word], gazetteer: Gazetteer, answering: bool) -> list[Mention]:
    """Every place named in the words of a text, in order."""
    return list(_Reader(text, words, gazetteer, answering).read())


class _Reader:
    """One pass over one text."""

    def __init__(self, text: str, words: list[Word], gazetteer: Gazetteer, answering: bool) -> None:
        self.text = text
        self.words = words
        self.gazetteer = gazetteer
        self.answering = answering
        self.shouted = sum(map(str.isupper, text)) > sum(map(str.islower, text))
        self.capitals = any(word.capital for word in words[1:])
        self.found: list[Mention] = []

    def read(self) -> Iterator[Mention]:
        roads = {road.first: road for road in roads_in(self.words, self.gazetteer.roads)}
        at = 0
        while at < len(self.words):
            mention = self._road(roads[at]) if at in roads else None
            mention = (
                mention or self._zip(at) or self._name(at) or self._misspelled(at) or self._other_state(at) or self._street(at)
            )
            if mention:
                self.found.append(mention)
                at = mention.last + 1
            else:
                at += 1
        return iter(self.found)

    def _said(self, first: int, last: int) -> str:
        return self.text[self.words[first].start : self.words[last].end]

    def _road(self, road: RoadMention) -> Mention:
        rank = Rank.PLACE if road.at_exit else Rank.ROAD
        place = Place(road.label, PlaceKind.HIGHWAY, road.counties)
        said = self._said(road.first, road.last)
        return Mention(
            road.first, road.last, rank, road.counties, (place,), said, f"{road.label} crosses", 2.0 if road.at_exit else 0.7
        )

    def _zip(self, at: int) -> Mention | None:
        word = self.words[at].fold
        if len(word) != 5 or not word.isdigit():
            return None
        place = self.gazetteer.zips.get(word)
        if place is None:
            if self.answering or (at and self.words[at - 1].fold in {"zip", "code", "postal", "zipcode", "sc", "va", "tn"}):
                return self._elsewhere(at, at, f"{word} is no ZIP code of this state")
            return None
        if not self.answering and self._is_house_number(at):
            return None
        return Mention(at, at, Rank.EXACT, place.counties, (place,), word, f"ZIP code {word}, {place.city}", 4.0)

    def _is_house_number(self, at: int) -> bool:
        following = [word.fold for word in self.words[at + 1 : at + 5] if not word.gap.strip(" .")]
        return any(word in cues.STREET_SUFFIX for word in following[1:]) or (
            bool(following) and following[0] in {"hwy", "highway", "us", "nc", "people"}
        )

    def _name(self, at: int) -> Mention | None:
        words, names = self.words, self.gazetteer.names
        longest = self.gazetteer.longest.get(words[at].fold)
        if longest is None:
            return None
        for count in range(min(longest, len(words) - at), 0, -1):
            last = at + count - 1
            key = words[at].fold if count == 1 else " ".join(word.fold for word in words[at : last + 1])
            meanings = names.get(key)
            if meanings and self._unbroken(at, last):
                mention = self._weigh(at, last, meanings, 0.0)
                if mention:
                    return mention
        return None

    def _unbroken(self, first: int, last: int) -> bool:
        return all(_INSIDE.isdisjoint(word.gap) for word in self.words[first + 1 : last + 1])

    def _misspelled(self, at: int) -> Mention | None:
        """A strange word, or two or three together, that sounds or looks like a name."""
        words, gazetteer = self.words, self.gazetteer
        word = words[at]
        if word.fold in gazetteer.longest and not self.answering:
            return None
        cued = self.answering or cues.place_word_before(words, at)
        for count in (3, 2, 1):
            last = at + count - 1
            if last >= len(words) or (count > 1 and not (cued and self._unbroken(at, last))):
                continue
            if count == 1 and (
                word.fold in gazetteer.ordinary or (len(word.fold) < SURE_LENGTH and not cued and not self._county_beside(at))
            ):
                continue
            if count > 1 and any(len(w.fold) < 3 or w.fold in gazetteer.names for w in words[at : last + 1]):
                continue  # a part of it is a word or a name in its own right
            joined = "".join(w.fold for w in words[at : last + 1])
            if count > 1 and (
                len(joined) < SURE_LENGTH or (words[last].fold in gazetteer.ordinary and words[at].fold in gazetteer.ordinary)
            ):
                continue
            for name in gazetteer.near.names_like(joined):
                mention = self._weigh(at, last, gazetteer.names[name], 1.0)
                if mention:
                    return mention
        return None

    def _county_beside(self, at: int) -> bool:
        return cues.county_word_around(self.words, at, at) is not None

    def _weigh(self, first: int, last: int, meanings: Sequence[Name], doubt: float) -> Mention | None:
        """The mention that a name's meanings make here, or None where the words around speak against a place."""
        words = self.words
        if meanings[0].place.kind is PlaceKind.BRAND:
            brand = meanings[0].place
            return Mention(first, last, Rank.LABEL, (), (brand,), self._said(first, last), "stands in many counties", 0.0)
        state = self._state_after(last)
        if state and state[0] == "other":
            return self._elsewhere(first, state[1], f"{self._said(first, state[1])} is in another state")
        if meanings[0].place.kind is PlaceKind.ELSEWHERE:
            if self.answering or cues.place_word_before(words, first) or (len(meanings) == 1 and last > first):
                return self._elsewhere(first, last, f"{meanings[0].place.name} is not in this state")
            meanings = [name for name in meanings if name.place.kind is not PlaceKind.ELSEWHERE]
            if not meanings:
                return None
        end = state[1] if state else last
        county_word = cues.county_word_around(words, first, last)
        if county_word is not None:
            return self._explicit_county(first, max(end, county_word), meanings, doubt)
        towns = [name for name in meanings if name.place.kind in {PlaceKind.CITY, PlaceKind.COUNTY}]
        street = self._as_street(first, last) if towns else []
        if street:
            return self._corridor(first, last, street, doubt)
        after_a_street = bool(self.found) and self.found[-1].last == first - 1
        if towns and cues.street_around(words, first, last, after_a_street):
            return self._named_street(first, last)
        as_city = cues.city_word_around(words, first, last)
        backed = [name for name in meanings if self._backed(first, last, name, bool(state), as_city, doubt)]
        if as_city and any(name.place.kind is PlaceKind.CITY for name in backed):
            backed = [name for name in backed if name.place.kind is PlaceKind.CITY]
        if not backed:
            return None
        backed.sort(key=lambda name: name.place.kind is PlaceKind.COUNTY)  # the town first: it gives the label
        if backed[0].place.kind is PlaceKind.CORRIDOR:
            return self._corridor(first, end, backed, doubt)
        counties = tuple(dict.fromkeys(code for name in backed for code in name.place.counties))
        places = tuple(name.place for name in backed)
        weight = (3.0 if as_city or state else 2.5) - doubt - (1.0 - backed[0].weight) * 5
        says = _says(places, self.gazetteer, doubt)
        aside = cues.direction_before(words, first)
        is_denied = cues.denied(words, first)
        return Mention(
            first, end, Rank.PLACE, counties, places, self._said(first, last), says, weight, as_city, aside, is_denied
        )

    def _as_street(self, first: int, last: int) -> list[Name]:
        """The known streets that a town's name stands for at a corner: "Tryon y la 49", "Monroe & Idlewild"."""
        if self.answering or not self._is_corner(first, last):
            return []
        key = " ".join(word.fold for word in self.words[first : last + 1])
        found = [name for before in ("on", "la") for name in self.gazetteer.names.get(f"{before} {key}", ())]
        return [name for name in dict.fromkeys(found) if name.place.kind is PlaceKind.CORRIDOR]

    def _is_corner(self, first: int, last: int) -> bool:
        """Whether "y", "and" or "&" joins the words to a road or a known street, before or behind."""
        words, previous = self.words, self.found[-1] if self.found else None
        if previous and previous.kind in _ROADS and previous.last >= first - 2 and _joins(words, previous.last + 1, first):
            return True
        after = last + 1
        if after >= len(words):
            return False
        if "&" not in words[after].gap:
            if words[after].fold not in {"y", "and", "con"}:
                return False
            after += 1
        if after < len(words) and words[after].fold in {"la", "the"}:
            after += 1
        if after >= len(words):
            return False
        if words[after].fold.isdigit():
            return True
        keys = (" ".join(word.fold for word in words[after : after + count]) for count in (3, 2, 1))
        spoken = (f"{before}{key}" for key in keys for before in ("", "on "))
        return any(name.place.kind is PlaceKind.CORRIDOR for key in spoken for name in self.gazetteer.names.get(key, ()))

    def _corridor(self, first: int, last: int, backed: Sequence[Name], doubt: float) -> Mention:
        """A street that is known: it narrows what a town allows, says where by itself unless many towns have one, and overrules nothing."""
        backed = [name for name in backed if not name.everywhere] or backed
        counties = tuple(dict.fromkeys(code for name in backed for code in name.place.counties))
        is_denied, words = cues.denied(self.words, first), self._said(first, last)
        if all(name.everywhere for name in backed):
            street = Place(backed[0].place.name, PlaceKind.STREET, ())
            return Mention(first, last, Rank.WEAK, counties, (street,), words, "a street of many towns", 0.2, denied=is_denied)
        places = tuple(name.place for name in backed)
        says = _says(places, self.gazetteer, doubt)
        return Mention(first, last, Rank.STREET, counties, places, words, says, 2.0 - doubt, denied=is_denied)

    def _explicit_county(self, first: int, last: int, meanings: Sequence[Name], doubt: float) -> Mention | None:
        places = [name.place for name in meanings if name.place.kind is PlaceKind.COUNTY]
        if not places:
            places = [
                name.place  # "condado de Raleigh" is said, too
                for name in meanings
                if name.place.kind is PlaceKind.CITY and (name.caution <= Caution.SOME or self.answering)
            ]
        if not places:
            return None
        counties = tuple(dict.fromkeys(code for place in places for code in place.counties))
        says = f"named as a county: {places[0].name}"
        aside, is_denied = cues.direction_before(self.words, first), cues.denied(self.words, first)
        return Mention(
            first,
            last,
            Rank.EXACT,
            counties,
            tuple(places),
            self._said(first, last),
            says,
            4.0 - doubt,
            False,
            aside,
            is_denied,
        )

    def _backed(self, first: int, last: int, name: Name, state: bool, as_city: bool, doubt: float) -> bool:
        words = self.words
        if state or as_city or self.answering:
            return True
        if cues.person_before(words, first) and not cues.place_word_before(words, first):
            return False
        caution = name.caution
        if doubt and caution is Caution.NONE and last == first and len(words[first].fold) < SURE_LENGTH:
            caution = Caution.SOME
        if caution is Caution.NONE:
            return True
        if caution is Caution.MOST:
            return len(words) == last - first + 1
        capital = words[first].capital and not self.shouted
        alone = cues.only_between_commas(words, first, last, self.text[words[last].end :])
        if caution >= Caution.MUCH:
            if cues.place_word_before(words, first, strict=True):
                return capital or last > first or self._behind_a_street(first) or cues.foreign_word_before(words, first)
            if capital and self._brand_at(last + 1):
                return True
            opens = first == 0 and last + 1 < len(words) and words[last + 1].gap.startswith((",", ":"))
            return alone and (capital or opens) and caution is Caution.MUCH
        if cues.place_word_before(words, first):
            return True
        if alone and (words[first].capital or not self.capitals or first == 0):
            return True
        previous = self.found[-1] if self.found else None
        if previous and previous.last in {first - 1, first - 2} and previous.kind is not PlaceKind.ELSEWHERE:
            between = words[previous.last + 1].fold if previous.last == first - 2 else "de"
            if between in {
                "de",
                "in",
                "en",
                "of",
                "y",
                "and",
                "la",
                "del",
                "e",
                "con",
                "esquina",
                "at",
                "by",
            } and not _is_sentence(words[first].gap):
                return True
        if (
            name.place.kind in {PlaceKind.CORRIDOR, PlaceKind.NEIGHBOURHOOD, PlaceKind.LANDMARK}
            and first
            and words[first - 1].fold in {"la", "el", "the"}
        ):
            return True
        if (
            last + 1 < len(words)
            and not self._person_like(last)
            and (first == 0 or words[first].gap.strip())
            and words[last + 1].fold in _AFTER_A_TOWN
        ):
            return True
        if self._brand_at(last + 1):
            return True
        ends = last + 1 >= len(words) and first > 0 and words[first - 1].fold not in cues.NEVER_BEFORE_A_PLACE
        return ends and words[first - 1].fold not in {"de", "of", "del", "la", "le", "que"}

    def _behind_a_street(self, first: int) -> bool:
        """Whether a street or a store was named just before, so that a town is what follows: "on Roxboro Rd in Bethel"."""
        previous = self.found[-1] if self.found else None
        return (
            previous is not None
            and previous.kind in _ROADS | {PlaceKind.BRAND, PlaceKind.LANDMARK}
            and previous.last >= first - 3
        )

    def _person_like(self, last: int) -> bool:
        """Whether a capital word follows, as a surname would."""
        return (
            last + 1 < len(self.words)
            and self.words[last + 1].capital
            and not self.shouted
            and len(self.words[last + 1].fold) > 3
        )

    def _brand_at(self, at: int) -> bool:
        """Whether a store or another kind of place is named at a word: "sanford walmart"."""
        for count in (1, 2):
            names = self.gazetteer.names.get(" ".join(word.fold for word in self.words[at : at + count]))
            if names and names[0].place.kind is PlaceKind.BRAND:
                return True
        return False

    def _state_after(self, last: int) -> tuple[str, int] | None:
        """("this" or "other", the last word) where a state's name stands right behind."""
        words, gazetteer = self.words, self.gazetteer
        for count in (3, 2, 1):
            end = last + count
            if end >= len(words) or any(_is_sentence(word.gap) for word in words[last + 1 : end + 1]):
                continue
            key = " ".join(word.fold for word in words[last + 1 : end + 1])
            if key in gazetteer.state_names:
                is_road = end + 1 < len(words) and words[end + 1].fold.isdigit() and len(words[end + 1].fold) <= 3
                return "this", last if is_road else end  # "Lenoir NC 321" is a highway, too
            if key in gazetteer.other_states or key in gazetteer.other_states_plain:
                return "other", end
            if count == 1 and key in gazetteer.other_states_capital:
                raw = self._said(end, end)
                if raw.isupper() and (not self.shouted or "," in words[end].gap) and self._stands_last(end):
                    return "other", end
        return None

    def _stands_last(self, at: int) -> bool:
        return (
            at + 1 >= len(self.words)
            or bool(self.words[at + 1].gap.strip())
            or self.words[at + 1].fold.isdigit()
            or not self.shouted
        )

    def _other_state(self, at: int) -> Mention | None:
        """A state named by itself: "en South Carolina", "vienen de Georgia"."""
        for count in (2, 1):
            if at + count <= len(self.words):
                key = " ".join(word.fold for word in self.words[at : at + count])
                if key in self.gazetteer.other_states and (self.answering or cues.place_word_before(self.words, at)):
                    return self._elsewhere(at, at + count - 1, f"{self._said(at, at + count - 1)} is another state")
        return None

    def _elsewhere(self, first: int, last: int, says: str) -> Mention:
        place = Place(self._said(first, last), PlaceKind.ELSEWHERE, ())
        return Mention(first, last, Rank.LABEL, (), (place,), self._said(first, last), says, -2.0)

    def _named_street(self, first: int, last: int) -> Mention:
        """A street that bears a town's name: says little about where it is."""
        suffix = cues.STREET_SUFFIX.get(self.words[last + 1].fold) if last + 1 < len(self.words) else None
        end = last + 1 if suffix else last
        name = " ".join(part.capitalize() for part in self._said(first, last).split())
        street = Place(f"{name} {suffix}" if suffix else f"{name} St", PlaceKind.STREET, ())
        return Mention(first, end, Rank.WEAK, (), (street,), self._said(first, end), "a street's name, not a town", 0.2)

    def _street(self, at: int) -> Mention | None:
        """A street that no list holds, for the label: "Main St", "N Elm Street", "calle Main"."""
        words = self.words
        suffix = cues.STREET_SUFFIX.get(words[at].fold)
        if suffix is None or not at:
            return None
        first = at - 1
        named = self.found[-1].last if self.found else -1
        if (
            first <= named
            or words[first].fold in _NO_STREET
            or not _INSIDE.isdisjoint(words[at].gap)
            or words[first].fold.isdigit()
        ):
            return None
        while (
            first - 1 > named
            and words[first - 1].capital
            and words[first].capital
            and not self.shouted
            and words[first].gap == " "
        ):
            if words[first - 1].fold in _NO_STREET or at - first >= 3:
                break
            first -= 1
        if suffix in {"St", "Dr", "Ct", "Ln", "Cir", "Trl"} and not words[first].capital and words[at].fold != "street":
            return None
        name = " ".join(part.capitalize() for part in self._said(first, at - 1).split())
        street = Place(f"{name} {suffix}", PlaceKind.STREET, ())
        return Mention(first, at, Rank.LABEL, (), (street,), self._said(first, at), "a street", 0.0)


def without_denied(mentions: Sequence[Mention]) -> list[Mention]:
    """The mentions that say where something is; where every one is only in passing ("rumbo a Durham"), those count after all."""
    kept = [mention for mention in mentions if not mention.denied]
    placed = [mention for mention in kept if mention.counties and mention.rank >= Rank.STREET]
    if any(not mention.aside for mention in placed):
        return [m for m in kept if not m.aside]
    return kept


def _says(places: Sequence[Place], gazetteer: Gazetteer, doubt: float) -> str:
    meant = []
    for place in places[:4]:
        counties = " or ".join(gazetteer.counties.by_fips(code).label("en") for code in place.counties)
        meant.append(counties if place.kind is PlaceKind.COUNTY else f"{place.name} in {counties}")
    return ("sounds like " if doubt else "") + ", or ".join(dict.fromkeys(meant))


def _joins(words: Sequence[Word], at: int, first: int) -> bool:
    """Whether what stands from the word at `at` up to the word at `first` is only "and"."""
    return (at == first and "&" in words[first].gap) or (at == first - 1 and words[at].fold in {"y", "and", "con"})


def _is_sentence(gap: str) -> bool:
    return not _ENDS.isdisjoint(gap)


_AFTER_A_TOWN = word_set("""
    near cerca por en on at by in hay afuera frente enfrente exit hoy today ahorita now migra ice la el agentes reten redada area
""")
_ROADS = frozenset({PlaceKind.CORRIDOR, PlaceKind.HIGHWAY, PlaceKind.STREET})
_INSIDE = frozenset(",;:!?\n()")
_ENDS = frozenset("!?;\n")
_NO_STREET = word_set("""
    the this that la el my mi a en in on of de same our una un esta every next esa misma and y at calle down up across side each
    los las por
""")
