"""What one text says and where it is: the answer that triage and places give together, before anything is stored.

A `Reading` is what `vigia triage` prints a line of, what intake acts on and what a dispatcher is shown, so that all three agree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a text is for. The first two become reports; the others are answered."""

    REPORT = "report"
    DETENTION = "detention"
    RUMOR = "rumor"
    RIGHTS = "rights"
    SUBSCRIBE = "subscribe"
    STOP = "stop"
    HELP = "help"
    DELETE = "delete"
    VOLUNTEER = "volunteer"
    ABUSE = "abuse"
    OTHER = "other"


NEEDS_ONE_COUNTY = frozenset({Kind.REPORT, Kind.DETENTION, Kind.RUMOR, Kind.SUBSCRIBE})
"""The kinds that can't be acted on before it is known which one county they mean."""


class Command(StrEnum):
    """A whole message that is an order, in either language; the names are the English words."""

    JOIN = "JOIN"
    STOP = "STOP"
    START = "START"
    HELP = "HELP"
    RIGHTS = "RIGHTS"
    DELETE = "DELETE"
    LANGUAGE = "LANGUAGE"
    REPORT = "REPORT"
    RUMOR = "RUMOR"
    CHECK = "CHECK"
    VOLUNTEER = "VOLUNTEER"
    LEAVE = "LEAVE"
    PAUSE = "PAUSE"
    ANYTIME = "ANYTIME"
    DAYTIME = "DAYTIME"
    COUNTIES = "COUNTIES"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of the text and what they were taken to say; `weight` is log-odds added (negative: spoke against)."""

    words: str
    says: str
    weight: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The object that stands in the `evidence` list of `vigia triage`."""
        return {"words": self.words, "says": self.says, "weight": round(self.weight, 2)}


@dataclass(frozen=True, slots=True)
class Assessment:
    """Triage's answer: what a text says.

    `language` is an ISO 639-1 code (the dominant one where two are mixed). `confidence` is how likely `kind` is, between 0 and 1.
    `salute` holds any of size, activity, location, uniform, time and equipment, each as the words that said it, and
    `salute_confidence` how surely each was said, between 0 and 1. `situation` is a rights topic (door, car, street, work …) where
    one is meant. `argument` is what followed a command (`JOIN durham` has "durham").
    """

    kind: Kind
    language: str
    urgent: bool = False
    command: Command | None = None
    argument: str = ""
    opt_out: bool = False
    situation: str | None = None
    salute: dict[str, str] = field(default_factory=dict)
    salute_confidence: dict[str, float] = field(default_factory=dict)
    confidence: float = 1.0
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One place that a text may mean. `county` is a five-digit FIPS code, `confidence` between 0 and 1, the point WGS 84 degrees."""

    county: str
    label: str
    kind: str
    confidence: float
    latitude: float | None = None
    longitude: float | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Location:
    """Places' answer: ranked candidates, every county that fits, and the best place's public label and point if there is one."""

    counties: tuple[str, ...] = ()
    label: str | None = None
    point: tuple[float, float] | None = None
    candidates: tuple[Candidate, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @property
    def county(self) -> str | None:
        """The one county that fits, or None when none or several do."""
        return self.counties[0] if len(self.counties) == 1 else None


@dataclass(frozen=True, slots=True)
class Reading:
    """Both answers about one text."""

    assessment: Assessment
    location: Location

    @property
    def ask_place(self) -> bool:
        """Whether the sender must be asked which county is meant."""
        return self.assessment.kind in NEEDS_ONE_COUNTY and self.location.county is None

    def as_json(self) -> dict[str, Any]:
        """The line that `vigia triage` prints, less its id."""
        said, where = self.assessment, self.location
        return {
            "kind": said.kind.value,
            "confidence": round(said.confidence, 3),
            "language": said.language,
            "urgent": said.urgent,
            "counties": list(where.counties),
            "place": where.label,
            "point": list(where.point) if where.point else None,
            "ask_place": self.ask_place,
            "opt_out": said.opt_out,
            "command": said.command.value if said.command else None,
            "salute": said.salute,
            "salute_confidence": {name: round(sure, 2) for name, sure in said.salute_confidence.items()},
            "evidence": [e.as_json() for e in (*said.evidence, *where.evidence)],
        }
