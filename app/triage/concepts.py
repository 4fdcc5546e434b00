"""What a text speaks of: the concepts of the lexicon that its words name, each with the words as they stand in the text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from app.triage.lexicon import Lexicon, PhraseNode, Sense
from app.triage.tokens import BREAK, Token, tokenise


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text as it was understood: its sense, and the half-open range of characters where it was written."""

    sense: Sense
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Mention:
    """A phrase that names a concept: word positions `[first, last)` and the words as written."""

    concept: str
    first: int
    last: int
    words: str


@dataclass(frozen=True)
class Understood:
    """A text read with a lexicon: its words, between an empty first and last end of a sentence, and the concepts they name, in order."""

    text: str
    words: tuple[Word, ...]
    mentions: tuple[Mention, ...]

    @cached_property
    def spoken(self) -> list[Word]:
        """The words less the ends of sentences."""
        return [word for word in self.words if word.sense.word != BREAK]

    @cached_property
    def concepts(self) -> frozenset[str]:
        """The names of all concepts mentioned."""
        return frozenset(mention.concept for mention in self.mentions)

    def words_of(self, concept: str) -> str | None:
        """The longest words that named `concept`, as written, or None."""
        mention = self.longest.get(concept)
        return mention.words if mention else None

    @cached_property
    def longest(self) -> dict[str, Mention]:
        """Of each concept the mention of the most letters, the first of several."""
        found: dict[str, Mention] = {}
        for mention in self.mentions:
            known = found.get(mention.concept)
            if known is None or len(mention.words) > len(known.words):
                found[mention.concept] = mention
        return found


def understand(text: str, lexicon: Lexicon) -> Understood:
    """Read `text`: split, correct and look up its words, then find every phrase of the lexicon in them."""
    edge = lexicon.senses(BREAK)[0]
    words = [Word(edge, 0, 0), *_words(tokenise(text), lexicon), Word(edge, len(text), len(text))]
    found = _phrases(text, words, lexicon.phrases)
    mentions, hidden = _unhidden(_longest(found), lexicon)
    for mention in hidden:
        for at in range(mention.first, mention.last):
            words[at] = _less_telling(words[at])
    return Understood(text, tuple(words), tuple(mentions))


def sentences_of(said: Understood) -> list[str]:
    """The sentences of a text, as written."""
    found, start = [], 0
    for word in said.words[1:]:
        if word.sense.word == BREAK:
            if said.text[start : word.start].strip():
                found.append(said.text[start : word.end])
            start = word.end
    return found


def _words(tokens: list[Token], lexicon: Lexicon) -> Iterator[Word]:
    """Words with their senses. Two halves of a known word (`mi gra`, `che ckpoint`) are joined where a half means nothing alone."""
    skip = False
    for at, token in enumerate(tokens):
        if skip:
            skip = False
            continue
        senses = lexicon.senses(token.word)
        if not senses[0].sure and at + 1 < len(tokens):
            whole = token.word + tokens[at + 1].word
            if lexicon.vocabulary.known.get(whole) and not lexicon.vocabulary.has(tokens[at + 1].word):
                skip = True
                for sense in lexicon.senses(whole):
                    yield Word(sense, token.start, tokens[at + 1].end)
                continue
        for sense in senses:
            yield Word(sense, token.start, token.end)


def _phrases(text: str, words: list[Word], root: PhraseNode) -> list[Mention]:
    """Every phrase."""
    found: list[Mention] = []
    size = len(words)
    symbols = [word.sense.symbols for word in words]
    ends = [word.sense.word == BREAK for word in words]
    for first in range(size):
        paths: list[tuple[PhraseNode, int]] = [(root, first)]
        seen: set[tuple[int, int]] = set()
        while paths:
            node, at = paths.pop()
            if node.concepts:
                if (id(node), at) in seen:
                    continue
                seen.add((id(node), at))
                from_word = first + (ends[first] and at - first > 1)
                to_word = at - (ends[at - 1] and at - first > 1)
                said = text[words[from_word].start : words[to_word - 1].end]
                found += [Mention(concept, first, at, said) for concept in node.concepts]
            if at < size:
                following = node.following
                for symbol in symbols[at] & node.symbols:
                    paths.append((following[symbol], at + 1))  # noqa: PERF401  # a generator costs more than the few it gives
            for widest, after in node.gaps.items():
                opens_at_once = bool(after.concepts or after.gaps)
                wanted = after.symbols
                for reached in range(at, min(at + widest, size) + 1):
                    if opens_at_once or (reached < size and not wanted.isdisjoint(symbols[reached])):
                        paths.append((after, reached))
                    if reached < size and ends[reached]:
                        break
    return found


def _longest(found: list[Mention]) -> list[Mention]:
    """Of mentions of one concept that overlap, the longest."""
    kept: list[Mention] = []
    taken: defaultdict[str, set[int]] = defaultdict(set)
    for mention in sorted(found, key=lambda m: (m.first - m.last, m.first)):
        where = taken[mention.concept]
        span = range(mention.first, mention.last)
        if where.isdisjoint(span):
            where.update(span)
            kept.append(mention)
    return sorted(kept, key=lambda m: (m.first, m.last, m.concept))


def _unhidden(mentions: list[Mention], lexicon: Lexicon) -> tuple[list[Mention], list[Mention]]:
    """Mentions less those that a more telling phrase over the same words makes untrue (`ice` within `black ice`), and those."""
    hides = lexicon.rules.hides
    hiding = [(mention, hides[mention.concept]) for mention in mentions if mention.concept in hides]
    if not hiding:
        return mentions, []
    hidden = [
        mention
        for mention in mentions
        if any(mention.concept in untrue and by.first < mention.last and mention.first < by.last for by, untrue in hiding)
    ]
    return [mention for mention in mentions if mention not in hidden], hidden


def _less_telling(word: Word) -> Word:
    """A word of a hidden mention: the ice of a road is another word than the agency, and of no class."""
    if word.sense.word == BREAK:
        return word
    return Word(replace(word.sense, word=f"{word.sense.word}~", classes=()), word.start, word.end)
