"""The pack's words and rules, read and checked once: which phrases speak of which concept, and what concepts together weigh.

A phrase is written as words, with a little notation (see `app/packs/us_nc/words/README.md`): `word?` may be missing, `one|other` is
either, `one|other|` either or neither, `(so so|other)` either run of words, `agarr*` any word that begins so, `VEHICLE` any word of
that class, `~` up to two words between, `~~` up to five, `^` the edge of a sentence.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, product
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.packs import pack_file
from app.records.reading import Command, Kind
from app.triage.spelling import Vocabulary, vocabulary_of
from app.triage.tokens import BREAK, tokenise
from app.triage.wording import Wording

ConceptName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z_]*$")]
GAPS = {"~": 2, "~~": 5}
"""Notation of a gap to the most words that it may cover."""
START = "^"
"""Notation of the edge of a sentence, where it starts or ends."""


class WordsFile(BaseModel):
    """One language's file: `common` words only vote for the language, `borrowed` are of another, `spelled` are other ways of
    writing a word or two, `classes` are words of one sort, `concepts` are phrases."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$|^neutral$")]
    common: str = ""
    borrowed: str = ""
    commands: dict[Command, str] = {}
    spelled: dict[str, str] = {}
    classes: dict[ConceptName, str] = {}
    concepts: dict[ConceptName, str] = {}


class Rule(BaseModel):
    """Where every concept of `when` (`A|B`: either) and none of `unless` is found, `weight` log-odds are added to `kind`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind | Literal["urgent"]
    when: Annotated[str, StringConstraints(min_length=1)]
    unless: str = ""
    weight: Annotated[float, Field(ge=-10, le=10)]


@dataclass(frozen=True, slots=True)
class WeighedRule:
    """A `Rule` made ready: one concept of each group in `every` must be there, and none of `none`."""

    every: tuple[frozenset[str], ...]
    none: frozenset[str]
    weight: float

    @classmethod
    def of(cls, rule: Rule) -> WeighedRule:
        """The rule as sets."""
        every = tuple(frozenset(group.split("|")) for group in rule.when.split())
        return cls(every, frozenset(rule.unless.split()), rule.weight)

    def applies(self, concepts: frozenset[str]) -> bool:
        """Whether all that the rule asks for is among `concepts`, and nothing that it forbids."""
        if not concepts.isdisjoint(self.none):
            return False
        for group in self.every:  # noqa: SIM110  # asked for dozens of rules of every text, where `any` costs three times as much
            if group.isdisjoint(concepts):
                return False
        return True


class RulesFile(BaseModel):
    """`rules.toml`: what each concept says in plain words, which concept hides which, and the weights."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    says: dict[ConceptName, str]
    hides: dict[ConceptName, tuple[str, ...]] = {}
    bias: dict[Kind, float]
    urgent_bias: float
    trust: Annotated[float, Field(gt=0, le=1)] = 1.0
    """What the rules' sums are multiplied by before the learned wording is added, as rules that agree often say one thing twice."""
    urgent_trust: Annotated[float, Field(gt=0, le=1)] = 1.0
    """The same for the rules of urgency."""
    situations: dict[str, tuple[str, ...]]
    salute: dict[
        Literal["size", "activity", "location", "uniform", "time", "equipment"], dict[str, Annotated[float, Field(gt=0, le=1)]]
    ]
    """Which concepts fill a detail, the first that is named, and how surely each does."""
    second_hand: frozenset[str] = frozenset()
    second_hand_worth: Annotated[float, Field(gt=0, le=1)] = 1.0
    """What details are multiplied by where one of `second_hand` is named."""
    guessed_worth: Annotated[float, Field(gt=0, le=1)] = 1.0
    """The same where a word was only understood after correction."""
    rules: tuple[Rule, ...]

    @model_validator(mode="after")
    def _every_name_is_explained(self) -> RulesFile:
        weighed = [WeighedRule.of(rule) for rule in self.rules]
        used = {name for rule in weighed for group in (*rule.every, rule.none) for name in group}
        used |= {name for names in (*self.situations.values(), *self.salute.values(), *self.hides.values()) for name in names}
        used |= self.second_hand
        if unknown := sorted(used - set(self.says)):
            raise ValueError(f"rules.toml uses concepts that [says] does not explain: {', '.join(unknown)}")
        return self


@dataclass(slots=True)
class PhraseNode:
    """A place in the tree of phrases: what ends here, and where each next symbol or gap leads. `symbols` are the keys of `following`."""

    concepts: list[str] = field(default_factory=list)
    following: dict[int, PhraseNode] = field(default_factory=dict)
    gaps: dict[int, PhraseNode] = field(default_factory=dict)
    symbols: frozenset[int] = frozenset()

    def close(self) -> None:
        """Note the symbols of this node and all below it, when nothing more will be planted."""
        self.symbols = frozenset(self.following)
        for node in (*self.following.values(), *self.gaps.values()):
            node.close()


@dataclass(frozen=True, slots=True)
class Sense:
    """What one written word is: the word it stands for, the classes it is of, the phrase symbols it can fill, its languages."""

    word: str
    classes: tuple[str, ...]
    symbols: frozenset[int]
    languages: frozenset[str]
    sure: bool


@dataclass(frozen=True, repr=False)
class Lexicon:
    """A pack's words and rules, ready to read texts with. Shared freely: only its memory of words already looked up grows."""

    vocabulary: Vocabulary
    phrases: PhraseNode
    rules: RulesFile
    kind_rules: tuple[tuple[Kind, WeighedRule], ...]
    rules_by_concept: Mapping[str, frozenset[int]]
    """A concept to the places in `kind_rules` of the rules whose first group it fills."""
    urgency_rules: tuple[WeighedRule, ...]
    commands: Mapping[tuple[str, ...], Command]
    """Folded words of an order to the order."""
    spelled: Mapping[str, str]
    """Another way of writing a word to the word, as `kiero` to `quiero`."""
    wording: Wording
    classes: Mapping[str, frozenset[str]]
    """The words of each class, of all languages together; a stem ends with a star."""
    word_classes: Mapping[str, tuple[str, ...]]
    """The same the other way round."""
    word_symbols: Mapping[str, frozenset[int]]
    stem_symbols: Mapping[str, frozenset[int]]
    _senses: dict[str, tuple[Sense, ...]] = field(default_factory=dict, compare=False)

    @classmethod
    def from_pack(cls, pack: str) -> Lexicon:
        """The lexicon of a pack, built at the first call and shared after. Raises `pydantic.ValidationError` or `ValueError`
        where a file breaks the notation, `FileNotFoundError` where the pack has no words."""
        return _from_pack(pack)

    def senses(self, written: str) -> tuple[Sense, ...]:
        """What a folded word stands for: one sense, or several where words were run together."""
        known = self._senses.get(written)
        if known is None:
            known = self._look_up(written)
            if len(self._senses) >= _MOST_WORDS_REMEMBERED:
                self._senses.clear()
            self._senses[written] = known
        return known

    def _look_up(self, written: str) -> tuple[Sense, ...]:
        vocabulary = self.vocabulary
        written = self.spelled.get(written, written)
        if " " in written:
            return tuple(self._sense(word, sure=True) for word in written.split())
        if written == BREAK:
            return (Sense(BREAK, (), self.word_symbols.get(BREAK, frozenset()), frozenset(), sure=True),)
        if vocabulary.has(written):
            return (self._sense(written, sure=True),)
        if pieces := vocabulary.pieces(written):
            return tuple(self._sense(piece, sure=True) for piece in pieces)
        if readings := vocabulary.readings(written):
            return (self._sense(readings[0], sure=False),)
        return (Sense(written, (), frozenset(), frozenset(), sure=False),)

    def _sense(self, word: str, *, sure: bool) -> Sense:
        languages = self.vocabulary.known.get(word)
        stems = self.vocabulary.stems_of(word)
        if languages:  # a word of one language is not taken for a form of another's: "friday" is not fría
            stems = tuple(stem for stem in stems if self.vocabulary.stems[stem] & languages)
        symbols = self.word_symbols.get(word, frozenset()).union(*(self.stem_symbols[stem] for stem in stems))
        if languages is None:
            languages = self.vocabulary.stems[stems[-1]] if stems else frozenset()
        classes = {name for key in (word, *(f"{stem}*" for stem in stems)) for name in self.word_classes.get(key, ())}
        return Sense(word, tuple(sorted(classes)), symbols, languages, sure)


SHORTEST_CORRECTED_STEM = 7
"""Letters from which a stem is a word that misspellings are read as (`camiometas`, of `camioneta*`)."""
_MOST_WORDS_REMEMBERED = 50_000
NEUTRAL = "neutral"
"""The language of names: known words that speak for no language."""


@lru_cache(maxsize=8)
def _from_pack(pack: str) -> Lexicon:
    folder = pack_file(pack, "words")
    files = [
        WordsFile.model_validate(tomllib.loads(entry.read_text(encoding="utf-8")))
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml") and entry.name != "rules.toml"
    ]
    rules = RulesFile.model_validate(tomllib.loads(folder.joinpath("rules.toml").read_text(encoding="utf-8")))
    return _Builder(rules, Wording.from_pack(pack)).build(files)


class _Builder:
    """Turns the notation of phrases into a tree of numbered symbols."""

    def __init__(self, rules: RulesFile, wording: Wording) -> None:
        self.rules = rules
        self.wording = wording
        self.spelled: dict[str, str] = {}
        self.numbers: dict[frozenset[str], int] = {}
        self.word_symbols: defaultdict[str, set[int]] = defaultdict(set)
        self.stem_symbols: defaultdict[str, set[int]] = defaultdict(set)
        self.known: defaultdict[str, set[str]] = defaultdict(set)
        self.stems: defaultdict[str, set[str]] = defaultdict(set)
        self.telling: set[str] = set()
        self.root = PhraseNode()

    def build(self, files: Iterable[WordsFile]) -> Lexicon:
        files = list(files)
        for file in files:
            self.spelled |= file.spelled
        classes: defaultdict[str, set[str]] = defaultdict(set)
        for file in files:
            for token in chain.from_iterable(map(tokenise, file.common.split())):
                self.known[self._as_spelled(token.word)].add(file.language)
            for name, members in file.classes.items():
                for member in members.split():
                    classes[name].add(self._learn(member, file.language))
        for file in files:
            for concept, phrases in file.concepts.items():
                if concept not in self.rules.says:
                    raise ValueError(f"{file.language}.toml has a concept that rules.toml does not explain: {concept}")
                for phrase in phrases.replace(";", "\n").splitlines():
                    if phrase.strip():
                        self._plant(phrase, concept, file.language, classes)
        for file in files:
            for word in map(_one_word, file.borrowed.split()):
                self.known[word].discard(file.language)
                self.known[word] = self.known[word] or {NEUTRAL}
        commands: dict[tuple[str, ...], Command] = {}
        for file in files:
            for command, orders in file.commands.items():
                for order in orders.split(";"):
                    commands[tuple(self._learn(word, file.language) for word in order.split())] = command
        vocabulary = vocabulary_of(
            {word: frozenset(languages) for word, languages in self.known.items()},
            {stem: frozenset(languages) for stem, languages in self.stems.items()},
            self.telling,
        )
        self.root.close()
        return Lexicon(
            vocabulary=vocabulary,
            phrases=self.root,
            rules=self.rules,
            kind_rules=tuple((rule.kind, WeighedRule.of(rule)) for rule in self.rules.rules if isinstance(rule.kind, Kind)),
            rules_by_concept=self._rules_by_concept(),
            urgency_rules=tuple(WeighedRule.of(rule) for rule in self.rules.rules if rule.kind == "urgent"),
            commands=commands,
            spelled=self.spelled,
            wording=self.wording,
            classes={name: frozenset(members) for name, members in classes.items()},
            word_classes=_turned(classes),
            word_symbols={word: frozenset(symbols) for word, symbols in self.word_symbols.items()},
            stem_symbols={stem: frozenset(self.stem_symbols.get(stem, ())) for stem in self.stems},
        )

    def _rules_by_concept(self) -> dict[str, frozenset[int]]:
        places: defaultdict[str, set[int]] = defaultdict(set)
        kind_rules = [rule for rule in self.rules.rules if isinstance(rule.kind, Kind)]
        for place, rule in enumerate(kind_rules):
            for concept in WeighedRule.of(rule).every[0]:
                places[concept].add(place)
        return {concept: frozenset(where) for concept, where in places.items()}

    def _learn(self, member: str, language: str) -> str:
        """Note a word or stem as known and return it folded as texts will be."""
        stem = member.endswith("*")
        folded = _one_word(member.removesuffix("*"))
        if stem:
            self.stems[folded].add(language)
            if len(folded) >= SHORTEST_CORRECTED_STEM:
                self.telling.add(folded)
            return folded + "*"
        folded = self._as_spelled(folded)
        self.known[folded].add(language)
        self.telling.add(folded)
        return folded

    def _as_spelled(self, word: str) -> str:
        """The word that `word` is another writing of. One that stands for several (`porfavor`) stays, so that phrases may name it."""
        meant = self.spelled.get(word, word)
        return word if " " in meant else meant

    def _plant(self, phrase: str, concept: str, language: str, classes: Mapping[str, set[str]]) -> None:
        for path in product(*map(_ways, _ELEMENT.findall(phrase))):
            node = self.root
            for element in chain.from_iterable(path):
                if element in GAPS:
                    node = node.gaps.setdefault(GAPS[element], PhraseNode())
                    continue
                for symbol in self._symbols(element, language, classes):
                    node = node.following.setdefault(symbol, PhraseNode())
            if node is self.root:
                raise ValueError(f"{language}.toml: a phrase of {concept} can be empty: {phrase}")
            if concept not in node.concepts:
                node.concepts.append(concept)

    def _symbols(self, element: str, language: str, classes: Mapping[str, set[str]]) -> Iterable[int]:
        members: set[str] = set()
        for part in filter(None, element.split("|")):
            if part == START:
                members.add(BREAK)
            elif part.isascii() and part.isupper():
                if part not in classes:
                    raise ValueError(f"{language}.toml: no class is named {part}")
                members |= classes[part]
            elif len(spelled := tokenise(part.removesuffix("*"))) > 1:
                # Scripts that write without spaces: each letter is a word of its own.
                return [self._number(frozenset({self._learn(token.word, language)})) for token in spelled]
            else:
                members.add(self._learn(part, language))
        return [self._number(frozenset(members))]

    def _number(self, members: frozenset[str]) -> int:
        number = self.numbers.setdefault(members, len(self.numbers))
        for member in members:
            if member.endswith("*"):
                self.stem_symbols[member.removesuffix("*")].add(number)
            else:
                self.word_symbols[member].add(number)
        return number


def _turned(classes: Mapping[str, set[str]]) -> dict[str, tuple[str, ...]]:
    turned: defaultdict[str, list[str]] = defaultdict(list)
    for name, members in sorted(classes.items()):
        for member in members:
            turned[member].append(name)
    return {member: tuple(names) for member, names in turned.items()}


def _ways(element: str) -> list[tuple[str, ...]]:
    """The runs of plain elements that an element of a phrase may be: itself, nothing where it is optional, each way of a `(…)`."""
    if element in GAPS or element == START:
        return [(element,)]
    optional = element[-1] in "?|"
    element = element.rstrip("?|")
    if not element.startswith("("):
        return [(element,), ()] if optional else [(element,)]
    ways = [way.split() for way in element.strip("()").split("|")]
    single = "|".join(way[0] for way in ways if len(way) == 1)
    runs = [tuple(way) for way in ways if len(way) > 1] + ([(single,)] if single else [])
    return [*runs, ()] if optional else runs


_ELEMENT = re.compile(r"\([^)]*\)[?|]?|\S+")


def _one_word(written: str) -> str:
    tokens = tokenise(written)
    if len(tokens) != 1:
        raise ValueError(f"not one word: {written!r}")
    return tokens[0].word
