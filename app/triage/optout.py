"""Does this message ask us to stop texting? In any reasonable words, of any of our languages, and never by a word that only looks so.

A message opts out when it is nothing but stop words and politeness ("alto ya por favor", "STOP STOP"), or when a phrase in it asks
that *messages to me* end ("quit texting me", "ya no me manden alertas"). "están parando carros" and "stop by the school" do neither.
"""

from __future__ import annotations

from rapidfuzz.distance import OSA

from app.triage.concepts import Understood, understand
from app.triage.lexicon import Lexicon
from app.triage.tokens import BREAK

CLEAR_STOP_WORDS = ("stop", "stopall", "unsubscribe", "cancel", "quit", "alto", "baja", "parar", "cancelar", "basta")
"""Words that, with one letter wrong and nothing else in the message, still mean stop."""
FEWEST_LETTERS = 3
OF_SOMETHING_ELSE = frozenset({
    "AGENCY", "AGENTS", "POLICE", "CHECKPOINT", "ENFORCE", "DOOR_NOW", "VEHICLES", "TAKEN", "GEAR", "HELD", "RIGHTS_ASK", "DELETE",
})  # fmt: skip
"""Beside these, a stop word that is a sentence of its own ("ALTO! viene la migra") is a warning to others, not a request to us."""


def is_opt_out(text: str, lexicon: Lexicon) -> bool:
    """Whether `text` asks to get no more messages."""
    return opts_out(understand(text, lexicon))


def opts_out(said: Understood) -> bool:
    """Whether a text already understood asks to get no more messages."""
    words = said.spoken
    if len(words) == 1 and _nearly_a_stop_word(words[0].sense.word, known=words[0].sense.sure):
        return True
    concepts = said.concepts
    if "STOP_NOT" in concepts:
        return False
    if _asks_beyond_deletion(said):
        return True
    if concepts.isdisjoint({"STOP_WORD", "STOP_WEAK"}):
        return False
    if "STOP_WEAK" in concepts and concepts.isdisjoint(OF_SOMETHING_ELSE):
        return True
    if _stands_alone(said) and concepts.isdisjoint(OF_SOMETHING_ELSE):
        return True
    covered: set[int] = set()
    for mention in said.mentions:
        if mention.concept in {"STOP_WORD", "STOP_WEAK", "STOP_FILLER"}:
            covered.update(range(mention.first, mention.last))
    return all(at in covered or word.sense.word == BREAK for at, word in enumerate(said.words))


def _asks_beyond_deletion(said: Understood) -> bool:
    """Whether a phrase asks for no more messages, and not only to delete what was said ("delete my messages")."""
    if "STOP_LIST" in said.concepts and "STOP_MESSAGES" in said.concepts:
        return True
    deletions = [mention for mention in said.mentions if mention.concept == "DELETE"]
    return any(
        mention.concept == "STOP_MESSAGES" and not any(d.first < mention.last and mention.first < d.last for d in deletions)
        for mention in said.mentions
    )


def _stands_alone(said: Understood) -> bool:
    """Whether a stop word is a sentence of its own, as in "STOP. I moved away"."""
    words = said.words
    return any(
        mention.concept == "STOP_WORD"
        and words[mention.first - 1].sense.word == BREAK
        and words[mention.last].sense.word == BREAK
        for mention in said.mentions
    )


def _nearly_a_stop_word(word: str, *, known: bool) -> bool:
    return (
        not known
        and len(word) >= FEWEST_LETTERS
        and any(OSA.distance(word, stop) <= 1 and word[0] == stop[0] for stop in CLEAR_STOP_WORDS)
    )
