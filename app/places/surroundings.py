"""What surrounds a name in one text, and whether that makes it a place: states, stores, streets and people beside it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache

from app.places import cues
from app.places.gazetteer import Caution, Gazetteer, Name, PlaceKind
from app.places.mention import Mention
from app.places.words import Word, word_set

SURE_LENGTH = 8
"""Letters from which a misspelled name needs no place word: few other words come near."""

ROADS = frozenset({PlaceKind.CORRIDOR, PlaceKind.HIGHWAY, PlaceKind.STREET})


class Surroundings:
    """One text while it is read. `found` holds the mentions so far, in order; positions are those of `words`."""

    def __init__(self, text: str, words: list[Word], gazetteer: Gazetteer, answering: bool) -> None:
        self.text = text
        self.words = words
        self.gazetteer = gazetteer
        self.answering = answering
        self.found: list[Mention] = []
        self.state_begins = _beginnings(
            gazetteer.state_names, gazetteer.other_states, gazetteer.other_states_plain, gazetteer.other_states_capital
        )

    @cached_property
    def shouted(self) -> bool:
        """Whether most letters are capital."""
        return sum(map(str.isupper, self.text)) > sum(map(str.islower, self.text))

    @cached_property
    def capitals(self) -> bool:
        """Whether a word behind the first begins with a capital letter."""
        return any(word.capital for word in self.words[1:])

    def said(self, first: int, last: int) -> str:
        """The text from one word to another, as it was written."""
        return self.text[self.words[first].start : self.words[last].end]

    def unbroken(self, first: int, last: int) -> bool:
        """Whether no comma or end of a sentence stands between the words."""
        return all(BREAKS.isdisjoint(word.gap) for word in self.words[first + 1 : last + 1])

    def backed(self, first: int, last: int, name: Name, state: bool, as_city: bool, doubt: float) -> bool:
        """Whether the words around let a name count as a place, by how much caution it needs; `doubt` is above 0 for a misspelling."""
        words = self.words
        if state or as_city or self.answering:
            return True
        if cues.person_before(words, first) and (name.person or not cues.place_word_before(words, first)):
            return False
        if self.is_vehicle(first, last):
            return False
        if self.goes_on_from_a_place(first):
            return True
        caution = name.caution
        if doubt and caution is Caution.NONE and last == first and len(words[first].fold) < SURE_LENGTH:
            caution = Caution.SOME
        if caution is Caution.NONE:
            return True
        if caution is Caution.MOST:
            return False
        if name.person and self.is_person(first, last):
            return False
        capital = words[first].capital and not self.shouted
        before_a_thing = last + 1 < len(words) and words[last + 1].gap == " " and words[last + 1].fold in cues.THING_OF_A_TOWN
        alone = cues.only_between_commas(words, first, last, self.text[words[last].end :])
        if caution >= Caution.MUCH:
            if cues.place_word_before(words, first, strict=True):
                return capital or last > first or self.behind_a_street(first) or cues.foreign_word_before(words, first)
            if capital and (before_a_thing or self.brand_at(last + 1)):
                return True
            if first == 0 and capital and caution is Caution.MUCH and last + 1 < len(words) and words[last + 1].fold in _NEAR:
                return True
            opens = first == 0 and last + 1 < len(words) and words[last + 1].gap.startswith((",", ":"))
            return alone and (capital or opens) and caution is Caution.MUCH
        if cues.place_word_before(words, first) or before_a_thing:
            return True
        if not name.person and caution is Caution.SOME and not doubt and (first == 0 or capital):
            return True
        if alone and (words[first].capital or not self.capitals or first == 0):
            return True
        previous = self.found[-1] if self.found else None
        if previous and previous.last in {first - 1, first - 2} and previous.kind is not PlaceKind.ELSEWHERE:
            between = words[previous.last + 1].fold if previous.last == first - 2 else "de"
            if between in _TIES and not _is_sentence(words[first].gap):
                return True
        if (
            name.place.kind in {PlaceKind.CORRIDOR, PlaceKind.NEIGHBOURHOOD, PlaceKind.LANDMARK}
            and first
            and words[first - 1].fold in {"la", "el", "the"}
        ):
            return True
        if (
            last + 1 < len(words)
            and not self.person_like(last)
            and (first == 0 or words[first].gap.strip())
            and words[last + 1].fold in _AFTER_A_TOWN
        ):
            return True
        if self.brand_at(last + 1):
            return True
        ends = last + 1 >= len(words) and first > 0 and words[first - 1].fold not in cues.NEVER_BEFORE_A_PLACE
        return ends and words[first - 1].fold not in {"de", "of", "del", "la", "le", "que"}

    def goes_on_from_a_place(self, first: int) -> bool:
        """Whether only "a" or "to" stands between the name and the place that somebody left: "cambiar de Mecklenburg a Union"."""
        previous = self.found[-1] if self.found else None
        if previous is None or previous.last != first - 2 or previous.first < 0:
            return False
        words = self.words
        return (
            words[first - 1].fold in {"a", "to"} and not words[first].gap.strip() and cues.changed_from(words, previous.first)
        )

    def behind_a_street(self, first: int) -> bool:
        """Whether a street or a store was named just before, so that a town is what follows: "on Roxboro Rd in Bethel"."""
        previous = self.found[-1] if self.found else None
        return (
            previous is not None
            and previous.kind in ROADS | {PlaceKind.BRAND, PlaceKind.LANDMARK}
            and previous.last >= first - 3
        )

    def person_like(self, last: int) -> bool:
        """Whether a capital word follows, as a surname would."""
        return (
            last + 1 < len(self.words)
            and self.words[last + 1].capital
            and not self.shouted
            and len(self.words[last + 1].fold) > 3
        )

    def is_person(self, first: int, last: int) -> bool:
        """Whether the name is a person's by what follows: a surname ("por Washington Morales") or a word of kinship ("Lincoln, my son"). A
        plain place word before it ("en Clinton Walmart") says otherwise."""
        words = self.words
        if last + 1 >= len(words) or (first and words[first - 1].fold in _PLAINLY_IN):
            return False
        following = words[last + 1]
        if following.gap == " ":
            known = following.fold in self.gazetteer.longest or following.fold in cues.THING_OF_A_TOWN
            return words[first].capital and self.person_like(last) and not known and following.fold not in _AFTER_A_TOWN
        kin = words[last + 2].fold if last + 2 < len(words) else ""
        return first == 0 and following.gap.startswith(",") and following.fold in {"my", "mi"} and kin in cues.PERSON

    def is_vehicle(self, first: int, last: int) -> bool:
        """Whether the name is a car's: "Jeep Cherokee", "Lincoln Navigator"."""
        words, gazetteer = self.words, self.gazetteer
        if first and words[first].gap == " " and words[first - 1].fold in gazetteer.car_makers:
            return True
        return last + 1 < len(words) and words[last + 1].gap == " " and words[last + 1].fold in gazetteer.car_models

    def stands_like_a_town(self, first: int, last: int) -> bool:
        """Whether the words begin a text or a clause and something follows as it follows a town: "Goldsburo walmart", "fayettvil, por"."""
        words = self.words
        if first and not words[first].gap.strip():
            return False
        if last + 1 >= len(words) or words[last + 1].gap.strip():
            return True
        behind = words[last + 1].fold
        return behind in cues.THING_OF_A_TOWN or behind in _AFTER_A_TOWN or self.brand_at(last + 1)

    def brand_at(self, at: int) -> bool:
        """Whether a store or another kind of place is named at a word: "sanford walmart"."""
        for count in (1, 2):
            names = self.gazetteer.names.get(" ".join(word.fold for word in self.words[at : at + count]))
            if names and names[0].place.kind is PlaceKind.BRAND:
                return True
        return False

    def says_corner(self, first: int) -> bool:
        """Whether "esquina" or "corner" stands before the word at `first`."""
        return any(word.fold in _CORNER for word in self.words[max(first - 4, 0) : first])

    def joined(self, previous: Mention, first: int) -> bool:
        """Whether only "and" stands between a mention and the word at `first`, over an article if need be."""
        start = first - 1 if first and self.words[first - 1].fold in {"la", "the"} else first
        return _joins(self.words, previous.last + 1, start)

    def is_corner(self, first: int, last: int) -> bool:
        """Whether "y", "and" or "&" joins the words to a road or a known street, before or behind."""
        words, previous = self.words, self.found[-1] if self.found else None
        if previous and previous.kind in ROADS and previous.last >= first - 2 and _joins(words, previous.last + 1, first):
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
        names = self.gazetteer.names
        says_corner = self.says_corner(first)
        for count in (3, 2, 1):
            key = " ".join(word.fold for word in words[after : after + count])
            is_town = any(name.place.kind in {PlaceKind.CITY, PlaceKind.COUNTY} for name in names.get(key, ()))
            meant = (key,) if is_town and not says_corner else (key, f"on {key}")  # "in Roxboro and Durham" is no corner
            if any(name.place.kind is PlaceKind.CORRIDOR for said in meant for name in names.get(said, ())):
                return True
        return False

    def state_after(self, last: int) -> tuple[str, int] | None:
        """("this" or "other", the last word) where a state's name stands right behind."""
        words, gazetteer = self.words, self.gazetteer
        if last + 1 >= len(words) or words[last + 1].fold not in self.state_begins:
            return None
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
                raw = self.said(end, end)
                if raw.isupper() and (not self.shouted or "," in words[end].gap) and self.stands_last(end):
                    return "other", end
        return None

    def stands_last(self, at: int) -> bool:
        """Whether nothing but punctuation or a number follows a word."""
        return (
            at + 1 >= len(self.words)
            or bool(self.words[at + 1].gap.strip())
            or self.words[at + 1].fold.isdigit()
            or not self.shouted
        )


@lru_cache(maxsize=8)
def _beginnings(*names: frozenset[str]) -> frozenset[str]:
    """The first words of all these names."""
    return frozenset(name.split(" ", 1)[0] for those in names for name in those)


def _joins(words: Sequence[Word], at: int, first: int) -> bool:
    """Whether what stands from the word at `at` up to the word at `first` is only "and"."""
    return (at == first and "&" in words[first].gap) or (at == first - 1 and words[at].fold in {"y", "and", "con"})


def _is_sentence(gap: str) -> bool:
    return not _ENDS.isdisjoint(gap)


BREAKS = frozenset(",;:!?\n()")
_ENDS = frozenset("!?;\n")
_NEAR = frozenset({"near", "cerca", "exit", "salida"})
_PLAINLY_IN = frozenset({"en", "in", "near", "cerca", "downtown", "around", "outside", "inside"})
_CORNER = frozenset({"esquina", "corner", "intersection", "cruce", "interseccion"})
_TIES = frozenset({"de", "in", "en", "of", "y", "and", "la", "del", "e", "con", "esquina", "at", "by"})
_AFTER_A_TOWN = word_set("""
    near cerca por en on at by in hay afuera frente enfrente exit hoy today ahorita now migra ice la el agentes reten redada area
""")
