"""The texts that phones get, in every language, as data of the pack: `texts/en.toml`, `texts/es.toml`.

Each language has the same texts with the same blanks; that is checked when they are loaded, so a missing translation stops the start and
not a person's answer.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from app.core.languages import TEXT_LANGUAGES, text_language
from app.packs import pack_file
from app.packs.place_words import place_in
from app.telephony.segments import spelled_to_fit


@dataclass(frozen=True)
class Texts:
    """Every text by language and key. `name` is the hotline's own, which most begin with."""

    by_language: Mapping[str, Mapping[str, str]]
    name: str

    @classmethod
    def from_pack(cls, pack: str, name: str) -> Texts:
        """Load and compare the languages. Raises ValueError naming every text or blank that one has and another lacks."""
        loaded = {
            language: _flat(tomllib.loads(pack_file(pack, "texts", f"{language}.toml").read_text(encoding="utf-8")))
            for language in TEXT_LANGUAGES
        }
        problems = [
            f"{key}: {language} differs from en"
            for language, texts in loaded.items()
            for key in sorted(texts.keys() | loaded["en"].keys())
            if blanks(texts.get(key)) != blanks(loaded["en"].get(key))
        ]
        if problems:
            raise ValueError("texts don't agree: " + "; ".join(problems))
        return cls(loaded, name)

    def say(self, key: str, language: str | None, **blanks: object) -> str:
        """The text `key` in the person's language (English where it doesn't exist in theirs), spelled so that it costs least. A blank
        named `place` is a place's public name, and is said in that language, too."""
        told = text_language(language)
        if isinstance(place := blanks.get("place"), str):
            blanks["place"] = place_in(place, told)
        return spelled_to_fit(self.by_language[told][key].format(name=self.name, **blanks))

    def in_every_language(self, key: str, **blanks: object) -> dict[str, str]:
        """The text `key` in each language. A blank may be a mapping by language (a county's name, a time)."""
        return {
            language: self.say(key, language, **{k: v[language] if isinstance(v, Mapping) else v for k, v in blanks.items()})
            for language in self.by_language
        }


def blanks(text: str | None) -> frozenset[str] | None:
    """The names of the blanks of a text, or None where there is no text."""
    return None if text is None else frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


def _flat(tables: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in tables.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = str(value)
    return flat
