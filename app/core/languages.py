"""The languages that people read: the interface's catalogs (Babel's gettext files in `app/locale`) and which one a browser wants."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import jinja2
from babel import negotiate_locale
from babel.support import NullTranslations, Translations

INTERFACE_LANGUAGES: Final = ("en", "es")
"""Languages of the console and the simulator."""

TEXT_LANGUAGES: Final = ("en", "es")
"""Languages in which every text to a phone exists."""

LOCALE_FOLDER: Final = Path(str(files("app"))) / "locale"
DOMAIN: Final = "vigia"

Gettext = Callable[[str], str]


@cache
def translations(language: str) -> NullTranslations:
    """The catalog of `language`. English is the language of the source, so it has none; an absent catalog reads as English."""
    if language == "en":
        return NullTranslations()
    return Translations.load(LOCALE_FOLDER, [language], domain=DOMAIN)


def page_templates(folder: Path, language: str) -> jinja2.Environment:
    """The templates of `folder` in a language: everything escaped, and an error for a name that is missing."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    install: Callable[..., None] = environment.install_gettext_translations  # type: ignore[attr-defined]  # added by the extension
    install(translations(language), newstyle=True)
    return environment


def interface_language(chosen: str | None, accept_language: str | None) -> str:
    """The language to show: what the person `chosen` before, else what the browser's Accept-Language asks for, else English."""
    if chosen in INTERFACE_LANGUAGES:
        return str(chosen)
    wanted = [part.split(";")[0].strip().replace("-", "_") for part in (accept_language or "").split(",") if part.strip()]
    return negotiate_locale(wanted, INTERFACE_LANGUAGES, aliases={"en": "en", "es": "es"}) or "en"


def text_language(language: str | None) -> str:
    """The language to text someone in: theirs if every text exists in it, else English."""
    return language if language in TEXT_LANGUAGES else "en"
