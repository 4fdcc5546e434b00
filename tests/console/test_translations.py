"""The Spanish of console and simulator: whole, certain, and of the messages that the code has now."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from app.console.phrases import WORDS
from app.core.languages import LOCALE_FOLDER
from app.records.reading import Kind
from app.records.states import AlertState, IncidentState, OfferState
from app.records.verification import Outcome
from app.volunteers.tables import Role

ROOT = LOCALE_FOLDER.parents[1]
REFUSALS = ("Conflict", "NotAllowed", "BadInput", "NotFound", "LostClaim", "LinkRefused", "NotSignedIn")
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None, "gettext": None, "ngettext": (1, 2), "mark": None, **dict.fromkeys(REFUSALS)
}  # fmt: skip


def catalog() -> Catalog:
    with (LOCALE_FOLDER / "es" / "LC_MESSAGES" / "vigia.po").open("rb") as file:
        return read_po(file, locale="es")


def messages() -> list[Message]:
    return [message for message in catalog() if message.id]


def in_the_code() -> Iterator[str]:
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file, "babel.cfg")  # type: ignore[no-untyped-call]  # Babel's, untyped
    found = extract_from_dir(ROOT, method_map=methods, options_map=options, keywords=KEYWORDS, directory_filter=_is_ours)
    for _, _, message, _, _ in found:
        yield message[0] if isinstance(message, tuple) else str(message)


def _is_ours(folder: str) -> bool:
    return Path(folder) == ROOT or "app" in Path(folder).relative_to(ROOT).parts[:1]


def test_every_message_is_translated_and_none_is_a_guess() -> None:
    assert [m.id for m in messages() if m.fuzzy] == []
    assert [m.id for m in messages() if not m.string or (isinstance(m.string, tuple) and not all(m.string))] == []


def test_the_catalog_has_exactly_the_messages_of_the_code() -> None:
    known = {m.id[0] if isinstance(m.id, tuple) else m.id for m in messages()}
    used = {message for message in in_the_code() if message}
    assert sorted(used - known) == []
    assert sorted(known - used) == []


def test_translations_keep_the_blanks_and_the_tone() -> None:
    for message in messages():
        blanks = set(re.findall(r"%\(\w+\)[sd]", " ".join(_forms(message.id))))
        for string in _forms(message.string):
            assert set(re.findall(r"%\(\w+\)[sd]", string)) == blanks, message.id
            assert not re.search(r"\b(tú|tu|tus|puedes|tienes|haz)\b", string.lower()), string  # usted everywhere


def _forms(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    """Singular and plural, or the one form."""
    return (text,) if isinstance(text, str) else tuple(text or ())


def test_no_sentence_stands_in_a_template_untranslated() -> None:
    for template in (ROOT / "app" / "console" / "templates").glob("*.html"):
        page = re.sub(r"{[{%#].*?[}%#]}", "", template.read_text(encoding="utf-8"), flags=re.DOTALL)
        words = re.findall(r"[A-Za-zÀ-ÿ]{3,}", re.sub(r"<[^>]*>|&\w+;", " ", page))
        assert set(words) <= {"English", "Español"}, template.name


def test_every_state_role_and_event_has_words() -> None:
    named = {
        "incident": IncidentState,
        "offer": OfferState,
        "alert": AlertState,
        "role": Role,
        "kind": Kind,
        "outcome": Outcome,
    }
    for group, members in named.items():
        assert set(WORDS[group]) == {member.value for member in members}, group
