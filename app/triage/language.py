"""Which language a text is in: its script where that settles it, else a vote of its words, else what was chosen before."""

from __future__ import annotations

from collections import defaultdict

from app.triage.concepts import Understood
from app.triage.lexicon import NEUTRAL

DEFAULT_LANGUAGE = "en"
"""What is answered in when nothing tells: the carrier's own messages are in English too."""
CONVINCING_LEAD = 1.0
"""Votes by which a language must lead before it overrules one remembered from earlier messages."""
_SCRIPTS = (
    ("ko", 0xAC00, 0xD7A3),
    ("ko", 0x1100, 0x11FF),
    ("ar", 0x0600, 0x06FF),
    ("ar", 0xFB50, 0xFEFF),
    ("zh", 0x3400, 0x9FFF),
)
_SIGNS = {
    "ñ": "es", "¿": "es", "¡": "es", "ã": "pt", "õ": "pt", "ç": "pt", "è": "fr", "ê": "fr", "ò": "ht", "œ": "fr", "ù": "fr", "î": "fr",
    "ă": "vi", "đ": "vi", "ơ": "vi", "ư": "vi",
}  # fmt: skip
"""Letters and marks that a language writes and Spanish or English texts seldom do."""
_SIGN_VOTE = 0.6
_LIKELY = {"es": 0, "en": 1}
_LIKELY_OF_ONE_WORD = {"en": 0, "es": 1}
"""Order in which a tie is settled: a text in which Spanish is half is answered in Spanish."""
_GUESSED_VOTE = 0.6
"""A vote of a word that was only understood after correction."""


def language_of(said: Understood, remembered: str | None) -> str:
    """The ISO 639-1 code of the language that most of `said` is in; `remembered` wins where words leave doubt."""
    text = said.text
    if not text.isascii():
        script = _script_of(text)
        if script is not None:
            return script
    votes = _votes(said)
    if not votes:
        return remembered or DEFAULT_LANGUAGE
    likely = _LIKELY if len(said.spoken) > 1 else _LIKELY_OF_ONE_WORD
    ranked = sorted(votes.items(), key=lambda item: (-item[1], item[0] != remembered, likely.get(item[0], 2)))
    best, most = ranked[0]
    if remembered is not None and most - votes.get(remembered, 0.0) < CONVINCING_LEAD:
        return remembered
    return best


def _votes(said: Understood) -> dict[str, float]:
    votes: defaultdict[str, float] = defaultdict(float)
    for word in said.words:
        languages = word.sense.languages
        if not languages or NEUTRAL in languages:
            continue
        share = 1.0 if word.sense.sure else _GUESSED_VOTE
        for language in languages:
            votes[language] += share
    if not said.text.isascii():
        for letter in said.text.lower():
            if letter in _SIGNS:
                votes[_SIGNS[letter]] += _SIGN_VOTE
            elif "\u1ea0" <= letter <= "\u1ef9":
                votes["vi"] += _SIGN_VOTE
    return dict(votes)


def _script_of(text: str) -> str | None:
    counts: defaultdict[str, int] = defaultdict(int)
    latin = 0
    for letter in text[:2_000]:
        point = ord(letter)
        if letter.isascii():
            latin += letter.isalpha()
            continue
        for language, first, last in _SCRIPTS:
            if first <= point <= last:
                counts[language] += 1
                break
    if not counts:
        return None
    language, most = max(counts.items(), key=lambda item: (item[1], item[0]))
    weight = 3 if language == "zh" else 2
    return language if most * weight >= latin else None
