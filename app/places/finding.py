"""Finding the names of places in a text: what is said, by which words, and how surely.

Every window of words is looked up, the longest first; the words around a name (`cues.py`) decide whether it is a place; a strange word
is tried by its sound and letters (`sounds.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.places import cues
from app.places.gazetteer import LARGE_TOWN, Caution, Gazetteer, Name, Place, PlaceKind
from app.places.mention import Mention, Rank
from app.places.roads import RoadMention, roads_in
from app.places.splits import joined_name
from app.places.surroundings import BREAKS, ROADS, SURE_LENGTH, Surroundings
from app.places.words import Word, word_set

SHORTEST_BEGINNING = 4
"""Letters. A shorter word that many names begin with ("la", "el", "new") begins no misspelled one."""

SHORTEST_PAIR = 6
"""Letters. Two words of fewer are never taken for one name: "rous jil" is long enough."""

SHORT_ANSWER = 4
"""Words. A longer answer to "where is it?" says more than a place, so that not every word of it is tried as one."""


def mentions_in(text: str, words: list[Word], gazetteer: Gazetteer, answering: bool) -> list[Mention]:
    """Every place named in the words of a text, in order."""
    return list(_Reader(text, words, gazetteer, answering).read())


class _Reader(Surroundings):
    """One pass over one text."""

    def read(self) -> Iterator[Mention]:
        roads = {road.first: road for road in roads_in(self.words, self.gazetteer.roads)}
        at = 0
        while at < len(self.words):
            mention = self._road(roads[at]) if at in roads else None
            mention = (
                mention
                or self._zip(at)
                or self._corner_side(at)
                or self._cut_apart(at)
                or self._name(at)
                or self._misspelled(at)
                or self._other_state(at)
                or self._street(at)
            )
            if mention:
                self.found.append(mention)
                at = mention.last + 1
            else:
                at += 1
        return iter(self.found)

    def _road(self, road: RoadMention) -> Mention:
        rank = Rank.PLACE if road.at_exit else Rank.ROAD
        place = Place(road.label, PlaceKind.HIGHWAY, road.counties)
        said = self.said(road.first, road.last)
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
        if not self.answering and (self._is_house_number(at) or self._is_file_number(at)):
            return None
        return Mention(at, at, Rank.EXACT, place.counties, (place,), word, f"ZIP code {word}, {place.city}", 4.0)

    def _is_house_number(self, at: int) -> bool:
        following = [word.fold for word in self.words[at + 1 : at + 5] if not word.gap.strip(" .")]
        return any(word in cues.STREET_SUFFIX for word in following[1:]) or (
            bool(following) and following[0] in {"hwy", "highway", "us", "nc", "people"}
        )

    def _is_file_number(self, at: int) -> bool:
        return any(word.fold in _NUMBERED for word in self.words[max(at - 2, 0) : at])

    def _name(self, at: int) -> Mention | None:
        words, names = self.words, self.gazetteer.names
        longest = self.gazetteer.longest.get(words[at].fold)
        if longest is None:
            return None
        for count in range(min(longest, len(words) - at), 0, -1):
            last = at + count - 1
            key = words[at].fold if count == 1 else " ".join(word.fold for word in words[at : last + 1])
            meanings = names.get(key)
            if meanings and self.unbroken(at, last) and not self._is_cut_short(at, last):
                mention = self._weigh(at, last, meanings, 0.0)
                if mention:
                    return mention
        return None

    def _cut_apart(self, at: int) -> Mention | None:
        found = None if self.words[at].fold.isdigit() else joined_name(self.words, at, self.gazetteer)
        return self._weigh(at, found[0], self.gazetteer.names[found[1]], 0.5) if found else None

    def _is_cut_short(self, first: int, last: int) -> bool:
        """Whether "on durham" was read out of "on Durham Rd", whose own name says which street it is."""
        words = self.words
        if last == first or words[first].fold not in {"on", "off", "la"} or last + 1 >= len(words):
            return False
        return words[last + 1].fold in cues.STREET_SUFFIX and words[last + 1].gap == " "

    def _misspelled(self, at: int) -> Mention | None:
        """A strange word, or two or three together, that sounds or looks like a name."""
        words, gazetteer = self.words, self.gazetteer
        word = words[at]
        begins_a_name = word.fold in gazetteer.longest and not self.answering
        if begins_a_name and (len(word.fold) < SHORTEST_BEGINNING or word.fold in gazetteer.ordinary):
            return None
        short, place_word = None, False
        for count in (3, 2, 1):
            last = at + count - 1
            if last >= len(words) or (count == 1 and begins_a_name):
                continue
            if count > 1 and any(len(w.fold) < 3 or w.fold in gazetteer.names for w in words[at : last + 1]):
                continue  # a part of it is a word or a name in its own right
            if count == 1 and word.fold in gazetteer.ordinary:
                continue
            if short is None:
                short = (self.answering and len(words) <= SHORT_ANSWER) or self._county_beside(at)
                place_word = cues.place_word_before(words, at)
            state = self.state_after(last)
            asked = short or (state is not None and state[0] == "this")
            cued = asked or place_word or self.stands_like_a_town(at, last)
            if count > 1 and not (cued and self.unbroken(at, last)):
                continue
            if count == 1 and len(word.fold) < SURE_LENGTH and not cued:
                continue
            joined = "".join(w.fold for w in words[at : last + 1])
            if count > 1 and not self._may_be_one_name(joined, at, last, asked):
                continue
            like = gazetteer.near.names_like(joined, cued, asked)
            for name in sorted(like, key=lambda name: gazetteer.names[name][0].place.kind not in _TOWNS):
                if begins_a_name and name.split(" ", 1)[0] != word.fold:
                    continue  # "Mount Eiry" may be Mount Airy; "state line" is nothing
                if gazetteer.names[name][0].place.kind not in _TOWNS and name not in gazetteer.near.names_like(joined):
                    continue  # streets and sights have many names; only a close likeness will do
                mention = self._weigh(at, last, gazetteer.names[name], 1.0)
                if mention:
                    return mention
        return None

    def _may_be_one_name(self, joined: str, first: int, last: int, asked: bool) -> bool:
        ordinary = sum(word.fold in self.gazetteer.ordinary for word in self.words[first : last + 1])
        if len(joined) < SURE_LENGTH:
            return asked and not ordinary and len(joined) >= SHORTEST_PAIR
        return ordinary <= last - first

    def _county_beside(self, at: int) -> bool:
        return cues.county_word_around(self.words, at, at) is not None

    def _weigh(self, first: int, last: int, meanings: Sequence[Name], doubt: float) -> Mention | None:
        """The mention that a name's meanings make here, or None where the words around speak against a place."""
        words = self.words
        if meanings[0].place.kind is PlaceKind.BRAND:
            brand = meanings[0].place
            return Mention(first, last, Rank.LABEL, (), (brand,), self.said(first, last), "stands in many counties", 0.0)
        state = self.state_after(last)
        if state and state[0] == "other":
            return self._elsewhere(first, state[1], f"{self.said(first, state[1])} is in another state")
        if meanings[0].place.kind is PlaceKind.ELSEWHERE:
            if self.answering or cues.place_word_before(words, first) or (len(meanings) == 1 and last > first):
                return self._elsewhere(first, last, f"{meanings[0].place.name} is not in this state")
            meanings = [name for name in meanings if name.place.kind is not PlaceKind.ELSEWHERE]
            if not meanings:
                return None
        end = state[1] if state else last
        county_word = cues.county_word_around(words, first, last)
        if county_word is not None:
            behind = self.state_after(county_word) if county_word > last else None
            if behind and behind[0] == "other":
                return self._elsewhere(first, behind[1], f"{self.said(first, behind[1])} is in another state")
            return self._explicit_county(
                first, max(end, county_word), meanings, doubt, words[county_word].fold in cues.COUNTIES
            )
        if self._goes_on_with_counties(first):
            listed = [name for name in meanings if name.place.kind is PlaceKind.COUNTY]
            if listed:
                return self._explicit_county(first, end, listed, doubt, several=True)
        towns = [name for name in meanings if name.place.kind in {PlaceKind.CITY, PlaceKind.COUNTY}]
        street = self._as_street(first, last) if towns else []
        if street:
            return self._corridor(first, last, street, doubt)
        if towns and self._is_street_of_next_town(first, last, towns):
            return self._named_street(first, last)
        after_a_street = bool(self.found) and self.found[-1].last == first - 1
        if towns and cues.street_around(words, first, last, after_a_street):
            return self._named_street(first, last)
        as_city = cues.city_word_around(words, first, last)
        backed = [name for name in meanings if self.backed(first, last, name, bool(state), as_city, doubt)]
        if as_city and any(name.place.kind is PlaceKind.CITY for name in backed):
            backed = [name for name in backed if name.place.kind is PlaceKind.CITY]
        if not backed:
            return None
        backed = [name for name in backed if not name.everywhere] or backed
        backed.sort(key=lambda name: name.place.kind is PlaceKind.COUNTY)  # the town first: it gives the label
        if backed[0].place.kind is PlaceKind.CORRIDOR:
            return self._corridor(first, end, backed, doubt)
        counties = tuple(dict.fromkeys(code for name in backed for code in name.place.counties))
        places = tuple(name.place for name in backed)
        weight = (3.0 if as_city or state else 2.5) - doubt - (1.0 - backed[0].weight) * 5
        says = _says(places, self.gazetteer, doubt)
        aside = cues.direction_before(words, first) and not self.goes_on_from_a_place(first)
        is_denied = cues.denied(words, first)
        return Mention(
            first, end, Rank.PLACE, counties, places, self.said(first, last), says, weight, as_city, aside, is_denied
        )

    def _corner_side(self, at: int) -> Mention | None:
        """A known street said by its bare name where a corner is spoken of: "esquina de New Hope y Capital"."""
        words, previous = self.words, self.found[-1] if self.found else None
        begins = at > 0 and words[at - 1].fold in _OF and self.says_corner(at) and previous is None
        goes_on = (
            previous is not None and previous.kind in ROADS and self.says_corner(previous.first) and self.joined(previous, at)
        )
        if not (begins or goes_on):
            return None
        for count in range(min(3, len(words) - at), 0, -1):
            key = " ".join(word.fold for word in words[at : at + count])
            streets = [name for name in self.gazetteer.names.get(f"on {key}", ()) if name.place.kind is PlaceKind.CORRIDOR]
            if streets and self.unbroken(at, at + count - 1):
                return self._corridor(at, at + count - 1, streets, 0.0)
        return None

    def _is_street_of_next_town(self, first: int, last: int, towns: Sequence[Name]) -> bool:
        """Whether a store stands right before the name and a town of another county right behind it: "walmart de roxboro durham" is on
        Roxboro Street in Durham."""
        words, previous = self.words, self.found[-1] if self.found else None
        if self.answering or previous is None or previous.kind is not PlaceKind.BRAND or previous.last < first - 3:
            return False
        if any(word.fold not in _OF or not BREAKS.isdisjoint(word.gap) for word in words[previous.last + 1 : first]):
            return False
        after = last + 1
        if after < len(words) and words[after].fold in {"en", "in"}:
            after += 1
        if after >= len(words) or words[after].gap.strip(" ,"):
            return False
        for count in (2, 1):
            key = " ".join(word.fold for word in words[after : after + count])
            behind = [name for name in self.gazetteer.names.get(key, ()) if name.place.kind is PlaceKind.CITY]
            if behind and behind[0].place.population >= LARGE_TOWN:
                here = {code for name in towns for code in name.place.counties}
                return here.isdisjoint(code for name in behind for code in name.place.counties)
        return False

    def _as_street(self, first: int, last: int) -> list[Name]:
        """The known streets that a town's name stands for at a corner: "Tryon y la 49", "Monroe & Idlewild"."""
        if self.answering or not self.is_corner(first, last):
            return []
        key = " ".join(word.fold for word in self.words[first : last + 1])
        found = [name for before in ("on", "la") for name in self.gazetteer.names.get(f"{before} {key}", ())]
        return [name for name in dict.fromkeys(found) if name.place.kind is PlaceKind.CORRIDOR]

    def _corridor(self, first: int, last: int, backed: Sequence[Name], doubt: float) -> Mention:
        """A street that is known: it narrows what a town allows, says where by itself unless many towns have one, and overrules nothing."""
        counties = tuple(dict.fromkeys(code for name in backed for code in name.place.counties))
        is_denied, words = cues.denied(self.words, first), self.said(first, last)
        if all(name.everywhere for name in backed):
            street = Place(backed[0].place.name, PlaceKind.STREET, ())
            return Mention(first, last, Rank.WEAK, counties, (street,), words, "a street of many towns", 0.2, denied=is_denied)
        places = tuple(name.place for name in backed)
        says = _says(places, self.gazetteer, doubt)
        return Mention(first, last, Rank.STREET, counties, places, words, says, 2.0 - doubt, denied=is_denied)

    def _goes_on_with_counties(self, first: int) -> bool:
        """Whether a name goes on from counties: "condados de Durham y Orange"."""
        previous = self.found[-1] if self.found else None
        if previous is None or not previous.several or previous.last < first - 2:
            return False
        return previous.last == first - 1 or self.words[first - 1].fold in {"y", "and", "e"}

    def _explicit_county(
        self, first: int, last: int, meanings: Sequence[Name], doubt: float, several: bool = False
    ) -> Mention | None:
        """A county named as one. `several` says that more are named with it; of "Durham and Orange counties" the first is found already,
        and becomes a county, too."""
        places = [name.place for name in meanings if name.place.kind is PlaceKind.COUNTY]
        if not places:
            places = [
                name.place  # "condado de Raleigh" is said, too
                for name in meanings
                if name.place.kind is PlaceKind.CITY and (name.caution <= Caution.SOME or self.answering)
            ]
        if not places:
            return None
        if several:
            self._make_counties_of_list(first)
        counties = tuple(dict.fromkeys(code for place in places for code in place.counties))
        says = f"named as a county: {places[0].name}"
        aside, is_denied = cues.direction_before(self.words, first), cues.denied(self.words, first)
        return Mention(
            first,
            last,
            Rank.EXACT,
            counties,
            tuple(places),
            self.said(first, last),
            says,
            4.0 - doubt,
            False,
            aside,
            is_denied,
            several=several,
        )

    def _make_counties_of_list(self, first: int) -> None:
        """The names joined to the word at `first` by "and" or a comma were of counties, too."""
        for position in range(len(self.found) - 1, -1, -1):
            known = self.found[position]
            between = [word.fold for word in self.words[known.last + 1 : first]]
            places = tuple(place for place in known.places if place.kind is PlaceKind.COUNTY)
            if known.rank is not Rank.PLACE or not places or between not in ([], ["and"], ["y"], ["e"]):
                return
            counties = tuple(code for place in places for code in place.counties)
            says = f"named as a county: {places[0].name}"
            self.found[position] = replace(known, rank=Rank.EXACT, counties=counties, places=places, says=says, weight=4.0)
            first = known.first

    def _other_state(self, at: int) -> Mention | None:
        """A state named by itself: "en South Carolina", "vienen de Georgia"."""
        if self.words[at].fold not in self.state_begins:
            return None
        for count in (2, 1):
            if at + count <= len(self.words):
                key = " ".join(word.fold for word in self.words[at : at + count])
                if key in self.gazetteer.other_states and (self.answering or cues.place_word_before(self.words, at)):
                    return self._elsewhere(at, at + count - 1, f"{self.said(at, at + count - 1)} is another state")
        return None

    def _elsewhere(self, first: int, last: int, says: str) -> Mention:
        place = Place(self.said(first, last), PlaceKind.ELSEWHERE, ())
        return Mention(first, last, Rank.LABEL, (), (place,), self.said(first, last), says, -2.0)

    def _named_street(self, first: int, last: int) -> Mention:
        """A street that bears a town's name: says little about where it is."""
        suffix = cues.STREET_SUFFIX.get(self.words[last + 1].fold) if last + 1 < len(self.words) else None
        if suffix is None and first and self.words[first - 1].fold == "la":
            street = Place(f"la {self.said(first, last)}", PlaceKind.STREET, ())
            return Mention(
                first, last, Rank.WEAK, (), (street,), self.said(first - 1, last), "a street's name, not a town", 0.2
            )
        end = last + 1 if suffix else last
        name = " ".join(part.capitalize() for part in self.said(first, last).split())
        street = Place(f"{name} {suffix}" if suffix else f"{name} St", PlaceKind.STREET, ())
        return Mention(first, end, Rank.WEAK, (), (street,), self.said(first, end), "a street's name, not a town", 0.2)

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
            or not BREAKS.isdisjoint(words[at].gap)
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
        name = " ".join(part.capitalize() for part in self.said(first, at - 1).split())
        street = Place(f"{name} {suffix}", PlaceKind.STREET, ())
        return Mention(first, at, Rank.LABEL, (), (street,), self.said(first, at), "a street", 0.0)


def _says(places: Sequence[Place], gazetteer: Gazetteer, doubt: float) -> str:
    meant = []
    for place in places[:4]:
        counties = " or ".join(gazetteer.counties.by_fips(code).label("en") for code in place.counties)
        meant.append(counties if place.kind is PlaceKind.COUNTY else f"{place.name} in {counties}")
    return ("sounds like " if doubt else "") + ", or ".join(dict.fromkeys(meant))


_TOWNS = frozenset({PlaceKind.CITY, PlaceKind.COUNTY})
_OF = frozenset({"de", "del", "en", "la", "of", "on", "the", "off", "in"})
_NUMBERED = word_set("case caso number numero num receipt recibo expediente confirmation badge placa")
_NO_STREET = word_set("""
    the this that la el my mi a en in on of de same our una un esta every next esa misma and y at calle down up across side each
    los las por
""")
