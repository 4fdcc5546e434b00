"""What can go wrong at the phone company, scripted: at named points the exchange asks whether it shall.

Nothing goes wrong unless a fault was added. Chance is passed in, so that a seeded run goes wrong in the same way again.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Point(StrEnum):
    """Where the exchange asks."""

    ACCEPT = "accept"
    """A REST request came in; nothing has happened yet."""
    ANSWER = "answer"
    """A REST request was carried out; its answer is about to leave."""
    DELIVERY = "delivery"
    """A text is about to reach its phone."""
    CALLBACK = "callback"
    """A status callback is about to be posted."""
    WEBHOOK = "webhook"
    """An inbound text or call is about to be posted."""


class Kind(StrEnum):
    """What goes wrong."""

    DELAY = "delay"
    """Only `seconds` of delay. At `answer`, callbacks overtake the answer; at `callback`, later ones overtake this one."""
    REFUSE = "refuse"
    """Answer with HTTP `status` (429 carries Retry-After) and error `code`. At `answer` it was carried out all the same."""
    RESET = "reset"
    """Cut the connection without an answer. At `answer` it was carried out all the same: the lost answer."""
    DROP = "drop"
    """It never happens: no callback, no webhook, no delivery (the text stays `sent`)."""
    DUPLICATE = "duplicate"
    """It happens twice."""
    FAIL = "fail"
    """The text ends undelivered or failed with error `code`."""


POSSIBLE: Final = {
    Point.ACCEPT: frozenset({Kind.DELAY, Kind.REFUSE, Kind.RESET}),
    Point.ANSWER: frozenset({Kind.DELAY, Kind.REFUSE, Kind.RESET}),
    Point.DELIVERY: frozenset({Kind.DELAY, Kind.DROP, Kind.FAIL}),
    Point.CALLBACK: frozenset({Kind.DELAY, Kind.DROP, Kind.DUPLICATE}),
    Point.WEBHOOK: frozenset({Kind.DELAY, Kind.DROP, Kind.DUPLICATE}),
}


class Fault(BaseModel):
    """One scripted fault: `times` occurrences (None: for ever) after the first `skip`, each with `probability`, where `only` matches.

    `only` compares facts of the occurrence by name: `to`, `sender`, `status` and `method`, as far as the point knows them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    point: Point
    kind: Kind
    times: int | None = Field(default=1, ge=1)
    skip: int = Field(default=0, ge=0)
    probability: float = Field(default=1.0, gt=0, le=1)
    seconds: float = Field(default=0.0, ge=0, le=120)
    status: int = Field(default=503, ge=400, le=599)
    code: int | None = None
    retry_after: int | None = Field(default=None, ge=0)
    only: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _can_happen_there(self) -> Self:
        if self.kind not in POSSIBLE[self.point]:
            message = f"{self.kind} can't happen at {self.point}; possible: {', '.join(sorted(POSSIBLE[self.point]))}"
            raise ValueError(message)
        return self


@dataclass(slots=True)
class _Armed:
    fault: Fault
    left: int | None
    met: int = 0


class Faults:
    """The faults that are set, in order; the first that fits an occurrence happens."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._armed: list[_Armed] = []
        self.happened = 0

    def add(self, fault: Fault) -> None:
        """Set `fault`."""
        self._armed.append(_Armed(fault, fault.times))

    def clear(self) -> None:
        """Set nothing any more."""
        self._armed.clear()

    def listed(self) -> list[Fault]:
        """The faults that may still happen, with the times that are left of each."""
        return [armed.fault.model_copy(update={"times": armed.left}) for armed in self._armed]

    def ask(self, point: Point, **facts: str) -> Fault | None:
        """What goes wrong with this occurrence at `point`, if anything."""
        for armed in self._armed:
            fault = armed.fault
            if fault.point is not point or any(facts.get(name) != value for name, value in fault.only.items()):
                continue
            armed.met += 1
            if armed.met <= fault.skip or self._chance.random() >= fault.probability:
                continue
            if armed.left is not None:
                armed.left -= 1
                if armed.left == 0:
                    self._armed.remove(armed)
            self.happened += 1
            return fault
        return None
