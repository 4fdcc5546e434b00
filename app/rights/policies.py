"""What a county's agencies do with ICE: each fact with its source and the day it was true, as rows of a table people can edit. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from app.core.errors import BadInput
from app.packs import pack_file

STALE_AFTER: Final = timedelta(days=90)
"""Agreements are signed and ended by the month: what is older is not told to anybody, unless a person says that it still stands."""

JAIL_TOPICS: Final = frozenset({"jail", "hold"})
"""Rights topics that a county's own policy belongs to."""


class AgencyType(StrEnum):
    """What kind of agency it is. In North Carolina the sheriff runs the jail."""

    SHERIFF = "sheriff"
    POLICE = "police"
    OTHER = "other"


class Model(StrEnum):
    """The 287(g) model that an agency signed (8 U.S.C. 1357(g)): in the jail, serving ICE's papers in the jail, on the street, none."""

    JEM = "jem"
    WSO = "wso"
    TFM = "tfm"
    NONE = "none"
    UNKNOWN = "unknown"


class Detainers(StrEnum):
    """Whether the agency's jail holds people for ICE: as state law has it (N.C. Gen. Stat. 162-62), or not known."""

    STATE_LAW = "state_law"
    UNKNOWN = "unknown"


class PolicyFacts(BaseModel):
    """One agency's policy. `fips` is its county; `as_of` the day on which the source says it was so; `stands_until` keeps an old record in
    use until that day; `reviewed_by` is who looked at it."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    fips: str = Field(pattern=r"^\d{5}$")
    agency: str = Field(min_length=3, max_length=80)
    agency_type: AgencyType
    model: Model
    detainers: Detainers = Detainers.UNKNOWN
    signed_on: date | None = None
    ended_on: date | None = None
    source: str = Field(min_length=3, max_length=200)
    as_of: date
    reviewed_by: str = Field(default="", max_length=40)
    stands_until: date | None = None
    note: str = Field(default="", max_length=200)

    @field_validator("signed_on", "ended_on", "stands_until", mode="before")
    @classmethod
    def _empty_is_none(cls, said: object) -> object:
        return None if said == "" else said

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.signed_on and self.ended_on and self.ended_on < self.signed_on:
            raise ValueError("ended_on is before signed_on")
        return self

    def is_stale(self, today: date) -> bool:
        """Whether it is too old to tell anybody, and nobody said that it still stands."""
        return today - self.as_of > STALE_AFTER and (self.stands_until is None or self.stands_until < today)

    @property
    def key(self) -> tuple[str, str]:
        """What tells one agency from another: its county and its name."""
        return self.fips, self.agency.casefold()


FORMULA: Final = ("=", "+", "-", "@")
COLUMNS: Final = tuple(PolicyFacts.model_fields)


def policies_of_pack(pack: str) -> list[PolicyFacts]:
    """What the pack knows. Raises BadInput naming the line that is wrong."""
    return read_policies(pack_file(pack, "policies.csv").read_text(encoding="utf-8"))


def read_policies(text: str, counties: Iterable[str] | None = None) -> list[PolicyFacts]:
    """The rows of a CSV file whose first line names the columns. Raises BadInput naming every line that is wrong: a column that is unknown,
    a value that does not fit, a county that is not in `counties`, an agency that stands there twice."""
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    if unknown := set(rows.fieldnames or ()) - set(COLUMNS):
        raise BadInput(f"unknown columns: {', '.join(sorted(unknown))}. Columns are {', '.join(COLUMNS)}.")
    known, found, wrong = (None if counties is None else set(counties)), dict[tuple[str, str], PolicyFacts](), list[str]()
    for number, row in enumerate(rows, 2):
        try:
            facts = PolicyFacts.model_validate({name: _unquoted(cell) for name, cell in row.items() if cell is not None})
        except ValidationError as error:
            wrong += [
                f"line {number}: {'.'.join(map(str, one['loc']))} {one['msg']}" for one in error.errors(include_input=False)
            ]
            continue
        if known is not None and facts.fips not in known:
            wrong.append(f"line {number}: {facts.fips} is no county of this state")
        if facts.key in found:
            wrong.append(f"line {number}: {facts.agency} stands there twice")
        found[facts.key] = facts
    if wrong:
        raise BadInput("; ".join(wrong[:20]))
    return list(found.values())


def write_policies(policies: Iterable[PolicyFacts]) -> str:
    """The rows as a CSV file that `read_policies` reads. A cell that a spreadsheet would run as a formula gets a quote before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for facts in policies:
        cells = facts.model_dump(mode="json").values()
        writer.writerow(["" if cell is None else f"'{cell}" if str(cell).startswith(FORMULA) else str(cell) for cell in cells])
    return out.getvalue()


def jail_policy(policies: Sequence[PolicyFacts], fips: str, today: date) -> PolicyFacts | None:
    """What can be told of a county's jail today: the sheriff's record if its model is known, it is in force, and it is not stale."""
    for facts in policies:
        if facts.fips == fips and facts.agency_type is AgencyType.SHERIFF and facts.model is not Model.UNKNOWN:
            over = facts.ended_on is not None and facts.ended_on <= today
            return None if over or facts.is_stale(today) else facts
    return None


def _unquoted(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell
