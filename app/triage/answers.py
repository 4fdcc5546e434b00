"""Answers to the hotline's own questions: yes or no, and whether they are still there. None where the text answers neither."""

from __future__ import annotations

from app.triage.concepts import understand
from app.triage.lexicon import Lexicon

LONGEST_ANSWER = 12
"""Words; a longer text is a new account, not an answer."""


def read_yes_no(text: str, lexicon: Lexicon) -> bool | None:
    """True for a yes, False for a no, None for anything else; the first of the two that was said counts."""
    said = understand(text, lexicon)
    if len(said.spoken) > LONGEST_ANSWER:
        return None
    answers = [mention for mention in said.mentions if mention.concept in {"YES", "NO"} and mention.first <= 2]
    if not answers or "UNSURE" in said.concepts:
        return None
    first = min(answers, key=lambda mention: (mention.first, mention.first - mention.last))
    return first.concept == "YES"


def read_still_there(text: str, lexicon: Lexicon) -> bool | None:
    """True where they are still there, False where they have left, None where the text tells neither; yes and no count too."""
    said = understand(text, lexicon)
    if len(said.spoken) > LONGEST_ANSWER:
        return None
    concepts = said.concepts
    left, still = "LEFT" in concepts or "GONE" in concepts or "NOT_THERE" in concepts, "STILL" in concepts
    if left != still:
        return still
    if left and still:
        return None
    return read_yes_no(text, lexicon)
