"""What a text tells beyond its kind: the SALUTE details as they were said, and the situation that rights may be wanted for."""

from __future__ import annotations

from dataclasses import dataclass

from app.triage.concepts import Understood
from app.triage.lexicon import Lexicon
from app.triage.tokens import BREAK


@dataclass(frozen=True, slots=True)
class Detail:
    """One SALUTE detail: the words that said it, and how surely they did, between 0 and 1."""

    words: str
    confidence: float


def salute_of(said: Understood, lexicon: Lexicon) -> dict[str, Detail]:
    """Any of size, activity, location, uniform, time and equipment. What a concept is worth stands in `rules.toml`; a word that was
    understood only after correction, and an account at second hand, are worth less."""
    rules = lexicon.rules
    at_second_hand = not rules.second_hand.isdisjoint(said.concepts)
    details: dict[str, Detail] = {}
    for field, names in rules.salute.items():
        for name, worth in names.items():
            mention = said.longest.get(name)
            if mention is None:
                continue
            guessed = any(not word.sense.sure for word in said.words[mention.first : mention.last] if word.sense.word != BREAK)
            confidence = (
                worth * (rules.guessed_worth if guessed else 1.0) * (rules.second_hand_worth if at_second_hand else 1.0)
            )
            details[field] = Detail(mention.words, confidence)
            break
    return details


def situation_of(said: Understood, lexicon: Lexicon) -> str | None:
    """The rights topic that most of the text is about, or None; a tie goes to the one that stands first in the pack."""
    concepts = said.concepts
    best, most = None, 0
    for situation, names in lexicon.rules.situations.items():
        count = sum(map(concepts.__contains__, names))
        if count > most:
            best, most = situation, count
    return best
