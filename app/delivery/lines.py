"""Our lines: what texts go out from, how fast carriers let each send, and how much a day. Pure; `load_inventory` reads the file.

A line is a number, a short code or a Messaging Service of Twilio's. Long codes belong to a registered campaign (10DLC), which has a pace of
its own, and a campaign to a brand, which has T-Mobile's allowance for the day. What is not said in the file is taken from `carriers.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from app.core.errors import NotConfigured

Name = Annotated[str, Field(pattern=r"^[a-z][a-z_-]{0,23}[0-9]{0,3}$")]
"""What a line, a campaign or a brand is called in logs, in Redis and on pages: words, as a number must stand in none of them."""


class Kind(StrEnum):
    """What sort of number a line has."""

    LONG_CODE = "long_code"
    TOLL_FREE = "toll_free"
    SHORT_CODE = "short_code"
    PLAIN = "plain"  # of VIGIA_LINES: its pace is that of the settings, and nothing else is known of it


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class KindFacts(_Row):
    """What one number of a kind may send, in segments a second, the most that may be asked for, its rent and how long it takes to get."""

    segments_per_second: float
    most: float
    dollars_a_month: float
    weeks: str


class CampaignClass(_Row):
    """What carriers let a campaign send: AT&T segments a minute, T-Mobile segments a day and brand."""

    att_per_minute: int
    tmobile_per_day: int
    vetting: str


class Carriers(_Row):
    """`carriers.toml`: facts by kind of number and class of campaign, which carrier people have, and dollars a segment."""

    kinds: dict[Kind, KindFacts]
    classes: dict[str, CampaignClass]
    shares: dict[str, float]
    prices: dict[str, float]

    @property
    def dollars_a_segment(self) -> float:
        """Twilio's price and the carriers' fees, each by its share of phones."""
        return self.prices["segment"] + sum(share * self.prices[carrier] for carrier, share in self.shares.items())


@cache
def carriers() -> Carriers:
    """The table that comes with the project."""
    return Carriers.model_validate(tomllib.loads(files("app.delivery").joinpath("carriers.toml").read_text(encoding="utf-8")))


class Campaign(_Row):
    """A registered 10DLC campaign. `brand` shares T-Mobile's allowance; the two figures are those of its class unless given."""

    name: Name
    brand: Name = "brand"
    class_: str = Field(alias="class")
    att_per_minute: int = Field(0, ge=0, le=60_000)
    tmobile_per_day: int = Field(0, ge=0, le=10_000_000)

    @model_validator(mode="before")
    @classmethod
    def _by_class(cls, given: object) -> object:
        if isinstance(given, dict):
            known = carriers().classes.get(str(given.get("class")))
            if known is None:
                raise ValueError(f"class must be one of {', '.join(carriers().classes)}")
            return {"att_per_minute": known.att_per_minute, "tmobile_per_day": known.tmobile_per_day, **given}
        return given

    @property
    def segments_per_second(self) -> float:
        """The pace that no carrier objects to. Nobody tells us which carrier a phone has, so AT&T's counts for all."""
        return self.att_per_minute / 60


class Line(_Row):
    """What texts go out from: a `number` (E.164, or a short code) or a Messaging Service with so many `numbers`. `segments_per_second` is
    that of the whole line. `verified` says that Twilio has verified a toll-free number."""

    name: Name
    kind: Kind
    number: str = Field("", pattern=r"^(\+1[2-9]\d{9}|\d{5,6})?$")
    service: str = Field("", pattern=r"^(MG[0-9a-f]{32})?$")
    numbers: int = Field(1, ge=1, le=400)
    campaign: Name | None = None
    segments_per_second: float = Field(0.0, ge=0, le=1000)
    verified: bool = False

    @model_validator(mode="after")
    def _refuse_what_no_carrier_takes(self) -> Self:
        facts = carriers().kinds.get(self.kind)
        if facts is None:
            raise ValueError(f"{self.name}: kind must be one of {', '.join(carriers().kinds)}")
        if bool(self.number) == bool(self.service):
            raise ValueError(f"{self.name} needs a number or a service, and not both")
        if self.numbers > 1 and not self.service:
            raise ValueError(f"{self.name} has one number; several belong into a service")
        if self.number and (self.kind is Kind.SHORT_CODE) == self.number.startswith("+"):
            raise ValueError(f"{self.name}: a short code has 5 or 6 digits, every other number begins with +1")
        if self.kind is Kind.LONG_CODE and self.campaign is None:
            raise ValueError(f"{self.name} is a long code without a campaign: carriers would drop all its texts (30034)")
        if self.kind is not Kind.LONG_CODE and self.campaign is not None:
            raise ValueError(f"{self.name}: only long codes belong to a campaign")
        if self.kind is Kind.TOLL_FREE and not self.verified:
            raise ValueError(f"{self.name} is not verified: carriers would drop all its texts (30032)")
        if self.segments_per_second > facts.most * self.numbers:
            raise ValueError(
                f"{self.name}: carriers let {self.numbers} of that kind send {facts.most * self.numbers:g} a second"
            )
        return self

    @property
    def pace(self) -> float:
        """Segments a second, the campaign aside."""
        return self.segments_per_second or carriers().kinds[self.kind].segments_per_second * self.numbers


class Inventory(_Row):
    """Every line, the first being the one that is used where nothing else decides, and the campaigns that they belong to."""

    lines: tuple[Line, ...] = Field(alias="line", min_length=1)
    campaigns: tuple[Campaign, ...] = Field((), alias="campaign")

    @field_validator("lines", "campaigns")
    @classmethod
    def _named_once(cls, rows: tuple[Line | Campaign, ...]) -> tuple[Line | Campaign, ...]:
        names = [row.name for row in rows]
        if len(set(names)) < len(names):
            raise ValueError("two have the same name")
        return rows

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        known = {campaign.name for campaign in self.campaigns}
        if unknown := {line.campaign for line in self.lines if line.campaign} - known:
            raise ValueError(f"no campaign is called {', '.join(sorted(unknown))}")
        addresses = [line.number or line.service for line in self.lines]
        if len(set(addresses)) < len(addresses):
            raise ValueError("two lines have the same number or service")
        allowances: dict[str, int] = {}
        for campaign in self.campaigns:
            if allowances.setdefault(campaign.brand, campaign.tmobile_per_day) != campaign.tmobile_per_day:
                raise ValueError(f"the campaigns of {campaign.brand} share one T-Mobile allowance a day; give them the same")
        return self

    def campaign_of(self, line: Line) -> Campaign | None:
        """The campaign that a line belongs to; None for what is no long code."""
        return next((one for one in self.campaigns if one.name == line.campaign), None)

    def pace_of(self, line: Line) -> float:
        """Segments a second that a line sends when all lines are busy: where a campaign allows less than its lines could send together,
        each has its part of that."""
        campaign = self.campaign_of(line)
        if campaign is None:
            return line.pace
        together = sum(one.pace for one in self.lines if one.campaign == campaign.name)
        return line.pace * min(1.0, campaign.segments_per_second / together)

    @property
    def pace(self) -> float:
        """Segments a second of all lines together."""
        return sum(self.pace_of(line) for line in self.lines)

    def brands(self) -> Iterator[tuple[str, int, float]]:
        """For each brand: its name, what T-Mobile lets it send a day, in segments, and its part of everything that goes out."""
        for brand in dict.fromkeys(campaign.brand for campaign in self.campaigns):
            mine = [campaign for campaign in self.campaigns if campaign.brand == brand]
            names = {campaign.name for campaign in mine}
            pace = sum(self.pace_of(line) for line in self.lines if line.campaign in names)
            if pace:
                yield brand, mine[0].tmobile_per_day, pace / self.pace


MAIN: Final = "main"
"""The name of the only line where no file names any."""


def load_inventory(file: Path) -> Inventory:
    """The lines that a file names. Raises NotConfigured, saying what in it is wrong."""
    try:
        return Inventory.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise NotConfigured(f"{file} can't be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise NotConfigured(f"{file} is not TOML: {error}") from error
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors(include_input=False, include_url=False))
        raise NotConfigured(f"{file}: {'; '.join(problems)}") from error


def one_line(segments_per_second: float, number: str = "") -> Inventory:
    """The inventory of an installation that names no file: one line, at the pace of the settings."""
    line = Line.model_construct(
        name=MAIN, kind=Kind.PLAIN, number=number, service="", numbers=1, campaign=None,
        segments_per_second=segments_per_second, verified=False,
    )  # fmt: skip
    return Inventory.model_construct(lines=(line,), campaigns=())
