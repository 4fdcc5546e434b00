"""How many people are subscribed, by county, topic and language, said so that nobody can be counted out (`anonymity.py`)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import case, func, select

from app.core.database import Transaction
from app.core.languages import TEXT_LANGUAGES
from app.records.contacts import contact
from app.subscribers.anonymity import FEWEST, at_least
from app.subscribers.tables import Topic, subscription

OTHER: Final = "other"
"""Every language but ours together: few read each, and a figure of its own would point at them."""

LANGUAGES: Final = (*TEXT_LANGUAGES, OTHER)


@dataclass(frozen=True)
class Figure:
    """How many people asked for a topic in a county and read a language: at least `people`, a multiple of FEWEST."""

    county: str
    topic: str
    language: str
    people: int


async def figures(work: Transaction) -> list[Figure]:
    """Every figure that may be shown; where there are fewer people than FEWEST there is none."""
    language = case((contact.c.language.in_(TEXT_LANGUAGES), contact.c.language), else_=OTHER).label("language")
    rows = await work.all(
        select(subscription.c.county, subscription.c.topic, language, func.count().label("people"))
        .join(contact, contact.c.id == subscription.c.contact_id)
        .where(subscription.c.ended_at.is_(None), contact.c.stopped_at.is_(None), contact.c.number_sealed.is_not(None))
        .group_by(subscription.c.county, subscription.c.topic, language)
        .order_by(subscription.c.county, subscription.c.topic, language)
    )
    return shown((row.county, row.topic, row.language, row.people) for row in rows)


def shown(counts: Iterable[tuple[str, str, str, int]]) -> list[Figure]:
    """The figures that may be shown of the true counts. Pure: each depends on its own count alone."""
    rounded = [Figure(county, topic, language, at_least(people)) for county, topic, language, people in counts]
    return [figure for figure in rounded if figure.people]


def total(
    figures: Iterable[Figure], *, county: str | None = None, topic: Topic | None = None, language: str | None = None
) -> int:
    """The sum of the shown figures that fit: at least so many wishes. Pure."""
    return sum(
        figure.people
        for figure in figures
        if county in {None, figure.county} and topic in {None, figure.topic} and language in {None, figure.language}
    )


def write_figures(figures: Sequence[Figure], names: dict[str, str]) -> str:
    """The figures as CSV, with the names of counties by FIPS code. Pure."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["county", "fips", "topic", "language", "people_at_least"])
    for figure in figures:
        writer.writerow([names.get(figure.county, ""), figure.county, figure.topic, figure.language, figure.people])
    writer.writerow([f"Rounded down to multiples of {FEWEST}; fewer than {FEWEST} are left out.", "", "", "", ""])
    return out.getvalue()
