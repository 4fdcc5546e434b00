"""A list of people who agreed to be texted, as a CSV file: its columns, what is wrong with a line, and how good a proof it is. Pure.

Columns: phone, county (name or FIPS code), language, topics (with semicolons; alerts where empty), consent_wording (the words the person
agreed to), consent_date, source.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from app.core.errors import BadInput
from app.subscribers.tables import Topic
from app.telephony.addresses import can_be_texted, canonical_number

FRESH: Final = timedelta(days=365)
"""An older yes is asked for again: people change their numbers, and carriers give them to others."""

TEXTING: Final = ("text", "sms", "message", "mensaje")
"""One of these must stand in the wording for it to have been about texts."""


class Source(StrEnum):
    """Where the person agreed."""

    WEB_FORM = "web_form"
    PAPER_FORM = "paper_form"
    TEXT = "text"
    SPOKEN = "spoken"
    PARTNER = "partner"  # another organization's list
    OTHER = "other"


OWN_HAND: Final = (Source.WEB_FORM, Source.PAPER_FORM, Source.TEXT)
"""Where a person wrote their number themselves."""


class ImportRow(BaseModel):
    """One line. `phone` is canonical."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    phone: str
    county: str = Field(pattern=r"^\d{5}$")
    language: str = Field(default="", pattern=r"^([a-z]{2})?$")
    topics: tuple[Topic, ...] = (Topic.ALERTS,)
    consent_wording: str = Field(min_length=20, max_length=1000)
    consent_date: date
    source: Source

    @field_validator("phone", mode="after")
    @classmethod
    def _canonical(cls, said: str) -> str:
        number = canonical_number(said)
        if not number.startswith("+1") or not can_be_texted(number):
            raise ValueError("no number that can be texted")
        return number

    @field_validator("topics", mode="before")
    @classmethod
    def _split(cls, said: object) -> object:
        if not isinstance(said, str):
            return said
        named = dict.fromkeys(part.strip().lower() for part in said.split(";") if part.strip())
        return tuple(named) or (Topic.ALERTS,)


COLUMNS: Final = tuple(ImportRow.model_fields)


@dataclass(frozen=True)
class Line:
    """A line of the file by its number: the row that it is, or in words what is wrong with it. Never the number that stands in it."""

    number: int
    row: ImportRow | None
    wrong: str = ""


def read_lines(lines: Iterable[str], counties: Mapping[str, str], today: date) -> Iterator[Line]:
    """The lines of a CSV file, one after another, none of them held. `counties` are FIPS codes by name in small letters. Raises BadInput
    where the first line does not name the columns."""
    rows = csv.DictReader(lines, strict=False)
    named = {name.strip().lower().removeprefix("\ufeff") for name in rows.fieldnames or ()}
    if named != set(COLUMNS):
        raise BadInput(f"The first line must name the columns {', '.join(COLUMNS)}.")
    rows.fieldnames = [name.strip().lower().removeprefix("\ufeff") for name in rows.fieldnames or ()]
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield Line(rows.line_num, None, "not a line of CSV")
            continue
        yield _line(rows.line_num, cells, counties, today)


def is_strong(row: ImportRow, name: str, today: date) -> bool:
    """Whether a row proves enough for the person to be subscribed at once: they wrote the number themselves, within a year, under words
    that speak of texts and name the hotline. With less than that, their phone is asked first, and only YES subscribes it."""
    wording = _plain(row.consent_wording)
    about_us = _plain(name) in wording and any(word in wording for word in TEXTING)
    return row.source in OWN_HAND and about_us and today - row.consent_date <= FRESH


def _line(number: int, cells: dict[str | Any, Any], counties: Mapping[str, str], today: date) -> Line:
    if None in cells or None in cells.values():
        return Line(number, None, "it has more or fewer cells than there are columns")
    named = str(cells["county"]).strip().lower().removesuffix(" county")
    try:
        row = ImportRow.model_validate({**cells, "county": counties.get(named, named)})
    except ValidationError as error:
        wrong = [
            f"{'.'.join(map(str, one['loc'][:1]))}: {_said(one)}"
            for one in error.errors(include_input=False, include_url=False)
        ]
        return Line(number, None, "; ".join(wrong))
    if row.county not in counties.values():
        return Line(number, None, "county: none of this state")
    if row.consent_date > today:
        return Line(number, None, "consent_date: in the future")
    return Line(number, row)


def _said(error: Any) -> str:
    return str(error["msg"]).removeprefix("Value error, ")


def _plain(words: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", words.casefold()) if not unicodedata.combining(c))
