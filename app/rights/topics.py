"""Know-your-rights texts: by topic and language, each with its source, its date, and whether people of ours approved it."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from app.core.languages import TEXT_LANGUAGES, text_language
from app.packs import pack_file
from app.rights.policies import PolicyFacts, policies_of_pack
from app.telephony.segments import spelled_to_fit

DRAFT_LANGUAGES: Final = ("pt", "fr", "ht", "vi", "zh", "ar")
"""Languages in which a pack may hold drafts. A draft is sent to nobody until it is approved."""

UNREVIEWED: Final = {
    "en": "(General facts, not yet reviewed by an attorney.)",
    "es": "(Datos generales, aún sin revisión de un abogado.)",
}
"""Follows every text until enough people approved it."""

STALE: Final = {
    "en": "Our text on this is past its review date, so we do not send it. We will read it again soon. Ask a lawyer. In danger, call 911.",
    "es": "Nuestro texto pasó su fecha de revisión y no lo mandamos. Pronto lo revisaremos. Pregunte a un abogado. Peligro: 911.",
}
"""Stands in place of a text whose approval has run out."""

GENERAL: Final = "general"
LINE: Final = "line"

AROUND: Final = frozenset(
    {
        "a", "an", "and", "at", "for", "i", "if", "in", "it", "my", "on", "of", "the", "they", "to", "was", "what", "about", "number",
        "rights", "please", "al", "de", "del", "el", "en", "es", "la", "las", "los", "mi", "mis", "me", "por", "favor", "para", "que", "si",
        "se", "sobre", "un", "una", "numero", "derechos", "estoy", "con",
    }
)  # fmt: skip
"""Words that may stand around the one that names a topic: "in my car", "en el carro"."""

LONGEST_CHOICE: Final = 8
"""Words. What is longer is no answer to the menu but something of its own."""


class State(StrEnum):
    """How a text stands in a language."""

    UNREVIEWED = "unreviewed"
    APPROVED = "approved"
    STALE = "stale"  # its approval has run out


class Wording(BaseModel):
    """One topic in one language: its title, the words by which a person asks for it, the text that fits one segment, the long one, and
    what a caller hears."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=2)
    words: tuple[str, ...] = ()
    short: str = Field(min_length=10)
    long: str = Field(min_length=10)
    voice: str = Field(min_length=10)


class Topic(BaseModel):
    """One topic as it is in force. `number` is its key in the menu; `states` tells how each language stands (unreviewed where it is
    absent)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int | None = Field(default=None, ge=1)
    source: str = Field(min_length=5)
    as_of: date
    wordings: Mapping[str, Wording]
    states: Mapping[str, State] = {}

    @property
    def title(self) -> dict[str, str]:
        """The title by language."""
        return {language: wording.title for language, wording in self.wordings.items()}

    def text(self, language: str | None) -> str:
        """The long text in the person's language, with no mark."""
        return self.wordings[self.spoken_in(language)].long

    def is_reviewed(self, language: str) -> bool:
        """Whether this language of it is approved, and still is."""
        return self.states.get(language) is State.APPROVED

    def spoken_in(self, language: str | None) -> str:
        """The language to say it in: theirs where every text exists in it or this one is approved in it, else English."""
        return language if language is not None and self.is_reviewed(language) else text_language(language)


@dataclass(frozen=True)
class Rights:
    """Every topic of a pack by its name, and what the pack knows of county policies."""

    topics: Mapping[str, Topic]
    policies: Sequence[PolicyFacts] = ()

    @classmethod
    def from_pack(cls, pack: str) -> Rights:
        """Load the topics in the order of their numbers. Raises ValueError if one is malformed, lacks one of TEXT_LANGUAGES, or if the line
        or the general topic is missing."""
        facts, wordings = _read(pack, "topics"), {language: _read(pack, language) for language in TEXT_LANGUAGES}
        for language in DRAFT_LANGUAGES:
            if pack_file(pack, "rights", f"{language}.toml").is_file():
                wordings[language] = _read(pack, language)
        unknown = {f"{name} ({language})" for language, texts in wordings.items() for name in texts.keys() - facts.keys()}
        absent = {f"{name} ({language})" for language in TEXT_LANGUAGES for name in facts.keys() - wordings[language].keys()}
        if wrong := unknown | absent | ({GENERAL, LINE} - facts.keys()):
            raise ValueError(f"rights don't agree about {', '.join(sorted(wrong))}")
        topics = {
            name: Topic.model_validate(
                fact | {"wordings": {lang: texts[name] for lang, texts in wordings.items() if name in texts}}
            )
            for name, fact in facts.items()
        }
        return cls(dict(sorted(topics.items(), key=lambda pair: pair[1].number or 0)), policies_of_pack(pack))

    def line(self, language: str | None) -> str:
        """The one line of rights that rides along with an alert."""
        return self.topics[LINE].wordings[text_language(language)].short

    def answer(self, situation: str | None, language: str | None) -> str:
        """The long text for a situation (the general one where it is not known), marked as unreviewed while it is; an honest sentence
        instead where its approval has run out."""
        return spelled_to_fit(self._said(situation, language, "long"))

    def spoken(self, situation: str | None, language: str | None) -> str:
        """The same as a caller hears it: not spelled to fit a text, since a voice needs its accents."""
        return self._said(situation, language, "voice")

    def menu(self, language: str | None) -> str:
        """The general text, short, and what more there is, by number: "1 door, 2 car …"."""
        told = text_language(language)
        listed = ", ".join(f"{topic.number} {topic.wordings[told].words[0]}" for topic in self.topics.values() if topic.number)
        return spelled_to_fit(f"{self._said(GENERAL, told, 'short')} {MORE[told].format(topics=listed)}")

    def situation(self, asked: str) -> str | None:
        """The topic that a person means by the words after RIGHTS or DERECHOS, or by what they say on the phone; None where they name
        none."""
        known = self._by_word
        return next((known[word] for word in _words(asked) if word in known), None)

    def choice(self, asked: str) -> str | None:
        """The topic that a text is the choice of and nothing else: "2", "en el carro". None for anything that says more."""
        known, said = self._by_choice, _words(asked)
        if len(said) > LONGEST_CHOICE or any(word not in known and word not in AROUND for word in said):
            return None
        return next((known[word] for word in said if word in known), None)

    @cached_property
    def _by_choice(self) -> dict[str, str]:
        return self._by_word | {str(topic.number): name for name, topic in self.topics.items() if topic.number}

    @cached_property
    def _by_word(self) -> dict[str, str]:
        known: dict[str, str] = {}
        for name, topic in self.topics.items():
            for language in TEXT_LANGUAGES:
                for word in topic.wordings[language].words:
                    known.setdefault(" ".join(_words(word)), name)
        return known

    def _said(self, situation: str | None, language: str | None, form: str) -> str:
        topic = self.topics.get(situation or GENERAL, self.topics[GENERAL])
        told = topic.spoken_in(language)
        if topic.states.get(told) is State.STALE:
            return STALE[told]
        words = str(getattr(topic.wordings[told], form))
        return words if topic.is_reviewed(told) else f"{words} {UNREVIEWED[told]}"


MORE: Final = {
    "en": "More, text a number: {topics}.",
    "es": "Más, mande un número: {topics}.",
}
"""How the menu goes on after the general text."""


def _read(pack: str, name: str) -> dict[str, dict[str, Any]]:
    return tomllib.loads(pack_file(pack, "rights", f"{name}.toml").read_text(encoding="utf-8"))


def _words(said: str) -> list[str]:
    """The words of a text, plain: no accents, no marks, "check-in" as one."""
    plain = unicodedata.normalize("NFKD", said.lower().replace("-", ""))
    if not plain.isascii():
        plain = "".join(c for c in plain if not unicodedata.combining(c))
    return _WORD.findall(plain)


_WORD: Final = re.compile(r"[^\W_]+")  # letters and digits of any script
