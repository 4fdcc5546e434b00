"""Words for alerts about common situations, as data of the pack: `alert_templates.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from app.core.languages import TEXT_LANGUAGES
from app.packs import pack_file

BLANKS: Final = ("name", "county", "place", "time", "until", "rights", "code")
"""What a template may leave blank."""

_BLANK: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class PackTemplate:
    """One situation: its key, what people call it and its words, both by language."""

    key: str
    title: Mapping[str, str]
    words: Mapping[str, str]


@cache
def load_alert_templates(pack: str) -> tuple[PackTemplate, ...]:
    """The templates of a pack, in the order of its file. Raises ValueError where the languages don't agree."""
    rows = tomllib.loads(pack_file(pack, "alert_templates.toml").read_text(encoding="utf-8"))
    made = tuple(
        PackTemplate(key, {one: row["title"][one] for one in TEXT_LANGUAGES}, {one: row[one] for one in TEXT_LANGUAGES})
        for key, row in rows.items()
    )
    for one in made:
        if len({frozenset(blanks_of(words)) for words in one.words.values()}) > 1 or unknown_blanks(one.words):
            raise ValueError(f"the languages of the alert template {one.key} don't agree")
    return made


def blanks_of(words: str) -> list[str]:
    """The names between braces, in order."""
    return _BLANK.findall(words)


def unknown_blanks(words: Mapping[str, str]) -> set[str]:
    """Names between braces, in any language, that nothing would fill."""
    return {name for text in words.values() for name in blanks_of(text)} - set(BLANKS)


def fill_blanks(words: str, blanks: Mapping[str, str]) -> str:
    """`words` with every known blank filled; braces that name nothing stay. People write these words, so no formatting language is
    interpreted."""
    return _BLANK.sub(lambda found: blanks.get(found[1], found[0]), words)
