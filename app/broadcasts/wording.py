"""The words of a broadcast as phones get them: who says it, what, and how to stop. Pure.

Each carries the way out. Carriers want it in the first text and then once in a while (CTIA's guide); a sentence in every one is that and
more, needs no memory of who was told when, and cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.core.languages import TEXT_LANGUAGES, text_language
from app.packs.texts import Texts
from app.records.broadcasts import Broadcast
from app.rights.topics import Rights, State


def languages_of(told: Broadcast) -> Sequence[str]:
    """The languages whose readers a broadcast is for."""
    return told.languages or TEXT_LANGUAGES


def renderings(texts: Texts, told: Broadcast) -> dict[str, str]:
    """An announcement by language of the reader; a language that it lacks is the fallback's, where one was chosen."""
    rendered = {}
    for language in languages_of(told):
        spoken = language if told.texts.get(language, "").strip() else told.fallback
        words = told.texts.get(spoken or "", "").strip()
        if spoken is not None and words:
            rendered[language] = texts.say(f"broadcast.{told.topic}", spoken, words=words)
    return rendered


def rights_renderings(texts: Texts, rights: Rights, topic: str) -> dict[str, str]:
    """A rights text of a series by language of the reader: in ours and in those in which it is approved, none whose approval has run
    out."""
    held = rights.topics[topic]
    ours = [language for language in TEXT_LANGUAGES if held.states.get(language) is not State.STALE]
    others = [language for language in held.states if language not in TEXT_LANGUAGES and held.is_reviewed(language)]
    return {
        language: texts.say("broadcast.series", text_language(language), words=rights.answer(topic, language))
        for language in (*ours, *others)
    }


def missing_of(told: Broadcast) -> list[str]:
    """The languages in which its readers would get nothing."""
    has = {language for language, words in told.texts.items() if words.strip()}
    return [language for language in languages_of(told) if language not in has and told.fallback not in has]


def own_words(told: Broadcast) -> Mapping[str, str]:
    """What the organizers wrote, without the languages that they left empty."""
    return {language: words.strip() for language, words in told.texts.items() if words.strip()}
