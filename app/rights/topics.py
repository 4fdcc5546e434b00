"""Know-your-rights texts: by topic and language, each with its source, its date, and whether attorneys approved it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from app.core.languages import TEXT_LANGUAGES, text_language
from app.packs import pack_file
from app.telephony.segments import spelled_to_fit

APPROVALS_NEEDED = 2
"""Attorneys who must approve a language before a text counts as reviewed in it."""

UNREVIEWED = {
    "en": "(General facts, not yet reviewed by an attorney.)",
    "es": "(Datos generales, aún sin revisión de un abogado.)",
}
"""Follows every long text until enough attorneys approved it."""

GENERAL = "general"
LINE = "line"


class Topic(BaseModel):
    """One topic as it stands in the pack. `words` are those by which a person asks for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    en: str = Field(min_length=20)
    es: str = Field(min_length=20)
    source: str = Field(min_length=5)
    as_of: date
    reviewed: Mapping[str, list[str]]
    title: Mapping[str, str] = {}
    words: Mapping[str, list[str]] = {}

    def text(self, language: str | None) -> str:
        """The words in the person's language, with no mark."""
        return str(getattr(self, text_language(language)))

    def is_reviewed(self, language: str) -> bool:
        """Whether enough attorneys approved this language of it."""
        return len(self.reviewed.get(language, [])) >= APPROVALS_NEEDED


@dataclass(frozen=True)
class Rights:
    """Every topic of a pack by its name."""

    topics: Mapping[str, Topic]

    @classmethod
    def from_pack(cls, pack: str) -> Rights:
        """Load the topics. Raises ValueError if one is malformed or the line or the general topic is missing."""
        loaded = tomllib.loads(pack_file(pack, "rights", "topics.toml").read_text(encoding="utf-8"))
        topics = {name: Topic.model_validate(topic) for name, topic in loaded.items()}
        if missing := {GENERAL, LINE} - topics.keys():
            raise ValueError(f"rights lack {', '.join(sorted(missing))}")
        return cls(topics)

    def line(self, language: str | None) -> str:
        """The one line of rights that rides along with an alert."""
        return self.topics[LINE].text(language)

    def answer(self, situation: str | None, language: str | None) -> str:
        """The text for a situation (the general one where it is not known), marked as unreviewed while it is."""
        topic = self.topics.get(situation or GENERAL, self.topics[GENERAL])
        words = topic.text(language)
        if not topic.is_reviewed(text_language(language)):
            words = f"{words} {UNREVIEWED[text_language(language)]}"
        return spelled_to_fit(words)

    def situation(self, asked: str) -> str | None:
        """The topic that a person means by the words after RIGHTS or DERECHOS, or None."""
        said = set(asked.lower().split())
        for name, topic in self.topics.items():
            if any(said & set(topic.words.get(language, [])) for language in TEXT_LANGUAGES):
                return name
        return None
