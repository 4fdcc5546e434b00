"""What a text tells beyond its kind: the SALUTE details as they were said, and the situation that rights may be wanted for."""

from __future__ import annotations

from app.triage.concepts import Understood
from app.triage.lexicon import Lexicon


def salute_of(said: Understood, lexicon: Lexicon) -> dict[str, str]:
    """Any of size, activity, location, uniform, time and equipment, each as the words that said it."""
    details: dict[str, str] = {}
    for field, names in lexicon.rules.salute.items():
        for name in names:
            words = said.words_of(name)
            if words:
                details[field] = words
                break
    return details


def situation_of(said: Understood, lexicon: Lexicon) -> str | None:
    """The rights topic that most of the text is about, or None; a tie goes to the one that stands first in the pack."""
    concepts = said.concepts
    best, most = None, 0
    for situation, names in lexicon.rules.situations.items():
        count = sum(1 for name in names if name in concepts)
        if count > most:
            best, most = situation, count
    return best
