"""Does this message ask us to stop texting? In any reasonable words, of any of our languages, and never by a word that only looks so.

A message opts out when it is nothing but stop words and politeness ("alto ya por favor", "STOP STOP"), or when a phrase in it asks
that *messages to me* end ("quit texting me", "ya no me manden alertas"). "están parando carros" and "stop by the school" do neither.
The grammar decides; how a text is worded only says no where the grammar saw a request in words of something else, and fills in where
the grammar knows nothing.
"""

from __future__ import annotations

import math
import re

from rapidfuzz.distance import OSA

from app.triage.concepts import Understood
from app.triage.tokens import BREAK

CLEAR_STOP_WORDS = ("stop", "stopall", "unsubscribe", "cancel", "quit", "alto", "baja", "parar", "cancelar", "basta")
"""Words that, with one letter wrong and nothing else in the message, still mean stop."""
FEWEST_LETTERS = 3
OF_SOMETHING_ELSE = frozenset({
    "AGENCY", "AGENTS", "POLICE", "CHECKPOINT", "ENFORCE", "DOOR_NOW", "VEHICLES", "TAKEN", "GEAR", "HELD", "RIGHTS_ASK", "DELETE",
})  # fmt: skip
"""Beside these, a stop word that is a sentence of its own ("ALTO! viene la migra") is a warning to others, not a request to us."""
WORDED_LIKE_STOP = 0.6
"""Likelihood from which the wording is enough, if it speaks of messages, a list or a phone and nothing speaks against it."""
CLEARLY_LIKE_STOP = 0.9
"""The same where it speaks of ending alone ("quit already, im done")."""
BEYOND_DOUBT = 0.93
"""The same where it speaks of neither; of some 3,000 labelled texts that ask for something else none that no phrase stops reaches it."""
PRESSING_MATTER = 0.8
"""The same where something of an arrest, a right or the agency is said too ("me tienen harta con tanto mensaje de la migra")."""
LIKELIER_THAN_NOT = 0.7
"""Likelihood from which a phrase that may ask for deletion alone asks for an end."""
UNLIKE_STOP = 0.43
"""Likelihood below which even a phrase that asks for an end is not one."""
CLEAR_REQUEST = 0.8
"""Likelihood from which one sentence that asks for an end stops messages, whatever else the others say."""
HARDLY_LIKE_STOP = 0.3
"""Likelihood below which a hint of the grammar ("leave me alone" at a door, "stop. they are outside") is not one."""
OF_MESSAGES = frozenset(
    {"M_MESSAGE", "M_PHONE", "M_JOIN", "MSG", "MSGS", "SENDING", "SENDME", "SENDINF", "MANDEN", "RECEIVE", "RECEIVING"}
)
OF_ENDING = frozenset({"M_END", "M_REMOVE", "STOPV", "DEJAR", "REMOVE", "QUITAR", "CANCELV", "CANCELEN"})


def opts_out(said: Understood, likelihood: float, likelihood_of_deletion: float = 0.0) -> bool:
    """Whether a text already understood asks to get no more messages. `likelihood` is how much it is worded like such a request,
    between 0 and 1: it decides where the grammar has only a hint, and where the grammar knows nothing against it. What speaks for
    deletion too speaks against no end ("no more texts, and erase everything")."""
    words = said.spoken
    if len(words) == 1 and _nearly_a_stop_word(words[0].sense.word, known=words[0].sense.sure):
        return True
    concepts = said.concepts
    if "STOP_NOT" in concepts or _only_quotes(said):
        return False
    if _asks_beyond_deletion(said) and likelihood >= UNLIKE_STOP:
        return True
    if _asks_for_both(said) and likelihood + likelihood_of_deletion >= UNLIKE_STOP:
        return True
    if "STOP_MESSAGES" in concepts and likelihood >= LIKELIER_THAN_NOT:  # "delete this number, it is not theirs any more"
        return True
    of_something_else = not concepts.isdisjoint(OF_SOMETHING_ELSE)
    if likelihood >= max(_needed(said), PRESSING_MATTER if of_something_else else 0.0):
        return True
    if concepts.isdisjoint({"STOP_WORD", "STOP_WEAK"}):
        return False
    if "STOP_WEAK" in concepts and not of_something_else and likelihood >= HARDLY_LIKE_STOP:
        return True
    if _stands_alone(said) and not of_something_else and likelihood >= HARDLY_LIKE_STOP:
        return True
    covered: set[int] = set()
    for mention in said.mentions:
        if mention.concept in {"STOP_WORD", "STOP_WEAK", "STOP_FILLER"}:
            covered.update(range(mention.first, mention.last))
    nothing_else = all(at in covered or word.sense.word == BREAK for at, word in enumerate(said.words))
    return nothing_else and likelihood >= HARDLY_LIKE_STOP


def _needed(said: Understood) -> float:
    """The likelihood at which the wording alone stops messages, by whether something is said of messages or of ending."""
    classes = {name for word in said.words for name in word.sense.classes}
    in_a_language_without_classes = all(word.sense.languages.isdisjoint({"en", "es"}) for word in said.words)
    if in_a_language_without_classes:
        return WORDED_LIKE_STOP
    if len(said.spoken) == 1:  # "nothing" is what a verifier found: one word asks for an end only where it is a word for that
        return math.inf
    if not classes.isdisjoint(OF_MESSAGES):
        return WORDED_LIKE_STOP
    return BEYOND_DOUBT if classes.isdisjoint(OF_ENDING) else CLEARLY_LIKE_STOP


def _asks_beyond_deletion(said: Understood) -> bool:
    """Whether a phrase asks for no more messages, and not only to delete what was said ("delete my messages")."""
    if "STOP_LIST" in said.concepts and "STOP_MESSAGES" in said.concepts:
        return True
    deletions = [mention for mention in said.mentions if mention.concept == "DELETE"]
    return any(
        mention.concept == "STOP_MESSAGES" and not any(d.first < mention.last and mention.first < d.last for d in deletions)
        for mention in said.mentions
    )


def _only_quotes(said: Understood) -> bool:
    """Whether every phrase that asks for an end stands in quotation marks, and words beside them: what others said is no request."""
    quoted = [(match.start(), match.end()) for match in _QUOTED.finditer(said.text)]
    asking = [mention for mention in said.mentions if mention.concept == "STOP_MESSAGES"]
    if not quoted or not asking:
        return False
    inside = all(
        any(start <= said.words[m.first].start and said.words[m.last - 1].end <= end for start, end in quoted) for m in asking
    )
    return inside and sum(end - start for start, end in quoted) + 1 < len(said.text.strip())


def _asks_for_both(said: Understood) -> bool:
    """Whether one phrase asks for no more messages, and another word of it for deletion."""
    deletions = {at for mention in said.mentions if mention.concept == "DELETE" for at in range(mention.first, mention.last)}
    return bool(deletions) and any(
        mention.concept == "STOP_MESSAGES" and deletions.isdisjoint(range(mention.first, mention.last))
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


_QUOTED = re.compile(r"[\"“«][^\"“”«»]*[\"”»]")
