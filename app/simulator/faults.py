"""What can go wrong at the phone company, scripted: at named points the exchange asks whether it shall.

Nothing goes wrong unless a fault was set. What chance decides hangs on the seed and on which occurrence it is (the third callback
of the second text to this phone), not on the order in which occurrences come: one seed gives one run, however busy the machine.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.simulator.failures import FAILURES, can_end_with
from app.simulator.refusals import REFUSALS

MOST_FAULTS: Final = 100
"""In one plan."""


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
    TIMEOUT = "timeout"
    """Say nothing until the client gives up, or for `seconds`, then cut. At `answer` it was carried out all the same."""
    EARLY = "early"
    """The answer leaves after every callback of the text has been posted, or after `seconds`."""
    DROP = "drop"
    """It never happens: no callback, no webhook, no delivery (the text stays `sent`)."""
    DUPLICATE = "duplicate"
    """It happens twice, at the same moment, or the second time `seconds` later."""
    REORDER = "reorder"
    """It happens after the one that follows it: the text's next callback, the line's next inbound text (or `seconds` later)."""
    FAIL = "fail"
    """The text ends undelivered or failed with error `code`."""


POSSIBLE: Final = {
    Point.ACCEPT: frozenset({Kind.DELAY, Kind.REFUSE, Kind.RESET, Kind.TIMEOUT}),
    Point.ANSWER: frozenset({Kind.DELAY, Kind.REFUSE, Kind.RESET, Kind.TIMEOUT, Kind.EARLY}),
    Point.DELIVERY: frozenset({Kind.DELAY, Kind.DROP, Kind.FAIL}),
    Point.CALLBACK: frozenset({Kind.DELAY, Kind.DROP, Kind.DUPLICATE, Kind.REORDER}),
    Point.WEBHOOK: frozenset({Kind.DELAY, Kind.DROP, Kind.DUPLICATE, Kind.REORDER}),
}


class Fault(BaseModel):
    """One scripted fault: `times` occurrences (None: for ever) after the first `skip`, a `probability` share of those that `only` fits.

    `only` compares facts of the occurrence by name: `to`, `sender`, `status`, `method` and `what` (text or call, of a webhook), as
    far as the point knows them. `seconds` may be stretched by chance, by up to `spread` more.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    point: Point
    kind: Kind
    times: int | None = Field(default=1, ge=1)
    skip: int = Field(default=0, ge=0)
    probability: float = Field(default=1.0, gt=0, le=1)
    seconds: float = Field(default=0.0, ge=0, le=120)
    spread: float = Field(default=0.0, ge=0, le=120)
    status: int | None = Field(default=None, ge=400, le=599)
    """HTTP status of a refusal; None takes the one that belongs to `code`, or 503."""
    code: int | None = None
    retry_after: int | None = Field(default=None, ge=0)
    only: dict[str, str] = Field(default_factory=dict)

    @property
    def http_status(self) -> int:
        """The status that a refusal answers with."""
        if self.status is not None:
            return self.status
        return REFUSALS[self.code][0] if self.code is not None else 503

    @property
    def name(self) -> str:
        """What it is counted as: `callback.drop`, `delivery.fail.30007`, `accept.refuse.429`."""
        detail = {Kind.FAIL: self.code, Kind.REFUSE: self.code or self.http_status}.get(self.kind)
        return f"{self.point}.{self.kind}" + (f".{detail}" if detail else "")

    @model_validator(mode="after")
    def _can_happen_there(self) -> Self:
        message = ""
        if self.kind not in POSSIBLE[self.point]:
            message = f"{self.kind} can't happen at {self.point}; possible: {', '.join(sorted(POSSIBLE[self.point]))}"
        elif self.kind is Kind.FAIL and not can_end_with(self.code):
            message = f"a text can't end with code {self.code}; possible: {', '.join(map(str, FAILURES))} and more above them"
        elif self.kind is Kind.REFUSE and self.code is not None and self.code not in REFUSALS:
            message = f"a request isn't refused with code {self.code}; possible: {', '.join(map(str, REFUSALS))}"
        elif self.kind is Kind.REFUSE and self.point is Point.ANSWER and self.http_status < 500:
            message = "only a 5xx can hide that a request was carried out; Twilio never carries out what it answers with 4xx"
        if message:
            raise ValueError(message)
        return self


class Plan(BaseModel):
    """A whole run of faults: the same `seed` and `faults` give the same run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int | None = None
    faults: tuple[Fault, ...] = Field(default=(), max_length=MOST_FAULTS)


@dataclass(slots=True)
class _Armed:
    number: int
    fault: Fault
    left: int | None
    met: int = 0


class Faults:
    """The faults that are set, in order; the first that fits an occurrence happens. `seed` decides what chance decides."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.happened: Counter[str] = Counter()
        """How often each fault happened, by its name."""
        self._number = 0
        self._armed: dict[Point, list[_Armed]] = {point: [] for point in Point}

    def add(self, fault: Fault) -> None:
        """Set `fault` behind those of its point. Raises ValueError when `MOST_FAULTS` are set."""
        if len(self.listed()) >= MOST_FAULTS:
            message = f"{MOST_FAULTS} faults are set, which is the most"
            raise ValueError(message)
        self._number += 1
        self._armed[fault.point].append(_Armed(self._number, fault, fault.times))

    def replace(self, plan: Plan) -> None:
        """Set `plan` in place of everything that was set, and count anew. Without a seed of its own the old one stays."""
        self.clear()
        self._number = 0
        self.happened.clear()
        self.seed = self.seed if plan.seed is None else plan.seed
        for fault in plan.faults:
            self.add(fault)

    def clear(self) -> None:
        """Set nothing any more."""
        for armed in self._armed.values():
            armed.clear()

    def __bool__(self) -> bool:
        """Whether anything may go wrong."""
        return any(self._armed.values())

    def listed(self) -> list[Fault]:
        """The faults that may still happen, in the order of the points, with the times that are left of each."""
        return [each.fault.model_copy(update={"times": each.left}) for armed in self._armed.values() for each in armed]

    def ask(self, point: Point, occurrence: str, **facts: str) -> Fault | None:
        """What goes wrong with this occurrence at `point`, if anything, its `seconds` decided.

        `occurrence` names it among all at this point, in the same way in every run; chance is drawn from it.
        """
        for armed in self._armed[point]:
            fault = armed.fault
            if any(facts.get(name) != value for name, value in fault.only.items()):
                continue
            armed.met += 1
            if armed.met <= fault.skip:
                continue
            if fault.probability < 1 and self._share(armed, occurrence, "happens") >= fault.probability:
                continue
            if armed.left is not None:
                armed.left -= 1
                if armed.left == 0:
                    self._armed[point].remove(armed)
            self.happened[fault.name] += 1
            if fault.spread:
                stretched = fault.seconds + fault.spread * self._share(armed, occurrence, "seconds")
                return fault.model_copy(update={"seconds": stretched, "spread": 0.0})
            return fault
        return None

    def _share(self, armed: _Armed, occurrence: str, what: str) -> float:
        drawn = blake2b(f"{self.seed}/{armed.number}/{what}/{occurrence}".encode(), digest_size=7).digest()
        return int.from_bytes(drawn) / 2**56
